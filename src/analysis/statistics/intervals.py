"""Intervals from values without each fold, on the scale that suits the measure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.statistics.jackknife import jackknife_error, t_quantile

Array = npt.NDArray[np.float64]


class Estimate(NamedTuple):
    """A measure with its limits; the limits are missing where folds are too few or nothing varies."""

    value: Array
    lower: Array
    upper: Array


def plain(value: npt.ArrayLike, replicates: Array, level: float = 0.95) -> Estimate:
    """Symmetric limits around a measure that may take any value."""
    return _on(value, replicates, level, lambda x: x, lambda x: x)


def positive(value: npt.ArrayLike, replicates: Array, level: float = 0.95) -> Estimate:
    """Limits of a ratio, symmetric on the logarithm."""
    return _on(value, replicates, level, np.log, np.exp)


def share(value: npt.ArrayLike, replicates: Array, level: float = 0.95) -> Estimate:
    """Limits of a probability, symmetric on the logit."""
    return _on(value, replicates, level, lambda p: np.log(p) - np.log1p(-p), lambda x: 1.0 / (1.0 + np.exp(-x)))


def _on(
    value: npt.ArrayLike,
    replicates: Array,
    level: float,
    forth: Callable[[Array], Array],
    back: Callable[[Array], Array],
) -> Estimate:
    centre = np.asarray(value, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = forth(centre)
        reach = t_quantile(level, len(replicates)) * jackknife_error(middle, forth(np.asarray(replicates, float)))
        lower, upper = back(middle - reach), back(middle + reach)
    known = np.isfinite(middle) & np.isfinite(reach) & (reach > 0)
    return Estimate(centre, np.where(known, lower, np.nan), np.where(known, upper, np.nan))
