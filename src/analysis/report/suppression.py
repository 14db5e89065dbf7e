"""Small cells: what must not be shown, and what must be withheld besides so that it cannot be worked out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.core.errors import ChapterError

SMALL, FEW, COMPLEMENT = "small_cell", "few_events", "complement"
"""Why a cell is suppressed: under `minimum` accounts; events that identify; to protect another cell."""

TOLERANCE = 1e-9

SIZES = ("units", "clusters")
"""Columns that tell how many a cell holds in other words: they go where its count goes."""


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
        because[_few(counts, had, minimum_events)] = FEW
    because[(counts > 0) & (counts < minimum)] = SMALL
    groups = [members for columns in within for members in _groups(frame, columns)]
    hidden = _protect(because != "", counts, had, groups, minimum)
    because[hidden & (because == "")] = COMPLEMENT
    return _blanked(frame, hidden, because, _columns(frame, count, events, within, blank))


def suppress_rates(
    rates: pd.DataFrame, within: Sequence[Sequence[str]], minimum: int = 10, minimum_events: int = 3
) -> pd.DataFrame:
    """Suppress a frame of rates by accounts and by balance: what is withheld by one basis is by the other.

    `rates` has a row a basis ("accounts", "balance") for each combination of its label columns, with numerator and
    denominator; accounts decide, since a sum of money can give an account away as well as a count. Where a
    denominator counts account-months, so few accounts may fill it: a cell of fewer than `minimum` customers
    (`clusters`) is small as well. Adds `suppressed` and `suppressed_because`, and blanks every column of numbers
    but labels. Raises ChapterError where a cell has no row by accounts. See `suppress`.
    """
    numeric = rates.select_dtypes("number").columns
    labels = [c for c in rates.columns if c not in numeric or c in ("since", "months")]
    keys = [c for c in labels if c != "basis"]
    accounts = _few_customers(rates[rates["basis"] == "accounts"], minimum)
    decided = suppress(
        accounts, count="denominator", within=within, minimum=minimum, minimum_events=minimum_events
    )
    marks = decided[[*keys, "suppressed", "suppressed_because"]]
    marked = rates.merge(marks, on=keys, how="left", validate="many_to_one")
    alone = marked[marked["suppressed"].isna()]
    if len(alone):
        first = ", ".join(f"{key} {alone[key].iloc[0]}" for key in keys)
        raise ChapterError(f"suppression: {first} has a row by balance but none by accounts; pass both")
    return _blanked(
        rates.reset_index(drop=True),
        marked["suppressed"].to_numpy(dtype=bool),
        marked["suppressed_because"].to_numpy(dtype=object),
        [c for c in numeric if c not in labels],
    )


def suppress_rolls(rolled: pd.DataFrame, minimum: int = 10, minimum_events: int = 3) -> pd.DataFrame:
    """Suppress a roll-rate matrix, whose rows add up to their denominators.

    Withheld are all cells of a start with fewer than `minimum` account-months (`from_accounts`) or customers
    (`clusters`), every cell with 1 to `minimum_events` − 1 account-months, and in each row the smallest other cell
    where a single one would follow from the rest. Adds `suppressed` and `suppressed_because` and blanks counts and
    rates. See `suppress`.
    """
    rows = [column for column in ("dimension", "value", "period", "from_state") if column in rolled.columns]
    rolled = rolled.reset_index(drop=True)
    decided = suppress(rolled, count="accounts", events=None, within=[rows], minimum=minimum_events)
    because = decided["suppressed_because"].replace(SMALL, FEW).to_numpy(dtype=object)
    size = _few_customers(rolled, minimum, "from_accounts")["from_accounts"]
    tiny = ((size > 0) & (size < minimum)).to_numpy()
    because = np.where(tiny, SMALL, because)
    numeric = [c for c in rolled.select_dtypes("number").columns if c not in rows]
    # The denominator of a start that is large enough is no secret; its cells may be.
    of_start = [c for c in ("from_accounts", "from_balance", "clusters") if c in rolled.columns]
    blanked = _blanked(rolled, because != "", because, [c for c in numeric if c not in of_start])
    totals = _blanked(rolled[of_start], tiny, because, of_start)
    return blanked.assign(**{column: totals[column] for column in of_start})


def _few_customers(cells: pd.DataFrame, minimum: int, count: str = "denominator") -> pd.DataFrame:
    """Cells of so few customers that they are small, however many account-months they hold."""
    if "clusters" not in cells.columns:
        return cells
    few = (cells["clusters"] < minimum) & (cells[count] > 0)
    return cells.assign(**{count: cells[count].mask(few, cells[count].clip(upper=minimum - 1))})


def _few(counts: np.ndarray, had: np.ndarray, least: int) -> np.ndarray:
    """Cells in which one to `least` − 1 accounts stand alone, with the event or without it."""
    without = counts - had
    return ((had > 0) & (had < least)) | ((without > 0) & (without < least))


def _protect(
    hidden: np.ndarray, counts: np.ndarray, had: np.ndarray, groups: list[np.ndarray], minimum: int
) -> np.ndarray:
    """Hide further cells until no group is weak and no cell follows from all totals together."""
    hidden = hidden.copy()
    while True:
        grown = False
        for members in groups:
            while _weak(members, hidden, counts, minimum):
                chosen = _smallest(members, hidden, counts, had)
                if chosen is None:
                    break
                hidden[chosen] = grown = True
        if grown:
            continue
        if not _break_open(hidden, counts, had, groups):
            return hidden


def _weak(members: np.ndarray, hidden: np.ndarray, counts: np.ndarray, minimum: int) -> bool:
    """A group gives its hidden cells away when there is one, or when all of them together are a small cell."""
    inside = members[hidden[members]]
    return len(inside) == 1 or (len(inside) > 1 and counts[inside].sum() < minimum)


def _smallest(members: np.ndarray, hidden: np.ndarray, counts: np.ndarray, had: np.ndarray) -> int | None:
    """Smallest cell still shown; one that leaves open who had the event goes first, empty ones protect nothing."""
    shown = members[~hidden[members]]
    shown = shown[counts[shown] > 0] if (counts[shown] > 0).any() else shown
    if not len(shown):
        return None
    inside = members[hidden[members]]
    events, accounts = had[inside].sum() + had[shown], counts[inside].sum() + counts[shown]
    told = (events == 0) | (events == accounts)
    return int(shown[np.lexsort((counts[shown], told))[0]])


def _break_open(hidden: np.ndarray, counts: np.ndarray, had: np.ndarray, groups: list[np.ndarray]) -> bool:
    """Hide one more cell beside each that follows from several totals taken together; False when none does."""
    helped = False
    for cell in determined(hidden, groups):
        for members in sorted((g for g in groups if cell in g), key=lambda g: counts[g].sum()):
            chosen = _smallest(members, hidden, counts, had)
            if chosen is not None:
                hidden[chosen] = helped = True
                break
    return helped


def determined(hidden: np.ndarray, groups: Sequence[np.ndarray]) -> list[int]:
    """Hidden cells whose value follows from the totals of `groups` and the cells shown.

    The totals are linear equations in the hidden cells. A cell is determined when it is zero in every direction
    in which the hidden cells can move while all totals stay, that is, in the null space of the equations.
    """
    found: list[int] = []
    for linked in _linked([members[hidden[members]] for members in groups]):
        cells = np.unique(np.concatenate(linked))
        equations = np.array([np.isin(cells, members) for members in linked], dtype=float)
        _, sizes, directions = np.linalg.svd(equations, full_matrices=True)
        free = directions[(sizes > TOLERANCE).sum() :]
        found += [int(cell) for cell, moves in zip(cells, np.abs(free.T), strict=True) if (moves < 1e-7).all()]
    return sorted(found)


def _linked(groups: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Groups of hidden cells in sets that share no cell with each other: small systems are solved fast."""
    sets: list[tuple[set[int], list[np.ndarray]]] = []
    for members in groups:
        if not len(members):
            continue
        cells, inside = set(members.tolist()), [members]
        apart = []
        for others, their in sets:
            if cells.isdisjoint(others):
                apart.append((others, their))
            else:
                cells, inside = cells | others, inside + their
        sets = [*apart, (cells, inside)]
    return [inside for _, inside in sets]


def _groups(frame: pd.DataFrame, columns: Sequence[str]) -> list[np.ndarray]:
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


def _blanked(frame: pd.DataFrame, hidden: np.ndarray, because: np.ndarray, columns: list[str]) -> pd.DataFrame:
    """A copy with marks; whole numbers stay whole where pandas can hold a missing one."""
    out = frame.copy()
    for column in columns:
        values = out[column]
        if pd.api.types.is_integer_dtype(values.dtype) and not pd.api.types.is_extension_array_dtype(values.dtype):
            values = values.astype("Int64")
        out[column] = values.mask(hidden)
    out["suppressed"] = hidden
    out["suppressed_because"] = because.astype(str)
    return out


def _check(frame: pd.DataFrame, count: str, events: str | None, within: Sequence[Sequence[str]]) -> None:
    if isinstance(within, str) or any(isinstance(columns, str) for columns in within):
        raise ChapterError(f"within={within!r}: give a list of columns for each total, for example [['month']]")
    wanted = [count, *([events] if events else []), *(column for columns in within for column in columns)]
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise ChapterError(
            f"suppression: no column '{missing[0]}'; the frame has {', '.join(map(str, frame.columns))}"
        )
