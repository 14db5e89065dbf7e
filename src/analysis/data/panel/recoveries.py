"""Recovery by months since charge-off."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.data.panel.cohorts import Cohorts, Follow, follow
from analysis.data.panel.covariates import FOLD, covariates
from analysis.data.panel.dimensions import with_dimensions
from analysis.data.panel.families import CHARGED_OFF, LATE
from analysis.data.panel.labels import with_month
from analysis.data.panel.months import as_states, month_number
from analysis.data.panel.parts import ACCOUNT, CLUSTER, Part, over_parts
from analysis.data.portfolio import Portfolio


def recoveries(portfolio: Portfolio, horizon: int, dimensions: Sequence[str] = ()) -> Cohorts:
    """Cash received within so many months after charge-off ÷ amount charged off, by quarter of charge-off.

    Measure `recovery`, since 1 to `horizon` months after the month of charge-off, whose own cash is left out:
    it may have come before. By accounts: those that paid anything. Higher is better; by balance it can exceed 1,
    since interest is collected too. The amount is `charged_off_amount`, or the claim at that month's end where
    it isn't recorded. Dimensions are those in the month of charge-off. Accounts charged off before the first
    month covered are left out and counted.
    """

    def units(part: Part) -> ir.Table:
        found = charge_offs(part)
        found = with_dimensions(found.filter(found.known).rename(m="began"), part, dimensions)
        return found.rename(began="m").select(ACCOUNT, "began", CLUSTER, "x", *dimensions)

    plan = Follow(("recovery",), units, lambda part, found: _cash(part, found, horizon), horizon, first=1)
    return Cohorts(follow(portfolio, plan, dimensions), _left_out(portfolio))


def charge_offs(part: Part) -> ir.Table:
    """Charged-off accounts: account_id, cluster, began (month number), x (amount), known (seen to happen)."""
    rows = _left_book(part)
    gone = rows.filter(rows.state == CHARGED_OFF)
    found = gone.group_by(ACCOUNT, CLUSTER).aggregate(
        began=gone.m.min(), amount=gone.charged_off_amount.sum(), claim=gone.balance.argmin(gone.m)
    )
    first = month_number(part.portfolio.months_covered()[0])
    return found.select(
        ACCOUNT,
        CLUSTER,
        "began",
        x=found.amount.coalesce(found.claim),
        known=found.amount.notnull() | (found.began > first),
    )


def _left_book(part: Part) -> ir.Table:
    """Months of accounts that have left the open book: few, and told from the rest before anything else."""
    months = part.table("months")
    return as_states(months.filter(months.status != "open"), LATE)


def _cash(part: Part, units: ir.Table, horizon: int) -> ir.Table:
    rows = _left_book(part)
    paid = rows.filter(rows.paid > 0).select(ACCOUNT, "m", "paid")
    joined = units.select(ACCOUNT, "began").inner_join(paid, ACCOUNT)
    since = (joined.m - joined.began).cast("int32")
    later = joined.mutate(since=since).filter(since.between(1, horizon))
    first = ibis.row_number().over(ibis.window(group_by=ACCOUNT, order_by="since")) == 0
    return later.select(
        ACCOUNT, "began", "since", measure=ibis.literal("recovery"), e=first.cast("int8"), y=later.paid
    )


def _left_out(portfolio: Portfolio) -> pd.DataFrame:
    def build(part: Part) -> ir.Table:
        found = charge_offs(part)
        unseen = found.filter(~found.known)
        return unseen.aggregate(units=unseen.count()).mutate(
            reason=ibis.literal("charged off before the first month covered")
        )

    return over_parts(portfolio, build, ["reason"], clustered=False, largest=(), light=True)


def recovery_cells(portfolio: Portfolio, horizon: int, by: Sequence[str] = ("product",)) -> pd.DataFrame:
    """Claims and the cash received on them, by month of charge-off, months since, and random group of customers.

    Columns: month (end of the month of charge-off), since (0 to `horizon`), followed (months from charge-off to
    the last month covered), `by` (columns of accounts), fold (0 to 31), claims, charged_off, paid. Rows with since
    0 hold the claims and their amount, later ones the cash of that month alone (no row where nothing was paid).
    Definitions, and which accounts are left out, are those of recoveries().
    """
    last = month_number(portfolio.months_covered()[1])
    keys = ["m", "since", *by, FOLD]

    def build(part: Part) -> ir.Table:
        units = charge_offs(part)
        units = units.filter(units.known)
        facts = covariates(part, by)
        zero = ibis.literal(0.0)
        opened = units.mutate(
            since=ibis.literal(0, "int32"), claims=ibis.literal(1.0), charged_off=units.x, paid=zero
        )
        cash = _cash(part, units, horizon)
        cash = cash.mutate(claims=zero, charged_off=zero, paid=cash.y)
        columns = [ACCOUNT, "began", "since", "claims", "charged_off", "paid"]
        rows = opened.select(*columns).union(cash.select(*columns)).inner_join(facts, ACCOUNT).rename(m="began")
        sums = {name: rows[name].sum() for name in ("claims", "charged_off", "paid")}
        return rows.group_by(*keys).aggregate(**sums)

    found = over_parts(portfolio, build, keys, clustered=False, largest=(), light=True)
    found = found.assign(followed=(last - found["m"]).astype("int64"))
    return with_month(found)
