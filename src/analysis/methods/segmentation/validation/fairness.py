"""Does a model of charge-off, or of cure, treat groups of people alike?

Being *selected* is being among the share of accounts with the highest probability of the event, which the capacity
allows to be worked: a burden where the work is pressure, a help where it is relief.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.training.features import check_event
from analysis.methods.segmentation.validation.performance import check_probability
from analysis.statistics.group_fairness import METRICS, Fairness, Judged, compare_groups, selected_at_capacity

SHOWN = tuple(name for name in METRICS if name != "false_negative_rate")


def model_fairness(
    predicted: npt.ArrayLike,
    event: npt.ArrayLike,
    groups: pd.DataFrame,
    fold: npt.ArrayLike,
    capacity: float = 0.1,
    level: float = 0.95,
) -> Fairness:
    """Predictions against what happened by group, on accounts not trained on, and the gaps between groups.

    `predicted` (n) is the event's probability, `event` (n) 0 or 1, `fold` (n) a random group of customers;
    `groups` (n rows) has a column an attribute that no model read (sex, education, marital status, an age band).
    The share `capacity` of accounts with the highest probabilities is selected; ties at the edge share the places
    left.

    Returns groups and gaps of `analysis.statistics.group_fairness.compare_groups` with capacity: predicted,
    observed, calibration_gap (above 0 the group is thought riskier than it is), selection_rate, true_positive_rate
    (of those with the event, selected) and false_positive_rate (of those without it, selected all the same).
    Unequal rates may follow from unequal need alone; calibration_gap is what the model itself adds. Raises
    ParameterError for a capacity outside 0 to 1, InputError for predictions that aren't probabilities.
    """
    if not 0 < capacity < 1:
        raise ParameterError(f"capacity is {capacity}; it is the share of accounts selected, between 0 and 1")
    probability = check_probability(predicted)
    outcome = check_event(event, probability.size)
    folds, ones = np.asarray(fold).ravel(), np.ones(probability.size)
    if folds.size != probability.size:
        raise InputError(f"fold: {folds.size:,} values for {probability.size:,} accounts; pass one for each")
    selected = selected_at_capacity(probability, capacity)
    judged = Judged(probability, outcome.astype(float), selected, folds, ones, ones)
    found = compare_groups(judged, groups, SHOWN, level)
    return Fairness(found.groups.assign(capacity=capacity), found.gaps.assign(capacity=capacity))
