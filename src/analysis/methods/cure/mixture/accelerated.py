"""Accelerated-failure-time latencies, log T = μ + σε: lognormal (ε normal) and loglogistic (ε logistic)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.methods.cure.mixture.latency import Array, Curve, Latency, column, weighted_moments
from analysis.methods.cure.mixture.link import Curve1, log_normal_cdf, logistic, softplus

HALF_LOG_2PI = 0.5 * np.log(2.0 * np.pi)


class Accelerated:
    """Log-scale AFT family: a positive coefficient delays the event (multiplies its time by e^β)."""

    intercept = "mu"
    ancillary = ("ln_sigma",)

    def __init__(
        self,
        name: str,
        formula: str,
        spread: float,
        density: Callable[[Array], Curve1],
        survival: Callable[[Array], Curve1],
    ) -> None:
        self.name, self.formula, self.spread = name, formula, spread
        self._density, self._survival = density, survival

    def adapt(self, time: Array, weight: Array) -> Latency:
        return self

    def check(self, time: Array, column: str) -> None:
        """Any positive duration will do."""

    def start(self, time: Array, weight: Array) -> tuple[float, Array]:
        mean, deviation = weighted_moments(np.log(time), weight)
        return mean, np.array([np.log(deviation / self.spread)])

    def clock(self, time: Array) -> Array:
        return np.log(time)

    def log_density(self, mu: Array, anc: Array, clock: Array) -> Curve:
        curve = self._chain(self._density, mu, anc, clock)
        return curve._replace(value=curve.value - anc[0] - clock, anc=curve.anc - 1.0)

    def log_survival(self, mu: Array, anc: Array, clock: Array) -> Curve:
        return self._chain(self._survival, mu, anc, clock)

    @staticmethod
    def _chain(function: Callable[[Array], Curve1], mu: Array, anc: Array, clock: Array) -> Curve:
        """Derivatives in μ and ln σ of a function of u = (ln t − μ)/σ: ∂u/∂μ = −1/σ, ∂u/∂ln σ = −u."""
        precision = np.exp(-anc[0])
        u = (clock - mu) * precision
        value, slope, bend = function(u)
        mixed = precision * (slope + u * bend)
        return Curve(
            value,
            -precision * slope,
            column(-u * slope),
            precision * precision * bend,
            column(mixed),
            column(u * slope + u * u * bend),
        )


def _normal_density(u: Array) -> Curve1:
    return Curve1(-0.5 * u * u - HALF_LOG_2PI, -u, np.full_like(u, -1.0))


def _normal_survival(u: Array) -> Curve1:
    value, mills = log_normal_cdf(-u)
    return Curve1(value, -mills, mills * (u - mills))


def _logistic_density(u: Array) -> Curve1:
    p = logistic(u)
    return Curve1(u - 2.0 * softplus(u), 1.0 - 2.0 * p, -2.0 * p * (1.0 - p))


def _logistic_survival(u: Array) -> Curve1:
    p = logistic(u)
    return Curve1(-softplus(u), -p, -p * (1.0 - p))


LOGNORMAL = Accelerated(
    "lognormal",
    "log T = mu + z'b + exp(ln_sigma) * e, e standard normal",
    1.0,
    _normal_density,
    _normal_survival,
)
LOGLOGISTIC = Accelerated(
    "loglogistic",
    "log T = mu + z'b + exp(ln_sigma) * e, e standard logistic",
    np.pi / np.sqrt(3.0),
    _logistic_density,
    _logistic_survival,
)
