"""Effects of an experiment's arms on its registered outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cases.experiments.arms import Arms, arm_sums, read_arms
from analysis.methods.cases.experiments.checks import check_experiment, observed
from analysis.methods.cases.experiments.design import Outcome, Registered
from analysis.methods.cases.experiments.time_to_event import month_counts, refuse_short, time_measures
from analysis.statistics.bootstrap import limits_of, resampled_sums
from analysis.statistics.newcombe import clustered_newcombe

Array = npt.NDArray[np.float64]

Row = dict[str, Any]

BETTER, WORSE, OPEN = "better", "worse", "can't tell"

COLUMNS = (
    *(
        "experiment",
        "outcome",
        "kind",
        "primary",
        "measure",
        "arm",
        "control",
        "units",
        "units_control",
        "clusters",
    ),
    *("missing", "value", "value_control", "effect", "se", "lower", "upper", "p", "verdict"),
)


def effects(
    frame: pd.DataFrame, registered: Registered, replications: int = 1000, seed: int = 0, cap: float = 0.99
) -> pd.DataFrame:
    """Each arm against the control on each registered outcome; one row an outcome, measure and arm.

    binary  `share`: difference of shares, Newcombe's limits at the clusters' effective size
    money   `mean`: difference of means a decision, and `capped_mean` (winsorised): with amounts above the `cap`
            quantile of all arms together set to it, which asks whether a few large payments carry the result; both
            by the clustered bootstrap. `share_above_zero`: who paid anything, as a binary outcome
    time    `share_by_horizon`: difference of Aalen–Johansen shares with the event by the horizon, and
            `restricted_mean_months`: of months without it up to the horizon (less is sooner); clustered bootstrap

    Columns: experiment, outcome, kind, primary, measure, arm, control, units, units_control, clusters (of both
    arms), missing (share of decisions whose outcome can't be told), value, value_control, effect, se, lower,
    upper, p (two-sided, Student's t on clusters − 1), verdict (better, worse, can't tell: by the interval and the
    registered direction). Each interval is of its own row alone; for several at once see `adjust`.

    Money outcomes are means over decisions, those of nothing included. Raises what `check_experiment` raises, and
    InputError for values that can't be of their kind and arms that nobody was followed in.
    """
    check_experiment(frame, registered)
    if not 0.5 < cap < 1:
        raise ParameterError(f"cap is {cap}; give the quantile to set larger amounts to, for example 0.99")
    rows: list[dict[str, Any]] = []
    for outcome in registered.outcomes:
        known = observed(frame, outcome)
        sides = read_arms(known, registered)
        told = _told(frame, known, registered, outcome, sides)
        rows += [told | row for row in _of(known, sides, registered, outcome, cap, (replications, seed))]
    return pd.DataFrame(rows).assign(control=registered.control)[[*COLUMNS]]


def _of(
    known: pd.DataFrame, sides: Arms, registered: Registered, outcome: Outcome, cap: float, how: tuple[int, int]
) -> Iterator[Row]:
    """Rows of one outcome's measures."""
    if outcome.kind == "time":
        counts = arm_sums(sides, month_counts(known, outcome, registered.horizon))
        refuse_short(counts.sum(axis=0), registered.arms, outcome.name)
        names = {"share_by_horizon": outcome.better, "restricted_mean_months": _other(outcome.better)}
        yield from _resampled(sides, registered, counts, time_measures, names, how)
        return
    values = known[outcome.column].to_numpy(dtype=float)
    if outcome.kind == "binary":
        yield from _shares(sides, registered, values, "share", outcome.better)
        return
    capped = np.minimum(values, np.quantile(values, cap))
    counts = arm_sums(sides, np.column_stack([values, capped, np.ones(values.size)]))
    names = {"mean": outcome.better, "capped_mean": outcome.better}
    yield from _resampled(sides, registered, counts, _means, names, how)
    yield from _shares(sides, registered, (values > 0).astype(float), "share_above_zero", outcome.better)


def _shares(sides: Arms, registered: Registered, values: Array, measure: str, better: str) -> Iterator[Row]:
    """Differences of shares of a column of 0 and 1."""
    sums = arm_sums(sides, np.column_stack([values, np.ones(values.size)]))
    base = registered.arms.index(registered.control)
    total = sums.sum(axis=0)
    share = total[:, 0] / total[:, 1]
    for arm in registered.treated:
        place = registered.arms.index(arm)
        found, error = clustered_newcombe(sums[:, place], sums[:, base], registered.level)
        limits = (float(found.rate), error, float(found.lower), float(found.upper))
        yield _row(sides, registered, arm, (measure, better), (share[place], share[base]), limits)


def _resampled(
    sides: Arms,
    registered: Registered,
    counts: Array,
    measures: Callable[[Array], Array],
    names: dict[str, str],
    how: tuple[int, int],
) -> Iterator[Row]:
    """Differences of measures of an arm's sums, by the clustered bootstrap; counts (clusters, arms, k)."""
    clusters, arms, width = counts.shape
    drawn = resampled_sums(counts.reshape(clusters, arms * width), *how).reshape(-1, arms, width)
    value, replicates = measures(counts.sum(axis=0)), measures(drawn)
    base = registered.arms.index(registered.control)
    for column, (measure, better) in enumerate(names.items()):
        for arm in registered.treated:
            place, own = registered.arms.index(arm), (value[..., column], replicates[..., column])
            apart, again = (side[..., place] - side[..., base] for side in own)
            made = limits_of(apart, again[np.isfinite(again)], clusters, registered.level)
            limits = (float(apart), float(made.error), float(made.lower), float(made.upper))
            yield _row(sides, registered, arm, (measure, better), (own[0][place], own[0][base]), limits)


def _means(sums: Array) -> Array:
    """Mean and capped mean from sums of both and the number of decisions, (…, 3)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., :2] / sums[..., 2:])


def _told(
    frame: pd.DataFrame, known: pd.DataFrame, registered: Registered, outcome: Outcome, sides: Arms
) -> dict[str, Any]:
    return {
        "experiment": registered.experiment,
        "outcome": outcome.name,
        "kind": outcome.kind,
        "primary": outcome.primary,
        "clusters": sides.count,
        "missing": 1 - len(known) / len(frame),
    }


def _row(
    sides: Arms,
    registered: Registered,
    arm: str,
    measure: tuple[str, str],
    values: tuple[float, float],
    limits: tuple[float, float, float, float],
) -> Row:
    places = registered.arms.index(arm), registered.arms.index(registered.control)
    effect, error, lower, upper = limits
    return {
        "measure": measure[0],
        "arm": arm,
        "units": int(sides.units[places[0]]),
        "units_control": int(sides.units[places[1]]),
        "value": float(values[0]),
        "value_control": float(values[1]),
        "effect": effect,
        "se": error,
        "lower": lower,
        "upper": upper,
        "p": p_value(effect, error, sides.count),
        "verdict": verdict(lower, upper, measure[1]),
    }


def verdict(lower: float, upper: float, better: str = "higher") -> str:
    """Better or worse where the interval leaves out zero on that side, else can't tell."""
    if lower > 0 or upper < 0:
        return BETTER if (lower > 0) == (better == "higher") else WORSE
    return OPEN


def p_value(effect: float, error: float, clusters: int) -> float:
    """Two-sided p value of Student's t with clusters − 1 degrees of freedom; missing without an error."""
    from scipy.special import stdtr

    return 2.0 * float(stdtr(clusters - 1, -abs(effect) / error)) if error > 0 and clusters > 1 else np.nan


def _other(better: str) -> str:
    return "lower" if better == "higher" else "higher"
