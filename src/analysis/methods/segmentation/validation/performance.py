"""Is a model any good on accounts it has not seen: how it ranks, whether its probabilities hold, what it is worth.

Accuracy is refused: where the event is rare, always saying no is more accurate than any useful model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.totals import totals, totals_by_fold
from analysis.methods.segmentation.training.features import check_event
from analysis.methods.segmentation.validation.discrimination import RANKING, ranked_by_fold, ranking_measures
from analysis.statistics import intervals
from analysis.statistics.calibration import like_groups, recalibration
from analysis.statistics.jackknife import leave_one_out, share_limits

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

CALIBRATION = ("brier", "expected_observed", "calibration_intercept", "calibration_slope")
MEASURES = (*RANKING, *CALIBRATION)
LOWER_IS_BETTER = ("brier",)
CLIP = 1e-6
"""Predictions of 0 and 1 are moved in by so much before their logit is taken."""


def check_measures(measures: Sequence[str]) -> None:
    """Raise ParameterError for an unknown measure, and for accuracy with the reason."""
    if "accuracy" in measures:
        raise ParameterError(
            "measures: accuracy may not be used: where 3.8% default, always saying no is 96.2% accurate and a "
            f"model of 85% worse than none. Allowed are {', '.join(MEASURES)}."
        )
    unknown = [name for name in measures if name not in MEASURES]
    if unknown:
        raise ParameterError(f"measures: {', '.join(unknown)} unknown; allowed are {', '.join(MEASURES)}")


def validate_model(
    predicted: npt.ArrayLike,
    event: npt.ArrayLike,
    fold: npt.ArrayLike,
    capacity: float = 0.1,
    measures: Sequence[str] = MEASURES,
    level: float = 0.95,
) -> pd.DataFrame:
    """Measures of predicted probabilities (n,) against what happened (0 or 1), on accounts not trained on.

    Besides `ranking_measures`: brier (mean squared error, lower is better), expected_observed (mean prediction ÷
    event rate; above 1 promises too many events), calibration_intercept (logit shift that would make the mean
    right; 0 is right) and calibration_slope (1 is right, below 1 the predictions are spread too wide; missing
    where all are equal).

    `fold` is a random group of customers; limits are by leaving out one at a time (see `analysis.statistics.
    jackknife`), and hold for the model as fitted, not for another training sample. `capacity` is the share of
    accounts that can be worked. Returns measure, value, lower, upper, accounts, events, capacity (of lift,
    precision and captured). Raises ParameterError for accuracy, and InputError for predictions outside 0 to 1.
    """
    check_measures(measures)
    outcome = check_event(event, np.size(predicted))
    probability = check_probability(predicted)
    folds = _fold_numbers(fold, outcome.size)
    _check_capacity(capacity)
    found = _ranking(probability, outcome, folds, capacity, level)
    found |= _calibration(probability, outcome, folds, level)
    rows = [(name, *map(float, found[name])) for name in measures]
    table = pd.DataFrame(rows, columns=["measure", "value", "lower", "upper"])
    at_capacity = table["measure"].isin(["lift", "precision", "captured"])
    table = table.assign(accounts=outcome.size, events=int(outcome.sum()))
    return table.assign(capacity=np.where(at_capacity, capacity, np.nan))


def check_probability(predicted: npt.ArrayLike) -> Array:
    """Predictions as numbers; InputError where one is missing or outside 0 to 1."""
    values = np.asarray(predicted, dtype=float).ravel()
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        raise InputError(
            f"predicted: {int(wrong.sum()):,} values are missing or outside 0 to 1 (row {int(wrong.argmax())}: "
            f"{values[wrong][0]}); pass probabilities of the event, not scores"
        )
    return values


def _fold_numbers(fold: npt.ArrayLike, rows: int) -> Whole:
    folds = np.unique(np.asarray(fold).ravel(), return_inverse=True)[1].astype(np.int64)
    if folds.size != rows:
        raise InputError(f"fold: {folds.size:,} values for {rows:,} accounts; pass one for each")
    return folds


def _check_capacity(capacity: float) -> None:
    if not 0 < capacity <= 1:
        raise ParameterError(
            f"capacity is {capacity}; it is the share of accounts that can be worked, over 0 to 1"
        )


def _ranking(
    predicted: Array, event: Whole, fold: Whole, capacity: float, level: float
) -> dict[str, intervals.Estimate]:
    whole, rest = ranked_by_fold(predicted, event, fold)
    value = ranking_measures(whole, capacity)
    replicates = np.array([ranking_measures(ranked, capacity) for ranked in rest])
    scale = {"lift": intervals.positive}
    return {
        name: scale.get(name, intervals.share)(value[i], replicates[:, i], level) for i, name in enumerate(RANKING)
    }


def _calibration(predicted: Array, event: Whole, fold: Whole, level: float) -> dict[str, intervals.Estimate]:
    y, ones = event.astype(float), np.ones((event.size, 1))
    parts = ((y - predicted) ** 2, predicted, y, ones[:, 0])
    sums = np.stack([totals(fold, int(fold.max()) + 1, part) for part in parts])
    rest = leave_one_out(sums.T).T
    total = sums.sum(axis=1)
    inner = np.clip(predicted, CLIP, 1 - CLIP)
    logit = np.log(inner) - np.log1p(-inner)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = intervals.positive(total[1] / total[2], rest[1] / rest[2], level)
    nothing = intervals.Estimate(*(np.array(np.nan),) * 3)
    slope = np.column_stack([logit, ones])
    varied = np.ptp(logit) > 1e-8
    return {
        "brier": intervals.positive(total[0] / total[3], rest[0] / rest[3], level),
        "expected_observed": ratio,
        "calibration_intercept": recalibration(y, ones, logit, ones[:, 0], fold, level),
        "calibration_slope": recalibration(y, slope, 0 * logit, ones[:, 0], fold, level) if varied else nothing,
    }


def calibration_groups(
    predicted: npt.ArrayLike, event: npt.ArrayLike, fold: npt.ArrayLike, groups: int = 10, level: float = 0.95
) -> pd.DataFrame:
    """Observed against predicted events in groups of like prediction, lowest first.

    Returns group (1 …), lowest, highest, predicted (mean), observed (share), lower, upper, accounts, events.
    Accounts with equal predictions share a group, so there may be fewer groups than asked for. Limits of the
    observed share: Wilson's at the size that the folds' differences amount to.
    """
    probability, outcome = check_probability(predicted), check_event(event, np.size(predicted))
    folds = _fold_numbers(fold, outcome.size)
    group = like_groups(probability, np.ones(outcome.size), groups)
    size = int(group.max()) + 1
    events, accounts = totals_by_fold(folds, group, size, outcome), totals_by_fold(folds, group, size)
    total, rest = accounts.sum(axis=0), leave_one_out(accounts)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed, replicates = events.sum(axis=0) / total, leave_one_out(events) / rest
    limits = share_limits(observed, replicates, total, level)
    edges = pd.Series(probability).groupby(group).agg(["min", "max", "mean"])
    return pd.DataFrame(
        {
            "group": np.arange(1, size + 1),
            "lowest": edges["min"].to_numpy(),
            "highest": edges["max"].to_numpy(),
            "predicted": edges["mean"].to_numpy(),
            "observed": observed,
            "lower": limits.lower,
            "upper": limits.upper,
            "accounts": total.astype(int),
            "events": events.sum(axis=0).astype(int),
        }
    )
