"""Observed cumulative incidence of cure by group, and what it would be without each fold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.cure.validation.cells import CURED, OPEN
from analysis.statistics.jackknife import leave_one_out

Array = npt.NDArray[np.float64]


def exit_counts(cells: pd.DataFrame, group: npt.NDArray[np.int64], groups: int, months: int) -> Array:
    """Spells at risk, cured and gone otherwise by fold, group and month: shape (folds, 3, groups, months)."""
    folds, fold = np.unique(cells["fold"].to_numpy(), return_inverse=True)
    duration, entry = cells["duration"].to_numpy(dtype=int), cells["entry"].to_numpy(dtype=int)
    weight = cells["spells"].to_numpy(dtype=float)
    cured = (cells["exit"] == CURED).to_numpy()
    other = ~cured & (cells["exit"] != OPEN).to_numpy()
    ended = _by_month(fold, group, duration, weight, (len(folds), groups, months))
    begun = _by_month(fold, group, entry, weight, (len(folds), groups, months))
    return np.stack(
        [
            (_from(ended) - _from(begun))[..., 1:-1],
            _by_month(fold, group, duration, weight * cured, (len(folds), groups, months))[..., 1:-1],
            _by_month(fold, group, duration, weight * other, (len(folds), groups, months))[..., 1:-1],
        ],
        axis=1,
    )


def _by_month(
    fold: npt.NDArray[np.int64],
    group: npt.NDArray[np.int64],
    month: npt.NDArray[np.int64],
    weight: Array,
    shape: tuple[int, int, int],
) -> Array:
    """Weights summed by fold, group and month 0 … months + 1, the last holding all that is later."""
    size = (*shape[:2], shape[2] + 2)
    place = np.ravel_multi_index((fold, group, np.minimum(month, shape[2] + 1)), size)
    return np.bincount(place, weights=weight, minlength=int(np.prod(size))).reshape(size).astype(float)


def _from(counts: Array) -> Array:
    """Sums over a month and all later ones."""
    return counts[..., ::-1].cumsum(axis=-1)[..., ::-1]


def incidence(counts: Array, carry: bool = False) -> Array:
    """Aalen–Johansen incidence of cure by each month, shape (…, groups, months), from (…, 3, groups, months).

    As `cumulative_incidence`, for many groups and replicates at once. Missing from the first month at which
    nobody is at risk though some of the group had stayed, unless the last value is to `carry` on.
    """
    at_risk, cured, other = np.moveaxis(counts, -3, 0)
    some = at_risk > 0
    leave, cure = (
        np.divide(part, at_risk, out=np.zeros_like(part), where=some) for part in (cured + other, cured)
    )
    stay = np.cumprod(1.0 - leave, axis=-1)
    before = np.concatenate([np.ones_like(stay[..., :1]), stay[..., :-1]], axis=-1)
    unknown = ~some & (before > 1e-12) & (not carry)
    step = np.where(unknown, np.nan, before * cure)
    return np.cumsum(step, axis=-1)


def incidence_replicates(counts: Array) -> tuple[Array, Array]:
    """Incidence (groups, months) from counts by fold, and the same without each fold, folds first.

    Where one fold holds the last spells at risk, the others carry their last value on.
    """
    return incidence(counts.sum(axis=0)), incidence(leave_one_out(counts), carry=True)
