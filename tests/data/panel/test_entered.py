"""Falling overdue, against counting by hand customer by customer."""

import numpy as np
import pandas as pd
import pytest
from random_panel import MONTHS, START, write_random_portfolio

from analysis.core.periods import Period, shift_months
from analysis.data.panel.families import ENTERED
from analysis.data.panel.ratios import monthly, pooled
from analysis.data.portfolio import open_portfolio

BREAK = shift_months(START, 7)
QUARTERS = {str(q): q.months for q in (Period(2024, 2), Period(2024, 3))}
CELL = ["numerator", "denominator", "nn", "nd", "dd", "units", "clusters"]


def steps_by_hand(months):
    """Accounts open and current at a month's start, with the month stepped into and whether late then."""
    rows = months.sort_values(["account_id", "month"])
    after = rows.groupby("account_id")[["month", "status", "days_past_due"]].shift(-1).add_prefix("next_")
    rows = rows.join(after).dropna(subset=["next_status"])
    rows = rows[(rows["status"] == "open") & (rows["days_past_due"] == 0)]
    late = (rows["next_status"] == "open") & (rows["next_days_past_due"] > 0)
    return rows.assign(
        month=rows["next_month"], e=late.astype(float), k=1.0, x=rows["balance"], y=rows["balance"] * late
    )


def cells_by_hand(rows, customer="customer_id"):
    sums = rows.groupby(customer)[["e", "k", "y", "x"]].sum()
    found = {}
    for basis, (top, base) in {"accounts": ("e", "k"), "balance": ("y", "x")}.items():
        y, x = sums[top].to_numpy(), sums[base].to_numpy()
        found[basis] = [y.sum(), x.sum(), y @ y, y @ x, x @ x, len(rows), len(sums)]
    return found


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("entered")
    months = write_random_portfolio(folder, 5, accounts=80, customers=50, breaks=[BREAK])
    return open_portfolio(folder), months


def test_entries_of_a_month_are_what_counting_by_hand_gives(drawn):
    portfolio, months = drawn
    cells = monthly(portfolio, ENTERED)
    rows = steps_by_hand(months)
    assert len(cells) == 2 * (MONTHS - 1)
    for month, inside in rows.groupby("month"):
        expected = cells_by_hand(inside)
        for basis, values in expected.items():
            row = cells[(cells["month"] == pd.Timestamp(month)) & (cells["basis"] == basis)].iloc[0]
            np.testing.assert_allclose(row[CELL].astype(float), values, rtol=1e-9, err_msg=f"{month} {basis}")


def test_entries_of_a_quarter_leave_the_break_out(drawn):
    portfolio, months = drawn
    cells = pooled(portfolio, ENTERED, QUARTERS).set_index(["period", "basis"])
    rows = steps_by_hand(months)
    for name, inside in QUARTERS.items():
        kept = rows[rows["month"].isin([month for month in inside if month != BREAK])]
        for basis, values in cells_by_hand(kept).items():
            np.testing.assert_allclose(cells.loc[(name, basis), CELL].astype(float), values, rtol=1e-9)
    assert BREAK in QUARTERS["2024Q3"]


def test_a_customers_accounts_are_one_cluster(drawn):
    portfolio, months = drawn
    cell = pooled(portfolio, ENTERED, QUARTERS).query("period == '2024Q2' and basis == 'accounts'").iloc[0]
    inside = steps_by_hand(months)
    inside = inside[inside["month"].isin(QUARTERS["2024Q2"])]
    assert cell["clusters"] == inside["customer_id"].nunique() < inside["account_id"].nunique()


def test_without_customers_an_account_is_its_own_cluster(tmp_path):
    months = write_random_portfolio(tmp_path, 5, customer_ids=False)
    cell = (
        pooled(open_portfolio(tmp_path), ENTERED, QUARTERS)
        .query("period == '2024Q2' and basis == 'balance'")
        .iloc[0]
    )
    inside = steps_by_hand(months)
    inside = inside[inside["month"].isin(QUARTERS["2024Q2"])]
    np.testing.assert_allclose(cell[CELL].astype(float), cells_by_hand(inside, "account_id")["balance"], rtol=1e-9)


def test_entries_are_the_roll_out_of_current(drawn):
    from analysis.core.states import Buckets
    from analysis.data.panel.rolls import pooled_rolls

    portfolio, _ = drawn
    rolled = pooled_rolls(portfolio, Buckets((1,)), QUARTERS)
    step = rolled[(rolled["from_state"] == "current") & (rolled["to_state"] == "1+")].set_index("period")[
        "accounts"
    ]
    cells = pooled(portfolio, ENTERED, QUARTERS).query("basis == 'accounts'").set_index("period")["numerator"]
    assert cells.to_dict() == step.to_dict()
