"""Difference of two arms' means with errors by cluster, plain or after regression on what was known before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.core.errors import InputError

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]


class Contrast(NamedTuple):
    """Mean in the treated arm less that in the control arm; limits by Student's t with clusters − 1 degrees."""

    effect: float
    error: float
    lower: float
    upper: float
    p: float
    treated: float
    control: float
    clusters: int


def contrast(
    outcome: Array,
    treated: Rows,
    control: Rows,
    cluster: npt.NDArray[np.int64],
    prediction: Array | None = None,
    level: float = 0.95,
) -> Contrast:
    """Effect of the treated arm over the control arm, all arrays (n,) over the decisions of these two arms.

    With `prediction` (from what was known before the decision), each arm's mean is taken at the prediction's mean
    over both arms, by a slope of its own: ȳ_a − θ_a (ḡ_a − ḡ). That leaves the effect unbiased up to terms of
    order 1/n whatever the prediction is worth, and is never wider in large samples (Lin 2013, Annals of Applied
    Statistics 7, 295–318; Deng, Xu, Kohavi and Walker 2013, WSDM, 123–132). The error is that of the linearised
    estimate with clusters drawn independently (Liang and Zeger 1986), C/(C−1) · Σ_c (Σ_{i∈c} ψ_i)².
    """
    if not treated.any() or not control.any():
        raise InputError("one of the two arms has no decision, so there is no effect to speak of")
    arms = treated | control
    prediction = np.zeros(outcome.size) if prediction is None else prediction
    grand = prediction[arms].mean()
    influence, means, slopes = np.zeros(outcome.size), [], []
    for here, sign in ((treated, 1.0), (control, -1.0)):
        mean, slope, rest = _arm_mean(outcome[here], prediction[here], grand)
        means.append(mean)
        slopes.append(slope)
        influence[here] += sign * rest / here.sum()
    influence[arms] += (slopes[0] - slopes[1]) * (prediction[arms] - grand) / arms.sum()
    return _limits(means, _clustered(influence[arms], cluster[arms]), level)


def _arm_mean(y: Array, g: Array, grand: float) -> tuple[float, float, Array]:
    """Mean of an arm at the prediction's grand mean, its slope, and what is left of each decision."""
    apart = g - g.mean()
    spread = float(apart @ apart)
    slope = float(apart @ y) / spread if spread > 1e-12 * max(1.0, float(g @ g)) else 0.0
    mean = float(y.mean())
    return mean - slope * (float(g.mean()) - grand), slope, y - mean - slope * apart


def _clustered(influence: Array, cluster: npt.NDArray[np.int64]) -> tuple[float, int]:
    """Standard error from influences summed by cluster, and how many clusters there are."""
    sums = np.bincount(cluster, influence)
    clusters = int((np.bincount(cluster) > 0).sum())
    if clusters < 2:
        return np.nan, clusters
    return float(np.sqrt(clusters / (clusters - 1) * (sums @ sums))), clusters


def _limits(means: list[float], found: tuple[float, int], level: float) -> Contrast:
    from scipy.special import stdtr, stdtrit

    effect, (error, clusters) = means[0] - means[1], found
    if not error > 0:
        return Contrast(effect, np.nan, np.nan, np.nan, np.nan, means[0], means[1], clusters)
    reach = float(stdtrit(clusters - 1, 0.5 + level / 2)) * error
    p = 2.0 * float(stdtr(clusters - 1, -abs(effect) / error))
    return Contrast(effect, error, effect - reach, effect + reach, p, means[0], means[1], clusters)
