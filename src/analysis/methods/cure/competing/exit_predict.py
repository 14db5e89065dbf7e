"""What a fitted mixture over exits says of new rows, with intervals by the delta method on the logit scale.

Every probability here is a sum of positive terms over the sum of the others, so its logit is the difference of two
logs of sums, exact in both tails; the denominator of the exits' probabilities never has to be worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.methods.cure.competing.exit_likelihood import BLOCK, ExitSample, class_slope
from analysis.methods.cure.competing.exit_model import ExitModel
from analysis.methods.cure.mixture.latency import Array, Curve
from analysis.methods.cure.mixture.predict import PART, Estimate, Rows


@dataclass(frozen=True)
class FittedExits:
    """Parameters (P,) and their variance (P, P); `horizon` is the longest follow-up of the data."""

    theta: Array
    variance: Array
    model: ExitModel
    horizon: float


class Term(NamedTuple):
    """Log of a positive term in each row (n,), with its gradient (n, P) where errors are asked for."""

    value: Array
    slope: Array | None


def exit_probabilities(fitted: FittedExits, rows: Rows, errors: bool = False) -> list[Estimate]:
    """Probability of each class (exits, then `never`), given still open at `after`."""

    def part(some: Rows) -> list[Estimate]:
        terms = _terms(fitted, some, some.after, errors)
        return [_estimate(fitted, [term], _without(terms, k)) for k, term in enumerate(terms)]

    return _by_parts(part, rows, errors)


def incidence(fitted: FittedExits, rows: Rows, time: float, errors: bool = False) -> list[Estimate]:
    """Probability of leaving by each exit within `time` after `after`, given still open then."""

    def part(some: Rows) -> list[Estimate]:
        terms = _terms(fitted, some, some.after, errors)
        later = _terms(fitted, some, some.after + time, errors)
        gone = _gone(fitted.model, terms, later)
        return [_estimate(fitted, [own], [*_without(terms, j), later[j]]) for j, own in enumerate(gone)]

    return _by_parts(part, rows, errors)


def survival(fitted: FittedExits, rows: Rows, time: float, errors: bool = False) -> Estimate:
    """Probability of being still open `time` after `after`, given still open then."""

    def part(some: Rows) -> list[Estimate]:
        later = _terms(fitted, some, some.after + time, errors)
        gone = _gone(fitted.model, _terms(fitted, some, some.after, errors), later)
        return [_estimate(fitted, later, gone)]

    return _by_parts(part, rows, errors)[0]


class Averages(NamedTuple):
    """Over weighted rows: each class's probability, and the share of each exit that comes after the horizon."""

    classes: list[Estimate]
    mass: Array
    later: Array


def averages(fitted: FittedExits, sample: ExitSample) -> Averages:
    """Average probability of each class, rows taken as given, and mean π_j S_j(horizon) of each exit."""
    model, weight = fitted.model, sample.exits.weight / sample.exits.weight.sum()
    k = len(model.classes)
    mass, later, slope = np.zeros(k), np.zeros(len(model.exits)), np.zeros((k, model.size))
    for start in range(0, sample.rows, BLOCK):
        rows = slice(start, start + BLOCK)
        x, z, share = sample.x[rows], sample.z[rows], weight[rows]
        eta, mu = model.predictors(fitted.theta, x, z)
        odds = np.exp(eta - eta.max(axis=1, keepdims=True))
        p = odds / odds.sum(axis=1, keepdims=True)
        mass += share @ p
        for j, wait in enumerate(_curves(fitted, mu, np.full(len(x), fitted.horizon))):
            later[j] += share @ (p[:, j] * np.exp(wait.value))
        for own, place in enumerate(model.incidence):
            # dπ_k/dη_l = π_k (1{k = l} − π_l)
            if place.stop > place.start:
                change = (share * p[:, own])[:, None] * ((np.arange(k) == own) - p)
                slope[:, place] += change.T @ x
    variance = np.einsum("ij,jk,ik->i", slope, fitted.variance, slope)
    inside = np.clip(mass, 1e-300, 1.0 - 1e-16)
    spread = np.sqrt(np.maximum(variance, 0.0)) / (inside * (1.0 - inside))
    logit = np.log(inside) - np.log1p(-inside)
    classes = [Estimate(logit[[c]], spread[[c]]) for c in range(k)]
    return Averages(classes, mass, later)


def _by_parts(work: Callable[[Rows], list[Estimate]], rows: Rows, errors: bool) -> list[Estimate]:
    """Work done on parts of the rows, and joined; gradients of many rows at once would fill the memory."""
    done = [work(part) for _, part in rows.parts(BLOCK if errors else PART)]
    return [Estimate.joined(list(same)) for same in zip(*done, strict=True)]


def _curves(fitted: FittedExits, mu: list[Array], time: Array) -> list[Curve]:
    with np.errstate(over="ignore", invalid="ignore"):
        return [
            family.log_survival(own, fitted.theta[ancillary], family.clock(time))
            for family, own, (_, ancillary) in zip(fitted.model.families, mu, fitted.model.waits, strict=True)
        ]


def _terms(fitted: FittedExits, rows: Rows, time: Array, errors: bool) -> list[Term]:
    """η_k + log S_k(time) of each class; log S is exactly 0 at time 0."""
    model, begun = fitted.model, time > 0
    eta, mu = model.predictors(fitted.theta, rows.x, rows.z)
    curves: list[Curve | None] = list(_curves(fitted, mu, np.where(begun, time, 1.0)))
    terms = []
    for k, curve in enumerate([*curves, None] if model.never else curves):
        value = eta[:, k] if curve is None else eta[:, k] + np.where(begun, curve.value, 0.0)
        slope = None
        if errors:
            held = None if curve is None else curve._replace(mu=curve.mu * begun, anc=curve.anc * begun[:, None])
            slope = np.zeros((len(eta), model.size))
            columns, own = class_slope(model, k, held, rows.x, rows.z)
            slope[:, columns] = own
        terms.append(Term(value, slope))
    return terms


def _gone(model: ExitModel, before: list[Term], later: list[Term]) -> list[Term]:
    """η_j + log(S_j(before) − S_j(later)) of each exit, from its terms; −∞ where nothing can have happened."""
    return [_difference(before[j], later[j]) for j in range(len(model.exits))]


def _difference(high: Term, low: Term) -> Term:
    drop = np.minimum(low.value - high.value, 0.0)
    with np.errstate(divide="ignore"):
        value = high.value + np.log(-np.expm1(drop))
    if high.slope is None or low.slope is None:
        return Term(value, None)
    # ∂ log(1 − e^d) = −e^d/(1 − e^d) ∂d
    odds = np.exp(drop) / np.where(drop < 0, -np.expm1(drop), np.inf)
    return Term(value, high.slope - odds[:, None] * (low.slope - high.slope))


def _without(terms: list[Term], place: int) -> list[Term]:
    return [term for k, term in enumerate(terms) if k != place]


def _sum(terms: list[Term], rows: int) -> Term:
    """Log of the sum of terms; −∞ for no terms."""
    value = np.full(rows, -np.inf)
    for term in terms:
        value = np.logaddexp(value, term.value)
    if not terms or terms[0].slope is None:
        return Term(value, None)
    level, slope = np.where(np.isfinite(value), value, 0.0), np.zeros_like(terms[0].slope)
    for term in terms:
        if term.slope is not None:
            slope += np.exp(term.value - level)[:, None] * term.slope
    return Term(value, slope)


def _estimate(fitted: FittedExits, happens: list[Term], otherwise: list[Term]) -> Estimate:
    rows = len(happens[0].value)
    yes, no = _sum(happens, rows), _sum(otherwise, rows)
    logit = yes.value - no.value
    if happens[0].slope is None:
        return Estimate(logit)
    certain = ~np.isfinite(logit)
    slope = (0.0 if yes.slope is None else yes.slope) - (0.0 if no.slope is None else no.slope)
    variance = np.einsum("ij,jk,ik->i", slope, fitted.variance, slope, optimize=True)
    return Estimate(logit, np.where(certain, 0.0, np.sqrt(np.maximum(variance, 0.0))))
