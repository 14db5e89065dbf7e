"""Months' effects explained by the economy: the second of two stages of a satellite model.

    y = Xβ + u + e        u ~ N(0, τ²I): what the month had beside the economy        e ~ N(0, V): sampling

τ² by restricted maximum likelihood, β by generalised least squares, errors scaled by the residuals and intervals
by Student's t with T − K degrees of freedom (Hartung and Knapp 2001, Statistics in Medicine 20, 3875–3889).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.core.errors import InputError

Array = npt.NDArray[np.float64]

GRID = np.concatenate([[0.0], np.exp(np.linspace(np.log(1e-8), np.log(4.0), 16))])
"""Variances τ² from which the best is refined; log-odds squared."""
ROUNDS = 7
FLAT = 1e-10


@dataclass(frozen=True)
class MonthRegression:
    """Coefficients (K,) and covariance (K, K) without constraints, the same within bounds, and what they rest on.

    `tau2`: variance of months beside economy and season; `degrees`: T − K; `log_likelihood`: of the coefficients
    within bounds; `autocorrelation`: of successive residuals, which the errors take for 0.
    """

    free: Array
    covariance: Array
    bounded: Array
    bounded_covariance: Array
    tau2: float
    degrees: float
    log_likelihood: float
    autocorrelation: float


class Axes(NamedTuple):
    """Variances (T,) and directions (T, T) of a sampling covariance, in which τ²I + V is diagonal."""

    values: Array
    vectors: Array


def axes_of(variance: Array) -> Axes:
    """Axes of a covariance (T, T): worked out once for all regressions that share it."""
    values, vectors = np.linalg.eigh(variance)
    return Axes(np.maximum(values, 0.0), vectors)


class _Rotated:
    """The problem in the axes of V; prior rows have a known variance."""

    def __init__(self, y: Array, axes: Axes, design: Array, mean: Array, precision: Array) -> None:
        self.sampling = axes.values
        self.y, self.design = axes.vectors.T @ y, axes.vectors.T @ design
        self.mean, self.precision = mean, precision
        self.squares = (self.design[:, :, None] * self.design[:, None, :]).reshape(len(y), -1)

    def solve(self, tau2: Array) -> tuple[Array, Array, Array]:
        """For each τ² (G,): coefficients (G, K), their information (G, K, K), and Σ's diagonal (G, T)."""
        spread = tau2[:, None] + self.sampling
        size = self.design.shape[1]
        information = ((1.0 / spread) @ self.squares).reshape(-1, size, size) + np.diag(self.precision)
        right = (1.0 / spread) @ (self.design * self.y[:, None]) + self.precision * self.mean
        beta: Array = np.asarray(np.linalg.solve(information, right[:, :, None])[:, :, 0], float)
        return beta, information, spread

    def restricted(self, tau2: Array) -> Array:
        """−2 × restricted log-likelihood of each τ², constants left out."""
        beta, information, spread = self.solve(tau2)
        distance = ((self.y - beta @ self.design.T) ** 2 / spread).sum(axis=1)
        distance += (self.precision * (beta - self.mean) ** 2).sum(axis=1)
        return np.asarray(np.log(spread).sum(axis=1) + np.linalg.slogdet(information)[1] + distance)

    def best_tau2(self) -> float:
        """Best of a grid, refined between its neighbours."""
        grid = GRID if self.sampling.min() > 0 else GRID[1:]
        for _ in range(ROUNDS):
            place = int(np.argmin(self.restricted(grid)))
            best = float(grid[place])
            grid = np.linspace(grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)], 9)
        return best


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
    months, size = design.shape
    mean = np.zeros(size) if prior_mean is None else prior_mean
    precision = np.zeros(size) if prior_precision is None else prior_precision
    _refuse_unidentified(design, precision, months)
    problem = _Rotated(y, axes, design, mean, precision)
    tau2 = problem.best_tau2()
    free, information, spread = (found[0] for found in problem.solve(np.array([tau2])))
    degrees = float(max(months - size, 1))
    residual = problem.y - problem.design @ free
    scale = max(float((residual**2 / spread).sum()) / degrees, 1.0)
    bounded = within(free, information, lower, upper)
    kept = ~(np.isclose(bounded, lower) | np.isclose(bounded, upper))
    covariance = np.linalg.inv(information) * scale
    narrow = covariance
    if not kept.all():
        # What a bound keeps a coefficient from explaining is left to the months.
        left = y - design[:, ~kept] @ bounded[~kept]
        rest = _Rotated(left, axes, design[:, kept], mean[kept], precision[kept])
        tau2, narrow = rest.best_tau2(), np.zeros_like(covariance)
        narrow[np.ix_(kept, kept)] = np.linalg.inv(rest.solve(np.array([tau2]))[1][0])
    likelihood, memory = _log_likelihood(problem, bounded, tau2), _autocorrelation(y - design @ bounded)
    return MonthRegression(free, covariance, bounded, narrow, tau2, degrees, likelihood, memory)


def within(point: Array, information: Array, lower: Array, upper: Array) -> Array:
    """The nearest point within bounds, in the metric of `information` (K, K): least squares with an active set.

    Stark and Parker 1995, "Bounded-variable least-squares", Computational Statistics 10, 129–141 (scipy's).
    """
    if ((point >= lower) & (point <= upper)).all():
        return point
    from scipy.optimize import lsq_linear

    scale = 1.0 / np.sqrt(np.diag(information))
    root = np.linalg.cholesky(information * np.outer(scale, scale)).T
    target = root @ (point / scale)
    found = lsq_linear(root, target, bounds=(lower / scale, upper / scale), method="bvls", tol=1e-12)
    return np.clip(found.x * scale, lower, upper)


def _refuse_unidentified(design: Array, precision: Array, months: int) -> None:
    if months <= design.shape[1] and not precision.any():
        raise InputError(
            f"{months} months cannot tell {design.shape[1]} coefficients; leave drivers or season out"
        )
    scaled = design / np.maximum(np.sqrt((design**2).sum(axis=0)), 1e-300)
    information = scaled.T @ scaled + np.diag((precision > 0).astype(float))
    if np.linalg.eigvalsh(information)[0] < FLAT:
        raise InputError(
            "over these months the drivers repeat each other, or one stands still: leave one out, or give a prior"
        )


def _log_likelihood(problem: _Rotated, beta: Array, tau2: float) -> float:
    spread = tau2 + problem.sampling
    distance = ((problem.y - problem.design @ beta) ** 2 / spread).sum()
    return float(-0.5 * (np.log(2 * np.pi * spread).sum() + distance))


def _autocorrelation(residual: Array) -> float:
    centred = residual - residual.mean()
    whole = float(centred @ centred)
    return float(centred[1:] @ centred[:-1] / whole) if whole > 0 else 0.0
