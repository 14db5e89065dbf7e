"""Checks of the data behind a report."""

import pytest
from contact_portfolio import account, contact, make_portfolio, path

from analysis.core.parameters.run import Gates
from analysis.core.periods import Period
from analysis.data.quality import failed_gates, quality_checks

QUARTER = Period(2025, 2)


def checks(tmp_path, months, end="2025-06", accounts=None, **values):
    names = dict.fromkeys(row["account_id"] for row in months)
    accounts = accounts or [account(name) for name in names]
    portfolio = make_portfolio(tmp_path, end, accounts=accounts, months=months, **values)
    return quality_checks(portfolio, QUARTER, Gates())


def row(frame, key, where=None):
    chosen = frame[frame["key"] == key]
    return (chosen if where is None else chosen[chosen["where"] == where]).iloc[0]


@pytest.mark.parametrize(
    ("last", "days", "failed"), [("2025-06", 0, False), ("2025-05", 30, False), ("2025-04", 61, True)]
)
def test_data_are_stale_when_their_last_month_lies_too_far_back(tmp_path, last, days, failed):
    count = {"2025-06": 3, "2025-05": 2, "2025-04": 1}[last]
    found = row(checks(tmp_path, path("A", "2025-04", [0] * count), last), "stale")
    assert (found["value"], found["failed"]) == (days, failed)


def test_accounts_whose_rows_stop_without_an_exit_are_missing(tmp_path):
    months = path("A", "2025-04", [0, 0, 0]) + path("B", "2025-04", [0, 0]) + path("D", "2025-04", [0, "paid_off"])
    found = row(checks(tmp_path, months), "missing_rows")
    assert (found["numerator"], found["denominator"], found["failed"]) == (1, 2, True)
    assert "1 of 2 accounts (50.0%) have no row in June 2025" in found["text"]


def test_blank_columns_are_counted_where_they_are_there(tmp_path):
    accounts = [account("A", region="n"), account("B", region=None)]
    months = path("A", "2025-01", [0] * 6, amount_paid=[None, None, None, 1.0, 1.0, 1.0])
    months += path("B", "2025-04", [0] * 3, amount_paid=1.0)
    frame = checks(tmp_path, months, accounts=accounts)
    assert row(frame, "nulls", "accounts.region")[["value", "failed"]].tolist() == [0.5, True]
    # Only the quarter's months count.
    assert row(frame, "nulls", "months.amount_paid")["numerator"] == 0
    assert "accounts.industry" not in set(frame["where"])


def test_a_blank_agency_informs_but_never_fails(tmp_path):
    log = [contact("A", "2025-05-05T10:00", agency=name) for name in ("in_house", None, None)]
    found = row(checks(tmp_path, path("A", "2025-04", [0] * 3), contacts=log), "nulls", "contacts.agency")
    assert not found["failed"]


def test_breaks_of_the_quarter_are_gates_and_absent_tables_are_named(tmp_path):
    frame = checks(tmp_path, path("A", "2025-04", [0] * 3), breaks=["2025-05", "2024-05"])
    assert failed_gates(frame) == [
        {
            "key": "break",
            "text": "from May 2025 on something is recorded differently: steps into that month are shown apart",
        }
    ]
    assert {"contacts", "treatments", "macro"} <= set(frame.loc[frame["key"] == "absent", "where"])
