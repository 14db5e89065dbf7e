"""Audited claims summed up, and set beside what was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from claim_files import example, shipped, shipped_verdicts

from analysis.core.parameters.cases_programme import BESIDE, Beside
from analysis.methods.cases.claims.beside import beside, claimed_points, conclude, unknown_claims
from analysis.methods.cases.claims.summary import audited, by_document, claimed_effects, yardsticks
from analysis.methods.cases.quasi_experiments.study import Effect
from analysis.methods.cases.truth_summary import coverage, gathered

ROBOTS = Beside(claim="s1-robot-recovery", evidence="lot", borne_out_by="rise", same_quantity=True, differs="none")


def effect(lower: float, upper: float) -> Effect:
    return Effect(estimate=(lower + upper) / 2, lower=lower, upper=upper, p=0.01 if lower * upper > 0 else 0.5)


def verdicts_of() -> pd.DataFrame:
    return shipped_verdicts().reset_index()


def test_studies_and_observed_rates_are_no_audited_documents() -> None:
    assert yardsticks(shipped()) == {"FRED", "W33669"}
    assert yardsticks(example()) == set()
    assert set(audited(shipped(), verdicts_of())["document"]) == {"S0", "S1", "S2", "S3", "S4"}


def test_verdicts_by_document_add_up_to_the_claims() -> None:
    table = by_document(shipped(), audited(shipped(), verdicts_of())).set_index("document")
    kinds = ["wrong", "inconsistent", "ambiguous", "holds", "unchecked"]
    assert (table[kinds].sum(axis=1) == table["claims"]).all()
    assert (
        table.drop("all")[[*kinds, "claims", "checkable"]].sum()
        == table.loc["all", [*kinds, "claims", "checkable"]]
    ).all()
    assert (table["checkable"] == table["claims"] - table["unchecked"]).all()


def test_known_errors_make_at_least_so_many_faults() -> None:
    table = by_document(shipped(), audited(shipped(), verdicts_of())).set_index("document")
    assert table.loc["S1", "wrong"] >= 1  # its priority scores
    assert table.loc["S2", "wrong"] >= 2  # two growth rates
    assert table.loc["S2", "inconsistent"] >= 2  # two sizes of one market, and a book that doesn't grow


def test_targets_and_rules_are_no_claimed_effects() -> None:
    found = claimed_effects(shipped(), audited(shipped(), verdicts_of()))
    assert set(found["design"]) == {"none", "before_after", "comparison", "ab_test"}
    assert not found["sized"].any()
    assert claimed_effects(example(), pd.DataFrame(columns=["claim", "document", "design"])).empty


@pytest.mark.parametrize(
    ("lower", "upper", "conclusion"),
    [
        (0.05, 0.10, "smaller"),
        (0.20, 0.30, "larger"),
        (0.10, 0.20, "not_contradicted"),
        (-0.10, -0.02, "contradicted"),
        (-0.02, 0.05, "smaller"),
        (-0.02, 0.20, "not_contradicted"),
        (np.nan, np.nan, "no_evidence"),
    ],
)
def test_seventeen_claimed_points_against_an_interval(lower: float, upper: float, conclusion: str) -> None:
    claimed = claimed_points(shipped().claims["s1-robot-recovery"], ROBOTS)
    assert claimed == pytest.approx(0.17)
    assert conclude(ROBOTS, effect(lower, upper), claimed) == conclusion


@pytest.mark.parametrize(
    ("lower", "upper", "conclusion"),
    [(0.05, 0.10, "other_way"), (-0.10, -0.05, "same_way"), (-0.05, 0.05, "cannot_tell")],
)
def test_of_other_quantities_only_directions_are_compared(lower: float, upper: float, conclusion: str) -> None:
    pair = ROBOTS.model_copy(update={"borne_out_by": "fall", "same_quantity": False})
    assert conclude(pair, effect(lower, upper), -0.17) == conclusion


def test_a_direction_that_does_not_stand_once_all_are_counted_is_not_told() -> None:
    pair = ROBOTS.model_copy(update={"same_quantity": False})
    alone = Effect(estimate=0.06, lower=0.01, upper=0.11, p=0.02)
    assert conclude(pair, alone, 0.17) == "same_way"
    assert conclude(pair, replace(alone, p=0.09), 0.17) == "cannot_tell"
    assert conclude(ROBOTS, replace(alone, lower=-0.11, upper=-0.01, p=0.09), 0.17) == "smaller"


def test_without_a_direction_nothing_is_concluded() -> None:
    pair = ROBOTS.model_copy(update={"borne_out_by": None})
    assert conclude(pair, effect(0.05, 0.10), np.nan) == "not_comparable"


def test_a_direction_reversed_reverses_the_conclusion() -> None:
    fall = ROBOTS.model_copy(update={"borne_out_by": "fall"})
    for low, high in ((0.05, 0.10), (0.1, 0.2), (-0.1, -0.02), (-0.3, -0.2)):
        assert conclude(ROBOTS, effect(low, high), 0.17) == conclude(fall, effect(-high, -low), -0.17)


def test_each_pair_that_is_shipped_names_a_claim_and_says_what_differs() -> None:
    assert unknown_claims(BESIDE, shipped()) == []
    table = beside(BESIDE, shipped(), verdicts_of(), {"robot_vs_agent": effect(0.02, 0.1)})
    assert table.loc[table["evidence"] == "robot_vs_agent", "conclusion"].tolist() == ["other_way", "same_way"]
    assert set(table.loc[table["evidence"] != "robot_vs_agent", "conclusion"]) == {"no_evidence"}


def test_pairs_of_claims_in_no_file_are_left_out_and_named() -> None:
    assert unknown_claims(BESIDE, example()) == [pair.claim for pair in BESIDE]
    assert beside(BESIDE, example(), verdicts_of(), {}).empty


def test_intervals_that_miss_the_truth_more_often_than_chance_are_pointed_out() -> None:
    row = {"what": "x", "arm": "a", "segment": None, "measure": "m", "estimate": 0.0, "lower": -1.0, "upper": 1.0}
    sound = pd.DataFrame([row | {"part": "lot", "truth": 0.5}] * 20)
    broken = pd.DataFrame([row | {"part": "judgement", "truth": truth} for truth in (0.5, 2.0, 2.0, -3.0)])
    unknown = pd.DataFrame([row | {"part": "lot", "truth": np.nan}])
    table = coverage(gathered([sound, broken, unknown])).set_index("part")
    assert table["estimates"].to_dict() == {"lot": 20, "judgement": 4}
    assert table["covered"].to_dict() == {"lot": 20, "judgement": 1}
    assert table["fewer_than_chance"].to_dict() == {"lot": False, "judgement": True}
