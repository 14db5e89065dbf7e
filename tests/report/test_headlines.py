"""Headline numbers are valid when made, and survive the way through JSON."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.errors import ChapterError
from analysis.report.headlines import Gate, Headline, change, read_headlines, write_headlines

AS_OF = date(2025, 12, 31)


def headline(**values: Any) -> Headline:
    return Headline(
        **{"key": "rate", "label": "30+ rate", "value": 0.05, "unit": "fraction", "as_of": AS_OF} | values
    )


def test_headlines_survive_json(tmp_path: Path) -> None:
    path = tmp_path / "headline.json"
    one = headline(
        lower=0.04,
        upper=0.06,
        numerator=50,
        denominator=1000,
        previous=0.045,
        year_ago=None,
        good_direction="down",
        gates=(Gate("small_cell", "fewer than 100 accounts"),),
        priority=3,
    )
    two = headline(key="count", unit="count", value=12)
    write_headlines(path, [one, two])
    assert read_headlines(path) == [one, two]


def test_numpy_numbers_are_written_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "headline.json"
    write_headlines(path, [headline(value=np.float32(0.5), numerator=np.int64(7))])
    row = json.loads(path.read_text())[0]
    assert (row["value"], row["numerator"], row["as_of"]) == (0.5, 7.0, "2025-12-31")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"value": float("nan")}, "headline 'rate': value is nan; give a finite number, or None"),
        ({"upper": float("inf")}, "upper is inf"),
        ({"lower": 0.06, "upper": 0.07}, "value 0.05 lies outside its interval 0.06 to 0.07"),
        ({"unit": "percent"}, "unit is 'percent'; it can be fraction, currency, count, days, months"),
        ({"good_direction": "left"}, "good_direction is 'left'; it can be up, down, none"),
        ({"gates": (Gate("late", "x"),)}, "gate is 'late'; it can be stale_data, small_cell"),
    ],
)
def test_a_wrong_headline_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ChapterError, match=message):
        headline(**values)


def test_a_key_comes_once(tmp_path: Path) -> None:
    with pytest.raises(ChapterError, match="key 'rate' comes more than once"):
        write_headlines(tmp_path / "headline.json", [headline(), headline()])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ('[{"key": "a"}]', "cannot be read"),
        ('[{"colour": "a"}]', "unknown field 'colour'"),
    ],
)
def test_a_spoiled_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "headline.json"
    path.write_text(text)
    with pytest.raises(ChapterError, match=f"headline.json.*{message}"):
        read_headlines(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChapterError, match=r"headline.json is missing"):
        read_headlines(tmp_path / "headline.json")


def test_a_change_knows_its_size_and_whether_it_is_good() -> None:
    difference = change(headline(good_direction="down", previous=0.04), 0.04)
    assert difference is not None
    assert difference.difference == pytest.approx(0.01)
    assert difference.relative == pytest.approx(0.25)
    assert (difference.direction, difference.good, difference.certain) == ("up", False, None)


@pytest.mark.parametrize(
    ("previous", "certain"), [(0.0372, False), (0.0350, True), (0.0700, True), (0.0639, False)]
)
def test_a_change_is_certain_beyond_root_two_half_widths(previous: float, certain: bool) -> None:
    difference = change(headline(lower=0.04, upper=0.06), previous)
    assert difference is not None
    assert difference.certain is certain


def test_nothing_is_compared_with_nothing() -> None:
    assert headline().on_previous is None
    assert headline(value=None).on_year_ago is None
    assert change(headline(value=0.0), 0.0).relative is None  # type: ignore[union-attr]


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_a_change_adds_up(value: float, previous: float) -> None:
    difference = change(headline(value=value), previous)
    assert difference is not None
    assert previous + difference.difference == pytest.approx(value, abs=1e-3)
    assert (difference.direction == "none") == (difference.difference == 0)
