"""The recovery curve: cash collected by months since charge-off, held against what was charged off."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.delinquency.rates import rates
from analysis.statistics.ratio import MOMENTS


def recovery_curve(cells: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Recovery rates by quarter of charge-off and months since, with intervals.

    By balance: cash after charge-off ÷ balance charged off, and may exceed 1; by accounts: those that paid
    anything ÷ accounts charged off. Higher is better.
    """
    order = ["dimension", "value", "basis", "cohort", "since"]
    return rates(cells.sort_values(order, ignore_index=True), level)


def pool_cohorts(cells: pd.DataFrame, cohorts: Sequence[str], level: float = 0.95) -> pd.DataFrame:
    """Recovery of several quarters' charge-offs together, by months since, up to where all have been followed.

    Moments of cohorts add up because an account is charged off once; a customer whose accounts were charged off in
    different quarters counts as so many clusters, which can only matter where that is common. Raises
    ParameterError where none of the cohorts is among the cells.
    """
    kept = cells[cells["cohort"].isin(list(cohorts))]
    if kept.empty:
        raise ParameterError(
            f"none of the cohorts {list(cohorts)} is among those found: {sorted(cells['cohort'].unique())}"
        )
    keys = ["dimension", "value", "since", "measure", "basis"]
    sums = kept.groupby(keys, sort=True)[list(MOMENTS)].sum()
    seen = kept.groupby(keys, sort=True)["cohort"].nunique()
    segments = kept.groupby(["dimension", "value"])["cohort"].nunique()
    complete = seen == segments.reindex(seen.index.droplevel([2, 3, 4])).to_numpy()
    pooled = sums[complete].reset_index()
    return rates(pooled.assign(cohort=f"{min(kept['cohort'])}–{max(kept['cohort'])}"), level)
