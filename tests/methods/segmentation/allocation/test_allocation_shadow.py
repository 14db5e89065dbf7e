"""Prices fall as capacities grow, and hold over the limits they are said to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from allocation_cases import five_capacities

from analysis.core.errors import ParameterError
from analysis.methods.segmentation.allocation import (
    Allocation,
    AllocationRules,
    Capacity,
    Offers,
    allocate,
    offers_from_wide,
    shadow_prices,
    value_of_capacity,
)


@pytest.fixture(scope="module")
def found(offers_2000: Offers) -> Allocation:
    return allocate(offers_2000, five_capacities(2_000), method="prices")


@pytest.mark.parametrize("constraint", ["robot minutes", "letters", "budget"])
def test_a_price_never_rises_and_value_never_falls_as_capacity_grows(found: Allocation, constraint: str) -> None:
    table = value_of_capacity(found, constraint, (0.2, 0.5, 0.9, 1.0, 1.1, 2.0, 10.0))
    assert (np.diff(table["price"]) <= 1e-9).all()
    assert (np.diff(table["bound"]) >= -1e-9).all()
    assert table["price"].iloc[0] > table["price"].iloc[-1]


def test_a_price_is_what_the_value_gains_by_one_unit_more(found: Allocation) -> None:
    price = found.constraints.set_index("constraint").loc["letters", "price"]
    table = value_of_capacity(found, "letters", (0.99, 1.0, 1.01))
    gain = np.diff(table["bound"]) / np.diff(table["limit"])
    assert gain[1] <= price * (1 + 1e-9) and price <= gain[0] * (1 + 1e-9)


def test_a_price_stays_near_within_its_interval_and_not_far_outside(found: Allocation) -> None:
    table = shadow_prices(found, within=0.05).set_index("constraint")
    row = table.loc["letters"]
    assert row["lower"] < row["limit"] < row["upper"]
    inside = (row["lower"] + 1, row["upper"] - 1)
    outside = (
        row["lower"] - 0.3 * (row["limit"] - row["lower"]),
        row["upper"] + 0.3 * (row["upper"] - row["limit"]),
    )
    for limits, near in ((inside, True), (outside, False)):
        again = value_of_capacity(found, "letters", tuple(limit / row["limit"] for limit in limits))
        apart = (again["price"] / row["price"] - 1).abs()
        assert ((apart <= 0.052) if near else (apart > 0.05)).all()


def test_a_price_of_nothing_holds_from_what_is_used_upwards(found: Allocation) -> None:
    idle = shadow_prices(found).query("price == 0")
    assert len(idle) and np.isinf(idle["upper"]).all() and (idle["lower"] <= idle["limit"]).all()


def test_the_price_of_two_calls_among_three_accounts_is_that_of_the_third() -> None:
    value = pd.DataFrame({"nothing": 0.0, "call": [9.0, 5.0, 2.0]}, index=["a", "b", "c"])
    rules = AllocationRules((Capacity("calls", 2, {"call": 1}),))
    found = allocate(offers_from_wide(value), rules)
    assert found.treatment.to_dict() == {"a": "call", "b": "call", "c": "nothing"}
    assert 2 <= found.constraints["price"].iloc[0] <= 5


def test_an_unknown_constraint_is_refused_with_the_nearest(found: Allocation) -> None:
    with pytest.raises(ParameterError, match=r"'leters', which is unknown; did you mean 'letters'"):
        value_of_capacity(found, "leters")


@pytest.mark.parametrize("within", [0.0, 1.0, -1.0])
def test_a_share_outside_nought_and_one_is_refused(found: Allocation, within: float) -> None:
    with pytest.raises(ParameterError, match="give a share between 0 and 1"):
        shadow_prices(found, within)
