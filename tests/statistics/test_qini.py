"""Qini curve, its areas, and their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logged_draws import draw_trial

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.qini import qini, qini_curve

EFFECTS = {"deep": -0.5, "middle": 0.5, "shallow": 1.5}
SIX = pd.DataFrame(
    {
        "arm": ["agent", "robot", "agent", "robot", "agent", "robot"],
        "reward": [1.0, 0.0, 1.0, 1.0, 0.0, 1.0],
        "probability": 0.5,
        "fold": [0, 0, 1, 1, 2, 2],
    }
)
SCORES = pd.Series([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])


def areas(frame: pd.DataFrame, scores: pd.Series) -> pd.DataFrame:
    return qini(DecisionLog.read(frame), scores, "agent", "robot").set_index("measure")


def test_the_worked_example_by_hand():
    """Radcliffe's R_t − R_c·N_t/N_c at depths 2/6 … 6/6 is 1, 2, 1, 0.5, 0; over three treated.

    The first unit alone has no control, so the curve runs straight to the second.
    """
    found = qini_curve(
        DecisionLog.read(SIX), SCORES, "agent", "robot", depths=(0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1)
    )
    assert found["gain"].tolist() == pytest.approx([0, 1 / 6, 1 / 3, 2 / 3, 1 / 3, 1 / 6, 0])
    assert found["random"].tolist() == pytest.approx([0.0] * 7)
    # Trapezoids: ⅙·(⅓·½·2 + ½ + ½ + ¼ + 1/12) with the first over two sixths.
    total = (2 * 1 / 6 + 1 / 2 + 1 / 2 + 1 / 4 + 1 / 12) / 6
    assert areas(SIX, SCORES)["value"].tolist() == pytest.approx([0.0, total, total])


def test_the_last_point_is_the_mean_effect_and_the_areas_belong_together():
    frame = draw_trial(1000, 1, EFFECTS)
    found = areas(frame, frame["x"])["value"]
    sides = [frame.loc[frame["arm"] == arm, "reward"].mean() for arm in ("agent", "robot")]
    assert found["effect"] == pytest.approx(sides[0] - sides[1])
    assert found["qini"] == pytest.approx(found["auuc"] - found["effect"] / 2)
    curve = qini_curve(DecisionLog.read(frame), frame["x"], "agent", "robot")
    assert curve["gain"].iloc[-1] == pytest.approx(found["effect"])
    assert curve["above"].tolist() == pytest.approx((curve["gain"] - curve["random"]).tolist())


def test_a_score_that_is_equal_for_all_has_a_qini_of_exactly_zero():
    frame = draw_trial(300, 2, EFFECTS)
    assert areas(frame, pd.Series(0.0, index=frame.index)).loc["qini", "value"] == pytest.approx(0.0, abs=1e-12)


def test_random_scores_have_a_qini_of_zero_on_average_and_their_limits_hold_it():
    found = []
    for seed in range(300):
        frame = draw_trial(600, 700 + seed, EFFECTS)
        scores = pd.Series(np.random.default_rng(seed).random(600))
        found.append(areas(frame, scores).loc["qini", ["value", "lower", "upper"]].to_numpy(dtype=float))
    value, lower, upper = np.array(found).T
    assert abs(value.mean()) < 3 * value.std(ddof=1) / np.sqrt(300)
    assert 0.91 <= np.mean((lower <= 0) & (upper >= 0)) <= 0.985


def test_the_limits_cover_the_qini_of_the_true_effects():
    """Thirds with effects 1.5, .5, −.5, in that order: gains .5, 2/3, .5; area 1/12 + 7/36 + 7/36 − .5/2 = 2/9."""
    hits = []
    for seed in range(300):
        frame = draw_trial(900, 1700 + seed, EFFECTS)
        row = areas(frame, frame["effect"]).loc["qini"]
        hits.append(row["lower"] <= 2 / 9 <= row["upper"])
    assert 0.91 <= np.mean(hits) <= 0.985


def test_a_reversed_score_ranks_worse_than_chance():
    frame = draw_trial(3000, 4, EFFECTS)
    assert (
        areas(frame, -frame["effect"]).loc["qini", "upper"]
        < 0
        < areas(frame, frame["effect"]).loc["qini", "lower"]
    )


@settings(max_examples=40)
@given(st.integers(0, 1000))
def test_the_order_of_the_rows_and_the_scale_of_the_scores_do_not_matter(seed):
    frame = draw_trial(80, seed, EFFECTS)
    scores = frame["x"].round(1)
    mixed = frame.sample(frac=1.0, random_state=seed).reset_index(names="was")
    one, two = areas(frame, scores), areas(mixed, np.exp(scores[mixed["was"]]).reset_index(drop=True))
    pd.testing.assert_frame_equal(one, two)


def test_unequal_probabilities_are_weighed_out():
    """Agents go to the shallow nine times in ten: the Qini of true effects is what it is under equal chances."""
    rng, n = np.random.default_rng(3), 40_000
    frame = draw_trial(n, 3, EFFECTS)
    chance = np.where(frame["segment"] == "shallow", 0.9, 0.4)
    treated = rng.random(n) < chance
    frame["reward"] = frame["x"] + treated * frame["effect"]
    frame["arm"] = np.where(treated, "agent", "robot")
    frame["probability"] = np.where(treated, chance, 1 - chance)
    row = areas(frame, frame["effect"]).loc["qini"]
    assert row["lower"] <= 2 / 9 <= row["upper"]
    assert row["se"] < 0.01


def test_missing_scores_wrong_depths_and_unlogged_arms_are_refused():
    log = DecisionLog.read(SIX)
    with pytest.raises(InputError, match="1 of 6 units have no score"):
        qini(log, SCORES.where(SCORES > 1), "agent", "robot")
    with pytest.raises(InputError, match="the scores: 5 rows, but the log has 6"):
        qini(log, SCORES.head(5), "agent", "robot")
    with pytest.raises(InputError, match="arm 'letter' was never logged"):
        qini(log, SCORES, "letter", "robot")
    with pytest.raises(ParameterError, match="give shares of units between 0 and 1"):
        qini_curve(log, SCORES, "agent", "robot", depths=(0.0, 50.0))
