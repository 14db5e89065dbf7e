"""The funnel's counts."""

import pytest
from contact_portfolio import account, contact, day, make_portfolio, path

from analysis.data.panel import funnel as counted
from analysis.methods.delinquency import funnel as method

FIRST, LAST = day("2025-01-01"), day("2025-12-31")


def counts(tmp_path, log, paid=0.0, by=(), grace_days=3, **account_values):
    portfolio = make_portfolio(
        tmp_path,
        "2025-04",
        accounts=[account("A", **account_values)],
        months=path("A", "2025-01", [0, 10, 41, 72], amount_paid=paid),
        contacts=log,
    )
    return counted.funnel_counts(portfolio, FIRST, LAST, grace_days, by)


def promise(at: str, amount: float | None, on: str | None):
    return contact("A", at, "promise", promised_amount=amount, promised_on=day(on) if on else None)


def test_each_outcome_goes_as_far_as_it_went(tmp_path):
    outcomes = ["no_answer", "invalid_number", "third_party", "refused", "promise", None]
    log = [contact("A", f"2025-02-{20 + i}T10:00", outcome) for i, outcome in enumerate(outcomes)]
    found = counts(tmp_path, log).iloc[0]
    assert found[["attempts", "recorded", "reached", "right_party", "promises"]].tolist() == [6, 5, 3, 2, 1]


@pytest.mark.parametrize(
    ("paid", "kept"), [([0, 0, 100, 0], 1), ([0, 60, 40, 0], 1), ([0, 60, 39, 0], 0), ([100, 0, 0, 100], 0)]
)
def test_a_promise_is_kept_by_the_cash_from_the_month_of_the_contact_to_the_month_of_its_day(tmp_path, paid, kept):
    log = [promise("2025-02-20T10:00", 100.0, "2025-03-05")]
    found = counts(tmp_path, log, paid=[float(value) for value in paid]).iloc[0]
    assert (found["due"], found["kept"]) == (1, kept)


def test_grace_reaches_into_the_next_month(tmp_path):
    log = [promise("2025-02-20T10:00", 100.0, "2025-02-27")]
    paid = [0.0, 0.0, 100.0, 0.0]
    assert counts(tmp_path / "a", log, paid=paid, grace_days=3).iloc[0]["kept"] == 1
    assert counts(tmp_path / "b", log, paid=paid, grace_days=1).iloc[0]["kept"] == 0


def test_promises_not_yet_due_or_without_terms_are_counted_apart(tmp_path):
    log = [
        promise("2025-04-20T10:00", 100.0, "2025-04-29"),
        promise("2025-04-21T10:00", 100.0, "2025-05-20"),
        promise("2025-04-22T10:00", None, "2025-04-25"),
        promise("2025-04-23T10:00", 50.0, None),
    ]
    found = counts(tmp_path, log).iloc[0]
    assert found[["promises", "due", "not_due", "without_terms"]].tolist() == [4, 0, 2, 2]


def test_counts_split_by_channel_month_and_account_add_up(tmp_path):
    log = [
        contact("A", "2025-02-20T10:00"),
        contact("A", "2025-03-20T10:00", channel="sms"),
        contact("A", "2025-03-21T10:00", channel="sms"),
    ]
    found = counts(tmp_path, log, by=["channel", "month", "region"], region="north")
    rows = found[["channel", "region", "attempts"]].to_numpy().tolist()
    assert rows == [["agent_call", "north", 1], ["sms", "north", 2]]
    assert found["month"].dt.strftime("%Y-%m-%d").tolist() == ["2025-02-28", "2025-03-31"]


def test_moments_are_those_of_customers(tmp_path):
    accounts = [account("A", customer_id="X"), account("B", customer_id="X"), account("D", customer_id="Y")]
    log = [
        contact("A", "2025-02-20T10:00", "refused"),
        contact("B", "2025-02-20T10:00", "refused"),
        contact("B", "2025-02-21T10:00"),
        contact("D", "2025-02-20T10:00"),
    ]
    months = [row for name in "ABD" for row in path(name, "2025-01", [0, 10])]
    portfolio = make_portfolio(tmp_path, "2025-02", accounts=accounts, months=months, contacts=log)
    found = counted.funnel_counts(portfolio, FIRST, LAST, by=()).iloc[0]
    # X: 2 of 3 reached; Y: 0 of 1.
    moments = found[["reached_nn", "reached_nd", "reached_dd", "reached_clusters"]]
    assert moments.tolist() == [4, 6, 10, 2]


def test_without_cash_no_promise_is_judged(tmp_path):
    portfolio = make_portfolio(
        tmp_path,
        "2025-02",
        accounts=[account("A")],
        months=path("A", "2025-01", [0, 10]),
        contacts=[promise("2025-01-20T10:00", 100.0, "2025-01-25")],
    )
    found = counted.funnel_counts(portfolio, FIRST, LAST, by=()).iloc[0]
    assert (found["promises"], found["due"], found["kept"]) == (1, 0, 0)


def test_the_engine_and_the_method_mean_the_same_steps():
    assert counted.STEPS == {**method.STEPS, "response": method.RESPONSE}
