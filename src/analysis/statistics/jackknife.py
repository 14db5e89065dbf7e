"""Standard errors of anything computed from counts, by leaving out one random group of customers at a time.

Counts come with a column `fold`, a random group of customers. As a customer's observations share a fold, the
differences between folds carry what they have in common, and the interval is clustered without the customers
themselves being loaded (the delete-a-group jackknife: Kott 2001, "The Delete-a-Group Jackknife", Journal of
Official Statistics 17, 521–526).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.statistics.ratio import Interval, wilson

Array = NDArray[np.float64]

_PLACE = "__place__"


class Limits(NamedTuple):
    """An estimate, its limits and its standard error, elementwise; `nan` where nothing can be said."""

    value: Array
    lower: Array
    upper: Array
    error: Array


def fold_counts(frame: pd.DataFrame, cells: Sequence[str], values: Sequence[str]) -> tuple[pd.DataFrame, Array]:
    """Counts as an array, folds first: the cells (one row each, sorted), and (folds, values, cells).

    A fold without any count in the frame is left out; a cell that a fold lacks counts as 0.
    """
    keys = list(cells)
    index = frame[keys].drop_duplicates().sort_values(keys, ignore_index=True)
    place = frame[keys].merge(index.reset_index(names=_PLACE), how="left", on=keys)[_PLACE].to_numpy()
    folds, fold = np.unique(frame["fold"].to_numpy(), return_inverse=True)
    counts = np.zeros((len(folds), len(values), len(index)))
    for i, value in enumerate(values):
        np.add.at(counts[:, i, :], (fold, place), frame[value].to_numpy(dtype=float))
    return index, counts


def leave_one_out(counts: Array) -> Array:
    """Totals without each fold: same shape as the counts, folds first."""
    return counts.sum(axis=0)[None, ...] - counts


def jackknife_error(estimate: Array | float, replicates: Array) -> Array:
    """Standard error of an estimate from its values without each fold (folds first).

    The square of it is (G − 1)/G · Σ (θ without fold g − θ)², G folds. Missing where fewer than two folds exist or
    where a replicate is missing.
    """
    folds = len(replicates)
    if folds < 2:
        return np.full(np.shape(estimate), np.nan)
    with np.errstate(invalid="ignore"):
        return np.sqrt((folds - 1) / folds * ((replicates - estimate) ** 2).sum(axis=0))


def t_quantile(level: float, folds: int) -> float:
    """Factor of the standard error in a two-sided interval: Student's t with one degree less than folds.

    >>> round(t_quantile(0.95, 32), 3)
    2.04
    """
    from scipy.special import stdtrit

    return float(stdtrit(folds - 1, (1 + level) / 2)) if folds > 1 else np.nan


def share_limits(share: Array, replicates: Array, size: Array, level: float = 0.95) -> Interval:
    """Wilson's limits of a share at the size of sample that the jackknife's error amounts to.

    `replicates` are the share's values without each fold (folds first), `size` the observations counted, which the
    size never exceeds. Limits are nan where the error is.
    """
    from scipy.special import ndtri  # where limits are drawn

    error = jackknife_error(share, replicates)
    with np.errstate(invalid="ignore", divide="ignore"):
        # A share of none or all has no variance of its own, even where it is another without some fold.
        found = np.where((error > 0) & (share > 0) & (share < 1), share * (1 - share) / error**2, size)
    found = np.minimum(found, size) * (ndtri((1 + level) / 2) / t_quantile(level, len(replicates))) ** 2
    return wilson(share, np.where(np.isnan(error), np.nan, found), level)


def amount_limits(estimate: Array, replicates: Array, level: float = 0.95) -> Interval:
    """Limits of an estimate that cannot be negative, symmetric on the logarithm; nan where the estimate is 0."""
    error = jackknife_error(estimate, replicates)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        width = np.exp(t_quantile(level, len(replicates)) * error / estimate)
        lower, upper = estimate / width, estimate * width
    void = ~(np.asarray(estimate) > 0) | ~np.isfinite(width)
    return Interval(np.asarray(estimate), np.where(void, np.nan, lower), np.where(void, np.nan, upper))


def symmetric_limits(estimate: Array | float, replicates: Array, level: float = 0.95) -> Limits:
    """Limits of an estimate that may take any value: Student's t on either side.

    Limits and error are nan with fewer than two folds, and where no fold changes the estimate.
    """
    error = jackknife_error(estimate, replicates)
    error = np.where(error > 0, error, np.nan)
    reach = t_quantile(level, len(replicates)) * error
    value = np.asarray(estimate, dtype=float)
    return Limits(value, value - reach, value + reach, error)
