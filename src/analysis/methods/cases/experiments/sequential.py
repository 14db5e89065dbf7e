"""Intervals that hold at every look, for those who peek at a running experiment."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.experiments.arms import read_arms
from analysis.methods.cases.experiments.checks import check_experiment, observed
from analysis.methods.cases.experiments.contrast import contrast
from analysis.methods.cases.experiments.design import Registered

Array = npt.NDArray[np.float64]

BURN_IN = 50
"""Clusters in each arm before the first look: the method leans on the central limit theorem at every look."""


def looks(
    frame: pd.DataFrame,
    registered: Registered,
    outcome: str,
    known_on: pd.Series,
    planned: int,
    arm: str | None = None,
    burn_in: int = BURN_IN,
) -> pd.DataFrame:
    """Effect of an arm on a registered binary or money outcome as it stood at each look, one row a look.

    `known_on` (same index) is the day, or the number of the look, at which each decision's outcome was known: the
    end of its horizon, not the day of the decision. `planned` is the number of clusters at which the sequence is
    to be narrowest, settled beforehand, for example those of the planned end. Decisions without an outcome are
    left out.

    Columns: look, clusters, effect, se, lower, upper (together they hold the true effect at all looks with the
    registered level, asymptotically), fixed_lower, fixed_upper (the usual interval of that day: right for a single
    look settled beforehand, wrong for peeking), p (valid at every look, the smallest so far), decided (the
    interval, running intersection, leaves out zero by now). Looks with fewer than `burn_in` clusters in an arm are
    left out.

    Raises what `check_experiment` raises; InputError where no look has enough clusters.
    """
    check_experiment(frame, registered)
    told, name = registered.outcome(outcome), arm or registered.treated[0]
    if told.kind == "time" or name not in registered.treated:
        raise InputError(
            f"outcome '{outcome}' is {told.kind}, arm '{name}'; looks take shares or money, treated arms"
        )
    if not known_on.index.equals(frame.index):
        raise InputError("known_on has another index than the decisions; put it in the same order")
    known = observed(frame, told)
    sides, values = read_arms(known, registered), known[told.column].to_numpy(dtype=float)
    here, base = (sides.arm == registered.arms.index(side) for side in (name, registered.control))
    rows = []
    for look, day in _days(known_on.loc[known.index]):
        seen = [day & side for side in (here, base)]
        if min(np.unique(sides.cluster[side]).size for side in seen) >= burn_in:
            found = contrast(values, seen[0], seen[1], sides.cluster, level=registered.level)
            rows.append((look, found.clusters, found.effect, found.error, found.lower, found.upper))
    if not rows:
        raise InputError(f"no look has {burn_in} clusters with a known outcome in each arm; wait longer")
    columns = ["look", "clusters", "effect", "se", "fixed_lower", "fixed_upper"]
    return confidence_sequence(pd.DataFrame(rows, columns=columns), planned, registered.level)


def confidence_sequence(table: pd.DataFrame, planned: int, level: float = 0.95) -> pd.DataFrame:
    """Adds lower, upper, p and decided to looks with columns clusters, effect and se, in the order of time.

    The radius is se · √( (t ρ² + 1) ÷ (t ρ²) · log((t ρ² + 1) ÷ α²) ), t clusters seen, and ρ such that it is
    narrowest about t = `planned` (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, Annals of Statistics 52,
    2613–2640, theorem 2.2 and appendix on ρ; the normal mixture of Robbins 1970). p is the level at which the
    sequence with this ρ would just leave out zero.

    >>> day = pd.DataFrame({"clusters": [1000.0], "effect": [0.05], "se": [0.02]})
    >>> confidence_sequence(day, planned=1000)[["lower", "upper", "p"]].round(4).to_dict("records")
    [{'lower': -0.0107, 'upper': 0.1107, 'p': 0.1863}]
    """
    rho2, clusters = _rho2(planned, 1 - level), table["clusters"].to_numpy(dtype=float)
    effect, error = table["effect"].to_numpy(dtype=float), table["se"].to_numpy(dtype=float)
    if (np.diff(clusters) < 0).any():
        raise InputError("the number of clusters falls from one look to the next; give looks in the order of time")
    scale = clusters * rho2
    reach = error * np.sqrt((scale + 1) / scale * np.log((scale + 1) / (1 - level) ** 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        evidence = (effect / error) ** 2 * scale / (2 * (scale + 1))
    p = np.minimum.accumulate(np.fmin(1.0, np.sqrt(scale + 1) * np.exp(-np.nan_to_num(evidence))))
    made = {"lower": effect - reach, "upper": effect + reach, "p": p}
    return table.assign(**made, decided=p <= 1 - level)


def _rho2(planned: int, alpha: float) -> float:
    if planned < 2:
        raise ParameterError(f"planned is {planned}; give the number of clusters expected at the end")
    if not 0 < alpha < 1:
        raise ParameterError(f"level is {1 - alpha:g}; give a fraction, for example 0.95")
    return (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / planned


def _days(known_on: pd.Series) -> list[tuple[object, npt.NDArray[np.bool_]]]:
    """Each day on which outcomes came in, with the decisions known by then."""
    days = known_on.to_numpy()
    return [(day, days <= day) for day in sorted(known_on.dropna().unique())]
