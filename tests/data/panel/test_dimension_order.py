"""Values of a dimension in the order that a reader expects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.data.panel.dimensions import AGE_BANDS, EARLIER, NONE, OLDEST, UNKNOWN, in_order

BANDS = [*(label for _, label in AGE_BANDS), OLDEST]


def test_months_on_book_run_from_young_to_old_and_not_by_their_digits() -> None:
    assert in_order("age_of_account", sorted(BANDS)) == BANDS
    assert sorted(BANDS) != BANDS


def test_accounts_opened_before_the_data_begin_come_first() -> None:
    assert in_order("opened_quarter", ["2025Q1", UNKNOWN, "2023Q4", EARLIER]) == [
        EARLIER,
        "2023Q4",
        "2025Q1",
        UNKNOWN,
    ]


def test_other_dimensions_are_in_the_order_of_the_alphabet() -> None:
    assert in_order("region", ["south", "north", "east"]) == ["east", "north", "south"]


@pytest.mark.parametrize("last", [UNKNOWN, NONE])
def test_what_is_not_known_or_not_in_force_comes_last(last: str) -> None:
    assert in_order("agency", [last, "zeta", "alpha"])[-1] == last
    assert in_order("age_of_account", [last, *BANDS])[-1] == last


def test_a_band_means_an_age_in_its_own_dimension_only() -> None:
    assert in_order("region", ["60+", "0–5", "12–23"]) == ["0–5", "12–23", "60+"]


@given(
    st.lists(st.sampled_from([*BANDS, EARLIER, UNKNOWN, NONE, "north"]), unique=True),
    st.sampled_from(["age_of_account", "region"]),
)
def test_ordering_loses_nothing_and_does_not_depend_on_the_order_given(values: list[str], dimension: str) -> None:
    found = in_order(dimension, values)
    assert sorted(found) == sorted(values)
    assert found == in_order(dimension, values[::-1])
