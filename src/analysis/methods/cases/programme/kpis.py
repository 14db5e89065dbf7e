"""A balanced set of measures: compliance, complaints, conversion and long-run losses weighed together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.core.errors import InputError
from analysis.core.programme import Kpi, Programme

CONVERSION = "conversion"


def scorecard(plan: Programme, values: pd.DataFrame) -> pd.DataFrame:
    """Points of each unit on each measure: unit, kpi, title, group, value, worth (0 to 1), weight, points, breach.

    `values` has one row a unit (a month, a strategy, an agency) and one column a measure of the plan. Worth runs
    from 0 at `worst` to 1 at `best` and no farther, so that one measure can't buy off another; points are weight
    × worth × 100. A breach is a value worse than the measure's floor. Raises InputError for absent measures: a
    score without them would reward those who don't measure.
    """
    absent = [kpi.name for kpi in plan.kpis if kpi.name not in values.columns]
    if absent or not plan.kpis:
        raise InputError(
            f"the measures lack {', '.join(absent) or 'kpis in the plan'}; a score without them would reward not "
            "measuring. Give a column to each, or change the plan"
        )
    return pd.concat([_one(kpi, values) for kpi in plan.kpis], ignore_index=True)


def balanced_score(plan: Programme, values: pd.DataFrame) -> pd.DataFrame:
    """One row a unit, best first: unit, score (0 to 100; 0 after a breach), breaches, rank, rank_by_conversion,
    moved.

    `moved` is how many places a unit falls (below zero) or climbs against a ranking by conversion alone. A unit
    with a missing measure has no score and no rank. Differences in score have no interval: they rank, they prove
    nothing.
    """
    cells = scorecard(plan, values)
    by_unit = cells.groupby("unit", sort=False)
    table = pd.DataFrame(
        {
            "score": by_unit["points"].sum(min_count=len(plan.kpis)),
            "breaches": by_unit["breach"].sum().astype(int),
            "conversion": cells[cells["group"] == CONVERSION].groupby("unit", sort=False)["worth"].mean(),
        }
    )
    table["score"] = table["score"].where((table["breaches"] == 0) | table["score"].isna(), 0.0)
    table["rank"] = table["score"].rank(ascending=False, method="min")
    table["rank_by_conversion"] = table["conversion"].rank(ascending=False, method="min")
    table["moved"] = table["rank_by_conversion"] - table["rank"]
    return table.drop(columns="conversion").sort_values("rank", kind="stable").reset_index()


def _one(kpi: Kpi, values: pd.DataFrame) -> pd.DataFrame:
    value = values[kpi.name].astype(float)
    worth = ((value - kpi.worst) / (kpi.best - kpi.worst)).clip(0.0, 1.0)
    sign = 1.0 if kpi.best > kpi.worst else -1.0
    breach = sign * value < sign * kpi.floor if kpi.floor is not None else np.zeros(len(value), dtype=bool)
    return pd.DataFrame(
        {
            "unit": values.index,
            "kpi": kpi.name,
            "title": kpi.title,
            "group": kpi.group,
            "value": value.to_numpy(),
            "worth": worth.to_numpy(),
            "weight": kpi.weight,
            "points": 100 * kpi.weight * worth.to_numpy(),
            "breach": np.asarray(breach),
        }
    )
