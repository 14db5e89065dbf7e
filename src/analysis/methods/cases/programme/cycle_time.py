"""Cycle time by month, from the months at risk of that month alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.statistics.jackknife import fold_counts, jackknife_error, leave_one_out, t_quantile

Array = npt.NDArray[np.float64]

EXITS = ("cured", "charged_off", "paid_off", "sold", "litigation")


def cycle_history(cells: pd.DataFrame, level: float = 0.95, fewest: int = 30) -> pd.DataFrame:
    """Median months from falling overdue to the end of the spell, by month: a period life table.

    `cells` are months at risk (`panel.spell_months.hazard_cells`): month, k (month of the spell, in steps of one,
    the last one open), fold, at_risk and a column an exit. The median of a month is that of spells which in each
    month of their life left as often as those of that age did in this month; like a life expectancy it is no
    forecast. So it waits for no spell to end, and counts those still running, which a median of the spells that
    ended leaves out. All exits end a spell: cure, charge-off, payment in full, sale, the court. Between months it
    is interpolated.

    Returns what kpi_history() returns, kpi `cycle_time`, numerator and events the exits and denominator and units
    the months at risk. Months where fewer than `fewest` are at risk, or whose half hasn't left before the open
    last age, are left out. Lower is better, but a quick charge-off shortens it as well as a quick cure.
    """
    columns = ["kpi", "month", "value", "standard_error", "lower", "upper"]
    columns += ["numerator", "denominator", "events", "units"]
    if cells.empty:
        return pd.DataFrame(columns=columns)
    left = cells[list(EXITS)].sum(axis=1)
    ages = cells.assign(left=left, k=cells["k"].cat.codes if hasattr(cells["k"], "cat") else cells["k"])
    months, counts = _by_age(ages)
    total, without = counts.sum(axis=0), leave_one_out(counts)
    value = period_median(total[0], total[1])
    error = jackknife_error(value, period_median(without[:, 0], without[:, 1]))
    reach = t_quantile(level, len(counts)) * error
    at_risk, gone = total[0].sum(axis=-1), total[1].sum(axis=-1)
    table = pd.DataFrame({"kpi": "cycle_time", "month": months, "value": value, "standard_error": error})
    table = table.assign(lower=np.maximum(value - reach, 0.0), upper=value + reach)
    table = table.assign(numerator=gone, denominator=at_risk, events=gone, units=at_risk)
    return table[(table["units"] >= fewest) & table["value"].notna()].reset_index(drop=True)[columns]


def cycle_quarters(cells: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Cycle time of whole quarters: as cycle_history(), with quarter (2025Q4) and months in place of month."""
    ends = pd.Series(pd.to_datetime(cells["month"]).dt.to_period("Q"), index=cells.index)
    months = cells.groupby(ends)["month"].nunique()
    last_days = pd.PeriodIndex(ends).to_timestamp(how="end").normalize()
    found = cycle_history(cells.assign(month=last_days), level)
    quarter = pd.to_datetime(found["month"]).dt.to_period("Q")
    return found.assign(quarter=quarter.astype(str), months=quarter.map(months)).drop(columns="month")


def period_median(at_risk: Array, left: Array) -> Array:
    """Age by which half have left, of counts (…, ages); the last age is open and never reached. NaN if none is.

    >>> period_median(np.array([10.0, 6.0, 5.0]), np.array([4.0, 1.0, 5.0])).item()
    2.0
    """
    if at_risk.shape[-1] < 2:
        return np.full(at_risk.shape[:-1], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(at_risk > 0, left / at_risk, 0.0)[..., :-1]
    after = np.cumprod(1 - hazard, axis=-1)
    before = np.concatenate([np.ones_like(after[..., :1]), after[..., :-1]], axis=-1)
    there = after <= 0.5 + 1e-12
    place = np.argmax(there, axis=-1)[..., None]
    low, high = (np.take_along_axis(x, place, axis=-1)[..., 0] for x in (after, before))
    with np.errstate(divide="ignore", invalid="ignore"):
        within = (high - 0.5) / (high - low)
    return np.asarray(np.where(there.any(axis=-1), place[..., 0] + within, np.nan))


def _by_age(cells: pd.DataFrame) -> tuple[pd.Series, Array]:
    """Month ends, and counts (folds, {at risk, left}, months, ages); a cell that isn't there is 0."""
    index, counts = fold_counts(cells, ["month", "k"], ["at_risk", "left"])
    months, row = np.unique(index["month"].to_numpy(), return_inverse=True)
    ages, column = np.unique(index["k"].to_numpy(), return_inverse=True)
    full = np.zeros((*counts.shape[:2], len(months), len(ages)))
    full[:, :, row, column] = counts
    return pd.Series(months), full
