"""Where Newton starts: the Kaplan–Meier plateau, event times taken as waits, and a fit on some of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from analysis.methods.cure.mixture.likelihood import Array, Likelihood
from analysis.methods.cure.mixture.sample import CURED, NEVER, Times
from analysis.statistics.newton import Evaluation, Optimum, maximise

MANY = 30_000
"""Rows from which a fit on some of them comes first; the whole then needs three or four steps."""

EVERY, MOST = 10, 20_000
"""Of many rows every tenth is taken, and of very many no more than about `MOST`."""

NEAR = 6
"""Steps that a search from a start near the maximum takes at most."""

Function = TypeVar("Function", bound=Callable[[Array], Evaluation])


def fit(likelihood: Likelihood) -> Optimum:
    """Maximum of the likelihood; large samples are approached through every k-th row of each kind."""
    sample = likelihood.sample

    def part(rows: slice) -> Likelihood | None:
        thin = sample.take(rows)
        enough = (thin.times.event == CURED).sum() > 20 * likelihood.layout.size
        return Likelihood(thin, likelihood.link, likelihood.family) if enough else None

    return climb(likelihood, sample.rows, part, starting_values)


def climb(
    whole: Function, rows: int, part: Callable[[slice], Function | None], start: Callable[[Function], Array]
) -> Optimum:
    """Maximum of `whole`; where there are many rows, begun at the maximum on every k-th of them.

    `part` builds the likelihood of some rows, or gives None where they hold too few events; `start` gives rough
    parameters (P,) from a likelihood's data. A start that is near needs few steps. Where it needs more, the few
    rows may have missed what matters (an outlier, a rare category): the search begins anew from rough parameters
    of all, and the higher end counts.
    """
    thin = part(slice(None, None, max(EVERY, rows // MOST))) if rows >= MANY else None
    near = None if thin is None else _on_few(thin, start)
    if near is None:
        return maximise(whole, start(whole))
    best = maximise(whole, near)
    if best.converged and best.steps <= NEAR:
        return best
    return max(best, maximise(whole, start(whole)), key=lambda end: (end.converged, end.at.value))


def _on_few(thin: Function, start: Callable[[Function], Array]) -> Array | None:
    """Maximum (P,) on few rows; None where they don't tell, as where a piece of time holds no event of theirs."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rough = start(thin)
    if not np.isfinite(rough).all():
        return None
    first = maximise(thin, rough, tolerance=1e-2)
    return first.theta if first.converged else None


def starting_values(likelihood: Likelihood) -> Array:
    """Parameter vector with all covariates at zero, incidence at the plateau, latency from event times."""
    layout, times = likelihood.layout, likelihood.sample.times
    cured = times.event == CURED
    location, ancillary = likelihood.family.start(times.time[cured], times.weight[cured])
    theta = np.zeros(layout.size)
    theta[0] = likelihood.link.predictor(float(np.clip(plateau(times), 0.05, 0.95)))
    if likelihood.family.intercept:
        theta[layout.p] = location
    theta[layout.parts[2]] = ancillary
    return theta


def plateau(times: Times) -> float:
    """Share that ever has the event: one minus the last value of the (delayed-entry) Kaplan–Meier curve.

    Known-never rows stay at risk for ever, since nothing will happen to them.
    """
    cured = times.event == CURED
    moments, place = np.unique(times.time[cured], return_inverse=True)
    events = np.bincount(place, weights=times.weight[cured])
    last = np.where(times.event == NEVER, np.inf, times.time)
    at_risk = _weight_at_or_after(last, times.weight, moments)
    if times.entry is not None:
        at_risk = at_risk - _weight_at_or_after(times.entry, times.weight, moments)
    return float(1.0 - np.prod(1.0 - events / np.maximum(at_risk, events)))


def _weight_at_or_after(values: Array, weight: Array, moments: Array) -> Array:
    order = np.argsort(values)
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    return total[-1] - total[np.searchsorted(values[order], moments, side="left")]
