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

Function = TypeVar("Function", bound=Callable[[Array], Evaluation])


def fit(likelihood: Likelihood) -> Optimum:
    """Maximum of the likelihood; large samples are approached through every k-th row of each kind."""
    sample = likelihood.sample

    def part(rows: slice) -> Likelihood | None:
        thin = sample.take(rows)
        enough = (thin.times.event == CURED).sum() > 20 * likelihood.layout.size
        return Likelihood(thin, likelihood.link, likelihood.family) if enough else None

    return maximise(likelihood, approach(likelihood, sample.rows, part, starting_values))


def approach(
    whole: Function, rows: int, part: Callable[[slice], Function | None], start: Callable[[Function], Array]
) -> Array:
    """Parameters (P,) near the maximum of `whole`: where there are many rows, the maximum on every k-th.

    `part` builds the likelihood of some rows, or gives None where they hold too few events; `start` gives rough
    parameters from a likelihood's data.
    """
    thin = part(slice(None, None, max(EVERY, rows // MOST))) if rows >= MANY else None
    if thin is not None:
        first = maximise(thin, start(thin), tolerance=1e-2)
        if first.converged:
            return first.theta
    return start(whole)


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
