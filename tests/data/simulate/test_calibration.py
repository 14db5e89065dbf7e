"""The default portfolio against the figures it is calibrated to, at tolerances set beforehand.

At 20,000 accounts chance alone moves the overdue rate of the last month by about 0.3 points and the shares by
about 1.5 (standard deviations over seeds); of the seeds 1 to 20 eighteen keep the rates and seventeen the shares.
The pooled test shows that the parameters, and not a lucky seed, meet the target.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

SEEDS = (7, 14, 16)
POOLED = (7, 1, 2, 3, 4)

OVERDUE = """
    select month, sum(balance) filter (days_past_due > 0) overdue, sum(balance) total
    from months where status = 'open' group by month order by month
"""
MIX = """
    select case when product in ('card', 'instalment') then product else 'other' end kind, sum(balance) overdue
    from months join accounts using (account_id)
    where status = 'open' and days_past_due > 0 and month = (select max(month) from months) group by 1
"""


@pytest.fixture(scope="session", params=SEEDS)
def drawn(request: pytest.FixtureRequest, draw: Callable) -> object:
    return draw(seed=request.param)


def test_the_overdue_rate_of_the_last_month_is_8_5_percent(drawn) -> None:
    last = drawn.frame(OVERDUE).iloc[-1]
    assert last.overdue / last.total == pytest.approx(0.085, abs=0.005)


def test_the_overdue_rate_was_about_6_percent_at_the_start_of_the_window(drawn) -> None:
    first = drawn.frame(OVERDUE).iloc[0]
    assert 0.053 <= first.overdue / first.total <= 0.067


def test_overdue_balance_is_60_percent_card_25_instalment_15_other(drawn) -> None:
    share = drawn.frame(MIX).set_index("kind").overdue
    share = share / share.sum()
    assert share["card"] == pytest.approx(0.60, abs=0.03)
    assert share["instalment"] == pytest.approx(0.25, abs=0.03)
    assert share["other"] == pytest.approx(0.15, abs=0.03)


def test_three_in_a_thousand_contacted_accounts_complain_in_a_month(drawn) -> None:
    contacted = drawn.value('select count(distinct (account_id, year("at"), month("at"))) from contacts')
    assert drawn.value("select count(*) from complaints") / contacted == pytest.approx(0.003, abs=0.001)


def test_pooled_seeds_meet_the_targets_more_closely_than_one_can(draw: Callable) -> None:
    paths = sum(draw(seed=seed).frame(OVERDUE).set_index("month") for seed in POOLED)
    rate = paths.overdue / paths.total
    assert rate.iloc[-1] == pytest.approx(0.085, abs=0.0035)
    assert rate.iloc[0] == pytest.approx(0.060, abs=0.0035)
    mix = sum(draw(seed=seed).frame(MIX).set_index("kind").overdue for seed in POOLED)
    for kind, share in (("card", 0.60), ("instalment", 0.25), ("other", 0.15)):
        assert (mix / mix.sum())[kind] == pytest.approx(share, abs=0.02)


def test_the_hard_portfolio_is_as_overdue_as_the_standard_one(hard) -> None:
    last = hard.frame(OVERDUE).iloc[-1]
    assert last.overdue / last.total == pytest.approx(0.085, abs=0.012)


def moves(portfolio) -> pd.DataFrame:
    """Share of accounts by bucket at one month's end and state at the next."""
    state = "case when status <> 'open' then status else least((days_past_due + 29) // 30, 7)::text end"
    return portfolio.frame(f"""
        with steps as (
            select {state} here, lead({state}) over (partition by account_id order by month) there from months
        ), counts as (
            select here, there, count(*) accounts from steps where there is not null group by here, there
        )
        select here, there, accounts / sum(accounts) over (partition by here) share from counts
    """).pivot(index="here", columns="there", values="share")


def test_monthly_moves_are_what_the_trade_would_call_plausible(demo) -> None:
    rate = moves(demo)
    assert 0.02 <= rate.loc["0", "1"] <= 0.04, "current → 1–29"
    assert 0.50 <= rate.loc["1", "0"] <= 0.65, "cure of 1–29"
    assert 0.25 <= rate.loc["2", "0"] <= 0.45, "cure of 30–59"
    assert rate.loc["4", "0"] < 0.10, "cure of 90–119"
    assert 0.30 <= rate.loc["1", "2"] <= 0.45, "1–29 → 30–59"
    assert 0.65 <= rate.loc["3", "4"] <= 0.85, "60–89 → 90–119"


def test_recovery_within_two_years_of_unsecured_charge_off_is_10_to_25_percent(demo) -> None:
    by_product = demo.truth["recovery"]["by_product"]
    assert all(0.10 <= by_product[name] <= 0.25 for name in ("card", "instalment"))


def test_one_cured_account_in_five_is_30_days_late_again_within_a_year(demo) -> None:
    again = demo.value("""
        with steps as (
            select days_past_due now, lag(days_past_due) over w before,
                max(days_past_due) over (w rows between 1 following and 12 following) worst,
                count(*) over (w rows between 1 following and 12 following) followed
            from months where status = 'open' window w as (partition by account_id order by month)
        )
        select avg((worst >= 30)::int) from steps where now = 0 and before > 0 and followed = 12
    """)
    assert 0.12 <= again <= 0.28


def test_spending_and_logins_fall_before_delinquency(demo) -> None:
    path = demo.frame("""
        with rows as (
            select *, row_number() over (partition by account_id order by month) position
            from months join accounts using (account_id) where status = 'open' and product = 'card'
        ), entries as (
            select account_id, position as entered from (
                select *, lag(days_past_due, 1) over w one, lag(days_past_due, 6) over w six
                from rows window w as (partition by account_id order by position)
            ) where days_past_due > 0 and one = 0 and six = 0
        )
        select position - entered as lead, avg(spend) spend, avg(app_logins) logins
        from rows join entries using (account_id) where position - entered in (-6, -2) group by 1 order by 1
    """)
    assert path.spend[1] < 0.93 * path.spend[0]
    assert path.logins[1] < 0.95 * path.logins[0]


def test_accounts_are_opened_in_every_quarter_of_the_window(demo) -> None:
    opened = demo.frame("""
        select date_trunc('quarter', opened_on) as quarter, count(*) accounts from accounts
        where opened_on between '2023-01-01' and '2025-12-31' group by 1
    """)
    assert len(opened) == 12
    assert opened.accounts.min() > 200
