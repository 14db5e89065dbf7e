"""Vintage curves: the cumulative share of a cohort that something happened to, by months since it began."""

from __future__ import annotations

import pandas as pd

from analysis.methods.delinquency.rates import rates


def vintage_curves(
    cells: pd.DataFrame, level: float = 0.95, cohorts: int | None = None, horizon: int | None = None
) -> pd.DataFrame:
    """Curves with intervals: cohort, since, measure, basis, numerator, denominator, rate, rate_lower, rate_upper.

    `cells` are the cells of cohorts followed over time. `cohorts` keeps the latest so many cohorts that have been
    followed for at least one month, `horizon` the first so many months. A curve never falls.
    """
    kept = cells if horizon is None else cells[cells["since"] <= horizon]
    if cohorts is not None:
        followed = sorted(kept.loc[kept["since"] >= 1, "cohort"].unique())
        kept = kept[kept["cohort"].isin(followed[-cohorts:])]
    order = ["dimension", "value", "measure", "basis", "cohort", "since"]
    return rates(kept.sort_values(order, ignore_index=True), level)


def against_earlier(curves: pd.DataFrame, measure: str, since: int, basis: str = "accounts") -> pd.DataFrame:
    """The cohorts at one age, oldest first, each with its difference from the cohort a year before.

    Adds `rate_year_ago` and `change` (fractions; nan where that cohort isn't shown), for the whole portfolio.
    """
    chosen = (
        (curves["dimension"] == "all")
        & (curves["measure"] == measure)
        & (curves["basis"] == basis)
        & (curves["since"] == since)
    )
    found = curves[chosen].sort_values("cohort", ignore_index=True)
    by_cohort = found.set_index("cohort")["rate"]
    earlier = [by_cohort.get(f"{int(name[:4]) - 1}{name[4:]}", float("nan")) for name in found["cohort"]]
    return found.assign(rate_year_ago=earlier, change=found["rate"] - earlier)
