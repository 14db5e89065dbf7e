"""Contacts, customers and spells of arrears."""

from pathlib import Path

import pytest
from contact_portfolio import account, contact, day, make_portfolio, path
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.states import Buckets
from analysis.data.panel.contacts import bucket_label, contacts, customers, overdue_spells

FIRST, LAST = day("2025-01-01"), day("2025-12-31")


def spells(portfolio) -> list[tuple]:
    found = overdue_spells(portfolio, FIRST, LAST).order_by("account_id", "start").to_pyarrow().to_pylist()
    return [(row["account_id"], row["due_on"], row["end"], row["until"]) for row in found]


def test_a_spell_starts_on_the_oldest_unpaid_due_date_and_ends_with_its_first_month_end_not_overdue(tmp_path):
    portfolio = make_portfolio(
        tmp_path, "2025-05", accounts=[account("A")], months=path("A", "2025-01", [0, 10, 38, 0, 0])
    )
    assert spells(portfolio) == [("A", day("2025-02-18"), day("2025-03-31"), day("2025-04-30"))]


def test_a_spell_still_running_has_no_end(tmp_path):
    portfolio = make_portfolio(
        tmp_path, "2025-03", accounts=[account("A")], months=path("A", "2025-01", [0, 28, 59])
    )
    assert spells(portfolio) == [("A", day("2025-01-31"), day("2025-03-31"), None)]


def test_charge_off_ends_a_spell(tmp_path):
    months = path("A", "2025-01", [0, 28, "charged_off", "charged_off"])
    portfolio = make_portfolio(tmp_path, "2025-04", accounts=[account("A")], months=months)
    assert spells(portfolio) == [("A", day("2025-01-31"), day("2025-02-28"), day("2025-03-31"))]


def test_a_spell_that_nobody_saw_begin_is_left_out(tmp_path):
    portfolio = make_portfolio(
        tmp_path, "2025-03", accounts=[account("A")], months=path("A", "2025-01", [40, 71, 0])
    )
    assert spells(portfolio) == []


def test_a_spell_that_begins_in_a_break_is_left_out(tmp_path):
    months = path("A", "2025-01", [0, 20, 0]) + path("B", "2025-01", [0, 0, 20])
    portfolio = make_portfolio(
        tmp_path, "2025-03", breaks=["2025-03"], accounts=[account("A"), account("B")], months=months
    )
    assert [spell[0] for spell in spells(portfolio)] == ["A"]


def test_arrears_do_not_begin_before_the_month_end_at_which_there_were_none(tmp_path):
    portfolio = make_portfolio(
        tmp_path, "2025-03", accounts=[account("A")], months=path("A", "2025-01", [0, 90, 0])
    )
    assert spells(portfolio)[0][1] == day("2025-01-31")


@settings(max_examples=15, deadline=None)
@given(states=st.lists(st.sampled_from([0, 0, 5, 20, 35]), min_size=2, max_size=14))
def test_every_month_overdue_after_the_first_current_one_lies_in_exactly_one_spell(tmp_path_factory, states):
    folder = tmp_path_factory.mktemp("spells")
    months = path("A", "2025-01", states)
    portfolio = make_portfolio(folder, "2026-02", accounts=[account("A")], months=months)
    found = overdue_spells(portfolio, day("2025-01-01"), day("2026-12-31")).to_pyarrow().to_pylist()
    covered = [row["month"] for row in months for s in found if s["start"] <= row["month"] <= s["end"]]
    begun = next((i for i, state in enumerate(states) if state == 0), len(states))
    assert sorted(covered) == [row["month"] for row in months[begun:] if row["days_past_due"] > 0]


def test_inbound_contacts_are_no_attempts_and_contacts_with_third_parties_are_not_there(tmp_path):
    log = [
        contact("A", "2025-01-05T10:00", "right_party", direction="inbound"),
        contact("A", "2025-01-06T10:00", "no_answer", party="third_party"),
        contact("A", "2025-01-07T10:00", None),
    ]
    portfolio = make_portfolio(
        tmp_path, "2025-02", accounts=[account("A")], months=path("A", "2025-01", [0, 0]), contacts=log
    )
    found = contacts(portfolio, FIRST, LAST).order_by("at").to_pyarrow().to_pylist()
    assert [(row["outbound"], row["recorded"], row["right_party"]) for row in found] == [
        (False, True, True),
        (True, False, False),
    ]


@pytest.mark.parametrize("outcome", ["right_party", "promise", "refused", "hardship", "dispute", "opt_out"])
def test_every_conversation_with_the_debtor_is_a_right_party_contact(tmp_path: Path, outcome: str):
    portfolio = make_portfolio(
        tmp_path,
        "2025-02",
        accounts=[account("A")],
        months=path("A", "2025-01", [0, 0]),
        contacts=[contact("A", "2025-01-05T10:00", outcome)],
    )
    assert contacts(portfolio, FIRST, LAST).to_pyarrow().to_pylist()[0]["right_party"]


def test_accounts_of_one_customer_share_a_fold_and_an_unknown_customer_is_the_account(tmp_path):
    accounts = [account("A", customer_id="X"), account("B", customer_id="X"), account("D", customer_id=None)]
    months = path("A", "2025-01", [0]) + path("B", "2025-01", [0]) + path("D", "2025-01", [0])
    portfolio = make_portfolio(tmp_path, "2025-01", accounts=accounts, months=months)
    found = {row["account_id"]: row for row in customers(portfolio).to_pyarrow().to_pylist()}
    assert found["A"]["fold"] == found["B"]["fold"]
    assert found["D"]["customer"] == "D"
    assert all(0 <= row["fold"] < 32 for row in found.values())


def test_the_engine_labels_buckets_as_the_words_do(tmp_path):
    days = [0, 1, 29, 30, 89, 90, 400]
    months = path("A", "2025-01", days)
    portfolio = make_portfolio(tmp_path, "2025-07", accounts=[account("A")], months=months)
    table = portfolio.table("months")
    found = (
        table.select("month", bucket=bucket_label(table.days_past_due, Buckets())).order_by("month").to_pandas()
    )
    assert list(found["bucket"]) == [Buckets().label(d) for d in days]
