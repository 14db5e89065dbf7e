"""Expected charge-offs alone, for searches that run many thousands of paths."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from analysis.methods.stress.projection_book import Book
from analysis.methods.stress.projection_tilt import Tilt
from analysis.methods.stress.satellite_cells import KINDS

Array = npt.NDArray[np.float64]


def expected_charge_offs(book: Book, shifts: Mapping[str, Array], months: int) -> Array:
    """Balance charged off by path, month and group under log-odds by step (D, H), (D, H, G).

    The same as projection_paths.run() without chance: the roll rates of each kind of step are a matrix of their
    own, so that a month is one product of stocks, each kind's ratio on it, with these matrices side by side.
    """
    basis, tilt = book.balance, Tilt(book.balance.shares, book.buckets)
    inside, gone = tilt.inside, book.buckets.states.index("charged_off")
    draws = len(next(iter(shifts.values()))) if shifts else 1
    rates = np.stack([np.where(tilt.kind == kind, basis.matrix, 0.0)[:, :inside] for kind in range(len(KINDS))], 2)
    flat = rates.reshape(len(book.groups), -1, len(book.buckets.states))
    stock = np.repeat(basis.stock[None, :, :inside], draws, axis=0)
    lost = np.empty((draws, months, len(book.groups)))
    for month in range(months):
        ratios = tilt.by_kind({step: values[:, month] for step, values in shifts.items()})
        weighted = (stock[..., None] * ratios).reshape(len(stock), len(book.groups), -1)
        moved = np.swapaxes(np.swapaxes(weighted, 0, 1) @ flat, 0, 1)
        lost[:, month] = moved[..., gone]
        stock = moved[..., :inside] + basis.inflow[:, :inside]
    return lost
