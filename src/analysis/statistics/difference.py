"""Change of a clustered ratio between two periods in which many customers are the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.statistics.ratio import Array, Interval, ratio

JOINT = ("joint_nn", "joint_nd", "joint_dn", "joint_dd")
"""Σ_c y_c·y'_c, Σ_c y_c·x'_c, Σ_c x_c·y'_c, Σ_c x_c·x'_c over clusters seen in both periods (′: the earlier)."""


def ratio_covariance(
    now: tuple[npt.ArrayLike, npt.ArrayLike],
    before: tuple[npt.ArrayLike, npt.ArrayLike],
    joint: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
) -> Array:
    """Linearised covariance of two ratios: Σ_c (y_c − r·x_c)(y'_c − r'·x'_c) ÷ (Σx · Σx').

    `now` and `before` are (Σy, Σx); `joint` the four cross moments in the order of JOINT. Customers seen in only
    one of the periods add nothing, so this is exact, not an assumption.
    """
    rate, base = ratio(*now), np.asarray(now[1], float)
    rate_before, base_before = ratio(*before), np.asarray(before[1], float)
    nn, nd, dn, dd = (np.asarray(value, float) for value in joint)
    cross = nn - rate_before * nd - rate * dn + rate * rate_before * dd
    return ratio(cross, base * base_before)


def difference(
    now: Interval,
    before: Interval,
    variance: npt.ArrayLike = np.nan,
    variance_before: npt.ArrayLike = np.nan,
    covariance: npt.ArrayLike = 0.0,
) -> Interval:
    """`now` minus `before`, with limits recovered from those of the two rates.

    Square-and-add of the single limits, which keeps their asymmetry (Newcombe 1998, Statistics in Medicine
    17:873, method 10), with the correlation of the two estimates (Zou and Donner 2008, Statistics in Medicine
    27:1693). A covariance of 0 takes the two periods for independent, which is too wide where customers who
    were late then tend to be late now.
    """
    change = now.rate - before.rate
    scale = np.sqrt(np.asarray(variance, float) * np.asarray(variance_before, float))
    rho = np.clip(np.nan_to_num(ratio(covariance, scale)), -1.0, 1.0)
    down = _combine(now.rate - now.lower, before.upper - before.rate, rho)
    up = _combine(now.upper - now.rate, before.rate - before.lower, rho)
    return Interval(change, change - down, change + up)


def _combine(a: Array, b: Array, rho: Array) -> Array:
    return np.sqrt(np.maximum(a**2 - 2 * rho * a * b + b**2, 0.0))
