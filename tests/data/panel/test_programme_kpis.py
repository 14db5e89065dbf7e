"""What a programme's measures are counted from, on portfolios small enough to count by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from contact_portfolio import account, contact, make_portfolio, path

from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.programme_kpis import KpiRules, kpi_cells
from analysis.data.panel.programme_kpis_calls import CallRules
from analysis.data.portfolio import Portfolio

RULES = KpiRules({"sms": 0.5, "agent_call": 2.0}, CallRules(8, 22, 3, ("agent_call",)))
END = "2025-06"


def portfolio_of(tmp_path: Path, **tables: Any) -> Portfolio:
    months = [*path("A", "2025-01", [0, 10, 41, 71, 101, 131]), *path("B", "2025-01", [0, 0, 0, 0, 0, 0])]
    months += path("C", "2025-01", [0, 5, 0, 0, 0, 0])
    accounts = [account("A"), account("B"), account("C")]
    return make_portfolio(tmp_path, END, accounts=accounts, months=months, **tables)


def measure(portfolio: Portfolio, kpi: str, rules: KpiRules = RULES) -> pd.DataFrame:
    """Sums over folds, by month."""
    cells = kpi_cells(portfolio, SpellRules(), Buckets(), rules)
    own = cells[cells["kpi"] == kpi]
    return own.groupby("month")[["numerator", "denominator", "events", "units"]].sum()


def complaint(account_id: str, at: str, settled: str | None = None, stars: int | None = None) -> dict[str, Any]:
    return {
        "complaint_id": f"Q{account_id}{at}",
        "account_id": account_id,
        "at": datetime.fromisoformat(at),
        "category": "wording",
        "resolved_at": None if settled is None else datetime.fromisoformat(settled),
        "satisfaction": stars,
    }


def test_the_overdue_share_is_of_balance_and_counts_accounts(tmp_path: Path) -> None:
    found = measure(portfolio_of(tmp_path), "overdue_rate")
    assert found.loc["2025-02-28"].tolist() == [200.0, 300.0, 2.0, 3.0]
    assert found.loc["2025-06-30"].tolist() == [100.0, 300.0, 1.0, 3.0]


def test_cost_is_that_of_decisions_and_of_attempts_at_their_price(tmp_path: Path) -> None:
    log = [
        contact("A", "2025-01-02T10:00", channel="letter"),
        contact("A", "2025-02-10T10:00"),
        contact("A", "2025-02-11T10:00", channel="sms"),
        contact("C", "2025-02-11T10:00", direction="inbound"),
        contact("C", "2025-02-12T10:00", channel="visit"),
    ]
    decided = {"treatment_id": "T1", "account_id": "C", "decided_at": date(2025, 2, 3), "treatment": "agent"}
    portfolio = portfolio_of(tmp_path, contacts=log, treatments=[decided | {"cost": 7.0}])
    found = measure(portfolio, "collection_cost")
    assert found.loc["2025-02-28", ["numerator", "denominator"]].tolist() == [9.5, 2.0]
    assert found.loc["2025-03-31", "numerator"] == 0.0


@pytest.mark.parametrize(
    ("times", "breaches"),
    [
        (["07:59", "08:00", "21:59", "22:00"], 2),
        (["09:00", "10:00", "11:00"], 0),
        (["09:00", "10:00", "11:00", "12:00", "13:00"], 2),
        (["09:00", "10:00", "11:00", "22:30"], 1),
    ],
)
def test_a_call_breaks_the_rule_at_a_wrong_hour_or_beyond_three_a_day_and_counts_once(
    tmp_path: Path, times: list[str], breaches: int
) -> None:
    log = [contact("A", "2025-01-05T10:00"), *(contact("A", f"2025-03-04T{time}") for time in times)]
    found = measure(portfolio_of(tmp_path, contacts=log), "contact_breaches")
    assert found.loc["2025-03-31", ["numerator", "denominator"]].tolist() == [breaches, len(times)]


def test_calls_to_all_accounts_of_a_customer_count_together(tmp_path: Path) -> None:
    months = [*path("A", "2025-01", [10, 41, 71]), *path("B", "2025-01", [10, 41, 71])]
    log = [contact("A", "2025-01-05T10:00")]
    log += [contact(name, f"2025-02-04T1{i}:00") for i, name in enumerate(["A", "B", "A", "B"])]
    accounts = [account("A", customer_id="X"), account("B", customer_id="X")]
    portfolio = make_portfolio(tmp_path, "2025-03", accounts=accounts, months=months, contacts=log)
    assert measure(portfolio, "contact_breaches").loc["2025-02-28", "numerator"] == 1.0


def test_what_came_before_a_log_began_is_not_taken_for_nothing(tmp_path: Path) -> None:
    log = [contact("A", "2025-03-20T10:00"), contact("A", "2025-05-20T10:00")]
    found = measure(portfolio_of(tmp_path, contacts=log), "collection_cost")
    assert list(found.index.strftime("%Y-%m")) == ["2025-04", "2025-05", "2025-06"]
    from_the_start = portfolio_of(tmp_path / "start", contacts=[contact("A", "2025-01-20T10:00")])
    assert len(measure(from_the_start, "collection_cost")) == 6


def test_complaints_are_held_against_those_overdue_and_ratings_against_those_settled(tmp_path: Path) -> None:
    told = [
        complaint("C", "2025-01-10T10:00", "2025-01-12T10:00", 4),
        complaint("A", "2025-02-10T10:00", "2025-03-02T10:00", 1),
        complaint("C", "2025-02-12T10:00", "2025-03-04T10:00", 5),
        complaint("C", "2025-06-12T10:00"),
    ]
    portfolio = portfolio_of(tmp_path, complaints=told)
    rate = measure(portfolio, "complaint_rate")
    assert rate.loc["2025-02-28", ["numerator", "denominator"]].tolist() == [2.0, 2.0]
    assert rate.loc["2025-04-30", "numerator"] == 0.0
    ratings = measure(portfolio, "satisfaction")
    assert ratings.loc["2025-03-31", ["numerator", "denominator"]].tolist() == [6.0, 2.0]
    assert pd.Timestamp("2025-06-30") not in ratings.index


def test_a_spell_counts_in_the_month_in_which_its_three_months_are_over(tmp_path: Path) -> None:
    months = [
        *path("A", "2025-01", [0, 10, 0, 0, 0, 0, 0, 0]),
        *path("B", "2025-01", [0, 10, 41, 71, 101, 131, 161, 191]),
    ]
    months += path("D", "2025-01", [0, 0, 0, 0, 0, 10, 0, 0])
    accounts = [account("A"), account("B"), account("D")]
    portfolio = make_portfolio(tmp_path, "2025-08", accounts=accounts, months=months)
    found = measure(portfolio, "cured_within_3")
    # D's three months end after what can be known: it is not counted as uncured.
    assert found.to_dict("index") == {
        pd.Timestamp("2025-05-31"): {"numerator": 1.0, "denominator": 2.0, "events": 1.0, "units": 2.0}
    }


def test_months_before_a_break_are_left_out(tmp_path: Path) -> None:
    months = path("A", "2025-01", [0, 10, 41, 71, 101, 131])
    portfolio = make_portfolio(tmp_path, END, breaks=["2025-04"], accounts=[account("A")], months=months)
    assert measure(portfolio, "overdue_rate").index.min() == pd.Timestamp("2025-04-30")
