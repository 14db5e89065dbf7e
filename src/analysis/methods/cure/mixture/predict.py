"""What a fitted mixture cure model says of new rows, with intervals by the delta method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.methods.cure.mixture.latency import Latency
from analysis.methods.cure.mixture.likelihood import BLOCK, Array, Layout, mixture_terms
from analysis.methods.cure.mixture.link import Link, logistic

PART = 65_536
"""Rows predicted at a time."""

DOUBLINGS = 20
"""A median later than the longest follow-up doubled this often is called infinite."""


@dataclass(frozen=True)
class Fitted:
    """A model's parameters (P,) and their variance (P, P); `horizon` is the longest follow-up of its data."""

    theta: Array
    variance: Array
    link: Link
    family: Latency
    layout: Layout
    horizon: float


@dataclass(frozen=True)
class Rows:
    """New rows: designs x (n, p) and z (n, q), and `after` (n,), the time already spent without the event."""

    x: Array
    z: Array
    after: Array

    def parts(self, size: int = PART) -> Iterator[tuple[slice, Rows]]:
        """The rows in parts small enough that a portfolio's predictions need little memory."""
        for start in range(0, max(len(self.x), 1), size):
            part = slice(start, start + size)
            yield part, Rows(self.x[part], self.z[part], self.after[part])


@dataclass(frozen=True)
class Estimate:
    """A probability on the logit scale with its standard error there; both (n,). −∞ and 0 stand for certain no."""

    logit: Array
    error: Array | None = None

    def probability(self, z: float = 0.0) -> Array:
        """The probability, or its bound z standard errors away."""
        if z == 0.0 or self.error is None:
            return logistic(self.logit)
        return logistic(self.logit + z * self.error)

    @classmethod
    def joined(cls, parts: list[Estimate]) -> Estimate:
        """Estimates of consecutive parts as one."""
        errors = [part.error for part in parts if part.error is not None]
        return cls(np.concatenate([part.logit for part in parts]), np.concatenate(errors) if errors else None)


def susceptible(model: Fitted, rows: Rows, errors: bool = False) -> Estimate:
    """Probability that the event ever comes, given none until `after`: p S(k) / (1 − p + p S(k))."""
    return Estimate.joined([_susceptible(model, part, errors) for _, part in rows.parts()])


def incidence(model: Fitted, rows: Rows, time: float | Array, errors: bool = False) -> Estimate:
    """Probability of the event within `time` (one, or one a row) after `after`, given none until then."""
    times = np.broadcast_to(np.asarray(time, dtype=float), (len(rows.x),))
    return Estimate.joined([_incidence(model, part, times[place], errors) for place, part in rows.parts()])


def _susceptible(model: Fitted, rows: Rows, errors: bool) -> Estimate:
    beta, gamma, anc = (model.theta[part] for part in model.layout.parts)
    eta, mu = rows.x @ beta, rows.z @ gamma
    yes, no = model.link.log_yes(eta), model.link.log_no(eta)
    waited = rows.after > 0
    wait = model.family.log_survival(mu, anc, model.family.clock(np.where(waited, rows.after, 1.0)))
    logit = yes.value - no.value + np.where(waited, wait.value, 0.0)
    if not errors:
        return Estimate(logit)
    gradient = _stack(rows, yes.slope - no.slope, wait.mu * waited, wait.anc * waited[:, None])
    return Estimate(logit, _errors(model, gradient))


class Average(NamedTuple):
    """Averages over weighted rows: of 1 − p with its standard error on the logit scale, and of p S(time)."""

    never: Estimate
    after: float


def average(model: Fitted, rows: Rows, weight: Array, time: float) -> Average:
    """Share that never has the event, and share of all events that come after `time`; rows taken as given."""
    beta, gamma, anc = (model.theta[part] for part in model.layout.parts)
    never, ever, later, slope = 0.0, 0.0, 0.0, np.zeros((1, model.layout.size))
    for start in range(0, len(rows.x), BLOCK):
        part = slice(start, start + BLOCK)
        eta = rows.x[part] @ beta
        yes, no = model.link.log_yes(eta), model.link.log_no(eta)
        clock = model.family.clock(np.full(eta.size, time))
        wait = model.family.log_survival(rows.z[part] @ gamma, anc, clock)
        mass, out = weight[part] * np.exp(yes.value), weight[part] * np.exp(no.value)
        never, ever = never + float(out.sum()), ever + float(mass.sum())
        later += float(mass @ np.exp(wait.value))
        slope[0, : model.layout.p] += (out * no.slope) @ rows.x[part]
    never, ever, total = max(never, 1e-300), max(ever, 1e-300), float(weight.sum())
    # d logit(m) = dm / (m (1 − m)) for the mean m = never / total.
    error = _errors(model, slope) * total / (never * ever)
    return Average(Estimate(np.array([np.log(never / ever)]), error), later / ever)


def _incidence(model: Fitted, rows: Rows, time: Array, errors: bool) -> Estimate:
    later, slope_later = _log_nothing(model, rows, rows.after + time, errors)
    before, slope_before = _log_nothing(model, rows, rows.after, errors)
    # log S rounds to a hair above zero at most; an incidence is never negative.
    log_survival = np.minimum(later - before, 0.0)
    with np.errstate(divide="ignore"):
        logit = np.log(-np.expm1(log_survival)) - log_survival
    if not errors or slope_later is None or slope_before is None:
        return Estimate(logit)
    happened = -np.expm1(log_survival)
    # d logit F = −d log S / F; where F is 0 nothing can vary.
    error = _errors(model, slope_later - slope_before) / np.where(happened > 0, happened, np.inf)
    return Estimate(logit, error)


def median(model: Fitted, rows: Rows, z: float = 0.0, share: float = 0.5) -> Array:
    """Time after `after` by which the event has come with probability `share`; infinite where it never does.

    With z ≠ 0, the time at which the incidence's bound z standard errors away reaches `share`.
    """
    discrete = bool(getattr(model.family, "discrete", False))
    high = np.full(len(rows.x), max(model.horizon, 1.0))
    for _ in range(DOUBLINGS):
        short = ~_reached(model, rows, high, z, share)
        if not short.any():
            break
        high[short] *= 2.0
    low = np.zeros_like(high)
    for _ in range(64):
        middle = np.floor((low + high) / 2.0) if discrete else (low + high) / 2.0
        done = _reached(model, rows, middle, z, share)
        high, low = np.where(done, middle, high), np.where(done, low, middle)
        if (high - low <= (1.0 if discrete else 1e-10 * high)).all():
            break
    return np.where(_reached(model, rows, high, z, share), high, np.inf)


def _reached(model: Fitted, rows: Rows, time: Array, z: float, share: float) -> npt.NDArray[np.bool_]:
    reached: npt.NDArray[np.bool_] = incidence(model, rows, time, z != 0.0).probability(z) >= share
    return reached


def _log_nothing(model: Fitted, rows: Rows, time: Array, errors: bool) -> tuple[Array, Array | None]:
    """log(1 − p + p S(t)) and its gradient (n, P); exactly 0 at time 0."""
    beta, gamma, anc = (model.theta[part] for part in model.layout.parts)
    begun = time > 0
    clock = model.family.clock(np.where(begun, time, 1.0))
    with np.errstate(over="ignore", invalid="ignore"):
        terms = mixture_terms(model.link, model.family, rows.x @ beta, rows.z @ gamma, anc, clock)
    value = np.where(begun, terms.value, 0.0)
    if not errors or terms.wait is None:
        return value, None
    return value, _stack(rows, terms.eta, terms.wait.mu, terms.wait.anc) * begun[:, None]


def _stack(rows: Rows, eta: Array, mu: Array, anc: Array) -> Array:
    return np.hstack([eta[:, None] * rows.x, mu[:, None] * rows.z, anc])


def _errors(model: Fitted, gradient: Array) -> Array:
    return np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", gradient, model.variance, gradient, optimize=True), 0.0))
