"""Values of policies held to the truth of the logs they are read from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from flow_truth import FLOW
from sklearn.linear_model import LinearRegression

from analysis.methods.segmentation.allocation import AllocationRules, Capacity, offers_from_wide
from analysis.methods.segmentation.treatments.decisions import value_decisions
from analysis.methods.segmentation.treatments.draws import SEGMENTS, DrawnLog, cure_probabilities, draw_log
from analysis.methods.segmentation.treatments.expected_values import ArmValues, cross_fitted_values
from analysis.methods.segmentation.treatments.off_policy import compare_policies, policy_of_prices
from analysis.statistics.outcome_model import cross_fitted_outcomes

LOGS = 80
HOURS = Capacity("hours", 1.0, {"agent": 0.5, "agent_plan": 0.7, "robot_then_agent": 0.2})
RULES = AllocationRules(capacities=(HOURS,), nothing="robot")


def by_amount(features: pd.DataFrame) -> pd.DataFrame:
    """Agents with a plan the likelier the more is due, robots else."""
    share = (features["amount_due"] / (features["amount_due"] + FLOW.due[0])).to_numpy()
    table = pd.DataFrame(0.0, index=features.index, columns=list(FLOW.arms))
    return table.assign(agent_plan=share, robot=1 - share)


def at_prices(features: pd.DataFrame) -> pd.DataFrame:
    """The policy of a price of hours, on a fixed rule of thumb for what arms bring."""
    lift = pd.DataFrame(
        {"robot": 0.0, "agent": 0.03, "agent_plan": 0.05, "robot_then_agent": 0.02}, features.index
    )
    value = lift.mul(features["amount_due"] * np.where(features["revolving"], 9.0, 4.0), axis=0)
    return policy_of_prices(offers_from_wide(value), RULES, pd.Series({"hours": 200.0}))[list(FLOW.arms)]


POLICIES = {"by amount": by_amount, "at prices": at_prices}


def true_value(name: str) -> tuple[float, float]:
    """Of the policy and of the logging policy, over 400,000 accounts."""
    drawn = draw_log(FLOW, 200_000, seed=7)
    policy = POLICIES[name](drawn.features)
    return tuple(float((shares * drawn.value).sum(axis=1).mean()) for shares in (policy, drawn.probabilities))


def judged(drawn: DrawnLog, name: str) -> pd.DataFrame:
    valued = value_decisions(drawn.decisions)
    coded = drawn.features[["amount_due", "strain"]].assign(revolving=drawn.features["revolving"].astype(float))
    outcomes = cross_fitted_outcomes(valued.log, coded, LinearRegression(), 2)
    return compare_policies(valued, POLICIES[name](drawn.features), outcomes=outcomes).set_index("estimator")


@pytest.mark.parametrize("name", POLICIES)
def test_estimates_are_unbiased_and_intervals_cover_the_known_value_and_gain_of_a_policy(name):
    """80 logs here, so the limits are wide; benchmarks/uplift_coverage.py does it with 1,000."""
    value, logged = true_value(name)
    found = pd.concat([judged(draw_log(FLOW, 1000, seed=3000 + i), name) for i in range(LOGS)], keys=range(LOGS))
    for estimator, rows in found.groupby(level=1):
        for column, true in (("policy", value), ("gain", value - logged)):
            error = rows[column] - true
            assert abs(error.mean()) < 3.5 * error.std() / np.sqrt(LOGS), (estimator, column, error.mean())
            covered = ((rows[f"{column}_lower"] <= true) & (true <= rows[f"{column}_upper"])).mean()
            assert 0.87 < covered < 1.0, (estimator, column, covered)


def test_the_generator_has_the_cure_probabilities_of_the_logistic_hazard_by_hand():
    """Two months with the arm's effect, one without; those that never cure taken off."""
    odds = np.array([0.2])
    found = cure_probabilities(FLOW, np.array([0]), odds)[0]
    for place, effect in enumerate(FLOW.effects[0]):
        hazards = [1 / (1 + np.exp(-(base + 0.2 + effect * (m < 2)))) for m, base in enumerate(FLOW.base)]
        assert found[place] == pytest.approx((1 - FLOW.never) * (1 - np.prod([1 - h for h in hazards])))


def test_decisions_follow_their_recorded_probabilities_and_outcomes_their_true_ones():
    drawn = draw_log(FLOW, 50_000, seed=2)
    shares = pd.crosstab(drawn.features["segment"], drawn.decisions["arm"], normalize="index")
    told = drawn.probabilities.groupby(drawn.features["segment"]).mean()
    assert np.abs(shares[list(FLOW.arms)] - told).to_numpy().max() < 0.012
    place = drawn.success.columns.get_indexer(drawn.decisions["arm"])
    own = drawn.success.to_numpy()[np.arange(len(place)), place]
    assert drawn.decisions["cured"].mean() == pytest.approx(own.mean(), abs=0.005)
    cash = drawn.value + np.array(FLOW.cost)
    expected = cash.to_numpy()[np.arange(len(place)), place].mean()
    assert drawn.decisions["paid"].mean() == pytest.approx(expected, rel=0.02)
    assert set(drawn.features["segment"]) == set(SEGMENTS)


def test_the_value_of_a_policy_learnt_out_of_fold_is_not_flattered_on_its_own_log():
    """Where no arm does anything, a learner that had seen its units would find arms that seem to."""
    idle = replace(FLOW, effects=((0.0,) * 4,) * 3)
    errors = []
    for seed in range(30):
        drawn = draw_log(idle, 300, seed=60 + seed)
        valued = value_decisions(drawn.decisions)
        coded = drawn.features[["amount_due", "strain"]]
        learner = ArmValues(route="money", model=LinearRegression())
        values = cross_fitted_values(valued, coded, learner, splits=4)
        policy = policy_of_prices(offers_from_wide(values.value), RULES, pd.Series({"hours": 0.0}))
        found = compare_policies(valued, policy).set_index("estimator").loc["self_normalised", "policy"]
        errors.append(found - (policy[list(FLOW.arms)] * drawn.value).sum(axis=1).mean())
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors)), np.mean(errors)
