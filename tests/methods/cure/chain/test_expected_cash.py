"""Expected cash in a chain whose payments are known."""

import numpy as np
import pytest
from chain_world import CASH, MATRIX, STATES, make_world

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain.cash import expected_cash


@pytest.fixture(scope="module")
def world():
    return make_world(seed=5, accounts=8000, products=("card", "auto"))


def truth(months, later=None):
    flow = MATRIX * (1 - CASH)[:, None]
    flow[5:] = 0
    value = np.zeros(len(STATES))
    for month in range(months):
        value[5] = 0.0 if later is None or not month else later[month - 1]
        value = CASH + flow @ value
    return value


@pytest.mark.parametrize("months", [1, 3, 12])
def test_expected_cash_is_the_known_chains(world, months):
    table = expected_cash(world.cells(), months=months)
    rows = table[table["dimension"] == "all"].set_index("state")
    known = dict(zip(STATES, truth(months), strict=True))
    for state, row in rows.iterrows():
        assert row["expected"] == pytest.approx(known[state], rel=0.04)


def test_cash_of_one_month_is_what_was_paid_over_what_was_owed(world):
    cells = world.cells()
    late = cells[cells["from_state"] == "1–29"]
    row = expected_cash(cells, by=None, months=1).set_index("state").loc["1–29"]
    assert row["expected"] == pytest.approx(late["paid"].sum() / late["balance"].sum())
    assert row["balance"] == pytest.approx(late["balance"].sum())


def test_where_balances_only_fall_nobody_pays_more_than_is_owed(world):
    table = expected_cash(world.cells(), months=60)
    assert (table["expected"] <= 1.0 + 1e-9).all()


def test_new_spending_that_is_repaid_counts_for_nothing(world):
    cells = world.cells()
    used = cells.assign(to_balance=cells["to_balance"] * 3, paid=cells["paid"] * 2.5)
    table = expected_cash(used, months=60)
    assert (table["expected"] <= 1.0 + 1e-9).all() and (table["expected"] > 0.9).any()


def test_cash_beyond_a_states_balance_is_not_carried_into_other_states(world):
    cells = world.cells()
    stays = (cells["from_state"] == "1–29") & (cells["to_state"] == "1–29")
    over = cells.assign(paid=cells["paid"].where(~stays, cells["balance"] * 9))
    row = expected_cash(over, by=None, months=1).set_index("state").loc["1–29"]
    late = cells[cells["from_state"] == "1–29"]
    other = late.loc[late["to_state"] != "1–29", "paid"].sum()
    assert row["expected"] == pytest.approx((cells.loc[stays, "balance"].sum() + other) / late["balance"].sum())


def test_more_months_bring_no_less(world):
    short, long = (expected_cash(world.cells(), months=m)["expected"].to_numpy() for m in (6, 12))
    assert (long >= short).all()


def test_recoveries_after_charge_off_are_added_by_the_months_left(world):
    later = np.linspace(0.02, 0.2, 12)
    table = expected_cash(world.cells(), by=None, months=12, after_charge_off=later).set_index("state")
    known = dict(zip(STATES, truth(12, later), strict=True))
    assert table.loc["30–59", "expected"] == pytest.approx(known["30–59"], rel=0.04)
    without = expected_cash(world.cells(), by=None, months=12).set_index("state")
    assert table.loc["30–59", "expected"] > without.loc["30–59", "expected"]


def test_a_state_a_segment_never_held_has_the_values_of_all(world):
    cells = world.cells()
    cells = cells[(cells["product"] == "card") | (cells["from_state"] != "30–59")]
    table = expected_cash(cells, months=1).set_index(["value", "state"])
    assert table.loc[("auto", "30–59"), "borrowed"]
    assert not table.loc[("card", "30–59"), "borrowed"]
    assert table.loc[("auto", "30–59"), "expected"] == pytest.approx(table.loc[("all", "30–59"), "expected"])


def test_limits_hold_the_estimate(world):
    table = expected_cash(world.cells())
    assert ((table["lower"] <= table["expected"]) & (table["expected"] <= table["upper"])).all()


def test_a_recovery_curve_that_is_too_short_is_refused(world):
    with pytest.raises(ParameterError, match="holds 3 months; cash within 12 months needs at least 11"):
        expected_cash(world.cells(), after_charge_off=[0.1, 0.2, 0.3])


def test_cells_without_cash_are_refused(world):
    with pytest.raises(ParameterError, match="lack paid; expected cash needs balance, paid"):
        expected_cash(world.cells().drop(columns="paid"))
