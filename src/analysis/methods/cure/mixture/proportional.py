"""Proportional-hazards latencies: Weibull and Gompertz."""

from __future__ import annotations

from math import factorial

import numpy as np

from analysis.methods.cure.mixture.latency import Array, Curve, Latency, column, weighted_moments

EULER = 0.5772156649015329
SMALL = 0.1
"""Below it eight terms of Gompertz's series are exact to the last digit, where the closed form cancels."""


class Weibull:
    """S(t) = exp(−λ t^γ) with λ = exp(ln_lambda + z'β): a positive coefficient speeds the event."""

    name = "weibull"
    intercept = "ln_lambda"
    formula = "S(t) = exp(-exp(ln_lambda + z'b) * t**exp(ln_gamma))"
    ancillary = ("ln_gamma",)

    def adapt(self, time: Array, weight: Array) -> Latency:
        return self

    def check(self, time: Array, column: str) -> None:
        """Any positive duration will do."""

    def start(self, time: Array, weight: Array) -> tuple[float, Array]:
        mean, deviation = weighted_moments(np.log(time), weight)
        shape = min(np.pi / np.sqrt(6.0) / deviation, 20.0)
        return -shape * mean - EULER, np.array([np.log(shape)])

    def clock(self, time: Array) -> Array:
        return np.log(time)

    def log_density(self, mu: Array, anc: Array, clock: Array) -> Curve:
        power = np.exp(anc[0]) * clock
        hazard = _exp(mu + power)
        rest, bend = 1.0 - hazard, hazard * power
        value = mu + anc[0] + power - clock - hazard
        second = power * rest - bend * power
        return Curve(value, rest, column(1.0 + power * rest), -hazard, column(-bend), column(second))

    def log_survival(self, mu: Array, anc: Array, clock: Array) -> Curve:
        power = np.exp(anc[0]) * clock
        hazard = -_exp(mu + power)
        bend = hazard * power
        return Curve(hazard, hazard, column(bend), hazard, column(bend), column(bend * (1.0 + power)))


class Gompertz:
    """S(t) = exp(−λ (e^{bt} − 1) / b) with λ = exp(ln_rate + z'β), b = exp(ln_shape) > 0.

    The hazard λe^{bt} rises. A falling one (b < 0) would leave some who never have the event, and so fight the
    incidence part for the same people.
    """

    name = "gompertz"
    intercept = "ln_rate"
    formula = "S(t) = exp(-exp(ln_rate + z'b) * (exp(a*t) - 1) / a), a = exp(ln_shape)"
    ancillary = ("ln_shape",)

    def adapt(self, time: Array, weight: Array) -> Latency:
        return self

    def check(self, time: Array, column: str) -> None:
        """Any positive duration will do."""

    def start(self, time: Array, weight: Array) -> tuple[float, Array]:
        mean = float(np.average(time, weights=weight))
        # Nearly exponential: a hazard that rises within the longest wait would explode beyond it.
        return -np.log(mean), np.array([-np.log(float(time.max()))])

    def clock(self, time: Array) -> Array:
        return time

    def log_density(self, mu: Array, anc: Array, clock: Array) -> Curve:
        survival = self.log_survival(mu, anc, clock)
        rise = column(np.exp(anc[0]) * clock)
        return survival._replace(
            value=survival.value + mu + rise[:, 0],
            mu=survival.mu + 1.0,
            anc=survival.anc + rise,
            anc_anc=survival.anc_anc + rise,
        )

    def log_survival(self, mu: Array, anc: Array, clock: Array) -> Curve:
        scale = _exp(mu) * clock
        whole, first, second = (scale * part for part in _growth(np.exp(anc[0]) * clock))
        return Curve(-whole, -whole, column(-first), -whole, column(-first), column(-second))


def _growth(x: Array) -> tuple[Array, Array, Array]:
    """g(x) = (eˣ − 1)/x, x·g'(x) and x·d/dx of that: Σ kʲxᵏ/(k + 1)! for j = 0, 1, 2."""
    large = np.where(x > SMALL, x, 1.0)
    grown, whole = _exp(large), np.expm1(np.minimum(large, 300.0)) / large
    first = grown - whole
    closed = (whole, first, large * grown - first)
    y = np.minimum(x, SMALL)
    series = [sum(k**j * y**k / factorial(k + 1) for k in range(8)) for j in range(3)]
    picked = [np.where(x > SMALL, far, near) for far, near in zip(closed, series, strict=True)]
    return picked[0], picked[1], picked[2]


def _exp(x: Array) -> Array:
    """eˣ that stays finite in a step that went too far; the line search then turns back."""
    return np.exp(np.minimum(x, 300.0))
