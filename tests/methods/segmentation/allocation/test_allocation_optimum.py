"""The allocation is the best there is, and the bound proves it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from allocation_cases import five_capacities, random_offers
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError
from analysis.methods.segmentation.allocation import (
    AllocationRules,
    Budget,
    Capacity,
    ContactLimit,
    Floor,
    Forbidden,
    MinimumSuccess,
    Offers,
    allocate,
    offers_from_wide,
)
from analysis.methods.segmentation.allocation.compile import compile_problem
from analysis.methods.segmentation.allocation.problem import dual_bound
from analysis.methods.segmentation.allocation.relaxation import relax

NAMES = ["nothing", "call", "letter"]


def brute_force(offers: Offers, rules: AllocationRules) -> float:
    """Best value over every way to give each account a treatment, straight from the rules; −inf if none is."""
    accounts, best = offers.accounts, -np.inf
    for choice in product(range(len(offers.treatments)), repeat=len(offers)):
        names = [offers.treatments[t] for t in choice]
        value = sum(offers.value[t, i] for i, t in enumerate(choice))
        if np.isfinite(value) and value > best and keeps(names, choice, offers, rules, accounts):
            best = value
    return float(best)


def keeps(
    names: list[str], choice: tuple[int, ...], offers: Offers, rules: AllocationRules, accounts: pd.DataFrame
) -> bool:
    used = [sum(one.use.get(name, 0) for name in names) <= one.available + 1e-9 for one in rules.capacities]
    if rules.budget:
        used.append(sum(rules.budget.cost.get(name, 0) for name in names) <= rules.budget.available + 1e-9)
    for one in rules.success:
        rates = [offers.success[t, i] for i, t in enumerate(choice) if offers.treatments[t] == one.treatment]
        used.append(not rates or np.sum(rates) >= one.rate * len(rates) - 1e-9)
    for one in rules.floors:
        inside = (accounts[one.column] == one.group).to_numpy()
        treated = sum(name != "nothing" for name, within in zip(names, inside, strict=True) if within)
        used.append(treated >= one.share * inside.sum() - 1e-9)
    if rules.contacts:
        made = pd.Series([rules.contacts.contacts.get(name, 0) for name in names]).groupby(
            accounts["customer_id"].to_numpy()
        )
        used.append(bool((made.sum() <= rules.contacts.limit).all()))
    for one in rules.forbidden:
        barred = (accounts[one.column] == one.value).to_numpy()
        used.append(not any(b and name == one.treatment for b, name in zip(barred, names, strict=True)))
    return all(used)


@st.composite
def tiny(draw: st.DrawFn) -> tuple[Offers, AllocationRules]:
    rest = draw(st.integers(0, 4))
    count = rest + 1
    cell = st.integers(-5, 30) | st.floats(-5, 30, allow_nan=False, width=32)
    value = [[0.0, *draw(st.tuples(cell, cell))] for _ in range(count)]
    index = pd.Index([f"A{i}" for i in range(count)], name="account_id")
    table = pd.DataFrame(value, index=index, columns=NAMES, dtype=float)
    accounts = pd.DataFrame(
        {
            "customer_id": draw(st.lists(st.sampled_from("xyz"), min_size=count, max_size=count)),
            "region": [
                "north",
                *draw(st.lists(st.sampled_from(["north", "south"]), min_size=rest, max_size=rest)),
            ],
            "opted_out": [*draw(st.lists(st.booleans(), min_size=rest, max_size=rest)), True],
        },
        index=index,
    )
    rates = draw(st.lists(st.floats(0, 1, width=16), min_size=count, max_size=count))
    success = pd.DataFrame({"nothing": 0.0, "call": 0.0, "letter": rates}, index=index)
    rules = AllocationRules(
        capacities=(
            Capacity(
                "hours", draw(st.integers(0, 12)) / 2, {"call": draw(st.sampled_from([0.5, 1, 1.5]))}, "hour"
            ),
        ),
        budget=draw(st.none() | st.builds(Budget, st.integers(0, 9), st.just({"call": 2.0, "letter": 1.0}))),
        success=draw(st.just(()) | st.just((MinimumSuccess("letter", 0.5),))),
        contacts=draw(st.none() | st.just(ContactLimit({"call": 2, "letter": 1}, 3))),
        forbidden=draw(st.just(()) | st.just((Forbidden("call", "opted_out", True),))),
        floors=draw(st.just(()) | st.just((Floor("region", "north", 0.4),))),
    )
    return offers_from_wide(table, accounts, success=success), rules


@settings(max_examples=60, deadline=None)
@given(tiny())
def test_exact_equals_brute_force(case: tuple[Offers, AllocationRules]) -> None:
    offers, rules = case
    best = brute_force(offers, rules)
    if np.isneginf(best):
        with pytest.raises(InputError, match=r"cannot hold together|can only hold together"):
            allocate(offers, rules, method="exact")
        return
    found = allocate(offers, rules, method="exact")
    assert found.value == pytest.approx(best, abs=1e-6)
    assert keeps(list(found.treatment), tuple(found.treatment.cat.codes), offers, rules, offers.accounts)


@settings(max_examples=60, deadline=None)
@given(tiny())
def test_prices_keep_every_rule_and_reach_the_optimum_of_tiny_cases(case: tuple[Offers, AllocationRules]) -> None:
    offers, rules = case
    best = brute_force(offers, rules)
    if np.isneginf(best):
        return
    found = allocate(offers, rules, method="prices")
    assert keeps(list(found.treatment), tuple(found.treatment.cat.codes), offers, rules, offers.accounts)
    assert found.value == pytest.approx(best, abs=1e-4 * max(1, abs(best)))
    assert found.bound >= best - 1e-7


@settings(max_examples=60, deadline=None)
@given(tiny(), st.lists(st.floats(0, 50), min_size=4, max_size=4))
def test_the_dual_bound_is_never_below_the_linear_optimum(
    case: tuple[Offers, AllocationRules], prices: list[float]
) -> None:
    problem = compile_problem(*case)
    relaxed = relax(problem)
    if relaxed is not None:
        bound = dual_bound(problem, np.array(prices[: problem.rows]))
        assert bound >= relaxed.value - 1e-7
        assert dual_bound(problem, relaxed.prices) == pytest.approx(relaxed.value, abs=1e-6)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_twenty_thousand_accounts_and_five_capacities_are_within_a_hundred_thousandth(seed: int) -> None:
    found = allocate(random_offers(20_000, seed), five_capacities(20_000), method="prices")
    assert found.gap <= 1e-5
    assert found.value <= found.bound
    assert (found.constraints["used"] <= found.constraints["limit"] * (1 + 1e-9)).all()


def test_the_certified_bound_is_the_optimum_of_the_linear_programme(offers_2000: Offers) -> None:
    found = allocate(offers_2000, five_capacities(2_000), method="prices")
    relaxed = relax(found.problem)
    assert relaxed is not None
    assert found.bound >= relaxed.value * (1 - 1e-12)
    assert found.bound == pytest.approx(relaxed.value, rel=1e-6)


def test_what_has_a_price_is_used_up_and_what_is_left_over_has_none(offers_2000: Offers) -> None:
    table = allocate(offers_2000, five_capacities(2_000), method="prices").constraints
    # Whole accounts may leave less than one account's use of a capacity that has a price.
    left = table["limit"] - table["used"]
    assert (table["price"] > 0).any()
    assert ((table["price"] < 1e-9) | (left < 12)).all()
    bound_by_prices = (table["price"] * left).sum()
    assert bound_by_prices <= 1e-4 * (table["price"] * table["limit"]).sum()


def test_no_account_would_rather_have_another_treatment_at_the_prices(offers_2000: Offers) -> None:
    found = allocate(offers_2000, five_capacities(2_000), method="prices")
    pool = found.problem.pools[0]
    left = pool.reduced(found.solution.prices)
    lost = left.max(axis=0) - left[found.solution.options[0], np.arange(pool.units)]
    assert lost.sum() <= 2e-5 * found.bound


@pytest.mark.parametrize("factor", [1e-3, 7.0, 1e6])
def test_value_in_another_currency_changes_prices_in_proportion(offers_2000: Offers, factor: float) -> None:
    rules = five_capacities(2_000)
    scaled = Offers(offers_2000.accounts, offers_2000.treatments, offers_2000.value * factor)
    one, other = allocate(offers_2000, rules, method="prices"), allocate(scaled, rules, method="prices")
    assert other.bound == pytest.approx(one.bound * factor, rel=1e-6)
    assert other.value == pytest.approx(one.value * factor, rel=1e-6)
    np.testing.assert_allclose(other.constraints["price"], one.constraints["price"] * factor, rtol=1e-3)


def test_equal_accounts_are_divided_between_treatments_as_capacity_asks() -> None:
    index = pd.Index(range(3_000), name="account_id")
    value = pd.DataFrame({"nothing": 0.0, "call": 9.0, "letter": 4.0}, index=index)
    rules = AllocationRules((Capacity("calls", 1_000, {"call": 1}), Capacity("letters", 700, {"letter": 1})))
    found = allocate(offers_from_wide(value), rules, method="prices")
    assert found.treatment.value_counts().to_dict() == {"nothing": 1_300, "call": 1_000, "letter": 700}
    assert found.value == found.bound == 11_800


def test_values_by_segment_where_prices_stall_are_solved_and_the_fall_back_is_told() -> None:
    few = random_offers(7, 4)
    accounts = pd.DataFrame(index=pd.RangeIndex(12_000, name="account_id"))
    offers = Offers(accounts, few.treatments, few.value[:, np.arange(12_000) % 7].copy())
    found = allocate(offers, five_capacities(12_000), method="prices")
    relaxed = relax(found.problem)
    assert relaxed is not None
    assert found.bound == pytest.approx(relaxed.value, rel=1e-6)
    assert found.gap <= 1e-3
    assert any("stalled" in note or "gap" in note for note in found.notes)


def test_the_gap_reported_is_that_between_the_value_and_the_bound(offers_2000: Offers) -> None:
    found = allocate(offers_2000, five_capacities(2_000), method="prices")
    worth = offers_2000.value[found.treatment.cat.codes.to_numpy(), np.arange(2_000)].sum()
    assert found.value == pytest.approx(worth, rel=1e-12)
    assert found.gap == pytest.approx((found.bound - worth) / found.bound, abs=1e-12)
