"""What became of accounts in arrears, followed by the engine and by hand."""

import pandas as pd
import pytest
from contact_portfolio import account, make_portfolio, path
from random_panel import write_random_portfolio

from analysis.core.periods import parse_month
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.chain import chain_stock
from analysis.data.panel.fates import chain_fates
from analysis.data.portfolio import open_portfolio

BUCKETS, RULES = Buckets((1, 30, 60, 90)), SpellRules(sustained_months=2)


def follow(folder, days, start):
    portfolio = make_portfolio(folder, "2025-12", accounts=[account("A")], months=path("A", "2024-01", days))
    found = chain_fates(portfolio, RULES, BUCKETS, parse_month(start), parse_month("2024-12"))
    stock = found[found["cohort"] == "stock"].sort_values("month")
    return [(str(row.state), row.memory) for row in stock.itertuples()], set(found["cohort"])


def test_an_account_is_followed_with_what_it_went_through(tmp_path):
    days = [0, 10, 40, 0, 0, 0, 10, 0, 0, 0, 0, 0]
    states, cohorts = follow(tmp_path, days, "2024-03")
    assert states == [
        ("30–59", 0), ("probation_1", 0), ("cured_2", 1), ("cured_3", 1), ("1–29", 2), ("probation_1", 2),
        *[(f"cured_{j}", 2) for j in range(2, 6)],
    ]  # fmt: skip
    assert cohorts == {"stock"}


def test_a_relapse_from_probation_belongs_to_the_same_spell(tmp_path):
    states, cohorts = follow(tmp_path, [0, 10, 0, 10, 0, 0, 0], "2024-02")
    assert [memory for _, memory in states] == [0, 0, 0, 0, 1, 1]
    assert cohorts == {"stock", "entrants"}


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fates")
    write_random_portfolio(folder, seed=5)
    return open_portfolio(folder)


def test_the_cohort_is_the_stock_in_arrears_and_nobody_is_counted_twice(portfolio):
    first, last = portfolio.months_covered()
    start = parse_month(f"{first.year}-{first.month + 3:02d}")
    found = chain_fates(portfolio, RULES, BUCKETS, start)
    today = chain_stock(portfolio, RULES, BUCKETS, start)
    overdue = today[today["state"].isin(BUCKETS.labels[1:])]["accounts"].sum()
    sums = found[found["cohort"] == "stock"].groupby("month")["accounts"].sum()
    assert sums.iloc[0] == overdue
    assert (sums <= overdue).all()
    assert sums.index.max() == pd.Timestamp(last)


def test_exits_are_kept(portfolio):
    first, _ = portfolio.months_covered()
    start = parse_month(f"{first.year}-{first.month + 3:02d}")
    found = chain_fates(portfolio, RULES, BUCKETS, start)
    gone = found[found["state"].isin(["charged_off", "paid_off", "sold"]) & (found["cohort"] == "stock")]
    counts = gone.groupby("month")["accounts"].sum()
    assert counts.is_monotonic_increasing
    assert counts.max() > 0
