"""Sums by group, and by fold and group, of accounts in arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.signedinteger]


def totals(group: Whole, size: int, weight: npt.NDArray[np.generic] | None = None) -> Array:
    """Sum of `weight` (count, if none) over the accounts of each group 0 … size − 1: (size,)."""
    return np.asarray(np.bincount(group, weights=weight, minlength=size), dtype=float)


def totals_by_fold(fold: Whole, group: Whole, size: int, weight: npt.NDArray[np.generic] | None = None) -> Array:
    """The same without mixing folds 0, 1, …: (folds, size)."""
    folds = int(fold.max()) + 1
    return totals(fold * size + group, folds * size, weight).reshape(folds, size)
