"""Effects of an experiment's arms on its registered outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cases.experiments.arms import Arms, arm_sums, places, read_arms
from analysis.methods.cases.experiments.checks import check_experiment, observed
from analysis.methods.cases.experiments.design import Outcome, Registered
from analysis.methods.cases.experiments.time_to_event import month_counts, refuse_short, time_measures
from analysis.methods.cases.experiments.together import Limits, influences, joint_level
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
    *("missing", "value", "value_control", "effect", "se", "lower", "upper", "p"),
    *("challengers", "all_lower", "all_upper", "all_level", "verdict"),
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
    upper, p (two-sided, Student's t on clusters − 1), challengers (arms tried against the control), all_lower,
    all_upper, all_level, verdict (better, worse, can't tell: by all_lower, all_upper and the registered
    direction).

    lower and upper are of their own row alone. all_lower and all_upper hold for all arms of the same outcome and
    measure at once, being the same kind of limits at the level all_level (Dunnett's many-to-one comparisons, see
    `level_of_each`), so that the chance of calling any of several worthless arms better or worse is at most 1 −
    level; with one challenger they are lower and upper. For several outcomes or experiments see `adjust`.

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
    base, treated = places(registered)
    total = sums.sum(axis=0)
    share = total[:, 0] / total[:, 1]
    own = joint_level(influences(sums, base, treated), sides.count, registered.level)
    for arm, place in zip(registered.treated, treated, strict=True):
        alone, error = clustered_newcombe(sums[:, place], sums[:, base], registered.level)
        both = alone if own == registered.level else clustered_newcombe(sums[:, place], sums[:, base], own)[0]
        limits = Limits(*(float(x) for x in (alone.rate, error, *alone[1:], *both[1:], own)))
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
    base, treated = places(registered)
    apart, again = value - value[[base]], replicates - replicates[:, [base]]
    for column, (measure, better) in enumerate(names.items()):
        levels = registered.level, joint_level(again[:, treated, column], clusters, registered.level)
        for arm, place in zip(registered.treated, treated, strict=True):
            limits = _percentiles(apart[place, column], again[:, place, column], clusters, levels)
            sizes = value[place, column], value[base, column]
            yield _row(sides, registered, arm, (measure, better), sizes, limits)


def _percentiles(effect: float, again: Array, clusters: int, levels: tuple[float, float]) -> Limits:
    """Bootstrap limits of an effect alone, and at the level with which those of all arms hold."""
    drawn = again[np.isfinite(again)]
    alone, both = (limits_of(np.asarray(effect), drawn, clusters, level) for level in levels)
    found = (alone.value, alone.error, alone.lower, alone.upper, both.lower, both.upper, levels[1])
    return Limits(*(float(x) for x in found))


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
    limits: Limits,
) -> Row:
    units = sides.units[[registered.arms.index(name) for name in (arm, registered.control)]]
    return {
        "measure": measure[0],
        "arm": arm,
        "units": int(units[0]),
        "units_control": int(units[1]),
        "value": float(values[0]),
        "value_control": float(values[1]),
        "effect": limits.effect,
        "se": limits.error,
        "lower": limits.lower,
        "upper": limits.upper,
        "p": p_value(limits.effect, limits.error, sides.count),
        "challengers": len(registered.treated),
        "all_lower": limits.all_lower,
        "all_upper": limits.all_upper,
        "all_level": limits.all_level,
        "verdict": verdict(limits.all_lower, limits.all_upper, measure[1]),
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
