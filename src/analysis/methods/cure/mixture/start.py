"""Where Newton starts: the Kaplan–Meier plateau, event times taken as waits, and a fit on some of the rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.methods.cure.mixture.likelihood import Array, Likelihood
from analysis.methods.cure.mixture.sample import CURED, NEVER, Times
from analysis.statistics.newton import Evaluation, Optimum, maximise

MANY = 40_000
"""Rows from which a fit on some of them comes first; the whole then needs three or four steps."""


def fit(likelihood: Likelihood) -> Optimum:
    """Maximum of the likelihood; large samples are approached through every k-th row of each kind."""
    sample = likelihood.sample

    def part(rows: slice) -> Likelihood | None:
        thin = sample.take(rows)
        enough = (thin.times.event == CURED).sum() > 20 * likelihood.layout.size
        return Likelihood(thin, likelihood.link, likelihood.family) if enough else None

    return maximise(likelihood, approach(starting_values(likelihood), sample.rows, part))


def approach(start: Array, rows: int, part: Callable[[slice], Callable[[Array], Evaluation] | None]) -> Array:
    """`start` (P,), brought near the maximum on every k-th row where there are many.

    `part` builds the likelihood of some rows, or gives None where they hold too few events.
    """
    if rows < 2 * MANY:
        return start
    thin = part(slice(None, None, rows // (MANY // 2)))
    if thin is None:
        return start
    first = maximise(thin, start, tolerance=1e-3)
    return first.theta if first.converged else start


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
