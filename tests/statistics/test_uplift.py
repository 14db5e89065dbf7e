"""Effects of a treatment by segment, and learners of effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from logged_draws import SHAPE, draw_frame, draw_trial
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from analysis.core.errors import InputError
from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.meta_learners import DoublyRobustLearner, TLearner, Trial, XLearner, cross_fitted_uplift
from analysis.statistics.off_policy import policy_gain
from analysis.statistics.outcome_model import cross_fitted_outcomes
from analysis.statistics.uplift import segment_effects

EFFECTS = {"deep": 0.0, "middle": 0.6, "shallow": 1.5}
LEARNERS = [
    TLearner(LinearRegression()),
    XLearner(LinearRegression(), LinearRegression()),
    DoublyRobustLearner(LinearRegression(), LinearRegression()),
]
NAMES = [type(learner).__name__ for learner in LEARNERS]


def test_the_worked_example_by_hand():
    """North: (6 + 2)/2 − 1 = 3. South, probabilities unequal: (8/.8 + 2/.2) ÷ (1/.8 + 1/.2) − 4 = 3.2 − 4."""
    frame = pd.DataFrame(
        {
            "arm": ["agent", "agent", "robot", "agent", "agent", "robot"],
            "reward": [6.0, 2.0, 1.0, 8.0, 2.0, 4.0],
            "probability": [0.5, 0.5, 0.5, 0.8, 0.2, 0.5],
            "fold": [0, 1, 2, 0, 1, 2],
            "region": ["north"] * 3 + ["south"] * 3,
        }
    )
    found = segment_effects(DecisionLog.read(frame), "agent", "robot", frame[["region"]])
    assert found["region"].tolist() == ["north", "south"]
    assert found["effect"].tolist() == pytest.approx([3.0, -0.8])
    assert found[["units", "treated", "control"]].to_numpy().tolist() == [[3, 2, 1], [3, 2, 1]]
    # Without the one fold that holds the control there is no effect, so nothing can be said of its error.
    assert found["lower"].isna().all()


def test_equal_probabilities_give_the_difference_of_plain_means_with_the_error_of_fold_means():
    frame = draw_trial(640, 1, EFFECTS).assign(fold=np.arange(640))
    found = segment_effects(DecisionLog.read(frame), "agent", "robot").iloc[0]
    sides = [frame.loc[frame["arm"] == arm, "reward"] for arm in ("agent", "robot")]
    assert found["effect"] == pytest.approx(sides[0].mean() - sides[1].mean())
    assert found["se"] == pytest.approx(np.sqrt(sum(side.var() / len(side) for side in sides)), rel=0.01)


@pytest.mark.parametrize("adjusted", [False, True], ids=["means", "scores"])
def test_95_percent_intervals_cover_the_known_effect_of_each_segment(adjusted):
    hits = []
    for seed in range(100):
        frame = draw_trial(900, 300 + seed, EFFECTS, share=0.3)
        log = DecisionLog.read(frame)
        outcomes = cross_fitted_outcomes(log, frame[["x"]], LinearRegression(), splits=2) if adjusted else None
        found = segment_effects(log, "agent", "robot", frame[["segment"]], outcomes)
        truth = found["segment"].map(EFFECTS)
        hits.append(((found["lower"] <= truth) & (truth <= found["upper"])).to_numpy())
    covered = np.mean(hits, axis=0)
    assert (covered > 0.88).all(), covered
    assert 0.91 <= np.mean(covered) <= 0.98


def test_scores_of_a_good_model_narrow_the_intervals():
    frame = draw_trial(3000, 5, EFFECTS)
    log = DecisionLog.read(frame)
    outcomes = cross_fitted_outcomes(log, frame[["x"]], LinearRegression())
    plain, scores = (segment_effects(log, "agent", "robot", frame[["segment"]], each) for each in (None, outcomes))
    assert (scores["se"] < plain["se"]).all()


def test_the_effect_on_all_units_is_the_gain_of_treating_all_over_treating_none():
    frame, _ = draw_frame(800, seed=2)
    log = DecisionLog.read(frame)
    outcomes = cross_fitted_outcomes(log, frame[["x"]], LinearRegression())
    for given, estimator in ((None, "self_normalised"), (outcomes, "doubly_robust")):
        found = segment_effects(log, "agent", "robot", outcomes=given).iloc[0]
        gain = policy_gain(log, "agent", "robot", outcomes).set_index("estimator").loc[estimator]
        assert found[["effect", "se"]].tolist() == pytest.approx(gain[["value", "se"]].tolist())


def test_a_segment_without_an_arm_has_no_effect_and_a_missing_value_is_a_segment():
    frame = draw_trial(300, 3, EFFECTS)
    frame.loc[(frame["segment"] == "deep") & (frame["arm"] == "robot"), "segment"] = None
    found = segment_effects(DecisionLog.read(frame), "agent", "robot", frame[["segment"]])
    rows = found.set_index(found["segment"].fillna("missing"))
    assert rows.loc["deep", "control"] == 0 and np.isnan(rows.loc["deep", "effect"])
    assert rows.loc["missing", "treated"] == 0 and np.isnan(rows.loc["missing", "effect"])
    assert rows["units"].sum() == 300


def test_two_dimensions_of_segments_keep_their_columns():
    frame = draw_trial(600, 4, EFFECTS).assign(side=lambda d: np.where(d["x"] > 0, "up", "down"))
    found = segment_effects(DecisionLog.read(frame), "agent", "robot", frame[["segment", "side"]])
    assert len(found) == 6
    assert list(found.columns[:3]) == ["segment", "side", "units"]


def test_an_arm_never_logged_is_refused_by_name():
    log = DecisionLog.read(draw_trial(100, 1, EFFECTS))
    with pytest.raises(InputError, match="arm 'letter' was never logged; logged arms: agent, robot"):
        segment_effects(log, "letter", "robot")


def trial(frame: pd.DataFrame, features: list[str], control: str = "robot") -> Trial:
    return Trial.between(DecisionLog.read(frame), frame[features], "agent", control)


@pytest.mark.parametrize("learner", LEARNERS, ids=NAMES)
def test_a_learner_finds_an_effect_that_is_linear_in_x_under_unequal_probabilities_and_three_arms(learner):
    frame, _ = draw_frame(6000, seed=7)
    found = learner.fit(trial(frame, ["x"])).predict(pd.DataFrame({"x": [-1.0, 0.0, 1.0]}))
    level, slope = (SHAPE["agent"][i] - SHAPE["robot"][i] for i in (0, 1))
    assert found == pytest.approx([level - slope, level, level + slope], abs=0.2)


@pytest.mark.parametrize("learner", [TLearner(), XLearner(), DoublyRobustLearner(splits=3)], ids=NAMES)
def test_the_default_models_find_the_effects_of_segments_given_as_text(learner):
    frame = draw_trial(3000, 8, {"deep": 0.0, "shallow": 2.0})
    found = learner.fit(trial(frame, ["segment", "x"])).predict(frame[["segment", "x"]])
    by = pd.Series(found).groupby(frame["segment"]).mean()
    assert by.to_dict() == pytest.approx({"deep": 0.0, "shallow": 2.0}, abs=0.25)


def test_the_doubly_robust_learner_is_right_where_the_model_of_rewards_is_not_and_the_t_learner_then_is_not():
    frame, _ = draw_frame(8000, seed=9)
    truth = SHAPE["agent"][0] - SHAPE["robot"][0]
    wrong = DummyRegressor()
    robust = (
        DoublyRobustLearner(wrong, LinearRegression()).fit(trial(frame, ["x"])).predict(pd.DataFrame({"x": [0.0]}))
    )
    plain = TLearner(wrong).fit(trial(frame, ["x"])).predict(pd.DataFrame({"x": [0.0]}))
    assert robust[0] == pytest.approx(truth, abs=0.15)
    assert abs(plain[0] - truth) > 0.3


def test_the_x_learner_is_nearer_than_the_t_learner_where_few_are_treated():
    """Künzel et al. 2019, section 2: a curved reward, the same effect for all, and few treated."""
    errors: dict[str, list[float]] = {"t": [], "x": []}
    for seed in range(10):
        frame = draw_trial(1500, 40 + seed, {"all": 1.0}, share=0.05)
        frame["reward"] += 2.0 * np.sin(3 * frame["x"])
        for name, learner in (("t", TLearner()), ("x", XLearner(effect_model=LinearRegression()))):
            found = learner.fit(trial(frame, ["x"])).predict(frame[["x"]])
            errors[name].append(float(np.mean((found - 1.0) ** 2)))
    assert np.mean(errors["x"]) < 0.5 * np.mean(errors["t"])


def test_a_classifier_of_rewards_gives_effects_in_probability():
    frame = draw_trial(4000, 6, {"all": 1.0})
    frame["reward"] = (frame["reward"] > 0).astype(float)
    found = TLearner(LogisticRegression()).fit(trial(frame, ["x"])).predict(frame[["x"]])
    sides = [frame.loc[frame["arm"] == arm, "reward"].mean() for arm in ("agent", "robot")]
    assert np.mean(found) == pytest.approx(sides[0] - sides[1], abs=0.03)


@pytest.mark.parametrize("learner", LEARNERS, ids=NAMES)
def test_predictions_out_of_fold_do_not_know_the_rewards_of_their_customers(learner):
    frame = draw_trial(600, 2, EFFECTS)
    raised = frame.assign(
        reward=frame["reward"] + np.where(frame["fold"] == 0, 1e4 * (frame["arm"] == "agent"), 0.0)
    )
    one, two = (cross_fitted_uplift(trial(each, ["x"]), learner) for each in (frame, raised))
    own = (frame["fold"] == 0).to_numpy()
    assert one[own].tolist() == pytest.approx(two[own].tolist())
    assert not np.allclose(one[~own], two[~own])


def test_a_trial_of_an_arm_against_itself_or_with_protected_features_or_few_units_is_refused():
    frame = draw_trial(200, 1, EFFECTS)
    with pytest.raises(InputError, match="'agent' is both treatment and control; name two arms of agent, robot"):
        trial(frame, ["x"], control="agent")
    with pytest.raises(InputError, match="sex cannot be a feature"):
        trial(frame.assign(sex="f"), ["x", "sex"])
    few = draw_trial(200, 1, EFFECTS, share=0.05)
    with pytest.raises(InputError, match=r"arm 'agent' has \d+ units to learn from; a model needs 20"):
        TLearner(LinearRegression()).fit(trial(few, ["x"]))
