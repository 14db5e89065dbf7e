"""A claim's figures in words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis.core.claims import load_claims
from analysis.report.claim_figures import figure, held_against, plain, printed
from analysis.report.words import FOLDER, Words

REGISTRY = load_claims(Path(__file__).parents[2] / "params" / "claims")
READY = (FOLDER / "en" / "cases.yml").is_file()
needs_words = pytest.mark.skipif(not READY, reason="the words of the chapter are not there")


@pytest.fixture
def words() -> Words:
    return Words("en", "cases", currency="CNY")


@needs_words
@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("s1-robot-recovery", "35% → 52%"),
        ("s1-wording-response", "+25%"),
        ("s1-dual-track", "68%; +15%"),
        ("s1-recovery-target", "+20% or more"),
        ("s1-robot-hours", "0–24 hours"),
        ("s1-score-example", "52, 26, 12"),
        ("s1-score-order", "rises"),
        ("s4-warning-overdue", "−0.8 points"),
        ("s2-market-world", "120 bn USD → up to 180 bn USD; about 12% a year"),
    ],
)
def test_figures_are_told_as_the_document_prints_them(words: Words, claim: str, text: str) -> None:
    assert printed(REGISTRY.claims[claim], words) == text


@needs_words
@pytest.mark.parametrize("claim", sorted(REGISTRY.claims))
def test_every_claim_s_figures_can_be_told(words: Words, claim: str) -> None:
    text = printed(REGISTRY.claims[claim], words)
    assert text or REGISTRY.claims[claim].parts
    assert "nan" not in text


@needs_words
def test_what_stands_elsewhere_is_told_in_place_of_a_number(words: Words) -> None:
    row = {"reason": "points_apart", "check": "agree", "against": "s1-score-order", "recomputed": float("nan")}
    found = pd.DataFrame([row | {"unit": "", "item": "down"}])
    assert held_against(found, "points_apart", REGISTRY.claims, words) == "elsewhere: rises"


@needs_words
def test_recomputed_numbers_of_one_check_stand_together(words: Words) -> None:
    rows = [
        ("formula_wrong", "formula", "", value, "unspecified", str(i))
        for i, value in enumerate([68.7, 33.9, 16.1])
    ]
    rows.append(("same_order", "other", "", 1.0, "", ""))
    found = pd.DataFrame(rows, columns=["reason", "check", "against", "recomputed", "unit", "item"])
    assert held_against(found, "formula_wrong", REGISTRY.claims, words) == "68.7; 33.9; 16.1"


@pytest.mark.parametrize(
    ("value", "text"),
    [(52.0, "52"), (18.9207, "18.9"), (0.0, "0"), (1234.5, "1,234"), (0.01234, "0.0123"), (-0.8, "−0.8")],
)
def test_numbers_have_three_figures_and_no_zeros_at_the_end(value: float, text: str) -> None:
    assert plain(value, Words("en", "common")) == text


def test_money_is_scaled_and_named(words: Words | None = None) -> None:
    assert figure(4.72e10, "CNY", Words("en", "common")) == "47.2 bn CNY"
