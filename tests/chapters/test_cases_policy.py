"""What the case-study chapter says of proposed policies, and that its numbers agree with each other."""

from __future__ import annotations

import re

import numpy as np
from chapter_runs import Left

from analysis.core.parameters.cases_policies import Policies

PROPOSED = {one.name for one in Policies().proposals}


def part(left: Left) -> str:
    """Prose of the section."""
    return re.split(r"\n## ", left.prose.split("{#sec-cases-policy}")[1])[0]


def test_every_proposal_is_judged_three_ways_in_cures_and_in_money(cases: Left) -> None:
    table = cases.table("policy_value")
    assert set(table["policy"]) == PROPOSED
    assert table.groupby(["policy", "reward"]).size().eq(3).all()
    assert np.allclose(table["value"] - table["gain"], table["today"])


def test_corrected_limits_are_wider_than_those_of_a_policy_alone(cases: Left) -> None:
    robust = cases.table("policy_value").query("estimator == 'doubly_robust'")
    assert (robust["all_lower"] <= robust["gain_lower"]).all()
    assert (robust["all_upper"] >= robust["gain_upper"]).all()
    assert robust["compared"].eq(len(robust)).all()


def test_the_section_calls_better_exactly_what_its_corrected_limits_do(cases: Left) -> None:
    robust = cases.table("policy_value").query("estimator == 'doubly_robust'")
    assert ((robust["all_lower"] > 0) == (robust["verdict"] == "better")).all()
    assert ("none is shown to be better" in part(cases)) == (not (robust["verdict"] == "better").any())


def test_the_log_carries_every_policy_with_its_own_decisions(cases: Left) -> None:
    support = cases.table("policy_support")
    assert (support["effective_size"] <= support["matched"] + 1e-9).all()
    assert (support["matched"] >= 10).all()


def test_the_best_policys_headline_is_the_largest_gain_of_the_table(cases: Left) -> None:
    robust = cases.table("policy_value").query("estimator == 'doubly_robust' and reward == 'cured'")
    headline = cases.headlines["policy_best"]
    assert headline.value == robust["gain"].max()
    assert headline.lower == robust.loc[robust["gain"].idxmax(), "all_lower"]


def test_the_policy_section_has_no_hole(cases: Left) -> None:
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|\(\)|, \.|\bof \.", part(cases))
    assert "significan" not in part(cases).lower()


def test_without_decisions_the_policy_section_is_left_out(taiwan_cases: Left) -> None:
    assert "treatments.experiment_id" in taiwan_cases.left_out["policy"]
    assert "policy_value" not in taiwan_cases.tables
