"""Limits and p values that hold for several estimates together, their dependence taken from common folds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.jackknife import jackknife_error, t_quantile

Array = npt.NDArray[np.float64]

DRAWS = 20_000
LEVEL_DRAWS = 200_000


class Simultaneous(NamedTuple):
    """k estimates with errors, limits that hold for all of them together, and p values corrected for that."""

    value: Array
    error: Array
    lower: Array
    upper: Array
    p: Array
    factor: float


def simultaneous_limits(
    estimates: npt.ArrayLike, replicates: npt.ArrayLike, level: float = 0.95, seed: int = 0, draws: int = DRAWS
) -> Simultaneous:
    """Limits estimate ± factor · error that hold k differences (k,) at once, and p values of none.

    `replicates` (folds, k) are the estimates without each fold of customers. `factor` is the quantile of the
    largest of k correlated values of Student's t with folds − 1 degrees of freedom, never above Bonferroni's; with
    one estimate it is the plain one. A p value is the chance of a largest t as far out as the estimate's own, so
    that the chance of any false finding among the k is at most 1 − `level` (single-step max-t: Hothorn, Bretz and
    Westfall 2008, Biometrical Journal 50, 346–363).

    Estimates that no fold changes (a policy that is today's) have no error: their limits and p are missing, and
    the others are not held to account for them. Raises InputError for shapes that don't fit, ParameterError for a
    level that is no fraction.
    """
    value, left = np.asarray(estimates, dtype=float), np.asarray(replicates, dtype=float)
    if value.ndim != 1 or left.ndim != 2 or left.shape[1] != value.size:
        raise InputError(f"estimates of shape {value.shape}, replicates of {left.shape}; give (k,) and (folds, k)")
    if not 0 < level < 1:
        raise ParameterError(f"level is {level}; give a fraction, for example 0.95")
    error = jackknife_error(value, left)
    moves = np.isfinite(error) & (error > 1e-12 * np.maximum(np.abs(value), 1e-12))
    error = np.where(moves, error, np.nan)
    if not moves.any():
        blank = np.full(value.shape, np.nan)
        return Simultaneous(value, error, blank, blank, blank, np.nan)
    largest = _largest(left[:, moves], draws, seed)
    least = t_quantile(level, len(left))
    most = t_quantile(1 - (1 - level) / int(moves.sum()), len(left))
    factor = float(np.clip(np.quantile(largest, level), least, most))
    with np.errstate(invalid="ignore"):
        size = np.abs(value) / error
    p = np.where(moves, [(largest >= one).mean() if np.isfinite(one) else np.nan for one in size], np.nan)
    return Simultaneous(value, error, value - factor * error, value + factor * error, p, factor)


def level_of_each(
    correlation: npt.ArrayLike, degrees: float, level: float = 0.95, seed: int = 0, draws: int = LEVEL_DRAWS
) -> float:
    """Level at which the limits of each of k correlated estimates are taken so that all hold together at `level`.

    `correlation` (k, k) is that of the estimates, `degrees` those of their errors. The level is the one that a
    plain Student's t interval has with the quantile of the largest |t| of k, so that it serves limits that are not
    symmetric as well (score limits, percentiles): never below `level`, never above Bonferroni's 1 − (1 − level)/k.
    With one estimate it is `level` itself. For several treatments against one control this is Dunnett's procedure
    (Dunnett 1955, Journal of the American Statistical Association 50, 1096–1121; with any correlation Hothorn,
    Bretz and Westfall 2008, Biometrical Journal 50, 346–363), the quantile from `draws` with a fixed seed.

    Raises InputError for a correlation that is not square, ParameterError for a level that is no fraction.

    >>> level_of_each([[1.0]], 30)
    0.95
    """
    from scipy.special import stdtr

    shared = np.asarray(correlation, dtype=float)
    if shared.ndim != 2 or shared.shape[0] != shared.shape[1] or not np.isfinite(shared).all():
        raise InputError(f"correlation has shape {shared.shape}; give (k, k), without missing values")
    if not 0 < level < 1:
        raise ParameterError(f"level is {level}; give a fraction, for example 0.95")
    k, rng = len(shared), np.random.default_rng(seed)
    if k < 2:
        return level
    values, vectors = np.linalg.eigh(shared)
    normal = rng.standard_normal((draws, k)) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    largest = np.abs(normal).max(axis=1) / np.sqrt(rng.chisquare(degrees, draws) / degrees)
    own = 1.0 - 2.0 * float(stdtr(degrees, -np.quantile(largest, level)))
    return float(np.clip(own, level, 1 - (1 - level) / k))


def _largest(left: Array, draws: int, seed: int) -> Array:
    """Largest |t| of k correlated ones, (draws,)."""
    rng, folds = np.random.default_rng(seed), len(left)
    apart = left - left.mean(axis=0)
    apart /= np.sqrt((apart**2).sum(axis=0))
    # Normals weighted by the folds' own deviations have the correlation of the estimates.
    normal = rng.standard_normal((draws, folds)) @ apart
    scale = np.sqrt(rng.chisquare(folds - 1, draws) / (folds - 1))
    return np.asarray(np.abs(normal).max(axis=1) / scale)
