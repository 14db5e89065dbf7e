"""Where a programme stands against its targets: from a baseline to now, with the interval that months allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from analysis.core.errors import InputError
from analysis.core.programme import Programme, Target

HISTORY = ("kpi", "month", "value")


@dataclass(frozen=True)
class Standing:
    """One measure: baseline and recent level with their standard errors, and how it moves from month to month."""

    kpi: str
    baseline: float
    baseline_error: float
    recent: float
    recent_error: float
    drift: float
    """Standard deviation a month of the level (a random walk)."""
    months: int
    last: pd.Timestamp


def progress(
    plan: Programme, history: pd.DataFrame, as_of: pd.Timestamp | str, level: float = 0.95
) -> pd.DataFrame:
    """One row a target: where its measure stood, stands, and how much of the way is done.

    `history` has one row a measure and month: kpi, month, value, and, where known, standard_error (of that value
    by chance alone). Months after `as_of` are not looked at. Columns: kpi, title, given, better, wanted (as
    printed: level or change), wanted_level, by (month end), baseline, recent, change (relative), change_lower,
    change_upper, recent_lower, recent_upper, share_of_way (1: there), months_left, status {reached, not reached
    yet, missed, can't be told, not measured}.

    Levels are means of `baseline_months` up to the start and of the last `recent_months`; their errors take in
    both chance and the swing from month to month. `can't be told` is an interval that holds the target. A change
    since the start is no effect of the programme: the economy is in it too. Where the baseline is 0 there is no
    relative change. Raises InputError for absent columns.
    """
    rows = [_row(plan, target, history, pd.Timestamp(as_of), level) for target in plan.targets]
    return pd.DataFrame(rows)


def standing(plan: Programme, history: pd.DataFrame, kpi: str, as_of: pd.Timestamp) -> Standing | None:
    """Levels of a measure, or None where baseline or recent months are not there."""
    require_history(history)
    own = history[(history["kpi"] == kpi) & (pd.to_datetime(history["month"]) <= as_of)]
    own = own.assign(month=pd.to_datetime(own["month"])).dropna(subset=["value"]).sort_values("month")
    before = own[own["month"] <= pd.Timestamp(plan.start)].tail(plan.baseline_months)
    recent = own.tail(plan.recent_months)
    if len(before) < plan.baseline_months or recent["month"].iloc[0] <= pd.Timestamp(plan.start):
        return None
    swing, drift = movement(own["value"].to_numpy(dtype=float))
    return Standing(
        kpi=kpi,
        baseline=float(before["value"].mean()),
        baseline_error=_mean_error(before, swing),
        recent=float(recent["value"].mean()),
        recent_error=_mean_error(recent, swing),
        drift=drift,
        months=len(own),
        last=pd.Timestamp(own["month"].iloc[-1]),
    )


def movement(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Standard deviations of passing swings and of the level's own steps, by moments of the monthly changes.

    A level that walks with steps of variance d² seen with swings of variance s² has changes of variance d² + 2s²
    and neighbouring covariance −s² (Harvey 1989, Forecasting, Structural Time Series Models, section 2.4).
    """
    steps = np.diff(values)
    if len(steps) < 3:
        return float(np.std(values)), float(np.std(values))
    steps = steps - steps.mean()
    variance, neighbours = float(np.mean(steps**2)), float(np.mean(steps[1:] * steps[:-1]))
    swing = min(max(-neighbours, 0.0), variance / 2)
    return float(np.sqrt(swing)), float(np.sqrt(max(variance - 2 * swing, 0.0)))


def wanted_level(target: Target, baseline: float, far: bool = False) -> float:
    """Level that a target asks for, given the baseline."""
    value = target.ambitious if far and target.ambitious is not None else target.value
    return value if target.given == "level" else baseline * (1 + value)


def month_after(plan: Programme, months: int) -> pd.Timestamp:
    """Month end so many months after the start."""
    return pd.Timestamp(plan.start) + pd.offsets.MonthEnd(0) + pd.offsets.MonthEnd(months)


def require_history(history: pd.DataFrame, columns: Sequence[str] = HISTORY) -> None:
    absent = [name for name in columns if name not in history.columns]
    if absent:
        raise InputError(f"the programme's history has no column {', '.join(absent)}; give {', '.join(HISTORY)}")


def _row(
    plan: Programme, target: Target, history: pd.DataFrame, as_of: pd.Timestamp, level: float
) -> dict[str, object]:
    by = month_after(plan, target.by_month)
    row: dict[str, object] = {
        "kpi": target.kpi,
        "title": target.title,
        "given": target.given,
        "better": target.better,
        "wanted": target.value,
        "by": by,
        "months_left": max(round((by - as_of).days / 30.4375), 0),
    }
    found = standing(plan, history, target.kpi, as_of)
    if found is None:
        return row | {"status": "not measured"}
    z = float(ndtri((1 + level) / 2))
    wanted = wanted_level(target, found.baseline)
    # A baseline of nothing has no relative change.
    base = found.baseline or np.nan
    half, change = z * found.recent_error, found.recent / base - 1
    spread = z * np.hypot(found.recent_error, (1 + change) * found.baseline_error) / abs(base)
    return row | {
        "wanted_level": wanted,
        "baseline": found.baseline,
        "recent": found.recent,
        "recent_lower": found.recent - half,
        "recent_upper": found.recent + half,
        "change": change,
        "change_lower": change - spread,
        "change_upper": change + spread,
        "share_of_way": _share(found, wanted),
        "status": _status(target, found, change, spread, half, by <= as_of),
    }


def _share(found: Standing, wanted: float) -> float:
    way = wanted - found.baseline
    return (found.recent - found.baseline) / way if way else np.nan


def _status(target: Target, found: Standing, change: float, spread: float, half: float, over: bool) -> str:
    """Whether the interval lies beyond the target, short of it, or holds it."""
    now, wide = (found.recent, half) if target.given == "level" else (change, spread)
    sign = 1 if target.better == "higher" else -1
    if sign * (now - target.value) >= wide:
        return "reached"
    if sign * (now - target.value) <= -wide:
        return "missed" if over else "not reached yet"
    return "can't be told"


def _mean_error(rows: pd.DataFrame, swing: float) -> float:
    """Error of a mean of months: chance of each month, or the swing between months where that is larger."""
    chance = rows["standard_error"].fillna(0.0).to_numpy(dtype=float) if "standard_error" in rows else np.zeros(1)
    return float(np.sqrt(max(float(np.mean(chance**2)), swing**2) / len(rows)))
