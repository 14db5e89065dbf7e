"""Do as many cure as predicted? By decile of the prediction, overall, and as a slope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.cure.validation.cells import Outcomes
from analysis.methods.cure.validation.observed import exit_counts, incidence_replicates
from analysis.methods.cure.validation.scores import Score
from analysis.statistics import intervals
from analysis.statistics.calibration import like_groups, recalibration
from analysis.statistics.ratio import wilson

Array = npt.NDArray[np.float64]

CLIP = 1e-6
"""Predictions of 0 and 1 are moved in by so much before their logit is taken."""


def calibration_table(
    cells: pd.DataFrame, predicted: Array, horizon: int, groups: int = 10, level: float = 0.95
) -> pd.DataFrame:
    """Observed against predicted cure by `horizon` in groups of like prediction, lowest first.

    Returns one row a group: horizon, group, lowest, highest (predictions in it), predicted (their mean over
    spells), observed (Aalen–Johansen incidence of cure by the horizon), lower, upper, spells, events. Equal
    predictions share a group, so there may be fewer groups than asked for. Limits of `observed` are by leaving
    out one fold of customers at a time, on the logit; where all or none cured, Wilson's at the group's spells.
    """
    weight = cells["spells"].to_numpy(dtype=float)
    group = like_groups(predicted, weight, groups)
    size = int(group.max()) + 1
    counts = exit_counts(cells, group, size, horizon)
    observed, replicates = (found[..., -1] for found in incidence_replicates(counts))
    spells = np.bincount(group, weights=weight).astype(float)
    estimate = _with_wilson(intervals.share(observed, replicates, level), spells, level)
    edges = pd.Series(predicted).groupby(group).agg(["min", "max"])
    return pd.DataFrame(
        {
            "horizon": horizon,
            "group": np.arange(1, size + 1),
            "lowest": edges["min"].to_numpy(),
            "highest": edges["max"].to_numpy(),
            "predicted": np.bincount(group, weights=weight * predicted) / spells,
            "observed": estimate.value,
            "lower": estimate.lower,
            "upper": estimate.upper,
            "spells": spells,
            "events": counts[:, 1].sum(axis=(0, 2)),
        }
    )


def _with_wilson(estimate: intervals.Estimate, spells: Array, level: float) -> intervals.Estimate:
    edge = (estimate.value <= 0) | (estimate.value >= 1)
    bounds = wilson(np.clip(estimate.value, 0.0, 1.0), spells, level)
    lower, upper = np.where(edge, bounds.lower, estimate.lower), np.where(edge, bounds.upper, estimate.upper)
    return intervals.Estimate(estimate.value, lower, upper)


def calibration_scores(
    cells: pd.DataFrame, curve: Array, horizons: Sequence[int], level: float = 0.95
) -> Iterator[Score]:
    """Three numbers a horizon from predicted incidence `curve` (cells, months 1 …).

    expected_observed      mean predicted ÷ Aalen–Johansen incidence; above 1 promises too many cures
    calibration_intercept  logit shift that would make the mean right (slope held at 1); 0 is right, below 0
                           promises too many
    calibration_slope      logit slope of cure on the prediction; 1 is right, below 1 says too wide a spread,
                           missing where all predictions are equal
    (Cox 1958; Van Calster et al. 2019, BMC Medicine 17.) Slope and intercept weigh the spells followed to the
    horizon for those that weren't. Limits by the delete-a-group jackknife, one Newton step from the estimate.
    """
    for horizon in horizons:
        predicted = curve[:, horizon - 1]
        if np.isnan(predicted).any():
            continue
        yield Score(horizon, "expected_observed", _expected_observed(cells, predicted, horizon, level))
        outcomes = Outcomes.of(cells, horizon)
        logit = np.log(np.clip(predicted, CLIP, 1 - CLIP)) - np.log1p(-np.clip(predicted, CLIP, 1 - CLIP))
        ones = np.ones((logit.size, 1))
        shift = _fit(outcomes, horizon, ones, logit, level)
        yield Score(horizon, "calibration_intercept", shift)
        if np.ptp(logit) > 1e-8:
            slope = _fit(outcomes, horizon, np.column_stack([logit, ones]), np.zeros(logit.size), level)
            yield Score(horizon, "calibration_slope", slope)


def _expected_observed(cells: pd.DataFrame, predicted: Array, horizon: int, level: float) -> intervals.Estimate:
    counts = exit_counts(cells, np.zeros(len(cells), dtype=np.int64), 1, horizon)
    observed, replicates = (found[..., 0, -1] for found in incidence_replicates(counts))
    fold = np.unique(cells["fold"].to_numpy(), return_inverse=True)[1]
    weight = cells["spells"].to_numpy(dtype=float)
    sums, sizes = np.bincount(fold, weights=weight * predicted), np.bincount(fold, weights=weight)
    rest = (sums.sum() - sums) / (sizes.sum() - sizes)
    with np.errstate(divide="ignore"):
        return intervals.positive(sums.sum() / sizes.sum() / observed, rest / replicates, level)


def _fit(outcomes: Outcomes, horizon: int, x: Array, offset: Array, level: float) -> intervals.Estimate:
    weight, y = outcomes.inverse_weights(horizon), outcomes.known_cured(horizon).astype(float)
    return recalibration(y, x, offset, weight, outcomes.fold, level)
