"""Days to contact, and cure by delay, counted by the engine."""

import numpy as np
import pandas as pd
import pytest
from contact_portfolio import account, contact, day, make_portfolio, path

from analysis.core.periods import shift_months
from analysis.core.states import Buckets
from analysis.data.panel.first_contact import contact_delays, cure_by_delay
from analysis.methods.delinquency.first_contact import cure_rates

FIRST, LAST = day("2025-01-01"), day("2025-12-31")

EARLY = contact("Z", "2024-12-01T10:00")
"""Opens the contact log before any spell begins."""


def counted(portfolio, attempts: int = 2) -> set[tuple]:
    frame = contact_delays(portfolio, FIRST, LAST, attempts)
    rows = frame.melt(["milestone", "fold", "days"], var_name="fate").query("value > 0")
    return set(rows[["milestone", "days", "fate"]].itertuples(index=False, name=None))


def one_spell(tmp_path, states, log):
    return make_portfolio(
        tmp_path,
        "2025-06",
        accounts=[account("A")],
        months=path("A", "2025-01", states),
        contacts=[EARLY, *log],
    )


def test_delays_run_from_the_due_date_and_count_outbound_attempts_in_their_order(tmp_path):
    log = [
        contact("A", "2025-02-20T09:00"),  # two days after the due date, 18 February
        contact("A", "2025-02-21T09:00", "right_party", direction="inbound"),
        contact("A", "2025-03-01T09:00"),
    ]
    portfolio = one_spell(tmp_path, [0, 10, 41, 0, 0, 0], log)
    assert counted(portfolio) == {
        ("attempt_1", 2, "contacted"),
        ("attempt_2", 11, "contacted"),
        ("right_party", 3, "contacted"),
    }


def test_contacts_before_the_due_date_and_after_the_end_do_not_count(tmp_path):
    log = [contact("A", "2025-02-10T09:00"), contact("A", "2025-05-02T09:00")]
    portfolio = one_spell(tmp_path, [0, 10, 0, 0, 0, 0], log)
    # Not overdue at the end of March: taken to have ended on 15 March, 25 days after 18 February.
    assert counted(portfolio, 1) == {("attempt_1", 25, "ended"), ("right_party", 25, "ended")}


def test_a_spell_that_still_waits_is_followed_to_the_last_month_end(tmp_path):
    portfolio = one_spell(tmp_path, [0, 0, 0, 0, 10, 40], [])
    assert counted(portfolio, 1) == {("attempt_1", 40, "open"), ("right_party", 40, "open")}


def test_spells_due_before_the_log_begins_are_left_out(tmp_path):
    portfolio = make_portfolio(
        tmp_path,
        "2025-06",
        accounts=[account("A")],
        months=path("A", "2025-01", [0, 10, 0, 0, 0, 0]),
        contacts=[contact("A", "2025-03-01T09:00")],
    )
    assert contact_delays(portfolio, FIRST, LAST).empty


def test_delays_are_broken_down_by_columns_that_exist(tmp_path):
    portfolio = one_spell(tmp_path, [0, 10, 0, 0, 0, 0], [])
    frame = contact_delays(portfolio, FIRST, LAST, 1, by=["product", "region"])
    assert list(frame.columns[:2]) == ["milestone", "product"]
    assert "region" not in frame.columns


def test_delays_are_broken_down_by_the_strategy_in_force_when_the_spell_was_first_seen(tmp_path):
    treatments = [
        {"treatment_id": "T1", "account_id": "A", "decided_at": day("2025-02-20"), "treatment": "robot_first"},
        {"treatment_id": "T2", "account_id": "A", "decided_at": day("2025-03-05"), "treatment": "agent"},
    ]
    portfolio = make_portfolio(
        tmp_path,
        "2025-06",
        accounts=[account("A"), account("B")],
        months=path("A", "2025-01", [0, 10, 41, 0, 0, 0]) + path("B", "2025-01", [0, 10, 0, 0, 0, 0]),
        contacts=[EARLY],
        treatments=treatments,
    )
    found = contact_delays(portfolio, FIRST, LAST, 1, by=["product", "strategy"])
    assert set(found["strategy"]) == {"robot_first", "none"}


def test_cure_is_counted_from_the_first_month_end_thirty_days_after_the_due_date(tmp_path):
    # Due 18 February: the landmark is 31 March; current two months later.
    portfolio = one_spell(tmp_path, [0, 10, 41, 71, 0, 0], [contact("A", "2025-02-25T09:00")])
    found = cure_by_delay(portfolio, FIRST, LAST, Buckets())
    rows = found[["delay_band", "bucket", "months", "spells", "cured"]].itertuples(index=False, name=None)
    assert list(rows) == [("4–7", "30–59", 1, 1, 0), ("4–7", "30–59", 3, 1, 1)]


def test_charge_off_is_no_cure_and_a_spell_over_before_the_landmark_is_not_counted(tmp_path):
    months = path("A", "2025-01", [0, 10, 41, "charged_off"]) + path("B", "2025-01", [0, 10, 0, 0])
    portfolio = make_portfolio(
        tmp_path, "2025-04", accounts=[account("A"), account("B")], months=months, contacts=[EARLY]
    )
    found = cure_by_delay(portfolio, FIRST, LAST, Buckets(), months=(1,))
    assert found[["delay_band", "spells", "cured"]].to_numpy().tolist() == [["none by day 30", 1, 0]]


def test_follow_up_past_the_last_month_is_not_counted(tmp_path):
    portfolio = one_spell(tmp_path, [0, 0, 0, 0, 10, 40], [])
    assert cure_by_delay(portfolio, FIRST, LAST, Buckets(), months=(1,)).empty


@pytest.fixture(scope="module")
def contact_without_effect(tmp_path_factory):
    """Accounts that cure by chance alone, one in three a month, called on a random day if still overdue."""
    rng = np.random.default_rng(20250101)
    accounts, months, log = [], [], [EARLY]
    for i in range(1500):
        name = f"A{i:04d}"
        overdue = int(rng.geometric(1 / 3))
        states = ([0] + [16 + 30 * k for k in range(overdue)] + [0] * 12)[:12]
        accounts.append(account(name))
        months += path(name, "2025-01", states)
        # Due on 12 February; gone at the first month end not overdue, so nobody is called from then on.
        due, gone = pd.Timestamp("2025-02-12"), pd.Timestamp(shift_months(day("2025-01-31"), overdue + 1))
        called = due + pd.Timedelta(days=int(rng.integers(0, 60)), hours=10)
        if called < gone - pd.Timedelta(days=15):
            log.append(contact(name, called.to_pydatetime()))
    return make_portfolio(
        tmp_path_factory.mktemp("chance"), "2025-12", accounts=accounts, months=months, contacts=log
    )


def test_a_naive_comparison_finds_contact_harmful_where_it_does_nothing(contact_without_effect):
    portfolio = contact_without_effect
    months = portfolio.table("months").to_pandas()
    called = set(portfolio.table("contacts").to_pandas()["account_id"])
    cured = months[(months["month"] == pd.Timestamp("2025-03-31")) & (months["days_past_due"] == 0)]
    share = cured["account_id"].isin(called).sum() / len(called), len(cured) / 1500
    assert share[0] < share[1] - 0.1


def test_the_landmark_finds_no_difference_where_there_is_none(contact_without_effect):
    cells = cure_by_delay(contact_without_effect, FIRST, LAST, Buckets(), months=(1,))
    found = cure_rates(cells, level=0.99)
    assert found["spells"].min() > 30
    assert (found["rate_lower"] < 1 / 3).all() and (found["rate_upper"] > 1 / 3).all()
    assert (found["adjusted_lower"] < 1 / 3).all() and (found["adjusted_upper"] > 1 / 3).all()
