"""Months' effects explained by the economy: the second of two stages of a satellite model.

    y = Xβ + u + e        u ~ N(0, τ²R): what months had beside the economy        e ~ N(0, V): sampling

R has ρ^|i − j|: what a month had beside the economy may last into the next. τ² by restricted maximum likelihood
for each ρ, β by generalised least squares, errors scaled by the residuals and intervals by Student's t with T − K
degrees of freedom (Hartung and Knapp 2001, Statistics in Medicine 20, 3875–3889). Three years of months tell ρ
badly, and an estimate plugged in would be too low and intervals too narrow, so satellites average over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.core.errors import InputError
from analysis.methods.stress.satellites.bounds import within

Array = npt.NDArray[np.float64]

GRID = np.concatenate([[0.0], np.exp(np.linspace(np.log(1e-8), np.log(4.0), 16))])
"""Variances τ² from which the best is refined; log-odds squared."""
ROUNDS = 5
FLAT = 1e-10


@dataclass(frozen=True)
class MonthRegression:
    """Coefficients (K,) and covariance (K, K) without constraints, the same within bounds, and what they rest on.

    `tau2`: variance of months beside economy and season; `degrees`: T − K; `log_likelihood`: of the coefficients
    within bounds; `restricted`: that of τ², by which different ρ of one design are weighed; `autocorrelation`: of
    successive residuals; `memory`: ρ.
    """

    free: Array
    covariance: Array
    bounded: Array
    bounded_covariance: Array
    tau2: float
    degrees: float
    log_likelihood: float
    autocorrelation: float
    restricted: float = 0.0
    memory: float = 0.0


class Axes(NamedTuple):
    """Variances (T,) and a transformation (T, T) in which τ²R + V is diagonal, log |R|, and ρ."""

    values: Array
    transform: Array
    log_determinant: float = 0.0
    memory: float = 0.0


def axes_of(variance: Array, memory: float = 0.0) -> Axes:
    """Axes of a sampling covariance V (T, T) with months whose own noise has autocorrelation `memory`: worked out
    once for all regressions that share them."""
    if memory == 0.0:
        values, vectors = np.linalg.eigh(variance)
        return Axes(np.maximum(values, 0.0), vectors.T)
    place = np.arange(len(variance))
    root = np.linalg.cholesky(memory ** np.abs(place[:, None] - place))
    narrow = np.linalg.inv(root)
    values, vectors = np.linalg.eigh(narrow @ variance @ narrow.T)
    return Axes(np.maximum(values, 0.0), vectors.T @ narrow, 2.0 * float(np.log(np.diag(root)).sum()), memory)


class _Rotated:
    """Problems of M designs (M, T, K) in the axes of V; prior rows have a known variance."""

    def __init__(self, y: Array, axes: Axes, designs: Array, mean: Array, precision: Array) -> None:
        self.sampling, self.log_determinant = axes.values, axes.log_determinant
        self.y, self.design = (axes.transform @ y.T).T, axes.transform @ designs
        self.mean, self.precision = mean, precision
        self.squares = (self.design[..., :, None] * self.design[..., None, :]).reshape(*self.design.shape[:2], -1)

    def solve(self, tau2: Array) -> tuple[Array, Array, Array]:
        """For each τ² (M, G): coefficients (M, G, K), information (M, G, K, K), and Σ's diagonal (M, G, T)."""
        spread = tau2[..., None] + self.sampling
        size = self.design.shape[-1]
        information = ((1.0 / spread) @ self.squares).reshape(*tau2.shape, size, size) + np.diag(self.precision)
        right = (1.0 / spread) @ (self.design * self.y[..., None]) + self.precision * self.mean
        beta: Array = np.asarray(np.linalg.solve(information, right[..., None])[..., 0], float)
        return beta, information, spread

    def restricted(self, tau2: Array) -> Array:
        """−2 × restricted log-likelihood of each τ² (M, G), constants left out."""
        beta, information, spread = self.solve(tau2)
        told = beta @ np.swapaxes(self.design, 1, 2)
        distance = ((self.y[:, None] - told) ** 2 / spread).sum(axis=-1)
        distance += (self.precision * (beta - self.mean) ** 2).sum(axis=-1)
        found = np.log(spread).sum(axis=-1) + np.linalg.slogdet(information)[1] + distance
        return np.asarray(found + self.log_determinant)

    def best_tau2(self) -> Array:
        """Best of a grid, refined between its neighbours, (M,)."""
        usable = GRID if self.sampling.min() > 0 else GRID[1:]
        grid = np.tile(usable, (len(self.design), 1))
        rows = np.arange(len(grid))
        for _ in range(ROUNDS):
            place = np.argmin(self.restricted(grid), axis=1)
            best = grid[rows, place]
            ends = grid[rows, np.maximum(place - 1, 0)], grid[rows, np.minimum(place + 1, grid.shape[1] - 1)]
            grid = np.linspace(*ends, 9, axis=1)
        return np.asarray(best)

    def log_likelihood(self, beta: Array, tau2: Array) -> Array:
        """Of coefficients (M, K) and τ² (M,)."""
        spread = tau2[:, None] + self.sampling
        distance = ((self.y - (self.design @ beta[..., None])[..., 0]) ** 2 / spread).sum(axis=1)
        return np.asarray(-0.5 * (np.log(2 * np.pi * spread).sum(axis=1) + distance + self.log_determinant))


def regress(
    y: Array,
    axes: Axes,
    design: Array,
    lower: Array,
    upper: Array,
    prior_mean: Array | None = None,
    prior_precision: Array | None = None,
) -> MonthRegression:
    """Fit y (T,) with sampling covariance of `axes` on `design` (T, K), coefficients within `lower`, `upper` (K,).

    `prior_precision` (K,), 1 ÷ variance, 0 for none, pulls coefficients to `prior_mean`: shrinkage for short
    samples; intervals are then the posterior's. Raises InputError where columns repeat each other, or there are no
    more months than coefficients.
    """
    return regress_each(y, axes, design[None], lower, upper, prior_mean, prior_precision)[0]


def regress_each(
    y: Array,
    axes: Axes,
    designs: Array,
    lower: Array,
    upper: Array,
    prior_mean: Array | None = None,
    prior_precision: Array | None = None,
) -> list[MonthRegression]:
    """regress() on each of `designs` (M, T, K), all at once."""
    count, months, size = designs.shape
    mean = np.zeros(size) if prior_mean is None else prior_mean
    precision = np.zeros(size) if prior_precision is None else prior_precision
    _refuse_unidentified(designs, precision)
    problem = _Rotated(np.broadcast_to(y, (count, months)), axes, designs, mean, precision)
    tau2 = problem.best_tau2()
    free, information, spread = (found[:, 0] for found in problem.solve(tau2[:, None]))
    degrees = float(max(months - size, 1))
    residual = problem.y - (problem.design @ free[..., None])[..., 0]
    scale = np.maximum((residual**2 / spread).sum(axis=1) / degrees, 1.0)
    bounded = within(free, information, lower, upper)
    covariance = np.linalg.inv(information) * scale[:, None, None]
    restricted = -0.5 * problem.restricted(tau2[:, None])[:, 0]
    tau2, narrow = _held(y, axes, designs, (bounded, lower, upper), (mean, precision), (tau2, covariance))
    likelihood = problem.log_likelihood(bounded, tau2)
    memory = [_autocorrelation(y - x @ b) for x, b in zip(designs, bounded, strict=True)]
    return [
        MonthRegression(free[i], covariance[i], bounded[i], narrow[i], float(tau2[i]), degrees,
                        float(likelihood[i]), memory[i], float(restricted[i]), axes.memory)
        for i in range(count)
    ]  # fmt: skip


def _held(
    y: Array, axes: Axes, designs: Array, bounds: tuple[Array, Array, Array], prior: tuple[Array, Array],
    free: tuple[Array, Array],
) -> tuple[Array, Array]:  # fmt: skip
    """τ² (M,) and covariances (M, K, K) given which coefficients a bound holds; those without any as they are."""
    bounded, lower, upper = bounds
    tau2, narrow = free[0].copy(), free[1].copy()
    kept = ~(np.isclose(bounded, lower) | np.isclose(bounded, upper))
    for pattern in np.unique(kept[~kept.all(axis=1)], axis=0):
        mine = np.flatnonzero((kept == pattern).all(axis=1))
        # What a bound keeps a coefficient from explaining is left to the months.
        left = y - (designs[mine][..., ~pattern] @ bounded[mine][:, ~pattern, None])[..., 0]
        rest = _Rotated(left, axes, designs[mine][..., pattern], prior[0][pattern], prior[1][pattern])
        tau2[mine] = rest.best_tau2()
        inverse = np.linalg.inv(rest.solve(tau2[mine][:, None])[1][:, 0])
        narrow[mine] = 0.0
        narrow[np.ix_(mine, pattern, pattern)] = inverse
    return tau2, narrow


def _refuse_unidentified(designs: Array, precision: Array) -> None:
    _, months, size = designs.shape
    if months <= size and not precision.any():
        raise InputError(f"{months} months cannot tell {size} coefficients; leave drivers or season out")
    scaled = designs / np.maximum(np.sqrt((designs**2).sum(axis=1, keepdims=True)), 1e-300)
    information = np.swapaxes(scaled, 1, 2) @ scaled + np.diag((precision > 0).astype(float))
    if np.linalg.eigvalsh(information)[:, 0].min() < FLAT:
        raise InputError(
            "over these months the drivers repeat each other, or one stands still: leave one out, or give a prior"
        )


def _autocorrelation(residual: Array) -> float:
    centred = residual - residual.mean()
    whole = float(centred @ centred)
    return float(centred[1:] @ centred[:-1] / whole) if whole > 0 else 0.0
