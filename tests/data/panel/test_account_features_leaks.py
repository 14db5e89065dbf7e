"""Nothing that became known after a month end is in the features of that month end."""

from datetime import date

import pandas as pd
import pytest
from contact_portfolio import account, contact, day, make_portfolio, path

from analysis.core.periods import parse_month, shift_months
from analysis.data.panel.account_features import delinquent_at, features_at
from analysis.data.portfolio import open_portfolio
from analysis.data.simulate import simulate

THEN = date(2024, 9, 30)
ROWS = pd.DataFrame({"account_id": ["A", "B"], "month": pd.Timestamp(THEN)})


def known():
    """Tables of what is known at THEN."""
    opened = {"opened_on": day("2023-05-05"), "industry": "retail"}
    money = {"amount_paid": 40.0, "amount_due": 50.0, "spend": 5.0, "app_logins": 2, "utilisation": 0.3}
    ends = [shift_months(parse_month("2023-01"), i) for i in range(21)]
    promised = {"promised_amount": 50.0, "promised_on": day("2024-10-20")}
    return {
        "accounts": [account("A", **opened), account("B", **opened)],
        "months": [
            *path("A", "2024-01", [0] * 6 + [12, 43, 73], **money),
            *path("B", "2024-01", [0] * 8 + [9], **money),
        ],
        "contacts": [
            contact("A", "2024-03-10T10:00", "no_answer"),
            contact("A", "2024-08-12T10:00", "promise", promised_amount=60.0, promised_on=day("2024-08-31")),
            contact("A", "2024-09-12T10:00", "promise", reason="forgot", **promised),
        ],
        "contact_points": [point("1", "A", "2023-05-05"), point("2", "B", "2023-05-05")],
        "treatments": [treatment("1", "A", "2024-08-02", "robot")],
        "attributes": [attribute("A", "need", "2024-09-30", "illness"), attribute("A", "code", "2024-08-31", "1")],
        "macro": [{"month": end, "industry_index_retail": 100.0 + i} for i, end in enumerate(ends)],
    }


def point(name, who, added, dead=None):
    return {
        "contact_point_id": name,
        "customer_id": f"C-{who}",
        "kind": "mobile",
        "added_at": day(added),
        "dead_at": day(dead) if dead else None,
    }


def treatment(name, who, at, what):
    return {"treatment_id": name, "account_id": who, "decided_at": day(at), "treatment": what}


def attribute(who, name, at, value):
    return {"account_id": who, "name": name, "known_at": day(at), "value": value}


def later():
    """Rows dated after THEN, each of which would show if it were looked at."""
    paid = {"amount_paid": 9e5, "amount_due": 1.0, "spend": 9e4, "app_logins": 99, "utilisation": 9.9}
    return {
        "months": path("A", "2024-10", [0, 200, 300], balance=9e6, **paid),
        "contacts": [
            contact("A", "2024-10-01T00:00", "hardship", reason="unable"),
            contact("B", "2024-10-02T10:00", "promise", promised_amount=1.0, promised_on=day("2024-10-03")),
        ],
        "treatments": [treatment("2", "A", "2024-10-01", "agent"), treatment("3", "B", "2024-10-01", "agent")],
        "attributes": [
            attribute("A", "need", "2024-10-01", "unemployment"),
            attribute("A", "code", "2024-10-31", "7"),
            attribute("A", "default_next_month", "2024-10-31", "1"),
        ],
        "contact_points": [point("3", "A", "2024-10-01"), point("4", "B", "2024-10-05")],
        "macro": [{"month": day("2024-10-31"), "industry_index_retail": 900.0}],
    }


def written(folder, *tables):
    names = {name for told in tables for name in told}
    rows = {name: [row for told in tables for row in told.get(name, [])] for name in names}
    # Row order is the contract's: an account's months together.
    rows["months"] = sorted(rows["months"], key=lambda row: (row["account_id"], row["month"]))
    return make_portfolio(folder, "2024-12", **rows)


@pytest.mark.parametrize("table", list(later()))
def test_what_came_later_is_not_seen(tmp_path, table):
    plain = written(tmp_path / "plain", known())
    planted = written(tmp_path / "planted", known(), {table: later()[table]})
    before, after = (features_at(portfolio, ROWS, history=6) for portfolio in (plain, planted))
    pd.testing.assert_frame_equal(after, before)


def test_what_came_later_is_seen_once_it_came(tmp_path):
    # Or else the test above would hold of features that look at nothing.
    planted = written(tmp_path / "planted", known(), later())
    then = features_at(planted, ROWS[:1]).iloc[0]
    now = features_at(planted, ROWS[:1].assign(month=pd.Timestamp("2024-10-31"))).iloc[0]
    for name in ("days_past_due", "balance", "paid_share_3m", "right_party_3m", "last_reason", "last_treatment"):
        assert now[name] != then[name], name
    assert now["need"] == "unemployment" and now["attribute_default_next_month"] == 1
    assert now["promises_kept_share"] == 1 and then["promises_kept_share"] == 1
    assert now["industry_index_change"] > then["industry_index_change"]


def test_a_contact_point_found_dead_later_is_alive(tmp_path):
    tables = known() | {"contact_points": [point("1", "A", "2023-05-05", "2024-10-01")]}
    found = features_at(written(tmp_path, tables), ROWS[:1])
    assert found["unreachable"].tolist() == [0]


def test_a_promise_is_judged_once_its_day_has_come(tmp_path):
    # Promised for 20 October: unknown at the end of September, and kept or not by the end of October.
    tables = known()
    tables["contacts"] = [row for row in tables["contacts"] if row["at"].month == 9]
    october = path("A", "2024-10", [0], amount_paid=5.0)
    portfolio = written(tmp_path, tables, {"months": october})
    assert "promises_kept_share" not in features_at(portfolio, ROWS[:1]).columns
    now = features_at(portfolio, ROWS[:1].assign(month=pd.Timestamp("2024-10-31")))
    assert now["promises_kept_share"].tolist() == [0], "45 of the 50 promised were paid"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("leaks") / "simulated"
    simulate(where, accounts=400, seed=3, months=20)
    return where


def test_features_are_those_of_the_portfolio_as_it_was_known_then(folder):
    whole = open_portfolio(folder)
    ends = [shift_months(whole.as_of, -back) for back in (0, 3, 9, 18)]
    rows = delinquent_at(whole, ends)
    together = features_at(whole, rows, history=3)
    assert len(rows) > 60 and set(rows["month"].dt.date) == set(ends)
    for end in ends:
        mine = rows[rows["month"] == pd.Timestamp(end)]
        then = features_at(open_portfolio(folder, as_of=end), mine, history=3)
        assert set(then.columns) <= set(together.columns)
        missing = together.loc[mine.index].drop(columns=then.columns)
        assert (missing.isna() | (missing == "unknown")).all(axis=None), "only what nobody knew then may be gone"
        pd.testing.assert_frame_equal(together.loc[mine.index, then.columns], then)
