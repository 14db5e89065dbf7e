"""Next quarter's cures, and the last forecast judged, in portfolios whose chain is known."""

import numpy as np
import pandas as pd
import pytest
from chain_world import STATES, make_world

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import ChainStates
from analysis.methods.cure.chain.cures import cure_steps, cures_counted
from analysis.methods.cure.chain.forecast import cure_forecast, judge


@pytest.fixture(scope="module")
def world():
    return make_world(seed=6, accounts=6000, products=("card", "auto"))


def test_cures_counted_are_the_steps_that_cure(world):
    table = cures_counted(world.cells(), world.month(23), world.month(25)).set_index(["value", "measure", "basis"])
    before, after = world.path[22:25], world.path[23:26]
    back = (before < 2) & (after == STATES.index("probation_1"))
    lasting = (before == STATES.index("probation_1")) & (after == STATES.index("cured"))
    assert table.loc[("all", "back_to_current", "accounts"), "actual"] == back.sum()
    assert table.loc[("all", "sustained_cure", "accounts"), "actual"] == lasting.sum()
    owed = world.balance[22:25][lasting].sum()
    assert table.loc[("all", "sustained_cure", "balance"), "actual"] == pytest.approx(owed)


def test_without_probation_every_return_is_a_sustained_cure():
    states = ChainStates(("1–29", "30–59", "cured", "current", "charged_off"))
    back, lasting = cure_steps(states)
    assert (back == lasting).all()
    assert back.sum() == 4


def test_segments_add_up_to_all_in_accounts_and_balance(world):
    table = cure_forecast(world.stock(25), world.cells(), world.month(25), draws=50)
    sums = table.groupby(["dimension", "measure", "basis"])["expected"].sum().unstack("dimension")
    assert sums["product"].to_numpy() == pytest.approx(sums["all"].to_numpy())


def test_the_balance_of_cures_moves_with_todays_balances(world):
    stock = world.stock(25)
    once, twice = (
        cure_forecast(s, world.cells(), world.month(25), draws=50).set_index(["value", "measure", "basis"])
        for s in (stock, stock.assign(balance=2 * stock["balance"]))
    )
    ratio = (twice["expected"] / once["expected"]).unstack("basis")
    assert ratio["accounts"].to_numpy() == pytest.approx(1.0)
    assert ratio["balance"].to_numpy() == pytest.approx(2.0)


def test_what_comes_after_the_start_changes_nothing(world):
    early, late = (
        cure_forecast(world.stock(20), c, world.month(20), draws=50) for c in (world.cells(20), world.cells())
    )
    pd.testing.assert_frame_equal(early, late)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_judged_forecasts_are_covered_about_as_often_as_they_say(noise):
    hits, errors = [], []
    for seed in range(40):
        world = make_world(300 + seed, accounts=2500, months=20, noise=noise).drawing()
        table = judge(world.stock(16), world.cells(), world.month(16), by=None, draws=150)
        hits.append(table["covered"])
        errors.append(table["error"].mean())
    assert 0.88 <= np.concatenate(hits).mean() <= 1.0
    assert abs(np.mean(errors)) < 0.03


def test_a_segment_without_cures_so_far_counts_as_none(world):
    cells = world.cells()
    hidden = (cells["product"] == "auto") & (cells["month"] > pd.Timestamp(world.month(22)))
    table = judge(world.stock(22), cells[~hidden], world.month(22), draws=50).set_index(
        ["value", "measure", "basis"]
    )
    assert table.loc[("auto", "sustained_cure", "accounts"), "actual"] == 0
    assert not table.loc[("auto", "sustained_cure", "accounts"), "covered"]


def test_a_single_basis_month_has_no_limits(world):
    table = cure_forecast(world.stock(25), world.cells(), world.month(25), basis_months=1)
    assert table["lower"].isna().all()
    assert table["expected"].gt(0).all()


def test_months_missing_from_the_cells_are_refused(world):
    with pytest.raises(ParameterError, match="the cells hold 2 of the 3 months to 2025-02"):
        cures_counted(world.cells(24), world.month(23), world.month(25))


def test_an_empty_stock_is_refused(world):
    stock = world.stock(25)
    with pytest.raises(ParameterError, match="holds no account that is still open"):
        cure_forecast(stock[stock["state"] == "charged_off"], world.cells(), world.month(25))
