"""What an experiment of a given size can show, in shares and in money, with decisions in clusters."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.claims.sample_size import detectable_difference, two_proportions_power
from analysis.methods.cases.experiments.arms import arm_sums, places, read_arms
from analysis.methods.cases.experiments.checks import check_experiment, observed
from analysis.methods.cases.experiments.design import Outcome, Registered
from analysis.methods.cases.experiments.together import influences, joint_level

Array = npt.NDArray[np.float64]


def means_power(
    difference: float, sd: float, size: float, control_size: float | None = None, alpha: float = 0.05
) -> float:
    """Chance that a two-sided t test of two means shows a difference, sizes by arm (equal by default).

    Student's t, noncentral, with size + control_size − 2 degrees of freedom and one standard deviation in both
    arms (Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., chapter 2). Skewed money
    needs larger arms than this before the approximation holds: look at the capped mean too. The chance of showing
    it the wrong way round is left out.

    >>> round(means_power(0.5, 1.0, 64), 2)
    0.8
    """
    from scipy.special import nctdtr, stdtrit

    other = size if control_size is None else control_size
    if not sd > 0 or not 0 < alpha < 1 or min(size, other) < 2:
        raise ParameterError(
            f"sd {sd:g}, sizes {size:g} and {other:g}, alpha {alpha:g}: give sd > 0 and arms of 2 on"
        )
    degrees = size + other - 2
    shift = abs(difference) / (sd * math.sqrt(1 / size + 1 / other))
    return 1.0 - float(nctdtr(degrees, shift, stdtrit(degrees, 1 - alpha / 2)))


def detectable_mean(
    sd: float, size: float, control_size: float | None = None, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Smallest difference of means that two arms of these sizes show with this power, in the unit of `sd`.

    >>> round(detectable_mean(1.0, 64), 3)
    0.499
    """
    if not alpha < power < 1:
        raise ParameterError(f"power is {power:g}; give a fraction above alpha ({alpha:g}) and below 1")
    low, high = 0.0, sd
    while means_power(high, sd, size, control_size, alpha) < power:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        enough = means_power(middle, sd, size, control_size, alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def means_size(difference: float, sd: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """Decisions in each of two equal arms for this power; independent ones (otherwise times `design_effect`).

    >>> means_size(0.5, 1.0)
    64
    """
    if difference == 0:
        raise ParameterError("difference is 0; no sample shows a difference that isn't there")
    if not alpha < power < 1:
        raise ParameterError(f"power is {power:g}; give a fraction above alpha ({alpha:g}) and below 1")
    low, high = 1, 2
    while means_power(difference, sd, high, alpha=alpha) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if means_power(difference, sd, middle, alpha=alpha) >= power else (middle, high)
    return high


def design_effect(mean_size: float, correlation: float, size_cv: float = 0.0) -> float:
    """Factor by which clusters weaken a sample: 1 + ((cv² + 1) · mean size − 1) · correlation.

    `size_cv` is the coefficient of variation of the clusters' sizes. For arms that hold whole clusters (customers
    drawn, not their accounts); where arms lie within clusters, clustering takes away less, or even helps. Source:
    Eldridge, Ashby and Kerry 2006, International Journal of Epidemiology 35, 1292–1300.

    >>> design_effect(10, 0.05)
    1.45
    """
    if mean_size < 1 or not -1 <= correlation <= 1 or size_cv < 0:
        raise ParameterError(
            f"mean_size {mean_size:g}, correlation {correlation:g}, size_cv {size_cv:g} make no sense"
        )
    return 1 + ((size_cv**2 + 1) * mean_size - 1) * correlation


class Clustering(NamedTuple):
    """How decisions hang together: intraclass correlation, mean and variation of cluster size, design effect."""

    correlation: float
    mean_size: float
    size_cv: float
    design_effect: float


def clustering(values: npt.ArrayLike, cluster: npt.ArrayLike) -> Clustering:
    """Intraclass correlation by analysis of variance (below zero counts as 0 in the design effect).

    (MSB − MSW) ÷ (MSB + (m₀ − 1) MSW), m₀ = (n − Σm²/n) ÷ (C − 1) (Donner and Koval 1980, Biometrics 36, 19–25).
    0 where every cluster has one decision. Raises InputError with fewer than two clusters.
    """
    y, code = np.asarray(values, dtype=float), pd.factorize(np.asarray(cluster))[0]
    sizes = np.bincount(code).astype(float)
    if sizes.size < 2:
        raise InputError("all decisions are of one cluster, so nothing tells how alike clusters are")
    n, clusters = float(y.size), sizes.size
    shape = n / clusters, float(sizes.std() / sizes.mean())
    if n == clusters:
        return Clustering(0.0, *shape, 1.0)
    means = np.bincount(code, y) / sizes
    between = float(sizes @ (means - y.mean()) ** 2) / (clusters - 1)
    within = float(((y - means[code]) ** 2).sum()) / (n - clusters)
    m0 = (n - float(sizes @ sizes) / n) / (clusters - 1)
    total = between + (m0 - 1) * within
    correlation = (between - within) / total if total > 0 else 0.0
    return Clustering(correlation, *shape, max(1.0, design_effect(shape[0], max(correlation, 0.0), shape[1])))


def experiment_power(
    frame: pd.DataFrame, registered: Registered, power: float = 0.8, relevant: dict[str, float] | None = None
) -> pd.DataFrame:
    """What the experiment, as large as it is, could show; one row a binary or money outcome and treated arm.

    Columns: experiment, outcome, kind, arm, control, size, size_control (decisions with a known outcome),
    correlation, design_effect, value_control, sd, detectable (smallest effect shown with `power` at the registered
    level, of several arms at the one that holds for all of them, in the outcome's unit), detectable_relative (to
    the control's value), relevant and power_relevant (chance to show the effect named in `relevant` by outcome,
    where one is).

    Shares: two arms as large as the harmonic mean of the sizes, against a rise. Sizes are divided by the design
    effect. From the variance seen, never from the effect seen: power at the observed effect says nothing that its
    p value doesn't (Hoenig and Heisey 2001, The American Statistician 55, 19–24). Raises what `check_experiment`
    raises.
    """
    check_experiment(frame, registered)
    rows = []
    for outcome in (outcome for outcome in registered.outcomes if outcome.kind != "time"):
        known = observed(frame, outcome)
        effect = (relevant or {}).get(outcome.name, math.nan)
        asked = (power, 1 - _level(known, registered, outcome), effect)
        rows += [_of_arm(known, registered, outcome, arm, asked) for arm in registered.treated]
    return pd.DataFrame(rows)


def _level(known: pd.DataFrame, registered: Registered, outcome: Outcome) -> float:
    """The level that an effect's own limits need for those of all arms to hold together."""
    sides, values = read_arms(known, registered), known[outcome.column].to_numpy(dtype=float)
    parts = influences(arm_sums(sides, np.column_stack([values, np.ones(values.size)])), *places(registered))
    return joint_level(parts, sides.count, registered.level)


def _of_arm(
    known: pd.DataFrame, registered: Registered, outcome: Outcome, arm: str, asked: tuple[float, float, float]
) -> dict[str, object]:
    sides, values = read_arms(known, registered), known[outcome.column].to_numpy(dtype=float)
    here, base = (values[sides.arm == registered.arms.index(name)] for name in (arm, registered.control))
    alike = clustering(values, sides.cluster)
    sizes = (here.size / alike.design_effect, base.size / alike.design_effect)
    sd = math.sqrt((here.var(ddof=1) * (here.size - 1) + base.var(ddof=1) * (base.size - 1)) / (values.size - 2))
    level = float(base.mean())
    shown, chance = _shown(outcome.kind, level, sd, sizes, asked)
    return {
        "experiment": registered.experiment,
        "outcome": outcome.name,
        "kind": outcome.kind,
        "arm": arm,
        "control": registered.control,
        "size": here.size,
        "size_control": base.size,
        "correlation": alike.correlation,
        "design_effect": alike.design_effect,
        "value_control": level,
        "sd": sd,
        "detectable": shown,
        "detectable_relative": shown / level if level else math.nan,
        "relevant": asked[2],
        "power_relevant": chance,
    }


def _shown(
    kind: str, level: float, sd: float, sizes: tuple[float, float], asked: tuple[float, float, float]
) -> tuple[float, float]:
    """Smallest effect shown, and the power for the effect asked for (missing: missing)."""
    power, alpha, effect = asked
    if kind == "money":
        shown = detectable_mean(sd, *sizes, power, alpha) if sd > 0 else math.nan
        return shown, math.nan if math.isnan(effect) or not sd > 0 else means_power(effect, sd, *sizes, alpha)
    size = 2 / (1 / sizes[0] + 1 / sizes[1])
    shown = detectable_difference(level, size, power, alpha)
    if math.isnan(effect) or not 0 <= level + effect <= 1:
        return shown, math.nan
    return shown, two_proportions_power(level, level + effect, size, alpha)
