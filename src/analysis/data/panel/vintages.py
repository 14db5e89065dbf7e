"""Vintages: what became of the accounts opened, or that fell behind, in a quarter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.data.panel.cohorts import Cohorts, Follow, follow
from analysis.data.panel.dimensions import FIXED, with_dimensions
from analysis.data.panel.families import CHARGED_OFF, LATE, OVERDUE_STATE
from analysis.data.panel.months import CURRENT, account_months, as_states, month_number, number_of, steps
from analysis.data.panel.parts import ACCOUNT, CLUSTER, Part, over_parts
from analysis.data.portfolio import Portfolio

OPENING_MEASURES = ("ever_30", "ever_90", "charged_off")
ENTRY_MEASURES = ("ever_30", "ever_90", "charged_off", "ever_cured")

COMPLETE = "followed from opening"
BEFORE = "opened before the first month covered"
LATE_SEEN = "first seen more than a month after opening"
UNDATED = "opening day not recorded"


def opening_vintages(portfolio: Portfolio, horizon: int, dimensions: Sequence[str] = ()) -> Cohorts:
    """Accounts ever 30+ dpd, ever 90+ dpd, charged off by months on book ÷ accounts opened, by opening quarter.

    `since` 0 is the month of opening. A charged-off account counts as ever 30+ and 90+; one that left keeps
    counting in the denominator. By balance: amounts opened (`original_amount`, else `credit_limit`, else the
    first balance), not what was owed when it happened. Lower is better. Only accounts followed from opening are
    taken; `left_out` counts the others. Raises ParameterError for a dimension that changes over time.
    """
    changing = [name for name in dimensions if name not in FIXED]
    if changing:
        raise ParameterError(
            f"opening vintages cannot be split by '{changing[0]}', which changes over an account's life; "
            f"use {', '.join(FIXED)}"
        )

    def units(part: Part) -> ir.Table:
        found = opened(part)
        found = found.filter(found.reason == COMPLETE).mutate(m=found.began)
        return with_dimensions(found, part, dimensions).select(ACCOUNT, "began", CLUSTER, "x", *dimensions)

    plan = Follow(OPENING_MEASURES, units, _openings_gone_bad, horizon)
    return Cohorts(follow(portfolio, plan, dimensions), _left_out(portfolio, opened))


def opened(part: Part) -> ir.Table:
    """Accounts: account_id, cluster, began (month number of opening), x (amount), reason (why left out)."""
    accounts = part.table("accounts")
    made = accounts.select(ACCOUNT, CLUSTER, began=_opening_month(accounts), amount=_amount(accounts))
    start = month_number(part.portfolio.months_covered()[0])
    recent = made.filter(made.began >= start)
    seen = _first_rows(part, recent)
    found = made.left_join(seen, made[ACCOUNT] == seen.seen_account)
    reason = ibis.cases(
        (found.began.isnull(), UNDATED),
        (found.began < start, BEFORE),
        (found.seen_account.notnull(), COMPLETE),
        else_=LATE_SEEN,
    )
    return found.select(ACCOUNT, CLUSTER, "began", x=found.amount.coalesce(found.first_balance), reason=reason)


def _first_rows(part: Part, recent: ir.Table) -> ir.Table:
    """First balance of accounts whose rows begin in the month of opening or the next."""
    rows = as_states(part.loosely("months"), LATE).select(ACCOUNT, "m", "balance")
    near = rows.inner_join(recent.select(ACCOUNT, "began"), ACCOUNT)
    near = near.filter(near.m - near.began <= 1)
    grouped = near.group_by(seen_account=near[ACCOUNT])
    return grouped.aggregate(first_balance=near.balance.argmin(near.m))


def _opening_month(accounts: ir.Table) -> ir.IntegerValue:
    return number_of(accounts.opened_on) if "opened_on" in accounts.columns else ibis.null("int32")


def _amount(accounts: ir.Table) -> ir.FloatingValue:
    recorded = [accounts[c].cast("float64") for c in ("original_amount", "credit_limit") if c in accounts.columns]
    return ibis.coalesce(*recorded, ibis.null("float64"))


def _openings_gone_bad(part: Part, units: ir.Table) -> ir.Table:
    months = part.loosely("months")
    bad = as_states(months.filter((months.days_past_due >= 30) | (months.status == "charged_off")), LATE)
    gone = bad.state == CHARGED_OFF
    firsts = bad.group_by(ACCOUNT).aggregate(
        ever_30=bad.m.min(),
        ever_90=bad.m.min(where=(bad.days_past_due >= 90) | gone),
        charged_off=bad.m.min(where=gone),
    )
    return _first_events(units.select(ACCOUNT, "began", "x").inner_join(firsts, ACCOUNT), OPENING_MEASURES)


def _first_events(found: ir.Table, measures: Sequence[str]) -> ir.Table:
    """One row a unit and measure that happened, from one column of first months a measure."""
    pieces = [
        found.filter(found[name].notnull()).select(
            ACCOUNT,
            "began",
            measure=ibis.literal(name),
            since=ibis.greatest(found[name] - found.began, 0).cast("int32"),
            e=ibis.literal(1, "int8"),
            y=found.x,
        )
        for name in measures
    ]
    return ibis.union(*pieces)


def entry_vintages(portfolio: Portfolio, horizon: int, dimensions: Sequence[str] = ()) -> Cohorts:
    """Entries into delinquency ever 30+, ever 90+, charged off, ever cured by months since ÷ entries, by quarter.

    An entry is a current account found 1+ dpd a month later; `since` 0 is the month it was found so. Events count
    whether or not the account was current in between; an account can enter more than once, and its entries form
    one cluster. By balance: owed when it entered. Dimensions are those in the month of entry. Accounts already
    delinquent when first seen are left out until they have been current, and counted.
    """

    def units(part: Part) -> ir.Table:
        dated = with_dimensions(entries(part).rename(m="began"), part, dimensions)
        return dated.rename(began="m").select(ACCOUNT, "began", CLUSTER, "x", *dimensions)

    plan = Follow(ENTRY_MEASURES, units, _after_entry, horizon, repeated=True)
    return Cohorts(follow(portfolio, plan, dimensions), _left_out(portfolio, _first_states))


def entries(part: Part) -> ir.Table:
    """Entries into delinquency: account_id, cluster, began (month number), x (balance then)."""
    taken = steps(part, LATE)
    entered = taken.filter((taken.state == CURRENT) & (taken.to_state == OVERDUE_STATE))
    return entered.select(ACCOUNT, CLUSTER, began=entered.m, x=entered.to_balance)


def _after_entry(part: Part, units: ir.Table) -> ir.Table:
    joined = units.select(ACCOUNT, "began", "x").inner_join(_turns(part), ACCOUNT)
    later = joined.filter(joined["at"] >= joined.began)
    grouped = later.group_by(ACCOUNT, "began", "measure")
    first = grouped.aggregate(at=later["at"].min(), x=later.x.max())
    since = (first["at"] - first.began).cast("int32")
    return first.select(ACCOUNT, "began", "measure", since=since, e=ibis.literal(1, "int8"), y=first.x)


def _turns(part: Part) -> ir.Table:
    """Months in which something happened to an account: account_id, at, measure."""
    rows, taken = account_months(part, LATE), steps(part, LATE)
    gone = rows.state == CHARGED_OFF
    cured = (taken.state == OVERDUE_STATE) & (taken.to_state == CURRENT)
    return ibis.union(
        _turn(rows.filter((rows.days_past_due >= 30) | gone), "ever_30"),
        _turn(rows.filter((rows.days_past_due >= 90) | gone), "ever_90"),
        _turn(rows.filter(gone), "charged_off"),
        _turn(taken.filter(cured), "ever_cured"),
    )


def _turn(rows: ir.Table, measure: str) -> ir.Table:
    return rows.select(ACCOUNT, at=rows.m, measure=ibis.literal(measure))


def _first_states(part: Part) -> ir.Table:
    rows = account_months(part, LATE)
    first = rows.group_by(ACCOUNT).aggregate(state=rows.state.argmin(rows.m))
    reason = (first.state == OVERDUE_STATE).ifelse("already delinquent when first seen", COMPLETE)
    return first.select(reason=reason)


def _left_out(portfolio: Portfolio, units: Callable[[Part], ir.Table]) -> pd.DataFrame:
    def build(part: Part) -> ir.Table:
        found = units(part)
        found = found.filter(found.reason != COMPLETE)
        return found.group_by("reason").aggregate(units=found.count())

    return over_parts(portfolio, build, ["reason"], clustered=False, largest=(), light=True)
