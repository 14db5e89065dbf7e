"""Does predicted cure treat groups of people alike?

A spell is *passed over* (left to cure by itself) where its prediction is among the highest, and *worked* where it
is among the lowest share that the agents' capacity allows. For a debtor, being worked is the burden.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure.validation.cells import Outcomes
from analysis.statistics.group_fairness import Judged, compare_groups

Array = npt.NDArray[np.float64]

METRICS = ("predicted", "observed", "calibration_gap", "selection_rate", "false_negative_rate")


def group_fairness(
    cells: pd.DataFrame,
    predicted: Array,
    attributes: Sequence[str],
    horizon: int,
    capacity: float = 0.5,
    level: float = 0.95,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predicted and actual cure within `horizon` months by group, and the gaps between groups.

    predicted            mean prediction
    observed             share cured within the horizon; spells followed so far stand for those that weren't
    calibration_gap      predicted − observed; below 0 the group is thought worse of than it does
    selection_rate       share passed over: predicted above the threshold that leaves `capacity` of the spells to
                         be worked; a low rate is the burden
    false_negative_rate  of those who cured, the share that was worked all the same; high is the burden

    Groups: attribute, group, horizon, metric, value, lower, upper, rows, events, suppressed. Gaps: attribute,
    horizon, metric, highest and lowest group, difference, its limits, ratio (lowest ÷ highest), its limits. See
    `analysis.statistics.group_fairness.compare_groups` for the limits and for groups too small to be shown. Raises
    InputError for an attribute that isn't there.
    """
    if not 0 < capacity < 1:
        raise ParameterError(f"capacity is {capacity}; it is the share of spells worked, between 0 and 1")
    absent = [name for name in attributes if name not in cells.columns]
    if absent:
        raise InputError(f"{', '.join(absent)} cannot be tested for fairness: not in the cells of spells")
    outcomes = Outcomes.of(cells, horizon)
    judged = Judged(
        predicted=np.asarray(predicted, dtype=float),
        event=outcomes.known_cured(horizon).astype(float),
        selected=(predicted > threshold_at(predicted, outcomes.weight, capacity)).astype(float),
        fold=outcomes.fold,
        weight=outcomes.inverse_weights(horizon),
        rows=outcomes.weight,
    )
    groups, gaps = compare_groups(judged, cells[list(attributes)], METRICS, level)
    groups.insert(2, "horizon", horizon)
    return groups, gaps.assign(horizon=horizon)


def threshold_at(predicted: Array, weight: Array, capacity: float) -> float:
    """The prediction at and below which the lowest share `capacity` of the spells lies."""
    order = np.argsort(predicted, kind="stable")
    share = np.cumsum(weight[order]) / weight.sum()
    return float(predicted[order][np.searchsorted(share, capacity)])
