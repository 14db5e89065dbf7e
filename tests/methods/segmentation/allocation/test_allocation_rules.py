"""Rules are kept, and what cannot be kept is refused by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from allocation_cases import COST, five_capacities, random_offers

from analysis.core.errors import ArrearsError, InputError, ParameterError
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
    offers_from_table,
    offers_from_wide,
    treatment_mix,
)

CONTACTS = {"agent_call": 2, "robot_call": 1, "letter": 1, "visit": 2, "agency": 3}


def with_rules(offers: Offers, **more: object) -> AllocationRules:
    plain = five_capacities(len(offers))
    return AllocationRules(plain.capacities, plain.budget, **more)  # type: ignore[arg-type]


def test_a_customer_gets_no_more_contacts_than_the_limit_over_all_accounts(offers_2000: Offers) -> None:
    found = allocate(offers_2000, with_rules(offers_2000, contacts=ContactLimit(CONTACTS, 3)), method="prices")
    made = found.treatment.map(lambda name: CONTACTS.get(name, 0)).astype(int)
    by_customer = made.groupby(offers_2000.accounts["customer_id"]).sum()
    assert by_customer.max() == 3
    assert found.gap <= 1e-4


def test_contacts_already_made_count_against_the_limit() -> None:
    index = pd.Index(["a", "b"], name="account_id")
    accounts = pd.DataFrame({"customer_id": ["x", "y"], "made": [3, 0]}, index=index)
    offers = offers_from_wide(pd.DataFrame({"nothing": 0.0, "call": 5.0}, index=index), accounts)
    found = allocate(offers, AllocationRules(contacts=ContactLimit({"call": 1}, 3, already="made")))
    assert found.treatment.to_dict() == {"a": "nothing", "b": "call"}


def test_forbidden_pairs_are_never_chosen(offers_2000: Offers) -> None:
    found = allocate(
        offers_2000, with_rules(offers_2000, forbidden=(Forbidden("letter", "region", "north"),)), method="prices"
    )
    north = offers_2000.accounts["region"] == "north"
    assert (found.treatment[north] != "letter").all()
    assert (found.treatment[~north] == "letter").any()


@pytest.mark.parametrize("method", ["exact", "prices"])
def test_a_fairness_floor_is_reached_and_its_price_is_what_it_costs(method: str) -> None:
    offers = random_offers(400, 5)
    free = allocate(offers, with_rules(offers), method=method)  # type: ignore[arg-type]
    floor = Floor("region", "north", 0.9)
    held = allocate(offers, with_rules(offers, floors=(floor,)), method=method)  # type: ignore[arg-type]
    north = offers.accounts["region"] == "north"
    assert (free.treatment[north] != "nothing").mean() < 0.9 <= (held.treatment[north] != "nothing").mean()
    row = held.constraints.set_index("constraint").loc["floor for region north"]
    assert row["sense"] == "at least" and row["used"] >= row["limit"] and row["price"] > 0
    assert held.value < free.value


def test_an_agency_is_given_accounts_that_succeed_often_enough(offers_2000: Offers) -> None:
    rule = MinimumSuccess("agency", 0.5)
    placed = {}
    for name, success in (("free", ()), ("held", (rule,))):
        found = allocate(offers_2000, with_rules(offers_2000, success=success), method="prices")
        where = (found.treatment == "agency").to_numpy()
        placed[name] = offers_2000.success[offers_2000.treatments.index("agency"), where].mean()
    assert placed["free"] < 0.5 <= placed["held"] + 1e-9


def test_without_rules_each_account_gets_what_is_worth_most_to_it(offers_2000: Offers) -> None:
    found = allocate(offers_2000, AllocationRules(), method="prices")
    assert (found.treatment.cat.codes.to_numpy() == offers_2000.value.argmax(axis=0)).all()
    assert found.gap == 0


def test_a_budget_takes_the_costs_of_the_offers() -> None:
    table = pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "b"],
            "treatment": ["nothing", "visit"] * 2,
            "recovery": [0.0, 30.0, 0.0, 50.0],
            "cost": [0.0, 10.0, 0.0, 25.0],
            "complaint_cost": [0.0, 1.0, 0.0, 2.0],
        }
    )
    found = allocate(offers_from_table(table), AllocationRules(budget=Budget(25)), method="exact")
    assert found.treatment.to_dict() == {"a": "nothing", "b": "visit"}
    assert found.value == 50 - 25 - 2


def test_the_mix_adds_up_to_the_accounts_and_the_value(offers_2000: Offers) -> None:
    found = allocate(offers_2000, five_capacities(2_000), method="prices")
    mix = treatment_mix(found, offers_2000)
    assert mix["accounts"].sum() == 2_000
    assert mix["value"].sum() == pytest.approx(found.value)


def test_a_floor_that_capacity_cannot_reach_is_named_with_the_shortfall() -> None:
    index = pd.Index(range(10), name="account_id")
    value = pd.DataFrame({"nothing": 0.0, "call": 1.0}, index=index)
    accounts = pd.DataFrame({"region": ["north"] * 10}, index=index)
    rules = AllocationRules(
        (Capacity("hours", 3, {"call": 0.5}, "hour"),), floors=(Floor("region", "north", 0.8),)
    )
    with pytest.raises(InputError, match="cannot hold together") as refused:
        allocate(offers_from_wide(value, accounts), rules)
    assert "floor for region north: 8 accounts asked for, short by 2 accounts" in str(refused.value)
    assert "What stands against it: hours" in str(refused.value)


def test_a_capacity_too_small_for_what_must_be_done_is_named_with_the_shortfall() -> None:
    index = pd.Index(range(10), name="account_id")
    value = pd.DataFrame({"nothing": np.nan, "call": 1.0}, index=index)
    rules = AllocationRules((Capacity("hours", 3, {"call": 0.5}, "hour"),))
    with pytest.raises(InputError, match=r"hours: 3 hour available, short by 2 hour"):
        allocate(offers_from_wide(value), rules)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"capacities": (Capacity("hours", 1, {"agent_cal": 1}),)}, "'agent_cal', .* did you mean 'agent_call'"),
        ({"budget": Budget(1, {"leter": 1})}, "budget.* 'leter', .* did you mean 'letter'"),
        ({"success": (MinimumSuccess("agancy", 0.1),)}, "did you mean 'agency'"),
        ({"contacts": ContactLimit({"visits": 1}, 1)}, "contact limit .* did you mean 'visit'"),
        (
            {"forbidden": (Forbidden("sms", "region", "north"),)},
            "forbidding 'sms' .* there are: nothing, agent_call",
        ),
        ({"floors": (Floor("regoin", "north", 0.1),)}, "column 'regoin'.* did you mean 'region'"),
        ({"floors": (Floor("region", "nord", 0.1),)}, "value of region 'nord'.* did you mean 'north'"),
        ({"nothing": "none"}, "rules.nothing names the treatment 'none'.*"),
        ({"budget": Budget(1)}, "the budget needs costs, and the offers have none"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(offers_2000: Offers, rules: dict, message: str) -> None:
    with pytest.raises(ArrearsError, match=message):
        allocate(offers_2000, AllocationRules(**rules))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Capacity("hours", -1, {}), "capacity 'hours': available is -1; give a finite number, 0 or more"),
        (lambda: Capacity("hours", 1, {"call": float("nan")}), "use of 'call' is nan"),
        (lambda: Budget(float("inf")), "budget: available is inf"),
        (lambda: Floor("region", "north", 1.2), "floor for region north is 1.2; give a fraction from 0 to 1"),
        (lambda: Floor("sex", "female", 0.2), "decides by 'sex', a protected attribute; state the lawful basis"),
        (lambda: Forbidden("call", "education", 1), "decides by 'education', a protected attribute"),
        (lambda: ContactLimit({"call": 1.5}, 3), "contact limit: call is 1.5; give a whole number"),  # type: ignore[dict-item]
        (lambda: AllocationRules((Capacity("h", 1, {}), Capacity("h", 2, {}))), "two constraints are called 'h'"),
    ],
)
def test_impossible_rules_are_refused_where_they_are_written(make: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make()  # type: ignore[operator]


def test_an_account_that_may_get_nothing_at_all_is_named() -> None:
    value = pd.DataFrame({"nothing": [0.0, np.nan], "call": [1.0, np.nan]}, index=["a", "b"])
    with pytest.raises(InputError, match=r"1 accounts \(for example 'b'\) may get no treatment at all"):
        allocate(offers_from_wide(value), AllocationRules())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "call", 1.0), ("a", "call", 2.0)], "account 'a' has two offers of 'call'"),
        ([("a", "call", float("nan"))], "offers.recovery is empty or infinite for account 'a' and 'call'"),
    ],
)
def test_offers_that_contradict_themselves_are_refused(rows: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        offers_from_table(pd.DataFrame(rows, columns=["account_id", "treatment", "recovery"]))


def test_offers_without_a_needed_column_say_which() -> None:
    with pytest.raises(InputError, match="offers lack the column recovery"):
        offers_from_table(pd.DataFrame({"account_id": ["a"], "treatment": ["call"]}))


def test_costs_by_treatment_are_those_of_the_offers(offers_2000: Offers) -> None:
    cost = np.broadcast_to(np.array([COST.get(name, 0.0) for name in offers_2000.treatments])[:, None], (6, 2_000))
    given = Offers(offers_2000.accounts, offers_2000.treatments, offers_2000.value, cost=cost.copy())
    rules = five_capacities(2_000)
    one = allocate(offers_2000, rules, method="prices")
    other = allocate(given, AllocationRules(rules.capacities, Budget(rules.budget.available)), method="prices")  # type: ignore[union-attr]
    assert other.value == pytest.approx(one.value, rel=3e-5)


def test_a_pair_that_is_not_allowed_or_not_offered_is_never_chosen() -> None:
    rows = [("a", "nothing", 0.0, True), ("a", "call", 9.0, False), ("b", "nothing", 0.0, True)]
    table = pd.DataFrame(rows, columns=["account_id", "treatment", "recovery", "allowed"])
    found = allocate(offers_from_table(table), AllocationRules())
    assert found.treatment.to_dict() == {"a": "nothing", "b": "nothing"}


def test_a_floor_by_a_protected_attribute_needs_its_lawful_basis() -> None:
    assert Floor("sex", "female", 0.2, basis="court order").label == "sex female"
