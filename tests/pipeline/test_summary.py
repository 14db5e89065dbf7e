"""Gates of the run and the quarter in a paragraph."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.parameters import RunParameters
from analysis.pipeline.firstpage import run_gates, summary
from analysis.report.headlines import Gate, Headline
from analysis.report.words import Words

WORDS = Words("en", "summary", currency="EUR")
END = date(2025, 12, 31)


def headline(key: str = "rate", value: float | None = 0.25, **more: Any) -> Headline:
    given: dict[str, Any] = {"label": key.capitalize(), "unit": "fraction", "as_of": END, "good_direction": "down"}
    return Headline(key=key, value=value, **(given | more))


def parameters(**more: Any) -> RunParameters:
    return RunParameters.model_validate({"period": "2025Q4", "portfolio": "x"} | more)


def test_the_most_important_number_comes_first_with_its_interval_and_both_comparisons() -> None:
    first = headline(lower=0.24, upper=0.26, previous=0.20, year_ago=0.30, priority=9)
    text = summary([headline("other", 0.5), first], 0, WORDS)
    assert text.startswith(
        "At the end of December 2025 the rate stood at 25.0% (interval 24.0% to 26.0%). "
        "Against the quarter before it rose by 5.0 points; against a year before it fell by 5.0 points. "
        "The other stood at 50.0%."
    )
    assert "The rate is worse than last quarter by more than chance can explain." in text


def test_a_change_that_chance_can_explain_is_not_called_one() -> None:
    text = summary([headline(lower=0.20, upper=0.30, previous=0.24)], 0, WORDS)
    assert "Against the quarter before it moved by no more than chance can explain." in text
    assert "None of the headline numbers moved on last quarter" in text
    assert "worse" not in text


def test_a_first_quarter_is_not_compared() -> None:
    text = summary([headline()], 0, WORDS)
    assert "There is no earlier figure to compare it with." in text
    assert "None of the headline numbers" not in text


def test_marked_numbers_and_left_out_sections_are_counted() -> None:
    marked = headline(gates=(Gate("small_cell", "fewer than ten accounts"),))
    text = summary([marked, headline("other")], 2, WORDS)
    assert "1 of the headline numbers of all chapters carries a mark" in text
    assert "2 sections were left out" in text


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(0, 1)),
            st.one_of(st.none(), st.floats(0, 1)),
            st.sampled_from(["fraction", "currency", "count", "days", "months"]),
            st.integers(0, 9),
        ),
        max_size=5,
    )
)
def test_a_paragraph_can_be_made_of_any_headlines(rows: list[tuple[Any, Any, str, int]]) -> None:
    headlines = [
        headline(f"measure {i}", value, previous=previous, unit=unit, priority=priority)
        for i, (value, previous, unit, priority) in enumerate(rows)
    ]
    text = summary(headlines, 0, WORDS)
    assert "None " not in text.replace("None of the headline numbers", "")
    assert "  " not in text


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (date(2025, 12, 31), []),
        (date(2025, 11, 30), ["The period has 2 months of its three: the last is November 2025."]),
        (
            date(2025, 10, 31),
            ["The last month is October 2025, 61 days before the period's end; numbers are as of then."],
        ),
    ],
)
def test_data_that_end_before_the_period_does_are_a_gate(last: date, expected: list[str]) -> None:
    gates = run_gates(parameters(), last, [], WORDS)
    assert [gate.text for gate in gates] == expected
    assert all(gate.key == "stale_data" for gate in gates)


def test_what_chapters_say_of_themselves_follows() -> None:
    notes = [{"gates": [{"key": "forecast_miss", "text": "missed"}]}, {}]
    assert run_gates(parameters(), END, notes, WORDS) == [Gate("forecast_miss", "missed")]
