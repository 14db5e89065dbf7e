"""Diagnostics of weights and support."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logged_draws import draw_frame, draw_log, proposed

from analysis.core.errors import InputError
from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.off_policy import effective_size
from analysis.statistics.overlap import arm_overlap, overlap, top_share

FOUR = pd.DataFrame(
    {
        "arm": ["agent", "agent", "robot", "robot"],
        "reward": [1.0, 0.0, 0.0, 1.0],
        "probability": [0.5, 0.25, 0.5, 0.75],
        "fold": [0, 1, 0, 1],
        "region": ["north", "north", "south", "north"],
    }
)


def test_the_worked_example_by_hand():
    """Weights 2, 4, 0, 0: mean 1.5, largest 4/1.5, (Σw)² ÷ Σw² = 36/20; 1% of four units is one unit."""
    found = overlap(DecisionLog.read(FOUR), "agent").iloc[0]
    assert (found["units"], found["matched"]) == (4, 2)
    assert found["effective_size"] == pytest.approx(1.8)
    assert found["effective_share"] == pytest.approx(0.45)
    assert found["largest_weight"] == pytest.approx(4 / 1.5)
    assert found["top_share"] == pytest.approx(4 / 6)
    assert found["smallest_probability"] == 0.25
    assert found["mean_weight"] == pytest.approx(1.5)
    assert np.isnan(found["unsupported"]) and found["support_from"] == "unknown"


def test_a_stratum_in_which_the_proposed_arm_never_occurs_is_unsupported():
    found = overlap(DecisionLog.read(FOUR), "agent", FOUR[["region"]]).iloc[0]
    assert (found["unsupported"], found["support_from"]) == (0.25, "strata")


def test_recorded_probabilities_of_zero_are_unsupported_and_counted_not_refused():
    recorded = pd.DataFrame({"agent": [0.5, 0.25, 0.5, 0.0], "robot": [0.5, 0.75, 0.5, 1.0]})
    log = DecisionLog.read(FOUR.assign(probability=[0.5, 0.25, 0.5, 1.0]), probabilities=recorded)
    found = overlap(log, "agent").iloc[0]
    assert (found["unsupported"], found["support_from"]) == (0.25, "recorded")


def test_equal_weights_leave_the_effective_size_at_the_units_and_the_largest_hundredth_at_a_hundredth():
    assert effective_size(np.full(200, 3.0)) == pytest.approx(200)
    assert top_share(np.full(200, 3.0)) == pytest.approx(0.01)


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=300))
def test_the_effective_size_lies_between_one_and_the_units(weights):
    w = np.array(weights)
    assert 1 - 1e-9 <= effective_size(w) <= w.size * (1 + 1e-9)
    assert 0.01 - 1e-9 <= top_share(w) <= 1 + 1e-9


def test_right_probabilities_leave_one_within_the_limits_of_the_mean_weight():
    hits = []
    for seed in range(200):
        log, x = draw_log(1000, seed)
        found = overlap(log, proposed(x)).iloc[0]
        hits.append(found["mean_weight_lower"] <= 1 <= found["mean_weight_upper"])
    assert 0.91 <= np.mean(hits) <= 0.985


def test_the_limits_of_an_arm_s_mean_weight_hold_one_where_probabilities_are_right_and_not_where_they_are_wrong():
    right, wrong = [], []
    for seed in range(100):
        frame, _ = draw_frame(4000, seed)
        found = arm_overlap(DecisionLog.read(frame))
        assert found["proposed"].isna().all()
        right.append((found["lower"] <= 1) & (found["upper"] >= 1))
        found = arm_overlap(DecisionLog.read(frame.assign(probability=0.8 * frame["probability"])))
        wrong.append(found["lower"] > 1)
    assert 0.90 <= np.mean(right) <= 0.98
    assert np.mean(wrong) > 0.99


def test_the_shares_of_arms_logged_and_proposed_sum_to_one():
    log, x = draw_log(600, seed=2)
    found = arm_overlap(log, proposed(x))
    assert found[["share", "proposed"]].sum().tolist() == pytest.approx([1.0, 1.0])
    assert found["units"].sum() == 600


def test_an_arm_never_logged_is_refused_by_name():
    with pytest.raises(InputError, match="never logged: 'letter'"):
        overlap(DecisionLog.read(FOUR), "letter")
