"""Rows that sentences and headlines are made from."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ChapterError
from analysis.report.cells import cell, rate_headline, values
from analysis.report.headlines import Gate

TABLE = pd.DataFrame(
    [
        ("all", "all", "now", "accounts", 0.10, 0.08, 0.13, 30.0, 300.0, 300),
        ("all", "all", "now", "balance", 0.12, 0.09, 0.15, 36.0, 300.0, 300),
        ("all", "all", "before", "accounts", 0.09, 0.07, 0.12, 27.0, 300.0, 300),
        ("all", "all", "year_ago", "accounts", np.nan, np.nan, np.nan, np.nan, np.nan, 0),
        ("product", "card", "now", "accounts", 0.20, 0.10, 0.30, 4.0, 8.0, 8),
    ],
    columns=[
        "dimension", "value", "period", "basis",
        "rate", "rate_lower", "rate_upper", "numerator", "denominator", "units",
    ],
)  # fmt: skip
CHOICES = {"as_of": date(2025, 12, 31), "good_direction": "down", "priority": 10}


def headline(now: pd.Series | None, previous: pd.Series | None = None, year_ago: pd.Series | None = None, **more):
    return rate_headline("rate", "Rate", (now, previous, year_ago), **(CHOICES | more))


def test_the_whole_portfolio_is_taken_where_nothing_else_is_asked_for() -> None:
    found = cell(TABLE, period="now", basis="accounts")
    assert found is not None
    assert found["rate"] == 0.10


def test_a_group_is_found_by_its_dimension_and_value() -> None:
    found = cell(TABLE, dimension="product", value="card")
    assert found is not None
    assert found["rate"] == 0.20


@pytest.mark.parametrize("labels", [{"period": "next"}, {"period": "year_ago"}])
def test_no_row_and_a_row_without_a_rate_are_the_same_to_a_sentence(labels: dict[str, str]) -> None:
    assert cell(TABLE, basis="accounts", **labels) is None


def test_several_rows_are_refused_naming_what_tells_them_apart() -> None:
    with pytest.raises(ChapterError, match=r"2 rows have \{'period': 'now'\}; tell them apart by basis, rate"):
        cell(TABLE, period="now")


def test_labels_that_name_no_column_are_a_mistake_of_the_notebook() -> None:
    with pytest.raises(KeyError):
        cell(TABLE, quarter="now")


def test_numpy_scalars_become_pythons_own() -> None:
    row = pd.Series({"rate": np.float64(0.1), "units": np.int64(3), "certain": np.False_, "name": "card"})
    found = values(row, rate="rate", units="units", certain="certain", name="name")
    assert found == {"rate": 0.1, "units": 3, "certain": False, "name": "card"}
    assert [type(value) for value in found.values()] == [float, int, bool, str]
    assert found["certain"] is False


def test_without_a_row_every_value_is_unknown() -> None:
    assert values(None, rate="rate", lower="rate_lower") == {"rate": None, "lower": None}


def test_missing_values_are_unknown_one_by_one() -> None:
    row = pd.Series({"rate": 0.1, "rate_lower": np.nan, "numerator": pd.NA})
    assert values(row, rate="rate", lower="rate_lower", number="numerator") == {
        "rate": 0.1, "lower": None, "number": None
    }  # fmt: skip


def test_a_headline_carries_its_rate_interval_and_comparisons() -> None:
    now, before = (cell(TABLE, period=period, basis="accounts") for period in ("now", "before"))
    (made,) = headline(now, before)
    assert (made.value, made.lower, made.upper) == (0.10, 0.08, 0.13)
    assert (made.numerator, made.denominator) == (30.0, 300.0)
    assert (made.previous, made.year_ago) == (0.09, None)
    assert made.gates == ()


def test_no_headline_without_a_rate_now() -> None:
    assert headline(None, cell(TABLE, period="before")) == []


@pytest.mark.parametrize(("minimum", "small"), [(8, False), (9, True)])
def test_a_headline_that_rests_on_few_is_marked(minimum: int, small: bool) -> None:
    (made,) = headline(cell(TABLE, dimension="product", value="card"), minimum=minimum)
    assert [gate.key for gate in made.gates] == (["small_cell"] if small else [])
    if small:
        assert made.gates[0].text == "rests on 8 observations"


def test_gates_that_are_known_already_stay_before_the_small_cell() -> None:
    stale = Gate("stale_data", "old")
    (made,) = headline(cell(TABLE, dimension="product", value="card"), gates=[stale])
    assert [gate.key for gate in made.gates] == ["stale_data", "small_cell"]


def test_a_rate_whose_interval_is_unknown_has_none() -> None:
    row = TABLE.iloc[0].copy()
    row[["rate_lower", "rate_upper"]] = np.nan
    (made,) = headline(row)
    assert (made.value, made.lower, made.upper) == (0.10, None, None)


def test_rows_that_do_not_count_observations_are_not_called_small() -> None:
    (made,) = headline(TABLE.iloc[4].drop("units"))
    assert made.gates == ()
