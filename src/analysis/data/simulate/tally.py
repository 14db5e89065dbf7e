"""Sums over what really happened, from which `truth.json` tells realised quantities."""

from __future__ import annotations

import numpy as np


class Tally:
    """Named arrays of sums; tallies of blocks add up to the tally of the portfolio."""

    def __init__(self) -> None:
        self.sums: dict[str, np.ndarray] = {}

    def count(self, name: str, shape: tuple[int, ...], cells: tuple[np.ndarray, ...], *values: np.ndarray) -> None:
        """Add 1 and each of `values` to the cells given by index arrays; the last axis is (count, *values)."""
        flat = np.ravel_multi_index(cells, shape)
        size = int(np.prod(shape))
        layers = [np.bincount(flat, minlength=size).astype(float)]
        layers += [np.bincount(flat, weights=np.asarray(value, float), minlength=size) for value in values]
        self.add(name, np.stack(layers, axis=-1).reshape(*shape, len(layers)))

    def add(self, name: str, value: np.ndarray) -> None:
        self.sums[name] = self.sums[name] + value if name in self.sums else value

    def merge(self, other: Tally) -> None:
        for name, value in other.sums.items():
            self.add(name, value)
