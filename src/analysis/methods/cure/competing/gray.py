"""Gray's test: do groups differ in the cumulative incidence of an exit?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cure.competing.exits import Exits, read_exits

Array = npt.NDArray[np.float64]


class GrayTest(NamedTuple):
    """χ² statistic, degrees of freedom (groups less one), and p-value of "all groups are alike"."""

    statistic: float
    degrees: int
    p_value: float


class _Curves(NamedTuple):
    """By group and time (K, J): at risk, counts of the exit and of the others, and survival before and after.

    `scaled` is at risk ÷ survival before, Gray's h: a jump of the incidence is a count ÷ h.
    """

    at_risk: Array
    own: Array
    other: Array
    before: Array
    after: Array
    scaled: Array
    incidence_before: Array


def gray_test(
    df: pd.DataFrame,
    duration_col: str,
    exit_col: str,
    group_col: str,
    exit_name: object,
    weights_col: str | None = None,
    still_open: object = "open",
) -> GrayTest:
    """Test that the cumulative incidence of `exit_name` is the same in all groups of `group_col`.

    A log-rank test on the subdistribution hazard: spells gone by another exit stay at risk, in the share that
    would still be under observation. Weight function 1 (Gray's ρ = 0), with the variance and its correction for
    ties of R's cmprsk. Case weights count as repeated rows. There is no late entry: Gray's variance isn't made
    for it. Raises InputError for an exit nobody takes, or fewer than two groups.
    Source: Gray (1988) Annals of Statistics 16, 1141–1154.
    """
    from scipy.special import chdtrc

    exits = read_exits(df, duration_col, exit_col, None, weights_col, still_open)
    exits.refuse_unknown(exit_name, exit_col)
    if group_col not in df.columns:
        raise InputError(f"column '{group_col}' is not in the data frame")
    groups, labels = pd.factorize(df[group_col])
    if len(labels) < 2 or (groups < 0).any():
        raise InputError(f"column '{group_col}' must hold two groups or more, and none missing")
    curves = _curves(exits, groups, len(labels), exits.names.index(exit_name))
    scores, variance = _scores(curves)
    degrees = len(labels) - 1
    # Scores add up to zero, so one group says nothing new.
    statistic = float(scores[:-1] @ np.linalg.lstsq(variance[:-1, :-1], scores[:-1], rcond=None)[0])
    return GrayTest(statistic, degrees, float(chdtrc(degrees, statistic)))


def _curves(exits: Exits, groups: npt.NDArray[np.intp], count: int, exit_number: int) -> _Curves:
    moments = exits.moments
    tables = [exits.take(groups == k).counts(moments) for k in range(count)]
    at_risk = np.array([risk for risk, _ in tables])
    own = np.array([events[:, exit_number] for _, events in tables])
    every = np.array([events.sum(axis=1) for _, events in tables])
    after = np.asarray(np.cumprod(1.0 - _ratio(every, at_risk), axis=1), dtype=np.float64)
    before = np.hstack([np.ones((count, 1)), after[:, :-1]])
    jumps = before * _ratio(own, at_risk)
    scaled = _ratio(at_risk, before)
    return _Curves(at_risk, own, every - own, before, after, scaled, np.cumsum(jumps, axis=1) - jumps)


def _scores(curves: _Curves) -> tuple[Array, Array]:
    """Observed less expected exits by group (K,), and their covariance (K, K) under equal incidences."""
    risk = curves.scaled * (1.0 - curves.incidence_before)
    expected = risk * _ratio(curves.own.sum(axis=0), risk.sum(axis=0))
    pooled = curves.scaled.sum(axis=0)
    jump = _ratio(curves.own.sum(axis=0), pooled)
    left = 1.0 - np.cumsum(jump)
    left_before = left + jump
    share = _ratio(curves.scaled, pooled)
    kinds = len(curves.own)
    # direct[i, r]: how group r's own exits move group i's score; later: how leaving the risk set does.
    direct = curves.scaled[:, None, :] * (np.eye(kinds)[:, :, None] - share[None, :, :])
    total = np.cumsum(direct * jump / left_before, axis=2)
    later = total[:, :, -1:] - total
    fade = _ratio(left, curves.after)
    own_weight = _ratio(jump * _untied(curves.own.sum(axis=0), pooled * curves.before), curves.scaled)
    other_jump = _ratio(curves.before * curves.other, curves.at_risk)
    other_weight = _ratio(other_jump * _untied(curves.other, curves.at_risk), curves.scaled)
    first, second = direct + (1.0 - fade) * later, fade * later
    variance = np.einsum("irt,jrt,rt->ij", first, first, own_weight)
    variance += np.einsum("irt,jrt,rt->ij", second, second, other_weight)
    return (curves.own - expected).sum(axis=1), variance


def _untied(count: Array, at_risk: Array) -> Array:
    """Shrinkage of a variance where `count` exits fall together: 1 − (d − 1)/(n − 1)."""
    return np.where(count > 1, 1.0 - (count - 1.0) / np.maximum(at_risk - 1.0, 1.0), 1.0)


def _ratio(top: Array, bottom: Array) -> Array:
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), 0.0)
