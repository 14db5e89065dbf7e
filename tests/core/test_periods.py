import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.errors import ParameterError
from analysis.core.periods import Period, month_end, months_between, parse_month, shift_months

periods = st.builds(Period, st.integers(1980, 2080), st.integers(1, 4))


def test_the_last_quarter_ends_with_the_year() -> None:
    assert Period.parse("2025Q4").end == date(2025, 12, 31)
    assert Period.parse("2024Q1").months == [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]


@given(periods)
def test_a_period_reads_back_as_it_is_written(period: Period) -> None:
    assert Period.parse(str(period)) == period
    assert Period.of(period.start) == Period.of(period.end) == period


@given(periods, st.integers(-40, 40), st.integers(-40, 40))
def test_shifts_add_up(period: Period, first: int, second: int) -> None:
    assert period.shift(first).shift(second) == period.shift(first + second)


@given(periods)
def test_the_year_ago_quarter_has_the_same_number(period: Period) -> None:
    assert period.year_ago == Period(period.year - 1, period.quarter)


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(0, 60))
def test_months_between_are_consecutive_month_ends(first: date, count: int) -> None:
    months = months_between(first, shift_months(first, count))
    assert len(months) == count + 1
    assert all(month == month_end(month.year, month.month) for month in months)
    assert all(shift_months(a, 1) == b for a, b in itertools.pairwise(months))


def test_until_includes_both_ends() -> None:
    quarters = [str(p) for p in Period.parse("2024Q3").until(Period.parse("2025Q1"))]
    assert quarters == ["2024Q3", "2024Q4", "2025Q1"]


@pytest.mark.parametrize("text", ["2025", "2025Q5", "Q4", "2025-12", ""])
def test_what_is_no_quarter_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(ParameterError, match="write YYYYQn, for example 2025Q4"):
        Period.parse(text)


@pytest.mark.parametrize("text", ["2025", "2025-13", "12-2025", "December"])
def test_what_is_no_month_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(ParameterError, match="write YYYY-MM"):
        parse_month(text)
