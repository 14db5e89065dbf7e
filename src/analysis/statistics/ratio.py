"""Intervals of ratios Σy/Σx whose observations come in clusters.

Every rate of the report is such a ratio: y is the event (counted, or in money), x what it is held against, and a
customer's accounts and months form one cluster c. All that is needed of the data are the clusters' moments
Σy, Σx, Σ_c y_c², Σ_c x_c y_c, Σ_c x_c² and the number of clusters, which the engine returns by cell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

Array = npt.NDArray[np.float64]

MOMENTS = ("numerator", "denominator", "nn", "nd", "dd", "units", "clusters")
"""Columns of a frame of cells: Σy, Σx, Σ_c y_c², Σ_c x_c y_c, Σ_c x_c², observations, clusters."""


class Interval(NamedTuple):
    """A rate and its limits, elementwise; `nan` where nothing can be said."""

    rate: Array
    lower: Array
    upper: Array


def ratio(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Array:
    """Σy ÷ Σx; nan where the denominator is zero."""
    y, x = np.asarray(numerator, float), np.asarray(denominator, float)
    return np.divide(y, x, out=np.full(np.broadcast(y, x).shape, np.nan), where=x > 0)


def ratio_variance(
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    nn: npt.ArrayLike,
    nd: npt.ArrayLike,
    dd: npt.ArrayLike,
    clusters: npt.ArrayLike,
) -> Array:
    """Linearised variance of Σy/Σx with clusters drawn independently.

    C/(C−1) · Σ_c (y_c − r·x_c)² ÷ (Σx)², Cochran (1977), Sampling Techniques, 3rd ed., section 6.3 and 11.
    nan with fewer than two clusters.
    """
    x, count = np.asarray(denominator, float), np.asarray(clusters, float)
    rate = ratio(numerator, x)
    squares = np.asarray(nn, float) - 2 * rate * np.asarray(nd, float) + rate**2 * np.asarray(dd, float)
    # Rounding can leave a square a hair below zero where all clusters agree.
    squares = np.where(squares <= 1e-12 * np.asarray(dd, float), 0.0, squares)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(count > 1, count / (count - 1), np.nan) * squares / x**2
    return np.where(x > 0, variance, np.nan)


def effective_size(
    rate: npt.ArrayLike,
    variance: npt.ArrayLike,
    denominator: npt.ArrayLike,
    dd: npt.ArrayLike,
    units: npt.ArrayLike,
) -> Array:
    """Size of the simple random sample that would tell a share as well: r(1−r) ÷ variance.

    Never more than the observations counted. Where the share is 0 or 1 the variance says nothing, and Kish's
    size (Σx)² ÷ Σ_c x_c² stands in (Kish 1965, Survey Sampling; Dean and Pagano 2015, section 2).
    """
    r, var = np.asarray(rate, float), np.asarray(variance, float)
    kish = ratio(np.asarray(denominator, float) ** 2, dd)
    spread = r * (1 - r)
    size = np.divide(spread, var, out=np.array(kish, float), where=(var > 0) & (spread > 0))
    return np.minimum(size, np.asarray(units, float))


def wilson(rate: npt.ArrayLike, size: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share seen in `size` independent trials (need not be whole).

    Wilson (1927), JASA 22; recommended by Newcombe (1998), Statistics in Medicine 17:857, as his method 3.

    >>> interval = wilson(81 / 263, 263)
    >>> round(float(interval.lower), 4), round(float(interval.upper), 4)
    (0.2553, 0.3662)
    """
    r, n = np.asarray(rate, float), np.asarray(size, float)
    z2 = float(ndtri(0.5 + level / 2)) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (r + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2 * (r * (1 - r) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    lower = np.where(r <= 0, 0.0, np.maximum(centre - half, 0.0))
    upper = np.where(r >= 1, 1.0, np.minimum(centre + half, 1.0))
    # Nothing seen, nothing said: a size of zero leaves the whole range open.
    void = ~(n > 0)
    return Interval(r, np.where(void, np.nan, lower), np.where(void, np.nan, upper))


def share_interval(
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    nn: npt.ArrayLike,
    nd: npt.ArrayLike,
    dd: npt.ArrayLike,
    units: npt.ArrayLike,
    clusters: npt.ArrayLike,
    level: float = 0.95,
) -> Interval:
    """Interval of a clustered share in [0, 1]: Wilson's, at the effective size.

    The effective size shrinks by (z/t)² with clusters − 1 degrees of freedom, so that few clusters give wide
    limits (Korn and Graubard 1998, Survey Methodology 24:193; Dean and Pagano 2015, Journal of Survey Statistics
    and Methodology 3:484, find Wilson at the effective size the best of the simple choices). All arguments
    broadcast; limits are nan with fewer than two clusters.
    """
    rate = np.clip(ratio(numerator, denominator), 0.0, 1.0)
    variance = ratio_variance(numerator, denominator, nn, nd, dd, clusters)
    size = effective_size(rate, variance, denominator, dd, units)
    size = size * (ndtri(0.5 + level / 2) / _quantile(clusters, level)) ** 2
    return wilson(rate, size, level)


def amount_interval(
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    nn: npt.ArrayLike,
    nd: npt.ArrayLike,
    dd: npt.ArrayLike,
    units: npt.ArrayLike,
    clusters: npt.ArrayLike,
    level: float = 0.95,
) -> Interval:
    """Interval of a clustered ratio that cannot be negative but may exceed 1, such as cash over balance.

    Symmetric on the logarithm, with Student's quantile at clusters − 1 degrees of freedom. Where nothing was
    seen (a ratio of 0) the upper limit is that of a share at the same size.
    """
    rate = ratio(numerator, denominator)
    variance = ratio_variance(numerator, denominator, nn, nd, dd, clusters)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.exp(_quantile(clusters, level) * np.sqrt(variance) / rate)
    none = share_interval(0.0 * rate, denominator, 0.0 * rate, 0.0 * rate, dd, units, clusters, level)
    seen = rate > 0
    lower, upper = np.where(seen, rate / width, none.lower), np.where(seen, rate * width, none.upper)
    return Interval(rate, lower, upper)


def _quantile(clusters: npt.ArrayLike, level: float) -> Array:
    """Student's quantile at clusters − 1 degrees of freedom; nan where there are none."""
    freedom = np.asarray(clusters, float) - 1
    return np.where(freedom >= 1, stdtrit(np.maximum(freedom, 1.0), 0.5 + level / 2), np.nan)
