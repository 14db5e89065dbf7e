"""Cross-fitted predictions of rewards."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from logged_draws import ARMS, TRUE_VALUE, draw_frame, proposed, true_outcomes
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.off_policy import policy_value
from analysis.statistics.outcome_model import (
    PROTECTED,
    cross_fitted_outcomes,
    default_regressor,
    fit,
    held_out,
    model_frame,
    predict_mean,
)


def test_every_unit_is_held_out_once_and_never_apart_from_its_fold():
    fold = np.random.default_rng(0).integers(0, 32, 500)
    groups = list(held_out(fold, 5))
    assert np.sum(groups, axis=0).tolist() == [1] * 500
    assert all(not set(fold[rows]) & set(fold[~rows]) for rows in groups)


def test_no_unit_is_predicted_from_its_own_reward_nor_from_its_customers():
    """A tree that learns by heart would give each unit its reward; with all rewards of fold 0 raised, fold 0's
    predictions stay."""
    frame, _ = draw_frame(400, seed=1)
    raised = frame.assign(reward=frame["reward"] + np.where(frame["fold"] == 0, 1e6, 0.0))
    one, two = (
        cross_fitted_outcomes(DecisionLog.read(each), each[["x"]], DecisionTreeRegressor(random_state=0))
        for each in (frame, raised)
    )
    own = (frame["fold"] == 0).to_numpy()
    pd.testing.assert_frame_equal(one[own], two[own])
    assert not np.allclose(one[~own], two[~own])


def test_the_right_model_finds_the_rewards_of_all_arms():
    frame, _ = draw_frame(4000, seed=2)
    found = cross_fitted_outcomes(DecisionLog.read(frame), frame[["x"]], LinearRegression())
    assert list(found.columns) == list(ARMS)
    truth = true_outcomes(frame["x"].to_numpy(), frame.index)
    assert np.abs(found - truth).to_numpy().mean() < 0.06


def test_the_default_model_reads_text_and_gaps_and_helps_the_policy_s_value():
    frame, _ = draw_frame(2000, seed=3)
    features = pd.DataFrame(
        {"x": frame["x"].where(frame.index % 7 > 0), "side": np.where(frame["x"] > 0, "up", None)}
    )
    log = DecisionLog.read(frame)
    found = policy_value(log, proposed(frame["x"].to_numpy()), cross_fitted_outcomes(log, features, splits=3))
    robust = found.set_index("estimator").loc["doubly_robust"]
    assert robust["lower"] <= TRUE_VALUE <= robust["upper"]
    assert robust["se"] < found["se"].min() + 1e-12


def test_a_category_that_was_not_learnt_does_not_stop_a_prediction():
    known = model_frame(pd.DataFrame({"region": ["north", "south", None] * 200}))
    target = np.tile([1.0, 3.0, 7.0], 200)
    model = fit(None, known, target)
    found = predict_mean(model, model_frame(pd.DataFrame({"region": ["south", "west", "north"]})))
    assert found[[2, 0]] == pytest.approx([1.0, 3.0], abs=0.05)
    assert np.isfinite(found[1])


def test_a_text_that_is_missing_throughout_is_read_as_unknown():
    known = model_frame(
        pd.DataFrame({"region": ["north", "south", None] * 200, "late": [True, None, False] * 200})
    )
    model = fit(None, known, np.tile([1.0, 3.0, 7.0], 200))
    found = predict_mean(model, model_frame(pd.DataFrame({"region": [None, None], "late": [False, False]})))
    assert found == pytest.approx([7.0, 7.0], abs=0.05)


def test_a_classifier_predicts_the_mean_of_its_numbers():
    rng = np.random.default_rng(5)
    y = (rng.random(2000) < 0.3).astype(float) * 2.0
    model = fit(LogisticRegression(), pd.DataFrame({"x": rng.standard_normal(2000)}), y)
    assert predict_mean(model, pd.DataFrame({"x": [0.0]}))[0] == pytest.approx(y.mean(), abs=0.05)


def test_the_protected_attributes_are_those_of_the_contract():
    assert {"sex", "education", "marital_status"} <= PROTECTED


@pytest.mark.parametrize("name", ["sex", "education", "marital_status"])
def test_a_protected_attribute_is_refused_by_name(name):
    with pytest.raises(InputError, match=f"{name} cannot be a feature: it is a protected attribute"):
        model_frame(pd.DataFrame({"x": [1.0], name: ["a"]}))


def small_log() -> DecisionLog:
    frame, _ = draw_frame(60, seed=1)
    return DecisionLog.read(frame)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (pd.DataFrame(index=range(60)), "the table of features has no column"),
        (pd.DataFrame({"day": pd.to_datetime(["2024-01-01"] * 60)}), "feature 'day' is a date"),
        (pd.DataFrame({"x": [1.0] * 59}), "the table of features: 59 rows, but the log has 60"),
    ],
)
def test_features_that_cannot_be_read_are_refused(features, message):
    with pytest.raises(InputError, match=message):
        cross_fitted_outcomes(small_log(), features)


def test_an_arm_with_too_few_units_is_refused_by_name():
    with pytest.raises(InputError, match=r"arm '\w+' has \d+ units to learn from; a model needs 20"):
        cross_fitted_outcomes(small_log(), pd.DataFrame({"x": np.zeros(60)}), LinearRegression())


def test_an_id_as_a_feature_is_refused_by_the_default_model():
    features = model_frame(pd.DataFrame({"account_id": [f"A{i}" for i in range(300)]}))
    with pytest.raises(InputError, match="'account_id' has 300 levels; the default model holds 255"):
        fit(None, features, np.zeros(300))


def test_cross_fitting_needs_two_folds_and_two_splits():
    with pytest.raises(InputError, match="all units are of one fold"):
        next(held_out(np.zeros(5, dtype=np.int64), 5))
    with pytest.raises(ParameterError, match="splits is 1"):
        next(held_out(np.arange(5), 1))


def test_the_default_model_repeats_itself():
    frame, _ = draw_frame(300, seed=4)
    first, second = (fit(default_regressor(), frame[["x"]], frame["reward"].to_numpy()) for _ in range(2))
    assert (first.predict(frame[["x"]]) == second.predict(frame[["x"]])).all()
