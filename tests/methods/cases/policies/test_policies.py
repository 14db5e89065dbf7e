"""Proposed policies: rules read as they are written, gains that hold, and refusals with a reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters.cases_policies import LeagueTable, Policies, PolicyRule, ProposedPolicy
from analysis.methods.cases.policies import evaluation
from analysis.methods.cases.policies.against_truth import policies_against_truth

RISKY = ProposedPolicy(
    name="risky",
    arms=(
        PolicyRule(column="product", equals="auto", arm="visit"),
        PolicyRule(column="score", at_least=600, below=640, arm="agent"),
    ),
    otherwise="robot",
)
SEGMENTS = {"names": ["high_risk", "low_risk"], "origination_score_edges": [640.0]}
CHANCE = {"high_risk": {"robot": 0.3, "agent": 0.6}, "low_risk": {"robot": 0.5, "agent": 0.5}}
TRUTH = {
    "segments": SEGMENTS,
    "experiments": {
        "flow": {"outcomes": {"cured_within_1": {name: {"cured": cell} for name, cell in CHANCE.items()}}}
    },
}
DECLARED = Policies(
    experiment="flow",
    proposals=(
        ProposedPolicy(name="all_agents", otherwise="agent"),
        ProposedPolicy(
            name="split",
            arms=(PolicyRule(column="origination_score", below=640, arm="agent"),),
            otherwise="robot",
        ),
        ProposedPolicy(
            name="within",
            arms=(PolicyRule(column="origination_score", below=600, arm="agent"),),
            otherwise="robot",
        ),
    ),
)


def draw_decisions(units: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Decisions with agents at odds that hang on the score, cures by `CHANCE`, and 100 in cash for a cure."""
    rng = np.random.default_rng(seed)
    score = rng.integers(560, 720, units).astype(float)
    share = np.where(score < 640, 0.35, 0.6)
    agent = rng.random(units) < share
    arm = np.where(agent, "agent", "robot")
    segment = np.where(score < 640, "high_risk", "low_risk")
    chance = np.array([CHANCE[s][a] for s, a in zip(segment, arm, strict=True)])
    cured = (rng.random(units) < chance).astype(float)
    frame = pd.DataFrame({"arm": arm, "probability": np.where(agent, share, 1 - share)})
    frame = frame.assign(fold=rng.integers(0, 32, units), cured=cured, back_1=cured, paid=100 * cured)
    frame = frame.assign(cost=np.where(agent, 14.0, 1.5), relief_cost=0.0, complaints=0.0, bucket="1–29")
    return frame, pd.DataFrame({"origination_score": score})


def table_of(units: int, seed: int) -> pd.DataFrame:
    decisions, features = draw_decisions(units, seed)
    judged = evaluation.judged_decisions(decisions)
    made = {one.name: evaluation.decide(one, features) for one in DECLARED.proposals}
    outcomes = {
        name: evaluation.predicted(log, features, ["origination_score"]) for name, log in judged.logs.items()
    }
    return evaluation.policy_table(judged, made, outcomes)


def test_the_first_rule_that_picks_an_account_out_decides_and_a_gap_is_picked_out_by_none():
    features = pd.DataFrame({"score": [599, 600, 640, np.nan, 610], "product": ["card"] * 4 + ["auto"]})
    found = evaluation.decide(RISKY, features)
    assert found["arm"].tolist() == ["robot", "agent", "robot", "robot", "visit"]
    assert found["rule"].tolist() == [0, 2, 0, 0, 1]


def test_a_missing_text_equals_nothing():
    rule = ProposedPolicy(
        name="x", arms=(PolicyRule(column="product", equals="None", arm="visit"),), otherwise="robot"
    )
    features = pd.DataFrame({"product": pd.Series([None, "None"], dtype=object)})
    assert evaluation.decide(rule, features)["arm"].tolist() == ["robot", "visit"]


def test_a_bound_on_text_is_refused_with_the_mend():
    with pytest.raises(ParameterError, match=r"rule on score asks for a number.*\['low'\].*use equals"):
        evaluation.decide(RISKY, pd.DataFrame({"score": ["low"], "product": ["card"]}))


def test_only_what_is_misspelt_is_listed():
    declared = Policies(experiment="flow", proposals=(ProposedPolicy(name="b", otherwise="agnet"),))
    with pytest.raises(ParameterError) as caught:
        evaluation.refuse_misspelt(declared, ["agent", "robot"], ["product"])
    assert "agent, robot" in str(caught.value) and "Features" not in str(caught.value)


def test_all_misspelt_arms_and_columns_are_told_at_once():
    declared = Policies(experiment="flow", proposals=(RISKY, ProposedPolicy(name="b", otherwise="agnet")))
    with pytest.raises(ParameterError) as caught:
        evaluation.refuse_misspelt(declared, ["agent", "robot"], ["product"])
    message = str(caught.value)
    assert "risky: arm visit was never logged; risky: no feature score; b: arm agnet was never logged" in message
    assert "Logged arms of flow: agent, robot. Features: product" in message


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"column": "a", "arm": "x"}, "give below, at_least or both, or else equals"),
        ({"column": "a", "arm": "x", "below": 1, "equals": "b"}, "or else equals"),
        ({"column": "a", "arm": "x", "below": 1, "at_least": 2}, "at_least 2 is not under below 1"),
    ],
)
def test_a_rule_without_one_clear_test_is_refused(rule: dict[str, object], message: str):
    with pytest.raises(ValidationError, match=message):
        PolicyRule(**rule)


def test_proposals_that_share_a_name_and_league_outcomes_that_do_not_fit_are_refused():
    twice = ProposedPolicy(name="a", otherwise="agent")
    with pytest.raises(ValidationError, match="a is given more than once"):
        Policies(proposals=(twice, twice))
    with pytest.raises(ValidationError, match="outcome promise; it can be back or collected"):
        LeagueTable(of="agency", outcome="promise")
    with pytest.raises(ValidationError, match="placements are for agencies alone"):
        LeagueTable(of="agent", outcome="promise", placements=("placement",))


def test_money_is_cash_less_all_costs_and_decisions_without_an_outcome_are_counted():
    decisions, _ = draw_decisions(400, 1)
    decisions.loc[0, ["paid", "cost", "relief_cost", "complaints"]] = [100.0, 14.0, 20.0, 2.0]
    decisions.loc[1, "cured"] = np.nan
    decisions.loc[2, "cost"] = np.nan
    judged = evaluation.judged_decisions(decisions, complaint_cost=5.0)
    assert judged.logs["value"].reward[0] == pytest.approx(100 - 14 - 20 - 10)
    assert (judged.left_out, judged.without_cost) == (1, 1)
    assert judged.logs["cured"].index.equals(judged.logs["value"].index)


def test_missing_probabilities_are_refused_with_the_count():
    decisions, _ = draw_decisions(400, 1)
    decisions.loc[:6, "probability"] = np.nan
    with pytest.raises(InputError, match="7 of 400 decisions have no recorded probability"):
        evaluation.judged_decisions(decisions)
    with pytest.raises(InputError, match="fewer than 500 decisions have a known outcome"):
        evaluation.judged_decisions(draw_decisions(400, 1)[0], least=500)


def test_gains_hold_the_truth_and_the_better_policy_is_found():
    """Agents for high risk cure .3 more there: half of accounts, of which .35 have agents already."""
    truth = 0.5 * 0.3 * 0.65
    hits = []
    for seed in range(20):
        found = table_of(3000, seed).query("reward == 'cured' and estimator == 'doubly_robust'")
        row = found.set_index("policy").loc["split"]
        hits.append(row["all_lower"] <= truth <= row["all_upper"])
        assert row["verdict"] == "better"
        assert row["all_lower"] <= row["gain_lower"] and row["gain_upper"] <= row["all_upper"]
    assert np.mean(hits) >= 0.9


def test_only_the_doubly_robust_rows_are_corrected_and_judged():
    found = table_of(800, 3)
    others = found[found["estimator"] != "doubly_robust"]
    assert others["p_all"].isna().all() and (others["verdict"] == "").all()
    assert found["compared"].dropna().eq(6).all()


def test_a_policy_that_is_todays_rule_is_the_same():
    decisions, _ = draw_decisions(500, 2)
    ruled = decisions.assign(arm="robot", probability=1.0)
    judged = evaluation.judged_decisions(ruled)
    same = {"today": pd.DataFrame({"arm": ruled["arm"], "rule": 0})}
    outcomes = {name: pd.DataFrame({"robot": 0.0}, index=log.index) for name, log in judged.logs.items()}
    found = evaluation.policy_table(judged, same, outcomes).query("estimator == 'doubly_robust'")
    assert found["verdict"].eq("same").all()
    assert found["gain"].abs().max() < 1e-9


def alarms(decisions: pd.DataFrame, features: pd.DataFrame) -> int:
    """Proposals whose mean weight speaks against the recorded chances."""
    made = {one.name: evaluation.decide(one, features) for one in DECLARED.proposals}
    found = evaluation.policy_support(evaluation.judged_decisions(decisions), made, decisions["bucket"])
    return int(((found["mean_weight_lower"] > 1) | (found["mean_weight_upper"] < 1)).sum())


def test_right_chances_raise_no_alarm_and_wrong_ones_do():
    # At 95% each, one in eight of these sound logs would be called wrong.
    assert sum(alarms(*draw_decisions(1500, seed)) > 0 for seed in range(60)) <= 1
    decisions, features = draw_decisions(1500, 3)
    halved = decisions.assign(probability=decisions["probability"] ** 1.5)
    assert alarms(halved, features) >= 2


def test_an_arm_never_logged_for_such_accounts_is_outside_the_log():
    decisions, features = draw_decisions(600, 4)
    young = features["origination_score"] < 600
    decisions.loc[young, "arm"] = "robot"
    judged = evaluation.judged_decisions(decisions)
    made = {DECLARED.proposals[2].name: evaluation.decide(DECLARED.proposals[2], features)}
    found = evaluation.policy_support(judged, made, decisions["bucket"]).iloc[0]
    assert found["unsupported"] == pytest.approx(young.mean())
    assert evaluation.agreeing(judged, made)["within"] == int((made["within"]["arm"] == decisions["arm"]).sum())


def test_true_gains_are_those_of_the_segments_and_policies_within_segments_are_not_told():
    decisions, features = draw_decisions(4000, 6)
    made = {one.name: evaluation.decide(one, features) for one in DECLARED.proposals}
    found = policies_against_truth(decisions, features, made, TRUTH, "flow", ["origination_score"])
    assert found["arm"].tolist() == ["all_agents", "split"]
    low = features["origination_score"] < 640
    today = decisions["arm"] == "agent"
    expected = 0.3 * (low & ~today).mean()
    assert found["truth"].tolist() == pytest.approx([expected, expected])
    assert found["covered"].all()
    assert policies_against_truth(decisions, features, made, TRUTH, "other").empty
