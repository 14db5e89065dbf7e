"""Comparing two groups within strata, so that a difference of mix does not pass for a difference of rates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Comparison(NamedTuple):
    """Rates of two groups under the same weights of strata, their difference, and its variance."""

    exposed: Array
    unexposed: Array
    difference: Array
    variance: Array


def mantel_haenszel(y1: Array, n1: Array, y0: Array, n0: Array) -> Comparison:
    """Mantel–Haenszel risk difference of an exposed (1) and an unexposed (0) group, strata on the last axis.

    `y` events among `n` observations. Each stratum weighs n1·n0 ÷ (n1 + n0), so one that holds a single group does
    not count. The two rates are those of the groups under these weights; their difference is the estimate. The
    variance, for independent observations, is Sato's, which holds for many small strata as for few large ones
    (Sato 1989, Biometrics 45, 1323–1324; Greenland and Robins 1985, Biometrics 41, 55–68). Missing where no
    stratum holds both groups. It is an average of the strata's differences: where these differ in sign, look at
    them.
    """
    both = (n1 > 0) & (n0 > 0)
    y1, n1, y0, n0 = (np.where(both, values, 0.0) for values in (y1, n1, y0, n0))
    total = np.where(both, n1 + n0, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = (n1 * n0 / total).sum(axis=-1)
        exposed, unexposed = (y1 * n0 / total).sum(axis=-1) / weight, (y0 * n1 / total).sum(axis=-1) / weight
        difference = exposed - unexposed
        p = ((n1**2 * y0 - n0**2 * y1 + n1 * n0 * (n0 - n1) / 2) / total**2).sum(axis=-1)
        q = ((y1 * (n0 - y0) + y0 * (n1 - y1)) / (2 * total)).sum(axis=-1)
        return Comparison(exposed, unexposed, difference, (difference * p + q) / weight**2)


def standardised_rates(y: Array, n: Array) -> tuple[Array, Array]:
    """Directly standardised rates of several groups: `y` events among `n`, groups and strata on the last two axes.

    The standard population is all groups together, over the strata in which every group occurs. Returns the rates
    (…, groups) and the share of all observations that lie in those strata (…).
    Source: Rothman, Greenland and Lash 2008, Modern Epidemiology, 3rd edition, chapter 15.
    """
    common = (n > 0).all(axis=-2, keepdims=True)
    weight = np.where(common, n, 0.0).sum(axis=-2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = (weight * np.where(common, y / np.where(n > 0, n, 1.0), 0.0)).sum(axis=-1) / weight.sum(axis=-1)
        return rates, weight.sum(axis=(-2, -1)) / n.sum(axis=(-2, -1))
