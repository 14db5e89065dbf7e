"""Segmented regression with first-order autocorrelation that is averaged over, not plugged in.

Short series tell little about their autocorrelation: plugged-in estimates are too low and intervals too narrow
(Turner et al. 2021, BMC Medical Research Methodology 21, 181). Here each value of it counts by its restricted
likelihood, so the interval is that of a mixture of t distributions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

Array = npt.NDArray[np.float64]
GRID: Array = np.linspace(-0.6, 0.98, 80)


@dataclass(frozen=True)
class Segments:
    """A linear measure of the coefficients: location and scale by autocorrelation, and the weight of each."""

    location: Array
    scale: Array
    weight: Array
    freedom: int
    correlation: float
    residuals: Array
    fitted: Array
    counterfactual: Array

    @property
    def estimate(self) -> float:
        return float(self.location @ self.weight)

    @property
    def error(self) -> float:
        """Standard deviation of the mixture, the spread between autocorrelations included."""
        within = self.scale**2 @ self.weight
        return float(np.sqrt(within + ((self.location - self.estimate) ** 2) @ self.weight))

    def below(self, value: float) -> float:
        """Share of the mixture below a value."""
        return float(stdtr(self.freedom, (value - self.location) / self.scale) @ self.weight)

    def quantile(self, share: float) -> float:
        low = float((self.location - 200 * self.scale).min())
        high = float((self.location + 200 * self.scale).max())
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < share else (low, middle)
        return (low + high) / 2

    @property
    def p(self) -> float:
        return 2 * min(self.below(0.0), 1 - self.below(0.0))


def segmented_design(months: npt.NDArray[np.int64], start: int, harmonics: int, ramp: bool) -> Array:
    """Columns: one, trend, level after `start`, trend after it (if `ramp`), then sines and cosines of the year."""
    time = np.arange(len(months), dtype=float)
    after = (time >= start).astype(float)
    columns = [np.ones(len(time)), time - start, after]
    if ramp:
        columns.append(after * (time - start))
    for k in range(1, harmonics + 1):
        columns += [np.sin(2 * np.pi * k * months / 12), np.cos(2 * np.pi * k * months / 12)]
    return np.stack(columns, axis=1)


def fit_segments(y: Array, design: Array, start: int, ramp: bool) -> Segments:
    """Mean difference after `start` between the fit and what it would be without level and trend after it."""
    n, p = design.shape
    added = np.zeros(p)
    added[2] = 1.0
    if ramp:
        added[3] = design[start:, 3].mean()
    found = [_at(y, design, added, rho) for rho in GRID]
    log = np.array([each[2] for each in found])
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    best = found[int(weight.argmax())]
    beta = np.einsum("r,rp->p", weight, np.array([each[3] for each in found]))
    without = design.copy()
    without[:, 2 : 4 if ramp else 3] = 0.0
    return Segments(
        location=np.array([each[0] for each in found]),
        scale=np.array([each[1] for each in found]),
        weight=weight,
        freedom=n - p,
        correlation=float(GRID @ weight),
        residuals=best[4],
        fitted=design @ beta,
        counterfactual=without @ beta,
    )


def _at(y: Array, design: Array, added: Array, rho: float) -> tuple[float, float, float, Array, Array]:
    """Location, scale, restricted log-likelihood, coefficients and whitened residuals at one autocorrelation."""
    n, p = design.shape
    white_y, white_x = _whiten(y[:, None], rho)[:, 0], _whiten(design, rho)
    gram = white_x.T @ white_x
    beta = np.asarray(np.linalg.solve(gram, white_x.T @ white_y), dtype=np.float64)
    residuals = white_y - white_x @ beta
    rss = max(float(residuals @ residuals), 1e-300)
    log = -0.5 * ((n - p) * np.log(rss) - np.log1p(-(rho**2)) + np.linalg.slogdet(gram)[1])
    scale = np.sqrt(rss / (n - p) * (added @ np.linalg.solve(gram, added)))
    return float(added @ beta), float(scale), float(log), beta, residuals


def _whiten(values: Array, rho: float) -> Array:
    """Prais–Winsten: the first row scaled, the others less rho times the row before."""
    first = np.sqrt(1 - rho**2) * values[:1]
    return np.vstack([first, values[1:] - rho * values[:-1]])
