"""What is known to be wrong in the five documents is found, what is right is left alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from claim_files import (
    CLAIMS,
    EXAMPLE,
    FIVE,
    ROOT,
    changed,
    example,
    found,
    shipped,
    shipped_findings,
    shipped_verdicts,
)

from analysis.core.claims import load_claims, missing_figures
from analysis.core.errors import InputError
from analysis.methods.cases.claims.audit import audit, verdicts
from analysis.methods.cases.claims.reasons import REASONS, VERDICTS

SHARED = ROOT.parent / "shared"


def recomputed(claim: str, reason: str) -> list[float]:
    return found(claim, reason)["recomputed"].tolist()


def test_every_claim_gets_one_verdict_and_every_verdict_a_reason() -> None:
    table = shipped_verdicts()
    assert set(table.index) == set(shipped().claims)
    assert set(table["verdict"]) <= set(VERDICTS)
    assert (table["verdict"] == table["reason"].map(lambda reason: REASONS[reason][0])).all()


def test_sixty_claims_and_more_of_all_five_documents_are_registered() -> None:
    counts = shipped_verdicts()["document"].value_counts()
    assert counts[list(FIVE)].sum() >= 140
    assert (counts[list(FIVE)] >= 5).all()


def test_the_priority_scores_of_s1_are_not_what_its_formula_gives() -> None:
    rows = found("s1-score-example", "formula_wrong")
    assert rows["printed"].tolist() == [52.0, 26.0, 12.0]
    assert rows["recomputed"].round(1).tolist() == [68.7, 33.9, 16.1]
    assert len(found("s1-score-example", "same_order")) == 1
    assert shipped_verdicts().loc["s1-score-example", "verdict"] == "arithmetic wrong"


def test_the_level_that_twelve_percent_a_year_would_give_is_told() -> None:
    needed = found("s2-market-world", "growth_wrong")["recomputed"].iloc[1]
    assert needed / 1e9 == pytest.approx(120 * 1.12**4)


@pytest.mark.parametrize(("claim", "rate"), [("s2-market-world", 10.7), ("s2-market-china", 18.9)])
def test_twelve_percent_a_year_is_not_what_the_market_sizes_of_s2_give(claim: str, rate: float) -> None:
    rows = found(claim, "growth_wrong")
    assert rows["recomputed"].iloc[0] == pytest.approx(rate, abs=0.05)
    assert rows["unit"].tolist()[1] in {"USD", "CNY"}
    assert shipped_verdicts().loc[claim, "verdict"] == "arithmetic wrong"


def test_the_two_sizes_of_chinas_market_disagree() -> None:
    assert found("s2-market-china", "disagrees")["against"].tolist() == ["s2-market-china-now"]
    assert shipped_verdicts().loc["s2-market-china-now", "verdict"] == "inconsistent"


def test_the_loan_book_implied_by_s2_stands_still_in_the_years_of_rapid_growth() -> None:
    rows = shipped_findings()
    book = rows[(rows["claim"] == "s2-book-growth") & (rows["check"] == "implied")]
    assert (book["recomputed"] / 1e9).round(1).tolist() == [33.3, 33.3, 41.7, 35.7, 58.8]
    assert found("s2-book-growth", "implied_does_not_rise")["item"].tolist() == ["2", "4"]


def test_litigation_of_the_rest_recovers_a_fifth_where_litigation_alone_recovers_half() -> None:
    rows = found("s1-dual-track", "groups_differ")
    assert rows["recomputed"].round(6).tolist() == [20.0, 20.0]
    assert rows["printed"].round(1).tolist() == [53.0, 59.1]


@pytest.mark.parametrize(
    ("claim", "points", "percent"), [("s1-dual-track", 53.0, 59.1), ("s1-arbitration", 55.0, 62.5)]
)
def test_the_comparison_behind_so_many_percent_more_has_two_readings(
    claim: str, points: float, percent: float
) -> None:
    assert [round(x, 1) for x in recomputed(claim, "points_or_percent")] == [points, percent]
    assert shipped_verdicts().loc[claim, "verdict"] == "ambiguous"


@pytest.mark.parametrize("claim", ["s4-prediction-accuracy", "s4-warning-accuracy"])
def test_85_percent_accuracy_is_worse_than_never_warning_where_3_8_percent_default(claim: str) -> None:
    rows = found(claim, "below_always_no").set_index("item")
    assert rows.loc["accuracy of never saying yes", "recomputed"] == pytest.approx(96.2)
    assert rows.loc["best precision", "recomputed"] == pytest.approx(100 * 0.038 / 0.188)
    assert shipped_verdicts().loc[claim, "verdict"] == "ambiguous"


def test_restored_revenue_at_a_smaller_share_needs_a_larger_market() -> None:
    assert recomputed("s4-case-a-revenue", "needs_something_unsaid") == [pytest.approx(1.25)]


def test_a_thirty_day_warning_from_three_months_of_behaviour_is_questioned() -> None:
    assert recomputed("s4-warning-lead", "window_exceeds_lead") == [pytest.approx(30 + 91.3, abs=0.1)]


def test_a_multiple_of_nothing_printed_cannot_be_checked() -> None:
    assert shipped_verdicts().loc["s0-mortgage-losses", ["verdict", "reason"]].tolist() == [
        "not checkable",
        "no_base",
    ]


def test_history_did_not_bear_out_threefold_card_losses() -> None:
    assert recomputed("s0-card-losses", "not_borne_out") == [pytest.approx(5.03 / 4.55)]
    assert shipped_verdicts().loc["s0-card-losses", "verdict"] == "inconsistent"


def test_s1_ranks_the_riskier_first_and_moves_effort_to_the_safer() -> None:
    for claim, other in (("s1-score-order", "s1-stress-shift"), ("s1-stress-shift", "s1-score-order")):
        assert found(claim, "points_apart")["against"].tolist() == [other]


def test_robots_around_the_clock_break_the_hours_that_another_document_forbids() -> None:
    assert found("s1-robot-hours", "lies_outside")["against"].tolist() == ["s4-quiet-hours"]
    assert shipped_verdicts().loc["s4-tier-three-hours", "verdict"] == "holds"


HOLD = {
    "s2-rate-target": (-3.0, -35.3),
    "s1-warning-npl": (-0.7, -28.0),
    "s4-case-a-fall": (-7.0, -46.7),
    "s4-case-b-mix": (-15.0, -25.0),
    "s4-skills": (35.0, 87.5),
    "s4-satisfaction": (17.0, 26.2),
}


def test_35_to_52_percent_is_17_points_or_49_percent_more() -> None:
    assert [round(x, 1) for x in recomputed("s1-robot-recovery", "levels_given")] == [17.0, 48.6]


def test_a_study_with_lots_drawn_speaks_against_the_robots_of_s1() -> None:
    assert found("s1-robot-recovery", "evidence_against")["against"].tolist() == ["w33669-robot-repaid"]
    assert shipped_verdicts().loc["s1-robot-recovery", "verdict"] == "ambiguous"


@pytest.mark.parametrize("claim", HOLD)
def test_a_change_between_two_printed_levels_holds_in_points_and_in_percent(claim: str) -> None:
    assert shipped_verdicts().loc[claim, "verdict"] == "holds"
    assert [round(x, 1) for x in recomputed(claim, "levels_given")] == list(HOLD[claim])


@pytest.mark.parametrize(
    ("claim", "start"),
    [
        ("s4-top-tiers-recovery", 67.0),
        ("s4-counselling-recovery", 68.0),
        ("s4-long-loans-overdue", 1.5),
        ("s4-small-loans-overdue", 3.3),
    ],
)
def test_a_change_in_points_to_a_printed_level_holds_with_the_level_it_implies(claim: str, start: float) -> None:
    assert shipped_verdicts().loc[claim, "verdict"] == "holds"
    assert recomputed(claim, "level_implied") == [pytest.approx(start)]


@pytest.mark.parametrize(
    "claim",
    [
        "s1-score-weights",
        "s1-dual-split",
        "s2-overdue-mix",
        "s4-value-weights",
        "s4-tier-shares",
        "s4-fee-split",
        "s2-leaders-share",
        "s2-rate-2022",
        "s2-overdue-2022",
        "s2-rate-2021",
        "s2-satisfaction-target",
        "s2-phase-two",
        "s3-commercial",
        "s4-case-a-tier-share",
        "s4-person-calls",
    ],
)
def test_what_is_right_is_not_flagged(claim: str) -> None:
    assert shipped_verdicts().loc[claim, "verdict"] == "holds"


def test_nothing_but_what_is_known_is_called_wrong_or_inconsistent() -> None:
    table = shipped_verdicts()
    flagged = set(table.index[table["verdict"].isin(["arithmetic wrong", "inconsistent"])])
    assert flagged == {
        "s0-card-losses",
        "s1-robot-hours",
        "s1-score-example",
        "s1-score-order",
        "s1-stress-shift",
        "s2-book-growth",
        "s2-market-china",
        "s2-market-china-now",
        "s2-market-world",
    }


def test_every_figure_stands_in_its_source_on_the_line_given() -> None:
    folders = (SHARED / "sources", SHARED / "data" / "fred")
    if not all(folder.is_dir() for folder in folders):
        pytest.skip("the documents are not at hand: no shared/sources and shared/data/fred beside the project")
    assert missing_figures(shipped(), *folders) == []


def test_every_figure_of_the_example_stands_in_the_deck() -> None:
    assert missing_figures(example(), EXAMPLE) == []


def test_a_figure_that_is_not_in_the_source_is_named_with_its_line() -> None:
    registry = changed(example(), "reminders-cost", ["EUR 47"])
    assert missing_figures(registry, EXAMPLE) == ["vendor-deck.txt, line 7: reminders-cost: EUR 47"]


def test_a_figure_on_another_line_is_not_found() -> None:
    registry = changed(example(), "reminders-cost", [], place={"line": 6})
    assert len(missing_figures(registry, EXAMPLE)) == 3


def test_sources_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sources vendor-deck.txt are not in "):
        missing_figures(example(), tmp_path)


def test_the_example_deck_shows_each_kind_of_verdict() -> None:
    table = verdicts(example()).set_index("claim")
    assert table["reason"].to_dict() == {
        "reminders-cure-rate": "change_follows",
        "reminders-promises": "within_chance",
        "reminders-roll-rate": "points_or_percent",
        "reminders-accuracy": "above_always_no",
        "reminders-default-rate": "single_figure",
        "reminders-saved-calls": "parts_miss_whole",
        "reminders-cost": "change_wrong",
        "reminders-pilot-size": "single_figure",
        "reminders-pilot-cured": "single_figure",
        "reminders-pilot-rate": "agrees",
    }


def test_a_claim_nothing_was_checked_of_counts_no_finding() -> None:
    table = verdicts(example()).set_index("claim")
    assert table.loc["reminders-pilot-size", "findings"] == 0
    assert table.loc["reminders-pilot-rate", "findings"] == 2


def test_verdicts_from_given_findings_are_those_of_the_audit() -> None:
    pd.testing.assert_frame_equal(verdicts(shipped(), audit(shipped())), verdicts(shipped()))


def test_a_file_of_its_own_can_be_audited() -> None:
    alone = load_claims(CLAIMS / "s2.yml")
    assert set(verdicts(alone)["document"]) == {"S2"}
