"""Limits and p values that hold for several estimates together, their dependence taken from common folds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.jackknife import jackknife_error, t_quantile

Array = npt.NDArray[np.float64]

DRAWS = 20_000


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


def _largest(left: Array, draws: int, seed: int) -> Array:
    """Largest |t| of k correlated ones, (draws,)."""
    rng, folds = np.random.default_rng(seed), len(left)
    apart = left - left.mean(axis=0)
    apart /= np.sqrt((apart**2).sum(axis=0))
    # Normals weighted by the folds' own deviations have the correlation of the estimates.
    normal = rng.standard_normal((draws, folds)) @ apart
    scale = np.sqrt(rng.chisquare(folds - 1, draws) / (folds - 1))
    return np.asarray(np.abs(normal).max(axis=1) / scale)
