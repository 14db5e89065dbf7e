"""Allocations as policies for decisions already taken."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from flow_truth import FLOW
from sklearn.linear_model import LinearRegression

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.allocation import (
    AllocationRules,
    Budget,
    Capacity,
    ContactLimit,
    Floor,
    Forbidden,
    allocate,
    offers_from_wide,
)
from analysis.methods.segmentation.treatments.decisions import value_decisions
from analysis.methods.segmentation.treatments.draws import draw_log
from analysis.methods.segmentation.treatments.off_policy import (
    allocated_policy,
    compare_policies,
    policy_mix,
    policy_of_prices,
    rules_in_proportion,
    support,
)
from analysis.statistics.off_policy import policy_gain, policy_value
from analysis.statistics.outcome_model import cross_fitted_outcomes

HOURS = Capacity("agent hours", 300.0, {"agent": 0.5, "agent_plan": 0.7, "robot_then_agent": 0.2}, "hour")
RULES = AllocationRules(capacities=(HOURS,), nothing="robot")


@pytest.fixture(scope="module")
def drawn():
    return draw_log(FLOW, 1500, seed=31)


@pytest.fixture(scope="module")
def valued(drawn):
    return value_decisions(drawn.decisions)


def prices_of(allocation) -> pd.Series:
    return allocation.constraints.set_index("constraint")["price"]


def test_a_unit_takes_the_arm_with_most_value_left_after_its_use_by_hand():
    value = pd.DataFrame({"robot": [10.0, 10.0, 10.0], "agent": [18.0, 21.0, 40.0]}, index=["a", "b", "c"])
    rules = AllocationRules(
        (Capacity("hours", 1.0, {"agent": 0.5}),), Budget(9.0, {"agent": 2.0}), nothing="robot"
    )
    found = policy_of_prices(offers_from_wide(value), rules, pd.Series({"hours": 16.0, "budget": 1.0}))
    assert found["agent"].to_dict() == {"a": 0.0, "b": 1.0, "c": 1.0}
    assert (found.sum(axis=1) == 1).all()


def test_at_prices_of_nothing_each_unit_takes_its_best_arm(drawn):
    found = policy_of_prices(offers_from_wide(drawn.value), RULES, pd.Series({"agent hours": 0.0}))
    assert (found.idxmax(axis=1) == drawn.value.idxmax(axis=1)).all()


def test_at_the_allocations_own_prices_its_units_take_what_it_gave_them_but_for_the_margin(drawn):
    offers = offers_from_wide(drawn.value)
    allocation = allocate(offers, RULES)
    found = policy_of_prices(offers, RULES, prices_of(allocation))
    assert (found.idxmax(axis=1) == allocation.treatment.astype(str)).mean() > 0.995


def test_forbidden_arms_are_not_given_and_customers_keep_their_contact_limit():
    value = pd.DataFrame({"robot": [0.0] * 4, "agent": [5.0, 9.0, 7.0, 8.0]}, index=list("abcd"))
    accounts = pd.DataFrame({"customer_id": list("xxyz"), "need": [False, False, False, True]}, index=list("abcd"))
    rules = AllocationRules(
        contacts=ContactLimit({"agent": 1}, 1), forbidden=(Forbidden("agent", "need", True),), nothing="robot"
    )
    found = policy_of_prices(offers_from_wide(value, accounts), rules, pd.Series(dtype=float))
    assert found["agent"].to_dict() == {"a": 0.0, "b": 1.0, "c": 1.0, "d": 0.0}


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        ({"robot minutes": 1.0}, "prices are given for robot minutes; the rules' constraints are agent hours"),
        ({}, "prices are given for nothing"),
        ({"agent hours": -1.0}, "each is finite and 0 or more"),
    ],
)
def test_prices_that_do_not_fit_the_rules_are_refused(drawn, prices, message):
    with pytest.raises(ParameterError, match=message):
        policy_of_prices(offers_from_wide(drawn.value), RULES, pd.Series(prices, dtype=float))


def test_limits_shrink_in_proportion_and_shares_stay():
    rules = AllocationRules((HOURS,), Budget(1000.0), floors=(Floor("region", "east", 0.2),), nothing="robot")
    found = rules_in_proportion(rules, 0.1)
    assert found.capacities[0].available == pytest.approx(30.0)
    assert found.budget is not None and found.budget.available == pytest.approx(100.0)
    assert found.floors == rules.floors
    assert rules_in_proportion(RULES, 0.5).budget is None
    with pytest.raises(ParameterError, match="share is 0"):
        rules_in_proportion(rules, 0)


def test_the_allocation_run_on_the_logs_units_keeps_its_share_of_the_capacity(drawn):
    shares, allocation = allocated_policy(offers_from_wide(drawn.value), RULES, 0.5)
    use = shares.mul(pd.Series(HOURS.use)).sum().sum()
    assert use <= 150.0
    assert allocation.constraints["limit"].iloc[0] == pytest.approx(150.0, abs=0.2)
    assert shares.index.equals(drawn.value.index)


def test_the_comparison_tells_what_the_estimators_tell_and_totals_are_gains_times_accounts(drawn, valued):
    coded = drawn.features.drop(columns="segment").astype(float)
    outcomes = cross_fitted_outcomes(valued.log, coded, LinearRegression(), 2)
    policy = policy_of_prices(offers_from_wide(drawn.value), RULES, pd.Series({"agent hours": 400.0}))
    found = compare_policies(valued, policy, outcomes=outcomes, accounts=2000)
    own, gain = (each(valued.log, policy, outcomes=outcomes) for each in (policy_value, policy_gain))
    assert found["estimator"].tolist() == ["inverse_propensity", "self_normalised", "doubly_robust"]
    assert found["policy"].tolist() == own["value"].tolist()
    assert found["gain_lower"].tolist() == gain["lower"].tolist()
    assert found["today"].tolist() == pytest.approx([valued.log.reward.mean()] * 3)
    assert found["total_upper"].tolist() == pytest.approx((2000 * gain["upper"]).tolist())
    assert (found["effective_size"] < found["units"]).all()


def test_against_another_policy_the_gain_is_the_difference_of_the_two_values(drawn, valued):
    policy = policy_of_prices(offers_from_wide(drawn.value), RULES, pd.Series({"agent hours": 400.0}))
    found = compare_policies(valued, policy, "robot").set_index("estimator")
    robot = policy_value(valued.log, "robot").set_index("estimator")["value"]
    assert found["today"].to_dict() == pytest.approx(robot.to_dict())
    same = compare_policies(valued, "robot", "robot")
    assert same["gain"].abs().max() == 0


def test_an_arm_never_logged_is_refused_by_name_and_count(drawn, valued):
    value = drawn.value.assign(visit=np.where(np.arange(len(drawn.value)) < 7, 1e6, -1e6))
    policy = policy_of_prices(offers_from_wide(value), RULES, pd.Series({"agent hours": 0.0}))
    with pytest.raises(InputError, match=r"never logged: 'visit' \(7 of 3,000 units\)"):
        compare_policies(valued, policy)
    with pytest.raises(ParameterError, match="accounts is 0"):
        compare_policies(valued, "agent", accounts=0)


def test_the_mix_and_the_support_of_a_policy_are_told(drawn, valued):
    policy = policy_of_prices(offers_from_wide(drawn.value), RULES, pd.Series({"agent hours": 0.0}))
    mix = policy_mix(valued, policy).set_index("arm")
    assert mix["today"].sum() == pytest.approx(1) and mix["policy"].sum() == pytest.approx(1)
    assert mix["policy"]["robot"] == (drawn.value.idxmax(axis=1) == "robot").mean()
    row = support(valued, policy).iloc[0]
    assert row["mean_weight_lower"] < 1 < row["mean_weight_upper"]
    with pytest.raises(InputError, match="the policy has another index"):
        policy_mix(valued, policy.iloc[::-1])
