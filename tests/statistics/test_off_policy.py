"""Values of proposed policies from logged decisions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logged_draws import TRUE_VALUE, draw_frame, draw_log, proposed, true_outcomes

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.off_policy import ESTIMATORS, policy_gain, policy_value, robust_scores

FOUR = pd.DataFrame(
    {
        "arm": ["agent", "agent", "robot", "robot"],
        "reward": [10.0, 20.0, 4.0, 8.0],
        "probability": [0.5, 0.25, 0.5, 0.75],
        "fold": [0, 1, 0, 1],
    }
)
PREDICTED = pd.DataFrame({"agent": [12.0, 18.0, 10.0, 10.0], "robot": [5.0, 5.0, 5.0, 5.0]})


def values(table: pd.DataFrame) -> dict[str, float]:
    return dict(zip(table["estimator"], table["value"], strict=True))


def test_the_worked_example_by_hand():
    """Weights 2, 4, 0, 0: (2·10 + 4·20) ÷ 4; the same ÷ 6; (50 + 2·(10 − 12) + 4·(20 − 18)) ÷ 4."""
    found = policy_value(DecisionLog.read(FOUR), "agent", PREDICTED)
    assert values(found) == pytest.approx(dict(zip(ESTIMATORS, (25.0, 100 / 6, 13.5), strict=True)))
    assert found["effective_size"].tolist() == pytest.approx([1.8] * 3)
    # Without fold 0 it is 80/2, without fold 1 20/2: √(½·(15² + 15²)) = 15, and t at one degree of freedom.
    first = found.iloc[0]
    assert first["se"] == pytest.approx(15.0)
    assert first["upper"] - first["value"] == pytest.approx(12.7062047 * 15)


def test_a_mixed_policy_weighs_by_its_own_probabilities():
    shares = pd.DataFrame({"robot": [0.5] * 4, "agent": [0.5] * 4})
    found = values(policy_value(DecisionLog.read(FOUR), shares))
    assert found["inverse_propensity"] == pytest.approx((10 + 2 * 20 + 4 + 8 * 2 / 3) / 4)


def test_the_logging_policy_itself_has_the_mean_reward_of_the_log():
    frame, shares = draw_frame(400, seed=3)
    found = policy_value(DecisionLog.read(frame), shares)
    assert found["value"].tolist() == pytest.approx([frame["reward"].mean()] * 2)
    assert found["effective_size"].tolist() == pytest.approx([400.0] * 2)


def test_inverse_propensity_is_unbiased_over_logs():
    draws = []
    for seed in range(400):
        log, x = draw_log(400, seed)
        draws.append(policy_value(log, proposed(x)).loc[0, "value"])
    error = np.std(draws, ddof=1) / np.sqrt(len(draws))
    assert abs(np.mean(draws) - TRUE_VALUE) < 3 * error
    # The mean reward of those who happened to get the proposed arm is not: agents went to where they bring most.
    assert error < 0.01


@given(st.integers(0, 50), st.floats(-1e3, 1e3))
def test_a_constant_added_to_rewards_moves_the_self_normalised_value_by_just_that(seed, constant):
    frame, _ = draw_frame(60, seed)
    policy = proposed(frame["x"].to_numpy())
    before = policy_value(DecisionLog.read(frame), policy).loc[1]
    after = policy_value(DecisionLog.read(frame.assign(reward=frame["reward"] + constant)), policy).loc[1]
    assert after["value"] - before["value"] == pytest.approx(constant, abs=1e-8)
    assert after["se"] == pytest.approx(before["se"], rel=1e-6, abs=1e-8)


def test_a_constant_added_to_rewards_moves_inverse_propensity_by_the_mean_weight():
    log = DecisionLog.read(FOUR.assign(reward=FOUR["reward"] + 1))
    assert policy_value(log, "agent").loc[0, "value"] == pytest.approx(25 + 6 / 4)


def doubly_robust_bias(outcomes_right: bool, probabilities_right: bool) -> tuple[float, float]:
    """Mean error of the doubly robust value over 200 logs, and the standard error of that mean."""
    errors = []
    for seed in range(200):
        frame, _ = draw_frame(600, 5000 + seed)
        x = frame["x"].to_numpy()
        if not probabilities_right:
            frame["probability"] = 1 / 3
        outcomes = true_outcomes(x, frame.index) if outcomes_right else 0.0 * true_outcomes(x, frame.index)
        table = policy_value(DecisionLog.read(frame), proposed(x), outcomes)
        errors.append(values(table)["doubly_robust"] - TRUE_VALUE)
    return float(np.mean(errors)), float(np.std(errors, ddof=1) / np.sqrt(len(errors)))


@pytest.mark.parametrize(("outcomes", "probabilities"), [(True, True), (True, False), (False, True)])
def test_the_doubly_robust_value_is_right_where_either_model_is(outcomes, probabilities):
    bias, error = doubly_robust_bias(outcomes, probabilities)
    assert abs(bias) < 3 * error


def test_the_doubly_robust_value_is_wrong_where_both_models_are():
    bias, error = doubly_robust_bias(False, False)
    assert abs(bias) > 10 * error


def test_95_percent_intervals_cover_the_value_where_customers_hang_together():
    hits = []
    for seed in range(300):
        log, x = draw_log(1000, 9000 + seed)
        outcomes = true_outcomes(x, log.index)
        found = policy_value(log, proposed(x), outcomes)
        hits.append(((found["lower"] <= TRUE_VALUE) & (found["upper"] >= TRUE_VALUE)).to_numpy())
    covered = np.mean(hits, axis=0)
    assert ((covered >= 0.91) & (covered <= 0.985)).all(), covered


def test_a_good_outcome_model_narrows_the_interval():
    log, x = draw_log(2000, seed=1)
    se = policy_value(log, proposed(x), true_outcomes(x, log.index)).set_index("estimator")["se"]
    assert se["doubly_robust"] < 0.75 * se["inverse_propensity"]


def test_scores_average_to_the_doubly_robust_value_of_an_arm():
    log, x = draw_log(500, seed=4)
    outcomes = true_outcomes(x, log.index) * 0.5
    scores = robust_scores(log, outcomes).mean(axis=0)
    for arm, score in zip(log.arms, scores, strict=True):
        assert values(policy_value(log, arm, outcomes))["doubly_robust"] == pytest.approx(score)


def test_a_policy_gains_nothing_over_itself():
    log, x = draw_log(300, seed=2)
    found = policy_gain(log, proposed(x), proposed(x), true_outcomes(x, log.index))
    assert found["value"].tolist() == [0.0] * 3


def test_the_gain_over_the_decisions_taken_is_the_difference_of_the_values_with_a_sharper_interval():
    log, x = draw_log(2000, seed=6)
    value, gain = (
        f(log, proposed(x), outcomes=true_outcomes(x, log.index)).set_index("estimator")
        for f in (policy_value, policy_gain)
    )
    assert gain["value"].tolist() == pytest.approx((value["value"] - log.reward.mean()).tolist())
    robust = gain.loc["doubly_robust"]
    own = np.std([log.reward[log.fold == fold].mean() for fold in range(32)], ddof=1) / np.sqrt(32)
    assert robust["se"] < np.hypot(value.loc["doubly_robust", "se"], own)


def test_the_gain_over_another_policy_is_the_difference_of_their_values():
    log, x = draw_log(500, seed=8)
    found = values(policy_gain(log, "agent", "robot", true_outcomes(x, log.index)))
    sides = [values(policy_value(log, arm, true_outcomes(x, log.index))) for arm in ("agent", "robot")]
    assert found == pytest.approx({name: sides[0][name] - sides[1][name] for name in ESTIMATORS})


def test_one_fold_gives_a_value_without_limits():
    found = policy_value(DecisionLog.read(FOUR.assign(fold=7)), "agent").iloc[0]
    assert found["value"] == 25.0
    assert np.isnan(found["lower"]) and np.isnan(found["se"])


def test_a_proposed_arm_that_was_never_logged_is_refused_by_name():
    log = DecisionLog.read(FOUR)
    message = r"never logged: 'letter' \(3 of 4 units\). Logged arms: agent, robot"
    with pytest.raises(InputError, match=message):
        policy_value(log, ["letter", "letter", "agent", "letter"])
    with pytest.raises(InputError, match=r"never logged: 'letter' \(4 of 4 units\)"):
        policy_value(log, pd.DataFrame({"agent": [0.9] * 4, "letter": [0.1] * 4}))


def test_an_unlogged_arm_that_the_policy_never_gives_is_no_matter():
    shares = pd.DataFrame({"agent": [1.0] * 4, "letter": [0.0] * 4})
    assert values(policy_value(DecisionLog.read(FOUR), shares))["inverse_propensity"] == 25.0


def test_units_that_could_not_have_received_the_proposed_arm_are_refused_unless_allowed():
    recorded = pd.DataFrame({"agent": [0.5, 0.25, 0.5, 0.0], "robot": [0.5, 0.75, 0.5, 1.0]})
    frame = FOUR.assign(probability=[0.5, 0.25, 0.5, 1.0])
    log = DecisionLog.read(frame, probabilities=recorded)
    with pytest.raises(InputError, match=r"25.0% of units .* 'agent' \(1 of 4\)"):
        policy_value(log, "agent")
    assert values(policy_value(log, "agent", allow_unsupported=0.25))["inverse_propensity"] == 25.0
    with pytest.raises(ParameterError, match="allow_unsupported is 2"):
        policy_value(log, "agent", allow_unsupported=2)


def test_a_policy_that_no_decision_agrees_with_is_refused():
    with pytest.raises(InputError, match="none of 4 units received an arm"):
        policy_value(DecisionLog.read(FOUR), ["robot", "robot", "agent", "agent"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"probability": [0.5, 0.0, 0.5, 0.5]},
            r"'probability' is outside \(0, 1\] in 1 of 4 decisions \(rows 1\)",
        ),
        (
            {"probability": [0.5, np.nan, 0.5, np.nan]},
            r"'probability' is missing in 2 of 4 decisions \(rows 1, 3\)",
        ),
        ({"reward": [1.0, np.inf, 0.0, 0.0]}, "'reward' is infinite in 1 of 4"),
        ({"reward": ["1", "2", "3", "4"]}, "'reward' in the log of decisions holds .*, not numbers"),
        ({"fold": [None, 1, 1, 1]}, "'fold' is missing in 1 of 4"),
    ],
)
def test_a_log_that_cannot_be_used_says_which_column_and_rows(change, message):
    with pytest.raises(InputError, match=message):
        DecisionLog.read(FOUR.assign(**change))


def test_absent_columns_and_empty_logs_are_refused():
    with pytest.raises(InputError, match="has no column probability; it has arm, reward, fold"):
        DecisionLog.read(FOUR.drop(columns="probability"))
    with pytest.raises(InputError, match="the log of decisions is empty"):
        DecisionLog.read(FOUR.head(0))


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (["agent"], "the policy has 1 decisions, the log 4"),
        (["agent", None, "robot", "robot"], r"the policy has no arm in 1 of 4 decisions \(rows 1\)"),
        (pd.Series(["agent"] * 4, index=[3, 2, 1, 0]), "the policy: another index than the log's"),
        (pd.DataFrame({"agent": [0.5] * 4, "robot": [0.4] * 4}), "the policy doesn't sum to 1 in 4 of 4"),
        (pd.DataFrame({"agent": [1.5] * 4, "robot": [-0.5] * 4}), "the policy has values outside 0 to 1"),
        (pd.DataFrame({"agent": [1.0] * 3}), "the policy: 3 rows, but the log has 4"),
    ],
)
def test_a_policy_that_does_not_fit_the_log_says_why(policy, message):
    with pytest.raises(InputError, match=message):
        policy_value(DecisionLog.read(FOUR), policy)


def test_recorded_probabilities_that_disagree_with_those_of_the_arm_taken_are_refused():
    recorded = pd.DataFrame({"agent": [0.5] * 4, "robot": [0.5] * 4})
    with pytest.raises(
        InputError, match=r"differs from that in the table of all arms in 2 of 4 decisions \(rows 1, 3"
    ):
        DecisionLog.read(FOUR, probabilities=recorded)
    with pytest.raises(InputError, match="recorded probabilities has no column for robot"):
        DecisionLog.read(FOUR, probabilities=recorded[["agent"]] * 2)


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        (PREDICTED[["agent"]], "predicted outcomes has no column for robot"),
        (PREDICTED.replace(5.0, np.nan), "missing or infinite for 4 of 4 units"),
        (PREDICTED.head(2), "predicted outcomes: 2 rows, but the log has 4"),
    ],
)
def test_predictions_that_do_not_fit_the_log_are_refused(outcomes, message):
    with pytest.raises(InputError, match=message):
        policy_value(DecisionLog.read(FOUR), "agent", outcomes)
