"""What becomes of accounts in arrears, in portfolios whose chain is known."""

import numpy as np
import pandas as pd
import pytest
from chain_world import MATRIX, STATES, make_world

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import ChainStates
from analysis.methods.cure.chain.memory import with_memory
from analysis.methods.cure.chain.occupancy import backtest, expected_path, fates_by_group, occupancy_forecast
from analysis.methods.cure.chain.paths import basis_cells, chain_rates

CHAIN = ChainStates(STATES)
STANDING = ["in_arrears", "in_probation", "cured", "re_defaulted", "charged_off", "paid_off"]


@pytest.fixture(scope="module")
def world():
    return make_world(seed=2, accounts=5000, months=38, products=("card", "auto"))


@pytest.fixture(scope="module")
def found(world):
    return occupancy_forecast(world.stock(25), world.cells(25), world.month(25), months=12, draws=200)


def test_groups_add_up_to_the_cohort(found):
    kept = found[found["group"].isin(STANDING)]
    sums = kept.groupby(["cohort", "dimension", "value", "month"])["share"].sum()
    assert sums.to_numpy() == pytest.approx(1.0)


def test_segments_add_up_to_all(found):
    keys = ["cohort", "month", "group"]
    parts = found[found["dimension"] == "product"].groupby(keys)["expected"].sum()
    whole = found[found["dimension"] == "all"].set_index(keys)["expected"]
    assert parts.to_numpy() == pytest.approx(whole.reindex(parts.index).to_numpy())


def test_exits_and_what_ever_happened_only_grow(found):
    for group in ("charged_off", "paid_off", "ever_cured", "ever_re_defaulted"):
        rows = found[found["group"] == group].sort_values("month")
        for _, curve in rows.groupby(["cohort", "value"]):
            assert (np.diff(curve["expected"]) >= -1e-9).all()


def test_the_stock_starts_in_arrears_and_so_do_entrants(world, found):
    today = found[(found["month"] == found["month"].min()) & (found["group"] == "in_arrears")]
    assert today["share"].to_numpy() == pytest.approx(1.0)
    whole = today[today["dimension"] == "all"].set_index("cohort")["accounts"]
    assert whole["stock"] == (world.path[25] < 2).sum()
    assert whole["entrants"] == ((world.path[25] < 2) & np.isin(world.path[24], (3, 4))).sum()


def test_expectations_are_near_the_known_chains(world, found):
    size = len(STATES)
    start = np.bincount(world.path[25][world.path[25] < 2], minlength=size) / (world.path[25] < 2).sum()
    wide = np.linalg.matrix_power(with_memory(MATRIX, CHAIN), 12)
    truth = np.concatenate([start, np.zeros(2 * size)]) @ wide
    last = found[
        (found["value"] == "all") & (found["cohort"] == "stock") & (found["month"] == found["month"].max())
    ]
    share = last.set_index("group")["share"]
    assert share["charged_off"] == pytest.approx(truth.reshape(3, size)[:, 5].sum(), abs=0.02)
    assert share["ever_cured"] == pytest.approx(truth.reshape(3, size)[1:].sum(), abs=0.02)


def test_a_forecast_of_twelve_months_is_one_of_five_and_then_of_seven(world):
    rates = chain_rates(basis_cells(world.cells(25), world.month(25), 12), CHAIN, None)
    start = np.array([[100, 50, 0, 0, 0, 0, 0]])
    whole = expected_path(start, rates, 12)[0, -1]
    wide = with_memory(rates.pooled[0], CHAIN)
    assert expected_path(start, rates, 5)[0, -1] @ np.linalg.matrix_power(wide, 7) == pytest.approx(whole)


def test_limits_hold_the_expectation_and_widen(found):
    later = found[(found["month"] > found["month"].min()) & (found["expected"] > 20)]
    assert ((later["lower"] <= later["expected"]) & (later["expected"] <= later["upper"])).all()
    assert (later["share_upper"] > later["share_lower"]).all()


def test_the_same_seed_gives_the_same_limits(world, found):
    again = occupancy_forecast(world.stock(25), world.cells(25), world.month(25), months=12, draws=200)
    pd.testing.assert_frame_equal(found, again)


def test_what_comes_after_the_start_changes_nothing(world, found):
    later = occupancy_forecast(world.stock(25), world.cells(), world.month(25), months=12, draws=200)
    pd.testing.assert_frame_equal(found, later)


def test_a_single_basis_month_has_no_limits(world):
    table = occupancy_forecast(world.stock(25), world.cells(25), world.month(25), 3, basis_months=1, by=None)
    assert table["lower"].isna().all()
    assert table["expected"].notna().all()


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_limits_cover_what_happens_about_as_often_as_they_say(noise):
    hits = []
    for seed in range(25):
        world = make_world(100 + seed, accounts=3000, months=26, noise=noise)
        fates = fates_by_group(world.fates(13), by=None)
        judged = backtest(world.stock(13), world.cells(), fates, world.month(13), months=12, by=None, draws=150)
        hits.append(judged.loc[judged["expected"] > 5, "covered"])
    # Months and groups of a portfolio go together, so that 25 portfolios tell the coverage to a few points.
    assert 0.89 <= np.concatenate(hits).mean() <= 1.0


def test_a_backtest_holds_the_forecast_against_the_same_accounts(world):
    fates = fates_by_group(world.fates(25))
    judged = backtest(world.stock(25), world.cells(), fates, world.month(25), months=12, draws=100)
    assert judged["month"].min() == pd.Timestamp(world.month(26))
    kept = judged[judged["group"].isin(STANDING) & (judged["dimension"] == "all")]
    sums = kept.groupby("month")["actual"].sum()
    assert (sums == (world.path[25] < 2).sum()).all()


def test_nobody_in_arrears_is_said_so(world):
    stock = world.stock(25)
    with pytest.raises(ParameterError, match="nobody is in arrears in the stock at 2025-02"):
        occupancy_forecast(stock[stock["state"] == "current"], world.cells(25), world.month(25))


def test_a_product_without_steps_is_named(world):
    stock = world.stock(25).assign(product="boat")
    with pytest.raises(ParameterError, match="'boat' in column 'product' takes no step"):
        occupancy_forecast(stock, world.cells(25), world.month(25))


def test_a_start_before_the_first_step_is_refused(world):
    with pytest.raises(ParameterError, match="no month-step up to 2023-01"):
        occupancy_forecast(world.stock(0), world.cells(25), world.month(0))


def test_a_backtest_without_later_fates_is_refused(world):
    fates = fates_by_group(world.fates(25))
    early = fates[fates["month"] == fates["month"].min()]
    with pytest.raises(ParameterError, match="no month after 2025-02 in the fates"):
        backtest(world.stock(25), world.cells(), early, world.month(25), months=2, draws=20)
