"""Links of the incidence part: from a linear predictor to the probability that the event will ever come."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.core.errors import ParameterError

Array = npt.NDArray[np.float64]


class Curve1(NamedTuple):
    """A function of the linear predictor with its first and second derivative, each of shape (n,)."""

    value: Array
    slope: Array
    bend: Array


class Link(NamedTuple):
    """log p and log(1 − p) as functions of the linear predictor, and the predictor of a probability."""

    name: str
    log_yes: Callable[[Array], Curve1]
    log_no: Callable[[Array], Curve1]
    predictor: Callable[[float], float]


def softplus(x: Array) -> Array:
    """log(1 + eˣ) without overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def log_sum(a: Array, b: Array) -> Array:
    """log(eᵃ + eᵇ) without overflow; many times faster than `np.logaddexp`, which takes one number at a time."""
    return np.maximum(a, b) + np.log1p(np.exp(-np.abs(a - b)))


def logistic(x: Array) -> Array:
    """1 / (1 + e⁻ˣ) without overflow."""
    return np.exp(np.minimum(x, 0.0)) / (1.0 + np.exp(-np.abs(x)))


def _logit_yes(eta: Array) -> Curve1:
    value = -softplus(-eta)
    p = np.exp(value)
    rest = 1.0 - p
    return Curve1(value, rest, -p * rest)


def _logit_no(eta: Array) -> Curve1:
    value = -softplus(eta)
    p = np.exp(eta + value)
    return Curve1(value, -p, p * (p - 1.0))


def _probit_yes(eta: Array) -> Curve1:
    value, mills = log_normal_cdf(eta)
    return Curve1(value, mills, -mills * (eta + mills))


def _probit_no(eta: Array) -> Curve1:
    value, mills = log_normal_cdf(-eta)
    return Curve1(value, -mills, mills * (eta - mills))


def _cloglog_yes(eta: Array) -> Curve1:
    rate = np.exp(np.minimum(eta, 300.0))
    value = np.log(-np.expm1(-np.maximum(rate, 1e-300)))
    odds = np.where(rate < 1e-8, 1.0 - rate / 2.0, rate / np.expm1(np.clip(rate, 1e-8, 300.0)))
    return Curve1(value, odds, odds * (1.0 - rate - odds))


def _cloglog_no(eta: Array) -> Curve1:
    rate = np.exp(np.minimum(eta, 300.0))
    return Curve1(-rate, -rate, -rate)


def log_normal_cdf(x: Array) -> tuple[Array, Array]:
    """log Φ(x) and its slope φ(x)/Φ(x), accurate in both tails."""
    from scipy.special import log_ndtr

    value = log_ndtr(x)
    return value, np.exp(-0.5 * x * x - 0.5 * np.log(2.0 * np.pi) - value)


def _probit_predictor(p: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(p))


LINKS = {
    "logit": Link("logit", _logit_yes, _logit_no, lambda p: float(np.log(p / (1 - p)))),
    "probit": Link("probit", _probit_yes, _probit_no, _probit_predictor),
    "cloglog": Link("cloglog", _cloglog_yes, _cloglog_no, lambda p: float(np.log(-np.log1p(-p)))),
}


def find_link(name: str) -> Link:
    """Link of that name; raises ParameterError that lists the known ones."""
    if name not in LINKS:
        raise ParameterError(f"link '{name}' is not known; choose one of {', '.join(LINKS)}")
    return LINKS[name]
