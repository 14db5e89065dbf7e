"""Pairs of one treated and one untreated unit with nearly the same chance of treatment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import logit

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
CALIPER = 0.2
"""Standard deviations of the log odds (Austin 2011, Pharmaceutical Statistics 10, 150–161)."""


def matched_pairs(propensity: Array, arm: Array, seed: int = 1, caliper: float = CALIPER) -> Whole:
    """Rows (pairs, 2) of a treated and an untreated unit, each used once, nearest first come in a drawn order.

    Treated units without an untreated one within the caliper are left out.
    """
    odds = logit(np.clip(propensity, 1e-9, 1 - 1e-9))
    width = caliper * float(odds.std())
    others = np.flatnonzero(arm == 0)
    others = others[np.argsort(odds[others], kind="stable")]
    treated = np.random.default_rng(seed).permutation(np.flatnonzero(arm == 1))
    place = np.searchsorted(odds[others], odds[treated])
    free = _Free(len(others))
    pairs = []
    for unit, at in zip(treated.tolist(), place.tolist(), strict=True):
        near = [i for i in (free.left(at - 1), free.right(at)) if 0 <= i < len(others)]
        best = min(near, key=lambda i: abs(odds[others[i]] - odds[unit]), default=None)
        if best is not None and abs(odds[others[best]] - odds[unit]) <= width:
            free.take(best)
            pairs.append((unit, int(others[best])))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def pair_differences(y: Array, pairs: Whole) -> Array:
    """Outcome of the treated less that of the untreated unit, by pair."""
    return np.asarray(y[pairs[:, 0]] - y[pairs[:, 1]])


class _Free:
    """Places not yet taken, found from either side in nearly constant time."""

    def __init__(self, size: int) -> None:
        self._right = list(range(size + 1))
        self._left = list(range(size + 1))

    def right(self, at: int) -> int:
        """First free place from `at` on (the size where there is none)."""
        return self._find(self._right, at)

    def left(self, at: int) -> int:
        """Last free place up to `at` (−1 where there is none); places are shifted by one to keep −1 a place."""
        return self._find(self._left, at + 1) - 1

    def take(self, at: int) -> None:
        self._right[at] = at + 1
        self._left[at + 1] = at

    @staticmethod
    def _find(parent: list[int], at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at
