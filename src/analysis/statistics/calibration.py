"""Do predicted probabilities mean what they say: groups of like prediction, and logistic recalibration."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.statistics import intervals

Array = npt.NDArray[np.float64]

STEPS = 25


def like_groups(predicted: Array, weight: Array, groups: int) -> npt.NDArray[np.int64]:
    """Group (0 …) of each cell, equal shares of the weight as far as ties allow; larger predictions come later.

    A group is closed where the next distinct prediction would carry it further past its share than it now falls
    short of it; what is left is then shared out among the groups left.
    """
    value, place = np.unique(np.round(predicted, 10), return_inverse=True)
    group, number, start, total = np.zeros(value.size, dtype=np.int64), 0, 0.0, float(weight.sum())
    done, bound = 0.0, total / groups
    for i, mass in enumerate(np.bincount(place, weights=weight)):
        if done > start and done + mass / 2.0 > bound and number < groups - 1:
            number, start = number + 1, done
            bound = done + (total - done) / (groups - number)
        group[i] = number
        done += mass
    return group[place]


def recalibration(
    y: Array, x: Array, offset: Array, weight: Array, fold: npt.NDArray[np.int64], level: float = 0.95
) -> intervals.Estimate:
    """First coefficient of the weighted logistic regression of y (n,) on x (n, p) beside a fixed offset.

    By Newton's method. Limits by the delete-a-group jackknife over `fold` (n, whole numbers), one Newton step from
    the estimate for each fold left out. With x the logit of a prediction and a constant, it is the calibration
    slope; with x a constant and the logit as the offset, the calibration intercept (Cox 1958; Van Calster et al.
    2019, BMC Medicine 17).
    """
    theta = np.zeros(x.shape[1])
    for _ in range(STEPS):
        score, information = _moments(weight, y, x, offset, theta)
        step = np.linalg.lstsq(information.sum(axis=0), score.sum(axis=0), rcond=None)[0]
        size = float(np.abs(step).max())
        theta = theta + step / max(1.0, size / 2.0)
        if size < 1e-10:
            break
    score, information = _moments(weight, y, x, offset, theta, fold)
    rest = information.sum(axis=0) - information
    moved = -np.linalg.solve(rest + 1e-12 * np.eye(x.shape[1]), score[..., None])[..., 0]
    return intervals.plain(theta[0], theta[0] + moved[:, 0], level)


def _moments(
    weight: Array,
    y: Array,
    x: Array,
    offset: Array,
    theta: Array,
    fold: npt.NDArray[np.int64] | None = None,
) -> tuple[Array, Array]:
    """Score (folds, p) and information (folds, p, p) of a logistic regression, by fold (one, if none is given)."""
    place = np.zeros(y.size, dtype=np.int64) if fold is None else fold
    chance = 1.0 / (1.0 + np.exp(-(offset + x @ theta)))
    size = int(place.max()) + 1
    score, information = np.zeros((size, x.shape[1])), np.zeros((size, x.shape[1], x.shape[1]))
    spread = weight * chance * (1.0 - chance)
    for i, own in enumerate(x.T):
        score[:, i] = np.bincount(place, weights=weight * (y - chance) * own, minlength=size)
        for j, other in enumerate(x.T):
            information[:, i, j] = np.bincount(place, weights=spread * own * other, minlength=size)
    return score, information
