"""Projecting a stock by state with flow rates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def project(
    stock: npt.ArrayLike, matrix: npt.ArrayLike, months: int, inflow: npt.ArrayLike | None = None
) -> Array:
    """Stock by state over the coming months: stock(t+1) = stock(t) · matrix + inflow.

    `stock` has one entry a state; `matrix` rows from, columns to, shape (states, states), or (months, states,
    states) for rates that change over time. `inflow` is what comes in anew each month, shape (states,) or (months,
    states). A row that sums to less than one lets the rest leave the book; for balances a row may sum to more,
    where accounts draw. Returns shape (months + 1, states), today first. Nothing is random here.

    >>> project([100.0, 0.0], [[0.9, 0.1], [0.0, 1.0]], months=2).round(6).tolist()
    [[100.0, 0.0], [90.0, 10.0], [81.0, 19.0]]
    """
    start = np.asarray(stock, float)
    size = start.shape[0]
    rates = np.broadcast_to(np.asarray(matrix, float), (months, size, size))
    fresh = np.broadcast_to(np.zeros(size) if inflow is None else np.asarray(inflow, float), (months, size))
    path = np.empty((months + 1, size))
    path[0] = start
    for month in range(months):
        path[month + 1] = path[month] @ rates[month] + fresh[month]
    return path


def project_draws(start: npt.ArrayLike, matrices: Array, inflows: Array, chosen: npt.NDArray[np.int64]) -> Array:
    """Many projections at once, each month with a matrix and an inflow of its own.

    `matrices` shape (kinds, states, states), `inflows` (kinds, states), or (kinds, months, states) where what
    comes in grows; `chosen` (draws, months) names the kind that each draw uses in each month. Returns (draws,
    months + 1, states).
    """
    draws, months = chosen.shape
    first = np.asarray(start, float)
    fresh = inflows if inflows.ndim == 3 else np.repeat(inflows[:, None, :], months, axis=1)
    path = np.empty((draws, months + 1, first.shape[0]))
    path[:, 0] = first
    for month in range(months):
        kind = chosen[:, month]
        moved = np.matmul(path[:, month, None, :], matrices[kind])[:, 0, :]
        path[:, month + 1] = moved + fresh[kind, month]
    return path


def to_matrix(counts: Array) -> Array:
    """Counts to shares that sum to one along the last axis; a row of zeros becomes 1 on the diagonal."""
    totals = counts.sum(axis=-1, keepdims=True)
    stay = np.broadcast_to(np.eye(counts.shape[-1]), counts.shape)
    return np.where(totals > 0, counts / np.where(totals > 0, totals, 1.0), stay)
