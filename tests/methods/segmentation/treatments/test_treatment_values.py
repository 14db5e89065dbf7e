"""Randomised decisions valued in money, and the model of what each arm brings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from flow_truth import FLOW
from sklearn.linear_model import LinearRegression

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.allocation import AllocationRules, allocate, offers_from_table
from analysis.methods.segmentation.treatments.decisions import arm_effects, value_decisions
from analysis.methods.segmentation.treatments.draws import draw_log
from analysis.methods.segmentation.treatments.expected_values import (
    ArmValues,
    cross_fitted_values,
    unexplained_effects,
)
from analysis.methods.segmentation.treatments.shrinkage import Modifiers, shrunken_effects


def five_decisions() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment_id": "early_contact",
            "arm": ["late", "late", "early", "early", "early"],
            "probability": [0.5] * 5,
            "fold": [0, 1, 0, 1, 1],
            "paid": [100.0, 300.0, 400.0, 600.0, np.nan],
            "cost": [1.0, 1.0, 5.0, np.nan, 5.0],
            "complaints": [0.0, 1.0, 0.0, 2.0, 0.0],
            "cured": [0.0, 1.0, 1.0, 1.0, np.nan],
            "attempts": [2.0, 4.0, 3.0, 7.0, 1.0],
        },
        index=list("abcde"),
    )


@pytest.fixture(scope="module")
def drawn():
    return draw_log(FLOW, 1500, seed=11)


@pytest.fixture(scope="module")
def valued(drawn):
    return value_decisions(drawn.decisions, 200.0)


@pytest.fixture(scope="module")
def out_of_fold(drawn, valued):
    return cross_fitted_values(valued, drawn.features, splits=2)


def test_the_value_of_a_decision_is_its_cash_less_its_costs_by_hand():
    found = value_decisions(five_decisions(), complaint_cost=50.0)
    assert found.money["value"].tolist() == [99.0, 249.0, 395.0, 500.0]
    assert found.log.reward.tolist() == [99.0, 249.0, 395.0, 500.0]
    assert found.money["complaint_cost"].tolist() == [0.0, 50.0, 0.0, 100.0]
    assert found.left_out == 1
    assert list(found.log.index) == list("abcd")


def test_the_effects_of_the_components_add_up_to_the_effect_on_the_value_by_hand():
    found = arm_effects(value_decisions(five_decisions(), 50.0), "late").set_index("measure")["effect"]
    told = {"recovery": 300.0, "cost": 1.5, "complaint_cost": 25.0, "relief_cost": 0.0, "value": 273.5}
    assert found.drop("success").to_dict() == pytest.approx(told)
    assert found["success"] == pytest.approx(0.5)
    assert found["value"] == pytest.approx(found["recovery"] - found[["cost", "complaint_cost"]].sum())


def test_calls_are_averaged_over_the_arm_by_the_inverse_of_its_probability():
    frame = five_decisions().assign(probability=[0.5, 0.5, 0.25, 0.75, 0.5])
    assert value_decisions(frame).calls_an_account("early") == pytest.approx((3 * 4 + 7 / 0.75) / (4 + 1 / 0.75))
    with pytest.raises(InputError, match="no calls are recorded under arm 'early'"):
        value_decisions(frame.drop(columns="attempts")).calls_an_account("early")
    assert value_decisions(frame.assign(calls=2.0)).calls_an_account("early") == pytest.approx(2.0)


def test_decisions_without_recorded_probabilities_are_refused_by_name_and_count():
    frame = five_decisions()
    frame.loc[["a", "b"], "probability"] = np.nan
    with pytest.raises(
        InputError, match="experiment 'early_contact': 2 of 5 decisions have no recorded probability"
    ):
        value_decisions(frame)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"paid": np.nan},
            "experiment 'early_contact': of none of 5 decisions all outcomes are known .paid of 0, cured of 4",
        ),
        ({"experiment_id": list("xxyyy")}, "decisions of 2 experiments together: x, y; give one"),
    ],
)
def test_decisions_that_cannot_be_valued_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        value_decisions(five_decisions().assign(**change))


def test_an_absent_column_and_a_negative_complaint_cost_are_refused():
    with pytest.raises(InputError, match="its decisions have no column cured; they have experiment_id"):
        value_decisions(five_decisions().drop(columns="cured"))
    with pytest.raises(ParameterError, match="complaint_cost is -1"):
        value_decisions(five_decisions(), complaint_cost=-1.0)


def test_slopes_vanish_where_effects_differ_by_chance_alone_and_stay_where_they_differ():
    rng = np.random.default_rng(3)
    design = rng.standard_normal((4000, 4))
    noise = rng.standard_normal(4000) * (1 + np.abs(design[:, 0]))
    kept = [
        np.abs(shrunken_effects(design, 2.0 + noise[rng.permutation(4000)])[1:]).sum()
        / np.abs(LinearRegression().fit(design, 2.0 + noise).coef_).sum()
        for _ in range(20)
    ]
    assert np.median(kept) < 0.5
    found = shrunken_effects(design, 2.0 + design @ np.array([1.0, -0.5, 0.0, 0.0]) + noise)
    assert found == pytest.approx([2.0, 1.0, -0.5, 0.0, 0.0], abs=0.12)


def test_the_mean_effect_is_not_drawn_towards_nothing():
    rng = np.random.default_rng(4)
    design = rng.standard_normal((500, 3))
    scores = 0.05 + rng.standard_normal(500)
    ordinary = LinearRegression().fit(design, scores).intercept_
    assert shrunken_effects(design, scores)[0] == pytest.approx(ordinary)


def test_modifiers_are_held_within_three_deviations_and_unknown_levels_and_missing_numbers_are_neutral():
    known = pd.DataFrame({"x": [1.0, 2.0, 3.0, np.nan], "kind": ["a", "b", "a", "b"]})
    coding = Modifiers().learn(known)
    found = coding.code(pd.DataFrame({"x": [2.0, 1e9, np.nan], "kind": ["a", "c", "b"]}))
    assert found[:, 0].tolist() == pytest.approx([0.0, 3.0, 0.0])
    assert found.shape == (3, 3)
    with pytest.raises(ParameterError, match="modifiers: region; name some of x, kind"):
        Modifiers(["x", "region"]).learn(known)


def test_protected_attributes_are_no_features_of_a_value(drawn, valued):
    with pytest.raises(InputError, match="sex cannot be a feature"):
        ArmValues().fit(valued, drawn.features.assign(sex="f"))


def test_an_unknown_route_is_refused():
    with pytest.raises(ParameterError, match="route is 'cash'; use one of success, money"):
        ArmValues(route="cash")


@pytest.mark.parametrize("route", ["success", "money"])
def test_where_effects_are_large_the_arms_picked_out_of_fold_realise_most_of_what_the_best_would(route):
    strong = replace(FLOW, effects=tuple(tuple(4 * effect for effect in row) for row in FLOW.effects))
    log = draw_log(strong, 1500, seed=12)
    values = cross_fitted_values(value_decisions(log.decisions), log.features, ArmValues(route=route), splits=2)
    picked = log.value.columns.get_indexer(values.value.idxmax(axis=1))
    realised = log.value.to_numpy()[np.arange(len(picked)), picked].mean()
    chance, best = log.value.mean(axis=1).mean(), log.value.max(axis=1).mean()
    assert realised - chance > 0.75 * (best - chance)


@pytest.mark.parametrize("route", ["success", "money"])
def test_values_do_not_know_the_rewards_of_their_customers(drawn, route):
    own = (drawn.decisions["fold"] == 0).to_numpy()
    raised = drawn.decisions.assign(paid=lambda d: d["paid"] + np.where(own, 1e5 * (d["arm"] == "agent"), 0.0))
    learner = ArmValues(["segment"], route, LinearRegression())
    coded = drawn.features.assign(segment=drawn.features["segment"].map({"high_risk": 0, "middle_risk": 1}))
    coded = coded.fillna(2.0).astype(float)
    one, two = (
        cross_fitted_values(value_decisions(frame), coded, learner, splits=2)
        for frame in (drawn.decisions, raised)
    )
    assert np.allclose(one.recovery[own], two.recovery[own])
    assert not np.allclose(one.recovery[~own], two.recovery[~own])


def test_success_is_a_probability_near_the_truth_by_segment(drawn, out_of_fold):
    assert out_of_fold.success.to_numpy().min() >= 0 and out_of_fold.success.to_numpy().max() <= 1
    expected, true = (
        table.groupby(drawn.features["segment"]).mean()[list(FLOW.arms)].to_numpy()
        for table in (out_of_fold.success, drawn.success)
    )
    assert np.abs(expected - true).max() < 0.1


def test_values_of_today_s_accounts_become_offers_of_an_allocation(drawn, valued):
    coded = drawn.features[["amount_due", "strain"]]
    model = ArmValues(["strain"], model=LinearRegression()).fit(valued, coded)
    today = coded.head(40)
    values = model.predict(today)
    accounts = pd.Series([f"A{i}" for i in range(40)], index=today.index)
    offers = offers_from_table(values.offers(accounts))
    assert pytest.approx(values.value[list(offers.treatments)].to_numpy()) == offers.value.T
    found = allocate(offers, AllocationRules(nothing="robot"))
    assert found.value == pytest.approx(values.value.max(axis=1).sum())
    with pytest.raises(InputError, match="account_id has another index"):
        values.offers(accounts.reset_index(drop=True).iloc[::-1])


def test_costs_are_not_modelled_but_are_the_arms_own(out_of_fold):
    assert out_of_fold.losses["cost"].to_dict() == pytest.approx(dict(zip(FLOW.arms, FLOW.cost, strict=True)))
    gap = out_of_fold.recovery - out_of_fold.value
    assert gap["agent"].iloc[0] == pytest.approx(out_of_fold.losses.loc["agent"].sum())


def test_an_effect_on_cash_that_does_not_pass_through_cure_is_told(drawn):
    raised = drawn.decisions.assign(paid=lambda d: d["paid"] + 3000.0 * (d["arm"] == "agent_plan"))
    for frame, beyond in ((drawn.decisions, False), (raised, True)):
        decided = value_decisions(frame)
        values = cross_fitted_values(decided, drawn.features, splits=2)
        found = unexplained_effects(decided, values, "robot").set_index("arm").loc["agent_plan"]
        assert (found["lower"] > 0) == beyond, found


def test_expectations_out_of_fold_leave_mean_effects_within_the_error_of_the_plain_means(valued, out_of_fold):
    plain, adjusted = (
        arm_effects(valued, "robot", outcomes=outcomes).set_index(["arm", "measure"])
        for outcomes in (None, out_of_fold.by_measure)
    )
    apart = (adjusted["effect"] - plain["effect"]).abs() / plain["se"]
    rows = [(arm, measure) for arm in ("agent", "agent_plan") for measure in ("recovery", "value")]
    assert apart.loc[rows].max() < 2
    assert (adjusted.loc[("agent", "cost"), "effect"]) == pytest.approx(12.5)


@pytest.mark.filterwarnings("error")
def test_a_number_missing_throughout_modifies_nothing():
    found = Modifiers().learn(pd.DataFrame({"x": [np.nan, np.nan], "y": [1.0, 3.0]}))
    assert found.code(pd.DataFrame({"x": [5.0], "y": [3.0]})).tolist() == [[0.0, 1.0]]
