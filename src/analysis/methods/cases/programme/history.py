"""A programme's measures month by month, with what chance alone does to them, and pooled by quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.core.programme import Programme
from analysis.statistics.jackknife import fold_counts, jackknife_error, leave_one_out, t_quantile
from analysis.statistics.ratio import ratio

PER = {"complaint_rate": 1000.0}
"""Measures told per so many of the denominator."""

COUNTED = ("overdue_rate", "complaint_rate", "contact_breaches", "cured_within_3", "charged_off_12")
"""Measures whose events are customers or what befell them; those of the others are sums of money or ratings."""

UNITS = {
    "overdue_rate": "fraction",
    "recovery_rate": "fraction",
    "cured_within_3": "fraction",
    "charged_off_12": "fraction",
    "contact_breaches": "fraction",
    "cycle_time": "months",
    "collection_cost": "currency",
}
"""Measures by what they are told in; all others are plain numbers."""

SUMS = ("numerator", "denominator", "events", "units")
COLUMNS = ("kpi", "month", "value", "standard_error", "lower", "upper", *SUMS)


def kpi_history(
    cells: pd.DataFrame, per: Mapping[str, float] | None = None, level: float = 0.95, by: str = "month"
) -> pd.DataFrame:
    """Measures by month, or by the column `by`.

    `cells` have kpi, `by`, fold, numerator, denominator, events, units. Returns kpi, `by`, value (numerator ÷
    denominator × `per`), standard_error (delete-a-group jackknife over folds of customers), lower, upper
    (Student's t; not below 0), and the sums numerator, denominator, events, units; events are 0 where they count
    no customers. Months without a denominator are left out.

        kpi           month       value   standard_error  numerator  denominator
        overdue_rate  2025-12-31  0.0741  0.0031          14.2e6     191.7e6
    """
    scale = PER if per is None else per
    found = [
        _one(str(kpi), own, scale.get(str(kpi), 1.0), level, by) for kpi, own in cells.groupby("kpi", sort=False)
    ]
    columns = [by if name == "month" else name for name in COLUMNS]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def _one(kpi: str, cells: pd.DataFrame, per: float, level: float, by: str) -> pd.DataFrame:
    index, counts = fold_counts(cells, [by], SUMS)
    total, without = counts.sum(axis=0), leave_one_out(counts)
    value = per * ratio(total[0], total[1])
    error = jackknife_error(value, per * ratio(without[:, 0], without[:, 1]))
    reach = t_quantile(level, len(counts)) * error
    table = index.assign(
        kpi=kpi, value=value, standard_error=error, lower=np.maximum(value - reach, 0.0), upper=value + reach
    )
    table[list(SUMS)] = total.T
    if kpi not in COUNTED:
        table["events"] = 0.0
    return table[table["denominator"] > 0]


def quarters(cells: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Measures pooled over calendar quarters: as kpi_history(), with quarter (2025Q4) and months (how many)."""
    named = cells.assign(quarter=pd.to_datetime(cells["month"]).dt.to_period("Q").astype(str))
    months = named.groupby(["kpi", "quarter"])["month"].nunique().rename("months").reset_index()
    return kpi_history(named, level=level, by="quarter").merge(months, on=["kpi", "quarter"], how="left")


def too_few(
    plan: Programme, history: pd.DataFrame, as_of: pd.Timestamp | str, minimum: int, minimum_events: int
) -> list[str]:
    """Measures whose baseline or recent months rest on so little that they would tell of single customers."""
    found = []
    known = history[pd.to_datetime(history["month"]) <= pd.Timestamp(as_of)].dropna(subset=["value"])
    for kpi, own in known.sort_values("month").groupby("kpi", sort=False):
        before = own[pd.to_datetime(own["month"]) <= pd.Timestamp(plan.start)].tail(plan.baseline_months)
        if any(_small(part, minimum, minimum_events) for part in (before, own.tail(plan.recent_months))):
            found.append(str(kpi))
    return found


def _small(rows: pd.DataFrame, minimum: int, minimum_events: int) -> bool:
    events, units = float(rows["events"].sum()), float(rows["units"].sum())
    return 0 < units < minimum or 0 < events < minimum_events


def why_not(plan: Programme, history: pd.DataFrame, kpi: str, as_of: pd.Timestamp | str) -> str:
    """Why nothing is told of a measure: `absent` (not logged), `late` (no baseline), `early`, `short`."""
    own = history[(history["kpi"] == kpi) & (pd.to_datetime(history["month"]) <= pd.Timestamp(as_of))]
    months = pd.to_datetime(own.dropna(subset=["value"])["month"])
    before = int((months <= pd.Timestamp(plan.start)).sum())
    if not len(months):
        return "absent"
    if before < plan.baseline_months:
        return "late"
    return "early" if len(months) - before < plan.recent_months else "short"


def score_values(
    by_quarter: pd.DataFrame, names: Sequence[str], minimum: int, minimum_events: int, most: int = 8
) -> pd.DataFrame:
    """Measures of the last `most` quarters that have all of `names`: index quarter, a column a measure.

    Where fewer than `minimum_events` events are behind a measure that counts them, it stands at what one fewer
    than that would give, so that a score tells of nobody; measures of fewer than `minimum` units are missing.
    """
    own = by_quarter[by_quarter["kpi"].isin(list(names))]
    counted = (
        own["kpi"].isin(COUNTED) & own["events"].between(1, minimum_events - 1) & (own["kpi"] != "overdue_rate")
    )
    per = own["kpi"].map(PER).fillna(1.0)
    value = own["value"].mask(counted, per * (minimum_events - 1) / own["denominator"])
    value = value.where(own["units"] >= minimum)
    wide = own.assign(value=value).pivot(index="quarter", columns="kpi", values="value")
    wide = wide.reindex(columns=list(names)).dropna()
    return wide.sort_index().tail(most)


def with_cycle(measures: pd.DataFrame, cycle: pd.DataFrame) -> pd.DataFrame:
    """Measures and cycle time in one frame, with the columns of the first."""
    parts = [part for part in (measures, cycle.reindex(columns=measures.columns)) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else measures
