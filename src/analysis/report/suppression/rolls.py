"""Suppression of roll-rate matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.report.suppression.cells import groups_by, suppress
from analysis.report.suppression.complement import protect
from analysis.report.suppression.marks import COMPLEMENT, FEW, SMALL, blanked, few_customers


def suppress_rolls(
    rolled: pd.DataFrame, minimum: int = 10, minimum_events: int = 3, overdue: Sequence[str] = ()
) -> pd.DataFrame:
    """Suppress a roll-rate matrix, whose rows add up to their denominators.

    Withheld are all cells of a start with fewer than `minimum` account-months (`from_accounts`) or customers
    (`clusters`), every cell with 1 to `minimum_events` − 1 account-months, and in each row the smallest other cell
    where a single one would follow from the rest. Adds `suppressed` and `suppressed_because` and blanks counts and
    rates. See `suppress`.

    `overdue` names the overdue states where what they add up to is published, too: entries (from current into
    them), cures (from them into current), charge-offs (from all of these), and what is owed in them. Then cells
    are withheld until none follows from these sums either. How many account-months a start too small to be shown
    has does follow from them; what they owe doesn't, since the amounts of the smallest other start are blanked
    with it, its counts being shown.
    """
    rows = [column for column in ("dimension", "value", "period", "from_state") if column in rolled.columns]
    rolled = rolled.reset_index(drop=True)
    starts = _starts(rolled, rows, minimum, overdue)
    tiny = starts == SMALL
    counts = rolled["accounts"].fillna(0).to_numpy(float)
    few = (counts > 0) & (counts < minimum_events)
    groups = groups_by(rolled, rows) + _sums(rolled, rows[:-1], overdue)
    hidden = protect(few | tiny, counts, np.zeros(len(rolled)), groups, minimum_events)
    because = np.select([tiny, few, hidden], [SMALL, FEW, COMPLEMENT], "").astype(object)
    numeric = [c for c in rolled.select_dtypes("number").columns if c not in rows]
    # The denominator of a start that is large enough is no secret; its cells may be.
    of_start = [c for c in ("from_accounts", "from_balance", "clusters") if c in rolled.columns]
    cells = blanked(rolled, because != "", because, [c for c in numeric if c not in of_start])
    totals = blanked(rolled[of_start], tiny, because, of_start)
    out = cells.assign(**{column: totals[column] for column in of_start})
    amounts = [c for c in numeric if "balance" in c]
    return out.assign(**{column: out[column].mask(starts == COMPLEMENT) for column in amounts})


def _starts(rolled: pd.DataFrame, rows: list[str], minimum: int, overdue: Sequence[str]) -> np.ndarray:
    """Why the start of each cell is withheld: too small, or to protect one where a sum of starts is known."""
    starts = few_customers(rolled, minimum, "from_accounts").drop_duplicates(rows)
    starts = starts.assign(late=starts["from_state"].astype(str).isin(list(overdue)))
    late, rest = starts[starts["late"]], starts[~starts["late"]]
    parts = [
        suppress(part, count="from_accounts", events=None, within=within, minimum=minimum)
        for part, within in ((late, [rows[:-1]]), (rest, []))
    ]
    marks = pd.concat(parts)[[*rows, "suppressed_because"]]
    found = rolled[rows].merge(marks, on=rows, how="left", validate="many_to_one")
    return found["suppressed_because"].to_numpy(dtype=object)


def _sums(rolled: pd.DataFrame, keys: list[str], overdue: Sequence[str]) -> list[np.ndarray]:
    """Positions of the cells of each sum that is published besides the rows'."""
    if not len(overdue):
        return []
    start, end = (rolled[name].astype(str) for name in ("from_state", "to_state"))
    before, after = start.isin(list(overdue)), end.isin(list(overdue))
    chosen = (
        (start == "current") & after,
        before & (end == "current"),
        (before | (start == "current")) & (end == "charged_off"),
    )
    places = [np.flatnonzero(mask) for mask in chosen]
    parts = [(place, groups_by(rolled.iloc[place], keys)) for place in places if len(place)]
    return [place[members] for place, groups in parts for members in groups]
