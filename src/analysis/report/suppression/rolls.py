"""Suppression of roll-rate matrices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.report.suppression.cells import suppress
from analysis.report.suppression.marks import FEW, SMALL, blanked, few_customers


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
    size = few_customers(rolled, minimum, "from_accounts")["from_accounts"]
    tiny = ((size > 0) & (size < minimum)).to_numpy()
    because = np.where(tiny, SMALL, because)
    numeric = [c for c in rolled.select_dtypes("number").columns if c not in rows]
    # The denominator of a start that is large enough is no secret; its cells may be.
    of_start = [c for c in ("from_accounts", "from_balance", "clusters") if c in rolled.columns]
    cells = blanked(rolled, because != "", because, [c for c in numeric if c not in of_start])
    totals = blanked(rolled[of_start], tiny, because, of_start)
    return cells.assign(**{column: totals[column] for column in of_start})
