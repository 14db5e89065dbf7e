"""Several results at once: p values that keep the chance of a false finding, or the share of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.core.errors import InputError

METHODS = {"p_holm": "holm", "p_bh": "fdr_bh"}


def adjust(table: pd.DataFrame, family: Sequence[str] = (), p_col: str = "p", alpha: float = 0.05) -> pd.DataFrame:
    """The table with p_holm and p_bh, adjusted over all rows that agree on `family`, and how many tests those are.

    p_holm  keeps the chance of even one false finding in the family at `alpha` (Holm 1979, Scandinavian Journal of
            Statistics 6, 65–70); for what the experiment was registered to show
    p_bh    keeps the expected share of false ones among the findings at `alpha` (Benjamini and Hochberg 1995, JRSS
            B 57, 289–300; under independence or positive dependence); for a search among segments

    Adds tests (of the family, missing p values left out), p_holm, p_bh, found_holm, found_bh. Which rows form a
    family is a choice to be made beforehand: leaving out those that failed undoes the control. Raises InputError
    for p values outside 0 to 1.
    """
    from statsmodels.stats.multitest import multipletests

    p = table[p_col].to_numpy(dtype=float)
    wrong = (p < 0) | (p > 1)
    if wrong.any():
        raise InputError(f"'{p_col}' is outside 0 to 1 in {int(wrong.sum())} of {p.size} rows")
    groups = table.groupby(list(family), dropna=False, sort=False).ngroup() if len(family) else np.zeros(p.size)
    tests, adjusted = np.zeros(p.size, dtype=int), {name: np.full(p.size, np.nan) for name in METHODS}
    for group in np.unique(groups):
        rows = np.flatnonzero((np.asarray(groups) == group) & ~np.isnan(p))
        tests[rows] = rows.size
        for name, method in METHODS.items():
            if rows.size:
                adjusted[name][rows] = multipletests(p[rows], alpha=alpha, method=method)[1]
    found = table.assign(tests=tests, **adjusted)
    return found.assign(found_holm=found["p_holm"] <= alpha, found_bh=found["p_bh"] <= alpha)
