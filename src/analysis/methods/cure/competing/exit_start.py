"""Where Newton starts for a mixture over exits: Aalen–Johansen's shares, and each exit's times taken as waits."""

from __future__ import annotations

import numpy as np

from analysis.methods.cure.competing.exit_likelihood import ExitLikelihood
from analysis.methods.cure.competing.exits import Exits
from analysis.methods.cure.mixture.latency import Array
from analysis.methods.cure.mixture.start import climb
from analysis.statistics.newton import Optimum

LEAST = 0.02
"""No class starts from a smaller share."""


def fit(likelihood: ExitLikelihood) -> Optimum:
    """Maximum of the likelihood; large samples are approached through every k-th row of each exit."""
    sample, model = likelihood.sample, likelihood.model

    def part(rows: slice) -> ExitLikelihood | None:
        thin = sample.take(rows)
        gone = np.bincount(thin.exits.exit[thin.exits.exit >= 0], minlength=len(model.exits))
        return ExitLikelihood(thin, model) if gone.min() > 20 * (model.p + model.q) else None

    return climb(likelihood, sample.rows, part, starting_values)


def starting_values(likelihood: ExitLikelihood) -> Array:
    """Parameter vector (P,) with all covariates at zero."""
    model, exits = likelihood.model, likelihood.sample.exits
    theta = np.zeros(model.size)
    shares = final_shares(exits)
    # Without a class `never` those still open will exit too, in the same proportions.
    logs = np.log(np.maximum(shares if model.never else shares[:-1] / (1.0 - shares[-1]), LEAST))
    for k, place in enumerate(model.incidence):
        if place.stop > place.start:
            theta[place.start] = logs[k] - logs[model.reference]
    for j, (location, ancillary) in enumerate(model.waits):
        own = exits.exit == j
        level, rest = model.families[j].start(exits.time[own], exits.weight[own])
        if model.families[j].intercept:
            theta[location.start] = level
        theta[ancillary] = rest
    return theta


def final_shares(exits: Exits) -> Array:
    """Aalen–Johansen's share of each exit at the end of follow-up, and last the share still open."""
    at_risk, events = exits.counts(exits.moments)
    total = events.sum(axis=1)
    # With late entry an early moment may have nobody left at risk after it; the curve must not end there.
    left = np.cumprod(np.maximum(1.0 - total / np.maximum(at_risk, total), 1e-3))
    before = np.concatenate([[1.0], left[:-1]])
    gone = (before / np.maximum(at_risk, total)) @ events
    return np.append(gone, left[-1]) / (gone.sum() + left[-1])
