"""Fairness: an unfair score is found, an even one is not, small groups are not shown."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure.validation import Outcomes, Split, group_fairness
from analysis.methods.cure.validation.fairness import threshold_at


@pytest.fixture(scope="module")
def predicted(split: Split, truth_curve: Callable[..., np.ndarray]) -> np.ndarray:
    return truth_curve(split.test.x1.to_numpy(), 6)[:, 5]


def gap(gaps: pd.DataFrame, metric: str) -> pd.Series:
    return gaps[gaps.metric == metric].iloc[0]


def test_an_even_score_shows_no_gap(split: Split, predicted: np.ndarray) -> None:
    groups, gaps = group_fairness(split.test, predicted, ["sex"], 6)
    for metric in ("predicted", "calibration_gap", "selection_rate", "false_negative_rate"):
        found = gap(gaps, metric)
        assert found.difference_lower < 0.0 < found.difference_upper or found.difference < 0.03, metric
    own = groups[groups.metric == "calibration_gap"]
    assert ((own.lower < 0.0) & (own.upper > 0.0)).all()


def test_a_score_that_thinks_worse_of_one_sex_is_found(split: Split, predicted: np.ndarray) -> None:
    unfair = predicted - 0.15 * (split.test.sex == "female").to_numpy()
    groups, gaps = group_fairness(split.test, unfair, ["sex"], 6)
    found = gap(gaps, "calibration_gap")
    assert (found.highest, found.lowest) == ("male", "female")
    assert found.difference == pytest.approx(0.15, abs=0.04) and found.difference_lower > 0.05
    assert gap(gaps, "selection_rate").ratio_upper < 0.9
    assert gap(gaps, "false_negative_rate").highest == "female"
    assert gap(gaps, "false_negative_rate").difference_lower > 0.0
    women = groups[(groups.group == "female") & (groups.metric == "calibration_gap")].iloc[0]
    assert women.upper < 0.0


def test_the_metrics_are_plain_shares_where_all_are_followed(split: Split, predicted: np.ndarray) -> None:
    test = split.test[split.test.began <= 35]
    groups, _ = group_fairness(test, predicted[: len(test)], ["sex"], 6, capacity=0.3)
    women = (test.sex == "female").to_numpy()
    cured = Outcomes.of(test, 6).known_cured(6)[women]
    worked = (predicted <= threshold_at(predicted, np.ones(len(test)), 0.3))[women]
    by = groups[groups.group == "female"].set_index("metric").value
    assert by["predicted"] == pytest.approx(predicted[women].mean())
    assert by["observed"] == pytest.approx(cured.mean())
    assert by["selection_rate"] == pytest.approx(1 - worked.mean())
    assert by["false_negative_rate"] == pytest.approx(worked[cured].mean())


def test_cells_count_as_their_spells(split: Split, predicted: np.ndarray) -> None:
    twice = pd.concat([split.test, split.test], ignore_index=True)
    packed, _ = group_fairness(split.test.assign(spells=2), predicted, ["sex"], 6)
    spread, _ = group_fairness(twice, np.tile(predicted, 2), ["sex"], 6)
    pd.testing.assert_frame_equal(packed, spread)


def test_a_small_group_is_suppressed_and_takes_no_part_in_the_gaps(split: Split, predicted: np.ndarray) -> None:
    education = np.where(np.arange(len(split.test)) < 12, "doctorate", split.test.sex)
    groups, gaps = group_fairness(split.test.assign(education=education), predicted, ["education"], 6)
    small = groups[groups.group == "doctorate"]
    assert small.suppressed.all() and small[["value", "lower", "upper", "rows", "events"]].isna().all(axis=None)
    assert not groups[groups.group != "doctorate"].suppressed.any()
    assert "doctorate" not in {*gaps.highest, *gaps.lowest}


def test_a_missing_attribute_is_a_group_of_its_own(split: Split, predicted: np.ndarray) -> None:
    some = split.test.assign(sex=split.test.sex.where(split.test.index % 4 != 0))
    groups, _ = group_fairness(some, predicted, ["sex"], 6)
    assert set(groups.group) == {"female", "male", "unknown"}


def test_one_group_alone_has_values_and_no_gaps(split: Split, predicted: np.ndarray) -> None:
    groups, gaps = group_fairness(split.test.assign(sex="female"), predicted, ["sex"], 6)
    assert len(groups) == 5 and gaps.empty


def test_capacity_is_the_share_that_is_worked() -> None:
    predicted, weight = np.array([0.1, 0.2, 0.3, 0.4]), np.array([1.0, 1.0, 2.0, 4.0])
    assert threshold_at(predicted, weight, 0.25) == 0.2
    assert threshold_at(predicted, weight, 0.5) == 0.3


def test_what_cannot_be_tested_is_refused_by_name(split: Split, predicted: np.ndarray) -> None:
    with pytest.raises(InputError, match="religion cannot be tested for fairness"):
        group_fairness(split.test, predicted, ["sex", "religion"], 6)
    with pytest.raises(ParameterError, match="capacity is 40"):
        group_fairness(split.test, predicted, ["sex"], 6, capacity=40)
