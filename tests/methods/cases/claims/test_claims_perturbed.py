"""Verdicts follow from the figures: a figure of each kind is changed, and the verdict with it."""

from __future__ import annotations

from typing import Any

import pytest
from claim_files import changed, example, found, one, registry_of, shipped, verdict
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.claims import Registry
from analysis.methods.cases.claims.audit import audit
from analysis.methods.cases.claims.change import check_change
from analysis.methods.cases.claims.single import check_growth, check_parts

CASES: list[tuple[str, str, str, list[str], dict[str, Any], str, str]] = [
    ("one level of a change", "reminders-cure-rate", "", ["27%"], {"after": 27}, "holds", "arithmetic wrong"),
    (
        "the change itself",
        "reminders-cost",
        "",
        ["25%"],
        {"change": {"value": -25, "unit": "percent"}},
        "arithmetic wrong",
        "holds",
    ),
    (
        "points called percent",
        "reminders-cure-rate",
        "",
        ["5%"],
        {"change": {"value": 5, "unit": "percent"}},
        "holds",
        "arithmetic wrong",
    ),
    (
        "a fall that is a rise",
        "s1-warning-npl",
        "",
        ["3.2%"],
        {"after": 3.2},
        "holds",
        "arithmetic wrong",
    ),
    ("a level with its change", "s4-top-tiers-recovery", "", ["20%"], {"after": 20}, "holds", "inconsistent"),
    (
        "a growth rate",
        "s2-market-world",
        "",
        ["11%"],
        {"growth": {"value": 11, "bound": "about"}},
        "arithmetic wrong",
        "holds",
    ),
    (
        "a year",
        "s2-market-world",
        "",
        [],
        {
            "growth": {"value": 12, "bound": "about"},
            "period": {"start": 2018, "end": 2021},
            "before": 1.28e11,
            "printed_": ["1280億"],
        },
        "arithmetic wrong",
        "holds",
    ),
    (
        "a part of a whole",
        "s4-tier-shares",
        "",
        ["50%"],
        {"parts": {"tiers_1_2": 15, "tier_3": 50, "tiers_4_5": 40}},
        "holds",
        "arithmetic wrong",
    ),
    (
        "a warning's window",
        "s4-warning-lead",
        "",
        [],
        {"timing": {"lead": {"value": 30, "unit": "days"}, "window": {"value": 3, "unit": "weeks"}}},
        "ambiguous",
        "holds",
    ),
    ("a share over 100", "s4-talent-gap", "", ["130%"], {"value": 130}, "not checkable", "inconsistent"),
    ("a score over the highest", "s2-satisfaction", "", ["5.5分"], {"value": 5.5}, "holds", "inconsistent"),
    ("one of two places", "s2-leaders-share-again", "", ["40%"], {"value": 40}, "holds", "inconsistent"),
    ("a figure out of order", "s2-rate-2021", "", ["5%"], {"value": 5}, "holds", "inconsistent"),
    ("a direction", "s1-stress-shift", "s1-score-order", [], {"direction": "up"}, "inconsistent", "holds"),
    ("an hour", "s4-tier-three-hours", "", ["23点"], {"values": [9, 14, 23]}, "holds", "inconsistent"),
    (
        "a base rate",
        "s4-small-loans-overdue",
        "s4-prediction-accuracy",
        ["30%"],
        {"after": 30},
        "ambiguous",
        "holds",
    ),
    (
        "a study's direction",
        "w33669-robot-repaid",
        "s1-robot-recovery",
        [],
        {"direction": "up"},
        "ambiguous",
        "holds",
    ),
    (
        "an outcome",
        "fred-card-peak",
        "s0-card-losses",
        ["15.03"],
        {"after": 15.03},
        "inconsistent",
        "holds",
    ),
    (
        "a share beside revenue",
        "s4-case-a-share-back",
        "s4-case-a-revenue",
        ["15%"],
        {"after": 15},
        "ambiguous",
        "holds",
    ),
    (
        "a count behind a rate",
        "reminders-pilot-cured",
        "reminders-pilot-rate",
        ["700"],
        {"value": 700},
        "holds",
        "arithmetic wrong",
    ),
    (
        "a sample",
        "reminders-promises",
        "",
        ["10,000"],
        {"sample": {"treated": 10000, "control": 10000}},
        "ambiguous",
        "holds",
    ),
    (
        "a level that settles the reading",
        "s1-arbitration",
        "",
        ["15%"],
        {"after": 15},
        "ambiguous",
        "holds",
    ),
]


@pytest.mark.parametrize(
    ("claim", "judged", "printed", "fields", "before", "after"),
    [case[1:] for case in CASES],
    ids=[case[0].replace(" ", "-") for case in CASES],
)
def test_the_verdict_follows_the_figure(
    claim: str, judged: str, printed: list[str], fields: dict[str, Any], before: str, after: str
) -> None:
    registry = example() if claim.startswith("reminders") else shipped()
    fields = dict(fields)
    printed = printed + fields.pop("printed_", [])
    assert verdict(registry, judged or claim) == before
    assert verdict(changed(registry, claim, printed, **fields), judged or claim) == after


def test_the_scores_of_s1_hold_once_they_are_those_of_its_formula() -> None:
    formula = shipped().claims["s1-score-example"].formula
    assert formula is not None
    right = {**formula.model_dump(), "gives": (68.7, 33.9, 16.1)}
    assert (
        verdict(
            changed(shipped(), "s1-score-example", ["68.7", "33.9", "16.1"], formula=right), "s1-score-example"
        )
        == "holds"
    )


def test_scores_that_rank_otherwise_than_the_formula_are_told() -> None:
    formula = shipped().claims["s1-score-example"].formula
    assert formula is not None
    swapped = {**formula.model_dump(), "gives": (26.0, 52.0, 12.0)}
    registry = changed(shipped(), "s1-score-example", [], formula=swapped)
    assert len(found("s1-score-example", "other_order", audit(registry))) == 1


def test_no_percent_follows_from_nothing() -> None:
    change = {"value": 25, "unit": "percent"}
    claim = one(unit="count", before=0, after=25, change=change, printed=["0", "25"])
    assert [f.reason for f in check_change(claim)] == ["change_wrong"]


def test_no_growth_rate_follows_from_nothing() -> None:
    period = {"start": 2020, "end": 2022}
    claim = one(unit="count", before=0, after=25, growth={"value": 25}, period=period, printed=["0", "25"])
    assert {f.reason for f in check_growth(claim)} == {"growth_wrong"}


def test_a_relative_change_printed_as_points_is_named_so() -> None:
    change = {"value": 25, "unit": "points"}
    claim = one(before=20, after=25, change=change, printed=["20%", "25%"])
    assert [f.reason for f in check_change(claim)] == ["percent_called_points"]


def test_the_implied_loan_book_holds_once_it_rises() -> None:
    registry: Registry = shipped()
    for year, rate in (("2019", 4.2), ("2021", 5.5)):
        registry = changed(registry, f"s2-rate-{year}", [f"{rate}%"], value=rate)
    assert verdict(registry, "s2-book-growth") == "holds"


def test_groups_that_were_alike_would_not_be_called_selected() -> None:
    registry = changed(shipped(), "s1-dual-track", ["90%"], after=90)
    rows = found("s1-dual-track", "implied_agrees", audit(registry))
    assert rows["recomputed"].iloc[0] == rows["printed"].iloc[0] == pytest.approx(75.0)


def test_a_multiple_that_fits_one_reading_only_is_taken_so() -> None:
    threefold = {"unit": "count", "before": 100, "change": {"value": 3, "unit": "times"}}
    to = one(**threefold, after=300, printed=["100", "300", "3"])
    by = one(**threefold, after=400, printed=["100", "400", "3"])
    neither = one(**threefold, after=220, printed=["100", "220", "3"])
    reasons = [next(iter(check_change(claim))) for claim in (to, by, neither)]
    assert [r.reason for r in reasons] == ["change_follows", "change_follows", "change_wrong"]
    assert [r.item for r in reasons[:2]] == ["to so many times", "by so many times"]


@given(st.integers(1, 99), st.integers(1, 99))
def test_a_change_that_was_rightly_worked_out_is_never_called_wrong(before: int, after: int) -> None:
    percent = round((after / before - 1) * 100, 1)
    change = {"value": percent, "unit": "percent"}
    claim = one(
        before=before, after=after, change=change, printed=[f"{before}%", f"{after}%", f"{abs(percent):.1f}%"]
    )
    assert [f.reason for f in check_change(claim) if f.check == "change"] == ["change_follows"]


@given(st.integers(50, 90), st.integers(10, 90), st.sampled_from([-1, 1]))
def test_a_change_that_is_off_by_a_third_of_the_level_is_never_let_pass(
    before: int, after: int, sign: int
) -> None:
    percent = round((after / before - 1) * 100 + sign * 33)
    claim = one(
        before=before,
        after=after,
        change={"value": percent, "unit": "percent"},
        printed=[f"{before}%", f"{after}%", f"{abs(percent)}%"],
    )
    reasons = {f.reason for f in check_change(claim)}
    assert reasons & {"change_wrong", "points_called_percent"}


@given(st.integers(100, 900), st.integers(100, 900), st.integers(2, 10))
def test_growth_that_was_rightly_worked_out_follows(before: int, after: int, years: int) -> None:
    rate = round(((after / before) ** (1 / years) - 1) * 100, 1)
    claim = one(
        unit="count",
        before=before,
        after=after,
        growth={"value": rate},
        period={"start": 2000, "end": 2000 + years},
        printed=[str(before), str(after), f"{abs(rate):.1f}"],
    )
    assert [f.reason for f in check_growth(claim)] == ["growth_follows"]


@given(st.lists(st.floats(0.5, 40), min_size=2, max_size=6))
def test_shares_rounded_to_whole_numbers_still_make_up_the_whole(weights: list[float]) -> None:
    shares = [round(100 * w / sum(weights)) for w in weights]
    parts = {f"part{i}": share for i, share in enumerate(shares)}
    claim = one(parts=parts, printed=[f"{share}%" for share in shares])
    assert [f.reason for f in check_parts(claim)] == ["parts_make_whole"]


def test_ranges_agree_where_they_overlap() -> None:
    low = one(id="low", value=[20, 30], printed=["20-30%"])
    high = one(id="high", value=[28, 40], printed=["28-40%"])
    apart = one(id="apart", value=[32, 40], printed=["32-40%"])
    same = {"id": "r", "says": "the same twice", "kind": "same"}
    together = registry_of(low, high, relations=({**same, "figures": ["low.value", "high.value"]},))
    separate = registry_of(low, apart, relations=({**same, "figures": ["low.value", "apart.value"]},))
    assert (verdict(together, "low"), verdict(separate, "low")) == ("holds", "inconsistent")
