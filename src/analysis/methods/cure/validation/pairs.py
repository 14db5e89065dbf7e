"""Ranking measures from counts of pairs, by the folds that the two spells of a pair belong to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.methods.cure.validation.cells import Outcomes

Array = npt.NDArray[np.float64]

DECIMALS = 10
"""Predictions closer than this are ties: equal covariates may give sums that differ in the last digit."""


def ranks(score: Array) -> npt.NDArray[np.int64]:
    """Places of the scores among their distinct values, from 0; larger means likelier to cure."""
    return np.unique(np.round(score, DECIMALS), return_inverse=True)[1].astype(np.int64)


def auc_pairs(outcomes: Outcomes, score: Array, horizon: int) -> Array:
    """Pairs won and all pairs, (2, folds, folds), of the cumulative/dynamic area under the curve at `horizon`.

    A pair is a spell cured by the horizon (weighted by 1 ÷ the chance of being followed so far) and one known to
    be uncured then; it is won where the cured one has the higher score, half won in a tie.
    """
    case = np.where(outcomes.known_cured(horizon), outcomes.inverse_weights(horizon), 0.0)
    return _pairs(ranks(score), outcomes.fold, case, outcomes.weight * (outcomes.time > horizon))


def concordance_pairs(outcomes: Outcomes, score: Array, horizon: int) -> Array:
    """Pairs won and all pairs, (2, folds, folds), of Uno's concordance up to `horizon`.

    A pair is a spell cured in month k ≤ horizon and one not cured by then, weighted by 1 ÷ P(followed to k)²
    (Uno et al. 2011, Statistics in Medicine 30). Cures of one month make no pair. Counted month by month, in time
    proportional to the spells; comparing each cure with each spell, as scikit-survival does, gives the same.
    """
    code, share = ranks(score), outcomes.followed_to(horizon)
    total = np.zeros((2, *[int(outcomes.fold.max()) + 1] * 2))
    for month in range(1, horizon + 1):
        case = outcomes.weight * (outcomes.cured & (outcomes.time == month))
        if case.any() and share[month] > 0:
            later = outcomes.weight * (outcomes.time > month)
            total += _pairs(code, outcomes.fold, case, later) / share[month] ** 2
    return total


def won_share(pairs: Array) -> tuple[float, Array]:
    """Share of pairs won, and the same without each fold (folds,)."""
    rest = pairs.sum(axis=(1, 2))[:, None] - pairs.sum(axis=1) - pairs.sum(axis=2) + np.diagonal(pairs, 0, 1, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(*pairs.sum(axis=(1, 2)))), np.divide(rest[0], rest[1])


def _pairs(code: npt.NDArray[np.int64], fold: npt.NDArray[np.int64], case: Array, control: Array) -> Array:
    """Weight of won pairs and of all pairs by the fold of the case (rows) and of the control (columns)."""
    size = (int(code.max()) + 1, int(fold.max()) + 1)
    place = code * size[1] + fold
    cases, controls = (
        np.bincount(place, weights=weight, minlength=size[0] * size[1]).reshape(size) for weight in (case, control)
    )
    beaten = np.cumsum(controls, axis=0) - 0.5 * controls
    return np.stack([cases.T @ beaten, np.outer(cases.sum(axis=0), controls.sum(axis=0))])
