"""Disposals explain cash in the months and are never cash of their own."""

from __future__ import annotations


def test_proceeds_are_part_of_the_cash_of_their_month(demo) -> None:
    more = demo.value("""
        select count(*) from disposals d
        left join months m on m.account_id = d.account_id and m.month = last_day(d.ended_on)
        where d.ended_on is not null and d.ended_on >= '2023-01-01'
            and coalesce(d.proceeds, 0) > coalesce(m.amount_paid, 0) + 0.005
    """)
    assert more == 0


def test_every_route_is_used(demo) -> None:
    assert demo.value("select count(distinct route) from disposals") == 6


def test_sales_come_in_lots_and_end_the_account(demo) -> None:
    assert (
        demo.value("select count(*) from disposals where (route in ('sale', 'abs')) <> (lot_id is not null)") == 0
    )
    unsold = demo.value("""
        select count(*) from disposals d join months m on m.account_id = d.account_id
            and m.month = last_day(d.ended_on) where route in ('sale', 'abs') and m.status <> 'sold'
    """)
    assert unsold == 0
    assert demo.value("select min(claims) from (select count(*) claims from disposals group by lot_id)") >= 5


def test_what_still_runs_has_neither_end_nor_proceeds(demo) -> None:
    running = "from disposals where ended_on is null"
    assert demo.value(f"select count(*) {running}") > 20
    assert demo.value(f"select count(*) {running} and (proceeds is not null or cost is not null)") == 0


def test_only_charged_off_accounts_are_disposed_of(demo) -> None:
    early = demo.value("""
        select count(*) from disposals d join months m on m.account_id = d.account_id and m.charged_off_amount > 0
        where d.started_on <= m.month
    """)
    assert early == 0


def test_the_hard_variant_sells_the_difficult_claims(demo, hard) -> None:
    """Selection by what is hidden raises the share of waiting claims that a lot takes."""
    sold = {
        p.truth["variant"]: p.value("select count(*) from disposals where route = 'sale'") for p in (demo, hard)
    }
    claims = {
        p.truth["variant"]: p.value("select count(*) from months where status = 'charged_off'")
        for p in (demo, hard)
    }
    assert sold["hard"] / claims["hard"] > 1.2 * sold["standard"] / claims["standard"]
