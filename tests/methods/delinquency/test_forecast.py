"""The flow-rate forecast on portfolios whose rates are known."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ParameterError
from analysis.core.periods import shift_months
from analysis.core.states import Buckets
from analysis.methods.delinquency.flows import flows
from analysis.methods.delinquency.forecast import actuals, backtest, coverage, expected_inflow, forecast
from analysis.statistics.flows import project

BUCKETS = Buckets((1, 30, 90))
STATES = BUCKETS.states
FIRST = date(2022, 1, 31)
RATES = np.zeros((8, 8))
RATES[0, [0, 1, 6]] = [0.95, 0.04, 0.01]
RATES[1, [0, 1, 2]] = [0.6, 0.2, 0.2]
RATES[2, [0, 2, 3]] = [0.3, 0.2, 0.5]
RATES[3, [0, 3, 4]] = [0.1, 0.6, 0.3]
RATES[4, 4] = 1.0


def simulate(random, months, accounts=20_000, new=150, noise=0.0):
    """Months of a Markov portfolio: stock and rolls as the panel returns them; `noise` moves whole months."""
    held = random.multinomial(accounts, [0.92, 0.05, 0.02, 0.01, 0, 0, 0, 0])
    stocks, rolls = [stock_rows(FIRST, held)], []
    for month in range(1, months):
        rates = RATES.copy()
        worse = np.exp(noise * random.standard_normal())
        rates[0, 1] *= worse
        rates[0, 0] = 1 - rates[0, 1] - rates[0, 6]
        moved = np.stack([random.multinomial(held[s], rates[s]) if rates[s].any() else 0 * held for s in range(8)])
        rolls.append(roll_rows(shift_months(FIRST, month), moved))
        held = moved.sum(axis=0) + np.eye(8, dtype=int)[0] * new
        stocks.append(stock_rows(shift_months(FIRST, month), held))
    return pd.concat(stocks, ignore_index=True), pd.concat(rolls, ignore_index=True)


def stock_rows(month, held):
    table = pd.DataFrame({"state": STATES, "accounts": held, "balance": held * 100.0})
    return table.assign(dimension="all", value="all", month=pd.Timestamp(month))


def roll_rows(month, moved):
    start, end = np.nonzero(moved)
    names, accounts, totals = np.array(STATES), moved[start, end], moved.sum(axis=1)[start]
    table = pd.DataFrame({"from_state": names[start], "to_state": names[end], "accounts": accounts})
    money = {"balance": accounts * 100.0, "to_balance": accounts * 100.0, "from_balance": totals * 100.0}
    table = table.assign(from_accounts=totals, **money)
    return table.assign(dimension="all", value="all", month=pd.Timestamp(month), broken=False)


@pytest.fixture(scope="module")
def portfolio():
    return simulate(np.random.default_rng(1), 30)


def test_the_forecast_is_the_projection_of_todays_stock_with_the_pooled_rates(portfolio):
    stock, rolls = portfolio
    start = shift_months(FIRST, 29)
    table = forecast(stock, rolls, BUCKETS, start, months=12, draws=200)
    for basis in ("accounts", "balance"):
        found = flows(stock, rolls, BUCKETS, start, 12, basis)
        path = project(found.start, found.matrix, 12, expected_inflow(found, 12))
        chosen = table[(table["basis"] == basis) & (table["measure"] == "stock:30–89")]
        np.testing.assert_allclose(chosen["expected"], path[:, 2], rtol=1e-12)


def test_pooled_rates_are_near_the_truth_and_new_business_is_found_exactly(portfolio):
    found = flows(*portfolio, BUCKETS, shift_months(FIRST, 29), 24, "accounts")
    np.testing.assert_allclose(found.matrix[:5], RATES[:5], atol=0.02)
    assert (found.inflows == np.eye(8)[0] * 150).all()


def test_nothing_after_the_start_is_used(portfolio):
    stock, rolls = portfolio
    start = shift_months(FIRST, 17)
    early = [table[table["month"] <= pd.Timestamp(start)] for table in portfolio]
    pd.testing.assert_frame_equal(
        forecast(stock, rolls, BUCKETS, start, draws=200), forecast(*early, BUCKETS, start, draws=200)
    )


def test_a_step_recorded_differently_is_no_basis(portfolio):
    stock, rolls = portfolio
    start = shift_months(FIRST, 29)
    broken = rolls.assign(broken=rolls["month"] == pd.Timestamp(shift_months(FIRST, 28)))
    assert shift_months(FIRST, 28) not in flows(stock, broken, BUCKETS, start, 6, "accounts").months


def test_growth_of_new_business_is_compounded(portfolio):
    found = flows(*portfolio, BUCKETS, shift_months(FIRST, 29), 12, "accounts")
    assert expected_inflow(found, 3, growth=0.1)[:, 0] == pytest.approx([165, 181.5, 199.65])


def test_the_same_seed_gives_the_same_interval(portfolio):
    start = shift_months(FIRST, 29)
    one, two = (forecast(*portfolio, BUCKETS, start, draws=200, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_rates_stay_within_their_limits_and_limits_around_the_expected(portfolio):
    table = forecast(*portfolio, BUCKETS, shift_months(FIRST, 29), draws=500)
    later = table[(table["month"] > table["month"].min()) & (table["expected"] > 0)]
    assert (later["lower"] < later["expected"]).all() and (later["expected"] < later["upper"]).all()
    assert later.loc[later["measure"].str.startswith("overdue"), "upper"].max() <= 1


def test_one_month_of_rolls_gives_a_path_without_an_interval(portfolio):
    table = forecast(*portfolio, BUCKETS, shift_months(FIRST, 1), months=3, basis_months=12)
    assert table.loc[table["measure"] == "open", "expected"].notna().all()
    assert table["lower"].isna().all()


def test_no_rolls_at_all_are_refused(portfolio):
    with pytest.raises(ParameterError, match="no month-step up to 2022-01 to take flow rates from"):
        forecast(*portfolio, BUCKETS, FIRST)


def test_what_happened_is_told_in_the_forecasts_measures(portfolio):
    stock, rolls = portfolio
    last = actuals(stock, rolls, BUCKETS)
    last = last[(last["month"] == last["month"].max()) & (last["basis"] == "accounts")].set_index("measure")[
        "actual"
    ]
    held = stock[stock["month"] == stock["month"].max()].set_index("state")["accounts"]
    assert last["open"] == held[list(BUCKETS.labels)].sum()
    assert last["overdue_30"] == pytest.approx(held[["30–89", "90+"]].sum() / last["open"])
    gone = (rolls["to_state"] == "charged_off") & (rolls["from_state"] != "charged_off")
    assert last["charged_off_in_month"] == rolls[gone & (rolls["month"] == rolls["month"].max())]["accounts"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.15], ids=["chance of accounts alone", "months that differ"])
def test_the_interval_covers_what_happens(noise):
    """60 portfolios with a fixed seed; the last month of the horizon, open and overdue rates and charge-offs."""
    random = np.random.default_rng(20)
    judged = []
    for _ in range(60):
        stock, rolls = simulate(random, 25, noise=noise)
        found = backtest(stock, rolls, BUCKETS, shift_months(FIRST, 12), months=12, basis_months=12, draws=300)
        judged.append(found[found["basis"] == "accounts"])
    table = pd.concat(judged)
    chosen = table[table["measure"].isin(["overdue_1", "overdue_30", "overdue_90", "charged_off_in_month"])]
    share = coverage(chosen)["covered"].mean()
    assert 0.92 <= share <= 0.98
