"""Suppression of counts nested in each other: measures within measures, and curves that accumulate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ChapterError
from analysis.report.suppression.differencing import Mask, NestedCounts, protect_groups, too_near
from analysis.report.suppression.marks import (
    BETWEEN,
    COMPLEMENT,
    FEW,
    SIZES,
    SMALL,
    blanked,
    few,
    few_customers,
)

Places = npt.NDArray[np.intp]

WHOLE = "all"
"""The dimension whose one group is the total of every other dimension."""


def suppress_nested(
    frame: pd.DataFrame,
    *,
    of: Sequence[str] = (),
    groups: Sequence[str] = ("dimension", "value"),
    chains: Sequence[Sequence[str]] = (),
    ages: str | None = None,
    first: Sequence[str] = (),
    first_ages: Sequence[int] = (),
    measure: str = "measure",
    count: str = "denominator",
    events: str = "numerator",
    minimum: int = 10,
    minimum_events: int = 3,
) -> pd.DataFrame:
    """Suppress small cells, and those that a difference of two published counts would give away.

    A row is a cell as in `suppress`; where `frame` has `basis`, accounts decide and the balance follows. `of` and
    `groups` name the accounts that are counted: `of=["period"]` says that each period stands for itself, `groups`
    a group, or a dimension and its groups, of which the dimension "all" is the total; without it the total is
    taken to be known. `chains` list measures that are nested, widest first: `[["overdue_30", "overdue_60"]]`.
    `ages` is a column of months or days over which counts accumulate.

    Besides small cells and few events, a cell is withheld where 1 to `minimum_events` − 1 accounts lie between it
    and a nested one that is shown. Of two such cells the later age goes, and at one age the measure that comes
    later in `first`, then in `chains`; ages in `first_ages` are shown before others. So a curve is shown at the
    ages where enough accounts were added (or none), and what is shown does not change as it is followed on. Then
    further cells are withheld until no withheld one follows from totals: see `protect_groups`.

    Adds `suppressed` and `suppressed_because` ("small_cell", "few_events", "few_between", "complement" or ""), and
    blanks counts and columns of floats. Row order is kept. Raises ChapterError for columns that are not there, and
    for rows by balance without one by accounts.

    Sources: Hundepool et al., Statistical Disclosure Control (Wiley 2012), ch. 4 and 5 (linked tables,
    differencing). For curves, delaying events until enough came together is what OpenSAFELY asks of Kaplan–Meier
    output. A sum of money may grow where no account is added; it then tells of all accounts counted so far, which
    are at least `minimum_events`. Does not protect against another edition of the table, made of later data.
    """
    labels = [*of, *groups, *([ages] if ages else []), *([measure] if measure in frame.columns else [])]
    _require(frame, [*labels, count, events])
    cells = frame[frame["basis"] == "accounts"] if "basis" in frame.columns else frame
    cells = few_customers(cells, minimum, count).reset_index(drop=True)
    because = np.full(len(cells), "", dtype=object)
    for part in _apart(cells, of, chains, measure):
        positions = _positions(part, chains, measure, ages, first, first_ages)
        place, whole, split = _places(part, positions, groups)
        table = _counts(cells, place, positions, count, events)
        found = _reasons(table, place >= 0, whole, split, minimum, minimum_events)
        because[place[place >= 0]] = found[place >= 0]
    reasons = _spread(frame, cells[labels].assign(because=because), labels)
    floats = [c for c in frame.columns if pd.api.types.is_float_dtype(frame[c].dtype)]
    blank = [c for c in frame.columns if c not in labels and (c in (count, events, *SIZES) or c in floats)]
    return blanked(frame, reasons != "", reasons, blank)


def _apart(
    cells: pd.DataFrame, of: Sequence[str], chains: Sequence[Sequence[str]], measure: str
) -> Iterator[pd.DataFrame]:
    """Rows that are nested in each other or add up: one value of `of`, and one chain of measures."""
    link = pd.Series("", index=cells.index)
    if measure in cells.columns:
        chain_of = {name: str(chain[0]) for chain in chains for name in chain}
        link = cells[measure].astype(str).map(lambda name: chain_of.get(name, name))
    for _, part in cells.groupby([*of, link.rename("chain")], sort=False, observed=True):
        yield part


def _positions(
    part: pd.DataFrame,
    chains: Sequence[Sequence[str]],
    measure: str,
    ages: str | None,
    first: Sequence[str],
    first_ages: Sequence[int],
) -> pd.DataFrame:
    """For each row: depth (how narrow its measure is), age, and position, the one to be shown first being 0."""
    names = part[measure].astype(str) if measure in part.columns else pd.Series("", index=part.index)
    age = part[ages] if ages else pd.Series(0, index=part.index)
    depth_of = {name: depth for chain in chains for depth, name in enumerate(chain)}
    depth = names.map(lambda name: depth_of.get(name, 0))
    preferred = {name: place for place, name in enumerate(first)}
    found = pd.DataFrame({"depth": depth, "age": age, "late": ~age.isin(list(first_ages))})
    found["choice"] = names.map(lambda name: preferred.get(name, len(preferred)))
    order = found.sort_values(["late", "age", "choice", "depth"]).drop_duplicates(["depth", "age"])
    rank = {key: rank for rank, key in enumerate(zip(order["depth"], order["age"], strict=True))}
    return found.assign(position=[rank[key] for key in zip(depth, age, strict=True)])


def _places(
    part: pd.DataFrame, positions: pd.DataFrame, groups: Sequence[str]
) -> tuple[Places, int | None, list[Places]]:
    """Row numbers at (position, group), −1 where there is none; the total's column; each dimension's columns."""
    keys = part.groupby(list(groups), sort=False, observed=True) if groups else None
    column = keys.ngroup().to_numpy() if keys is not None else np.zeros(len(part), int)
    place = np.full((positions["position"].max() + 1, column.max() + 1), -1)
    if len(np.unique(positions["position"].to_numpy() * place.shape[1] + column)) < len(part):
        raise ChapterError(f"suppression: several rows have the same {', '.join(groups) or 'age'} and measure")
    place[positions["position"].to_numpy(), column] = part.index.to_numpy()
    dimension = part[groups[0]].astype(str).to_numpy() if len(groups) > 1 else np.full(len(part), "")
    of_total = np.unique(column[dimension == WHOLE]) if len(groups) > 1 else np.array([], int)
    split = [np.unique(column[dimension == name]) for name in np.unique(dimension) if name != WHOLE]
    return place, (int(of_total[0]) if len(of_total) else None), split if groups else []


def _counts(cells: pd.DataFrame, place: Places, positions: pd.DataFrame, count: str, events: str) -> NestedCounts:
    """Counts at each place; i lies in j where it is of a measure as narrow or narrower, at an age no later."""
    there = place >= 0
    had, held = (np.where(there, cells[name].fillna(0).to_numpy(float)[place], 0.0) for name in (events, count))
    each = positions.drop_duplicates("position").sort_values("position")
    depth, age = (each[name].to_numpy()[:, None] for name in ("depth", "age"))
    inside = (depth >= depth.T) & (age <= age.T)
    return NestedCounts(had, held, inside | inside.T)


def _reasons(
    table: NestedCounts, there: Mask, whole: int | None, split: Sequence[Places], minimum: int, least: int
) -> np.ndarray:
    because = np.full(there.shape, "", dtype=object)
    because[few(table.sizes, table.counts, least)] = FEW
    because[(table.sizes > 0) & (table.sizes < minimum)] = SMALL
    because[too_near(table, there & (because == ""), least)] = BETWEEN
    total_shown = np.full(len(there), True) if whole is None else because[:, whole] == ""
    for columns in split:
        hidden = because[:, columns] != ""
        inside = NestedCounts(table.counts[:, columns], table.sizes[:, columns], table.nested)
        added = protect_groups(hidden, inside, total_shown, minimum, least) & ~hidden
        because[:, columns] = np.where(added, COMPLEMENT, because[:, columns])
    return because


def _spread(frame: pd.DataFrame, decided: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Reasons found by accounts, for the rows of every basis."""
    if "basis" not in frame.columns:
        return decided["because"].to_numpy(dtype=object)
    found = frame[labels].merge(decided, on=labels, how="left", validate="many_to_one")["because"]
    if found.isna().any():
        row = frame[labels][found.isna().to_numpy()].iloc[0]
        named = ", ".join(f"{label} {row[label]}" for label in labels)
        raise ChapterError(f"suppression: {named} has a row by balance but none by accounts; pass both")
    return found.to_numpy(dtype=object)


def _require(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ChapterError(
            f"suppression: no column '{missing[0]}'; the frame has {', '.join(map(str, frame.columns))}"
        )
