"""Lifetime value and its components."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.lifetime_value import COMPONENTS, discount, lifetime_value, present_value


def flows(months: range = range(1, 25), plan: str = "a", **amounts: float) -> pd.DataFrame:
    """Equal amounts each month; components not named are 0."""
    table = pd.DataFrame(0.0, index=range(len(months)), columns=list(COMPONENTS)).assign(**amounts)
    return table.assign(plan=plan, month=list(months))


def test_the_worked_example_by_hand():
    """At 25% a year, month 12 is worth .8 and month 24 .64: 80 − 16 at 12 months, 64 − 32 of month 24 on top."""
    table = flows()
    table.loc[table["month"] == 12, ["cash_collected", "contact_cost"]] = [100.0, 20.0]
    table.loc[table["month"] == 24, ["margin", "redefault_loss"]] = [100.0, 50.0]
    found = lifetime_value(table, ["plan"], 0.25)
    assert found["horizon"].tolist() == [12, 24]
    assert found["value"].tolist() == pytest.approx([64.0, 96.0])
    last = found.iloc[1]
    assert last[["cash_collected", "margin", "contact_cost", "redefault_loss"]].tolist() == pytest.approx(
        [80, 64, -16, -32]
    )


def test_every_cost_is_taken_off_and_every_income_added():
    found = lifetime_value(flows(**dict.fromkeys(COMPONENTS, 1.0)), ["plan"], 0.0).iloc[0]
    assert found[list(COMPONENTS)].tolist() == [12.0, 12.0, -12.0, -12.0, -12.0, -12.0, -12.0]
    assert found["value"] == -36.0


def test_a_month_of_today_is_not_discounted():
    table = flows(range(0, 13))
    table.loc[0, "contact_cost"] = 5.0
    assert lifetime_value(table, ["plan"], 0.25, horizons=[12])["value"].tolist() == [-5.0]


amounts = st.lists(st.floats(0, 1e5), min_size=len(COMPONENTS), max_size=len(COMPONENTS))


@settings(max_examples=30)
@given(amounts, st.floats(0, 0.9), st.floats(0.1, 10))
def test_components_add_up_to_the_value_and_the_unit_of_money_does_not_matter(each, rate, unit):
    given_amounts = dict(zip(COMPONENTS, each, strict=True))
    found = lifetime_value(flows(**given_amounts), ["plan"], rate)
    assert found[list(COMPONENTS)].sum(axis=1).tolist() == pytest.approx(found["value"].tolist(), abs=1e-6)
    other = lifetime_value(
        flows(**{name: unit * amount for name, amount in given_amounts.items()}), ["plan"], rate
    )
    assert other["value"].tolist() == pytest.approx((unit * found["value"]).tolist(), rel=1e-9, abs=1e-6)


@settings(max_examples=30)
@given(st.floats(0, 0.5), st.floats(0.01, 0.4))
def test_a_higher_rate_makes_later_money_worth_less(rate, more):
    table = flows(cash_collected=10.0)
    low, high = (lifetime_value(table, ["plan"], each)["value"] for each in (rate, rate + more))
    assert (high < low).all()


def test_the_value_of_a_level_payment_is_the_annuity():
    monthly = 1.06 ** (1 / 12) - 1
    found = lifetime_value(flows(cash_collected=100.0), ["plan"], 0.06)["value"]
    assert found.tolist() == pytest.approx([100 * (1 - (1 + monthly) ** -n) / monthly for n in (12, 24)])


def test_groups_are_valued_each_by_itself_and_sorted_whatever_the_order_and_index_of_the_rows():
    table = pd.concat([flows(plan="b", margin=2.0), flows(plan="a", margin=1.0)]).sample(frac=1.0, random_state=1)
    found = lifetime_value(table, ["plan"], 0.0)
    assert found[["plan", "horizon"]].to_numpy().tolist() == [["a", 12], ["a", 24], ["b", 12], ["b", 24]]
    assert found["value"].tolist() == [12.0, 24.0, 24.0, 48.0]


def test_months_after_the_longest_horizon_count_for_nothing():
    assert lifetime_value(flows(range(1, 61), margin=1.0), ["plan"], 0.0)["value"].tolist() == [12.0, 24.0]


def test_the_present_value_of_many_accounts_agrees_with_the_table():
    rng = np.random.default_rng(2)
    cash = rng.random((3, 24))
    table = pd.concat([flows(plan=str(i)).assign(cash_collected=row) for i, row in enumerate(cash)])
    found = lifetime_value(table, ["plan"], 0.08).query("horizon == 24")["value"]
    assert present_value(cash, 0.08, 24).tolist() == pytest.approx(found.tolist())


def test_a_year_at_25_percent_leaves_four_fifths():
    assert discount([0, 12, 24], 0.25).tolist() == pytest.approx([1.0, 0.8, 0.64])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            flows().drop(columns="relief_cost"),
            "the flows have no column relief_cost; give each component, 0 where",
        ),
        (flows(contact_cost=-1.0), "'contact_cost' is below zero in 24 of 24 rows"),
        (flows(margin=np.nan), "'margin' is missing or no number in 24 of 24 rows"),
        (
            flows(range(1, 13)),
            "1 of 1 groups of flows do not hold each month from 0 or 1 to 24 once, for example a",
        ),
        (flows(range(2, 26)), "do not hold each month from 0 or 1 to 24"),
        (pd.concat([flows(), flows(range(3, 4))]), "do not hold each month from 0 or 1 to 24 once"),
        (pd.concat([flows(), flows(range(30, 40), plan="late")]), "1 of 2 groups .* for example late"),
        (
            flows().assign(month=lambda d: d["month"].where(d["month"] != 7, 7.5)),
            "'month' is missing or no whole number in 1 of 24 rows",
        ),
        (
            flows().assign(month=lambda d: d["month"].where(d["month"] != 7)),
            "'month' is missing or no whole number in 1 of 24 rows",
        ),
        (flows().head(0), "the flows are empty"),
    ],
)
def test_flows_that_cannot_be_valued_say_why(table, message):
    with pytest.raises(InputError, match=message):
        lifetime_value(table, ["plan"], 0.06)


def test_a_negative_margin_is_a_loss_not_a_mistake():
    assert lifetime_value(flows(margin=-1.0), ["plan"], 0.0)["value"].tolist() == [-12.0, -24.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"annual_rate": 6.0}, "annual_rate is 6.0; give a fraction"),
        ({"annual_rate": 0.06, "horizons": [0]}, r"horizons are \[0\]; give numbers of months from 1 on"),
        ({"annual_rate": 0.06, "horizons": []}, r"horizons are \[\]"),
        ({"annual_rate": 0.06, "by": []}, "by is empty"),
    ],
)
def test_rates_and_horizons_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(ParameterError, match=message):
        lifetime_value(flows(), **({"by": ["plan"]} | arguments))


def test_too_few_months_for_the_horizon_are_refused():
    with pytest.raises(ParameterError, match="a horizon of 24 months needs as many amounts; 12 are given"):
        present_value(np.ones((2, 12)), 0.06, 24)
