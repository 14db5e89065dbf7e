"""Satellites held to account: refitted as of each past month, and set against what then happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import bdtr, stdtrit

from analysis.core.errors import InputError
from analysis.methods.stress.satellites.drivers import harmonics, lagged_rows
from analysis.methods.stress.satellites.fit import LEAST_MONTHS, fit_satellite
from analysis.methods.stress.satellites.month_effects import MonthEffects, by_month, effects_of
from analysis.methods.stress.satellites.satellite import Satellite

Array = npt.NDArray[np.float64]

NAIVE_MONTHS = 12
NODES = 51
"""Rates that stand for all a month may have."""
COLUMNS = ["step", "horizon", "months", "covered", "rmse", "rmse_naive", "skill"]


def backtest_satellite(
    step: str,
    cells: pd.DataFrame,
    drivers: pd.DataFrame,
    names: Sequence[str],
    horizons: Sequence[int] = (1, 3, 6, 12),
    first: int = LEAST_MONTHS,
    level: float = 0.95,
    **choices: Any,
) -> pd.DataFrame:
    """Out-of-time backtest by expanding window: fit on the first `first`, `first` + 1, … months, tell later ones.

    The economy of the months told is the one that came, and so are the numbers at risk: what is judged is the
    satellite, not the macro forecast. `choices` go to fit_satellite(). Columns step, origin (last month fitted
    on), month, horizon, expected, lower, upper (coefficients, months' own noise and counts together), naive (mean
    of the last 12 months fitted on), actual, covered. Nothing from after `origin` enters a forecast. Raises
    InputError where no month is left to judge.
    """
    risk, events = by_month(cells[cells["step"] == step])
    months = list(map(pd.Timestamp, risk.columns))
    pieces = []
    for end in range(first, len(months)):
        try:
            effects = effects_of(risk.iloc[:, :end], events.iloc[:, :end], poisson=step == "recovery")
            model = fit_satellite(step, effects, drivers, names, **choices)
        except InputError:  # so early the months could not tell its drivers apart
            continue
        ahead = [months[end - 1 + h] for h in horizons if end - 1 + h < len(months)]
        told = [_told(model, effects, month, (risk[month], events[month]), drivers, level) for month in ahead]
        used = [h for h in horizons if end - 1 + h < len(months)]
        pieces.append(pd.DataFrame(told).assign(origin=months[end - 1], horizon=used))
    if not pieces or not sum(map(len, pieces)):
        raise InputError(f"{len(months)} months of '{step}' leave none to judge after the first {first}")
    found = pd.concat(pieces, ignore_index=True).assign(step=step).dropna(subset=["actual", "expected"])
    found["covered"] = (found["lower"] <= found["actual"]) & (found["actual"] <= found["upper"])
    return found[
        ["step", "origin", "month", "horizon", "expected", "lower", "upper", "naive", "actual", "covered"]
    ]


def backtest_steps(
    satellites: Mapping[str, Satellite],
    cells: pd.DataFrame,
    drivers: pd.DataFrame,
    horizons: Sequence[int],
    **choices: Any,
) -> pd.DataFrame:
    """backtest_table() of every step that was fitted, each with its own drivers; steps with too few months to
    judge are left out. `choices` go to fit_satellite(): those that the satellites were fitted with."""
    pieces = []
    for step, one in satellites.items():
        try:
            if one.source == "fitted":
                pieces.append(backtest_satellite(step, cells, drivers, one.drivers, horizons, **choices))
        except InputError:  # no month is left to judge
            continue
    return backtest_table(pd.concat(pieces, ignore_index=True)) if pieces else pd.DataFrame(columns=COLUMNS)


def backtest_table(judged: pd.DataFrame) -> pd.DataFrame:
    """By step and horizon: months judged, share covered, root mean squared error of the satellite and of the naive
    forecast (fractions), and skill = 1 − their ratio squared (above 0: better than naive)."""
    squares = judged.assign(
        model=(judged["expected"] - judged["actual"]) ** 2, plain=(judged["naive"] - judged["actual"]) ** 2
    )
    grouped = squares.groupby(["step", "horizon"], sort=False)
    table = grouped.agg(
        months=("covered", "size"), covered=("covered", "mean"), model=("model", "mean"), plain=("plain", "mean")
    ).reset_index()
    table["skill"] = 1.0 - table["model"] / table["plain"]
    table["rmse"], table["rmse_naive"] = np.sqrt(table.pop("model")), np.sqrt(table.pop("plain"))
    return table[COLUMNS]


def pooled_skill(table: pd.DataFrame) -> pd.Series:
    """Skill by step of backtest_table() over all its horizons and months judged: 1 − Σ n·RMSE² ÷ Σ n·RMSE² of no
    change."""
    both = table[["rmse", "rmse_naive"]].pow(2).mul(table["months"], axis=0)
    total = both.groupby(table["step"], sort=False).sum()
    return (1.0 - total["rmse"] / total["rmse_naive"]).rename("skill")


def borne_out(table: pd.DataFrame) -> pd.Series:
    """Whether each step's satellite beats no change over all horizons together and at the longest, which lies
    nearest to what a scenario asks of it."""
    longest = table.sort_values("horizon", kind="stable").groupby("step", sort=False)["skill"].last()
    pooled = pooled_skill(table)
    return ((pooled > 0) & (longest.reindex(pooled.index) > 0)).rename("borne_out")


def rare_steps(cells: pd.DataFrame, steps: Iterable[str], fewer: float = 10.0) -> dict[str, float]:
    """Those of `steps` that happen fewer than so many times a month where they may happen or not, with how often.

    Recoveries are amounts, not counts, and are left out.
    """
    found = {}
    for step in steps:
        rows = cells[cells["step"] == step]
        total = rows.groupby("segment")[["at_risk", "events"]].sum()
        open_ended = total[(total["events"] > 0) & (total["events"] < total["at_risk"])]
        found[step] = float(open_ended["events"].sum() / max(rows["month"].nunique(), 1))
    return {step: often for step, often in found.items() if step != "recovery" and often < fewer}


def _told(
    model: Satellite,
    effects: MonthEffects,
    month: pd.Timestamp,
    came: tuple[pd.Series, pd.Series],
    drivers: pd.DataFrame,
    level: float,
) -> dict[str, Any]:
    risk, events = (one.loc[effects.segments.index] for one in came)
    effect, error = predict_effect(model, drivers, month)
    expected = effects.rate(risk, effect)[0]
    lower, upper = _limits(effects, risk, (effect, error), model.degrees, level)
    naive = effects.rate(risk, float(effects.values[-NAIVE_MONTHS:].mean()))[0]
    actual = float(events.sum() / risk.sum()) if risk.sum() > 0 else np.nan
    return {
        "month": month, "expected": expected, "lower": lower, "upper": upper, "naive": naive, "actual": actual
    }  # fmt: skip


def predict_effect(model: Satellite, drivers: pd.DataFrame, month: pd.Timestamp) -> tuple[float, float]:
    """A month's effect (as satellites.month_effects has it) and its standard error: coefficients, their
    disagreement between lag structures, and the months' own noise."""
    weights = np.array([one.weight for one in model.models])
    reached = {
        (name, lag): float(value)
        for name, lags in model.lags.items()
        for lag, value in zip(lags, lagged_rows(drivers, [month], name, lags)[:, 0], strict=True)
    }
    season = harmonics([month], model.waves)[0]
    rows = [np.array([1.0, *(reached[pair] for pair in one.structure.items()), *season]) for one in model.models]
    points = np.array([row @ one.fit.bounded for row, one in zip(rows, model.models, strict=True)])
    inside = np.array([row @ one.fit.covariance @ row + one.fit.tau2 for row, one in zip(rows, model.models,
                                                                                        strict=True)])  # fmt: skip
    centre = float(weights @ points)
    return centre, float(np.sqrt(weights @ (inside + (points - centre) ** 2)))


def _limits(
    effects: MonthEffects, risk: pd.Series, told: tuple[float, float], degrees: float, level: float
) -> tuple[float, float]:
    """Limits of a month's rate: Student's t of its effect, with the chance of counts (or amounts)."""
    (effect, error), tails = told, np.array([0.5 - level / 2, 0.5 + level / 2])
    if effects.poisson:
        spread = np.sqrt(error**2 + _sampling(risk, effects, effect))
        low, high = effects.rate(risk, effect + spread * stdtrit(degrees, tails))
        return float(low), float(high)
    middles = (np.arange(NODES) + 0.5) / NODES
    return _count_limits(effects.rate(risk, effect + error * stdtrit(degrees, middles)), float(risk.sum()), tails)


def _count_limits(rates: Array, at_risk: float, tails: Array) -> tuple[float, float]:
    """Shares k ÷ n at quantiles of a binomial with any of `rates` alike: of few accounts none may go, which
    limits of a logarithm could never hold."""
    below, enough = np.full(len(tails), -1.0), np.full(len(tails), at_risk)
    while (enough - below > 1).any():
        middle = np.floor((below + enough) / 2)
        reached = bdtr(middle[:, None], int(at_risk), rates[None, :]).mean(axis=1) >= tails
        enough, below = np.where(reached, middle, enough), np.where(reached, below, middle)
    low, high = enough / at_risk if at_risk > 0 else (np.nan, np.nan)
    return float(low), float(high)


def _sampling(risk: pd.Series, effects: MonthEffects, effect: float) -> float:
    """Variance that counts (or amounts) of one month add to its effect."""
    share = effects.rate(risk, effect)[0]
    known = float(risk[risk.index.isin(effects.segments.index)].sum())
    information = known * share * (1.0 if effects.poisson else 1.0 - share)
    return float(effects.dispersion / information) if information > 0 else 0.0
