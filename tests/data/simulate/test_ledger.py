"""Cash, balances and statuses add up in every row."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analysis.data.check import check_portfolio
from analysis.data.simulate import portfolio as whole
from analysis.data.simulate import simulate, write

STEPS = """
    select m.*, product, annual_rate, credit_limit, lag(balance) over w before, lag(status) over w status_before,
        count(*) over w as position
    from months m join accounts using (account_id)
    where account_id not in (select account_id from treatments where rate_after is not null)
    window w as (partition by account_id order by month)
"""


def test_the_standard_portfolio_keeps_the_table_contract(demo) -> None:
    assert check_portfolio(demo.folder) == ()


def test_the_hard_portfolio_keeps_the_table_contract(hard) -> None:
    assert check_portfolio(hard.folder) == ()


def test_balance_follows_from_last_balance_spending_interest_and_cash(demo) -> None:
    wrong = demo.frame(f"""
        with steps as ({STEPS}), charged as (
            select *, round(annual_rate / 12 * case when product = 'card' then greatest(before - amount_paid, 0)
                else before end, 2) as interest from steps
            where status_before = 'open' and status in ('open', 'charged_off', 'paid_off')
        )
        select account_id, month, balance - (before + coalesce(spend, 0) + interest - amount_paid) as gap
        from charged where abs(gap) > 0.0151
    """)
    assert wrong.empty


def test_a_claim_falls_by_what_is_recovered(demo) -> None:
    claims = f"select * from ({STEPS}) where status_before = 'charged_off' and status = 'charged_off'"
    assert demo.value(f"select count(*) from ({claims})") > 10_000
    assert demo.value(f"select max(abs(balance - (before - amount_paid))) from ({claims})") < 0.0151


def test_the_charged_off_amount_is_the_balance_and_stands_in_its_month_alone(demo) -> None:
    rows = f"select * from ({STEPS}) where status_before = 'open' and status = 'charged_off'"
    assert demo.value(f"select count(*) from ({rows}) where charged_off_amount is distinct from balance") == 0
    later = f"select * from ({STEPS}) where charged_off_amount is not null"
    assert demo.value(f"select count(*) from ({later}) where status_before <> 'open' and position > 1") == 0


def test_nobody_pays_more_than_is_owed(demo) -> None:
    owed = "before * (1 + annual_rate / 12) + 0.01"
    assert demo.value(f"select count(*) from ({STEPS}) where amount_paid > {owed}") == 0


def test_cards_stay_within_their_limit_unless_interest_carries_them_over(demo) -> None:
    over = f"select * from ({STEPS}) where product = 'card' and status = 'open' and balance > credit_limit + 0.01"
    assert demo.value(f"select count(*) from ({over}) where spend > 0") == 0


def test_buckets_count_missed_payments_up_to_180_days(demo) -> None:
    """A due day between the 5th and the 20th keeps every missed payment within its own bucket."""
    days = "days_past_due"
    jumps = demo.frame(f"""
        select bucket, bucket_before from (
            select ({days} + 29) // 30 bucket, lag(({days} + 29) // 30) over w bucket_before, status, {days}
            from months window w as (partition by account_id order by month)
        ) where status = 'open' and {days} < 180 and bucket > bucket_before + 1
    """)
    assert jumps.empty


def test_a_newly_overdue_account_has_1_to_30_days(demo) -> None:
    rows = """
        select days_past_due from (
            select *, lag(days_past_due) over (partition by account_id order by month) before from months
        ) where before = 0 and days_past_due > 0
    """
    assert demo.value(f"select min(days_past_due) from ({rows})") >= 1
    assert demo.value(f"select max(days_past_due) from ({rows})") <= 30


def test_open_accounts_are_charged_off_on_their_products_day(demo) -> None:
    limit = "case product when 'card' then 180 when 'mortgage' then 360 else 120 end"
    open_rows = "select * from months join accounts using (account_id) where status = 'open'"
    assert demo.value(f"select count(*) from ({open_rows}) where days_past_due >= {limit}") == 0


def test_claims_exist_from_the_first_month(demo) -> None:
    first = "month = (select min(month) from months)"
    assert demo.value(f"select count(*) from months where status = 'charged_off' and {first}") > 500


def test_row_groups_never_split_an_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "BLOCK_ACCOUNTS", 100)
    monkeypatch.setattr(write, "IN_PROCESS", 100)
    monkeypatch.setattr(write, "ROWS_A_GROUP", 2_000)
    simulate(tmp_path / "p", accounts=1_000, months=12)
    file = pq.ParquetFile(tmp_path / "p" / "months.parquet")
    assert file.num_row_groups > 2
    groups = [file.read_row_group(i, columns=["account_id"])["account_id"] for i in range(file.num_row_groups)]
    for left, right in itertools.pairwise(groups):
        assert left[-1].as_py() < right[0].as_py()


def test_each_account_asked_for_is_written_and_has_months(demo) -> None:
    assert demo.value("select count(*) from accounts") == 20_000
    assert demo.value("select count(distinct account_id) from months") == 20_000


def test_a_customer_holds_one_and_a_quarter_accounts_on_average(demo) -> None:
    assert 1.2 < 20_000 / demo.value("select count(distinct customer_id) from accounts") < 1.3


def test_the_window_ends_in_the_month_asked_for(demo) -> None:
    assert demo.value("select max(month) from months") == date(2025, 12, 31)
    assert demo.value("select min(month) from months") == date(2023, 1, 31)
