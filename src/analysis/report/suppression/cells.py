"""Small cells of a table: what must not be shown, and what must be withheld besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.core.errors import ChapterError
from analysis.report.suppression.complement import protect
from analysis.report.suppression.marks import COMPLEMENT, FEW, SIZES, SMALL, blanked, few


def suppress(
    frame: pd.DataFrame,
    *,
    count: str = "accounts",
    events: str | None = "numerator",
    within: Sequence[Sequence[str]] = (),
    minimum: int = 10,
    minimum_events: int = 3,
    blank: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Blank the cells that would tell about single accounts, and enough others to protect them.

    A row is a cell with `count` accounts of which `events` had the event. It is suppressed when it has 1 to
    `minimum` − 1 accounts, or when 1 to `minimum_events` − 1 accounts had the event, or all but so many. An
    empty cell tells about nobody and stays.

    `within` lists, for each total that is published, the columns that it is published by: `[["month"]]` for one
    a month, `[["region"], ["industry"]]` for the margins of a two-way table, `[[]]` for one grand total. In each
    such group further cells, the smallest first, are withheld until no suppressed cell can be computed from totals
    and other cells and the withheld cells together have `minimum` accounts. A group withheld whole is as safe as
    its total: suppress the table of totals, too.

    Adds `suppressed` (bool) and `suppressed_because` ("small_cell", "few_events", "complement" or ""), and blanks
    `count`, `events`, `units`, `clusters` and every column of floats, or the columns in `blank`. Row order is
    kept. Raises ChapterError for columns that are not there. Source: Hundepool et al., Statistical Disclosure
    Control (Wiley 2012), ch. 4.

    Does not protect against a second table with other groups of the same accounts.
    """
    _check(frame, count, events, within)
    counts = frame[count].fillna(0).to_numpy(dtype=float)
    had = frame[events].fillna(0).to_numpy(dtype=float) if events else np.zeros(len(frame))
    because = np.full(len(frame), "", dtype=object)
    if events:
        because[few(counts, had, minimum_events)] = FEW
    because[(counts > 0) & (counts < minimum)] = SMALL
    linked = [members for columns in within for members in groups_by(frame, columns)]
    hidden = protect(because != "", counts, had, linked, minimum)
    because[hidden & (because == "")] = COMPLEMENT
    return blanked(frame, hidden, because, _columns(frame, count, events, within, blank))


def groups_by(frame: pd.DataFrame, columns: Sequence[str]) -> list[np.ndarray]:
    """Row positions of each group; no columns make one group of all rows."""
    if not columns:
        return [np.arange(len(frame))]
    keys = frame.groupby(list(columns), observed=True, dropna=False, sort=False).ngroup().to_numpy()
    return [np.flatnonzero(keys == key) for key in np.unique(keys)]


def _columns(
    frame: pd.DataFrame,
    count: str,
    events: str | None,
    within: Sequence[Sequence[str]],
    blank: Sequence[str] | None,
) -> list[str]:
    if blank is not None:
        return [column for column in frame.columns if column in blank]
    keys = {column for columns in within for column in columns}
    floats = [c for c in frame.columns if pd.api.types.is_float_dtype(frame[c].dtype)]
    return [c for c in frame.columns if c not in keys and (c in (count, events, *SIZES) or c in floats)]


def _check(frame: pd.DataFrame, count: str, events: str | None, within: Sequence[Sequence[str]]) -> None:
    if isinstance(within, str) or any(isinstance(columns, str) for columns in within):
        raise ChapterError(f"within={within!r}: give a list of columns for each total, for example [['month']]")
    wanted = [count, *([events] if events else []), *(column for columns in within for column in columns)]
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise ChapterError(
            f"suppression: no column '{missing[0]}'; the frame has {', '.join(map(str, frame.columns))}"
        )


def withhold_sums(
    frame: pd.DataFrame, by: Sequence[str], column: str, sums: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Withhold rows that add up others of their group where one of those is withheld.

    `frame` has been through a function of this folder. `sums` names values of `column` that are a total of others,
    or what others leave of a known whole; within each group of `by` such a row is blanked as soon as one of its
    parts is, in the order given, so that a sum may be a part of a later one.
    """
    found = frame.copy()
    numbers = [name for name in found.select_dtypes("number").columns if name not in by]
    found[numbers] = found[numbers].astype(float)
    for name, parts in sums.items():
        hidden = found["suppressed"] & found[column].isin(list(parts))
        told = hidden.groupby([found[key] for key in by]).transform("any")
        told &= (found[column] == name) & ~found["suppressed"]
        found["suppressed"] = found["suppressed"] | told
        found["suppressed_because"] = found["suppressed_because"].mask(told, "complement")
        found[numbers] = found[numbers].mask(told)
    return found
