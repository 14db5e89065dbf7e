"""Contacts, the customers behind them, and the spells of arrears they fall in: the rows that other files count.

Nothing here is executed: each function returns an Ibis expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import _

from analysis.core.states import Buckets
from analysis.data.portfolio import Portfolio

RIGHT_PARTY = ("right_party", "promise", "refused", "hardship", "dispute", "opt_out")
"""Outcomes in which the debtor was spoken to (contract, notes on `contacts`)."""

NOT_REACHED = ("no_answer", "invalid_number")
"""Outcomes in which nobody answered."""

FOLDS = 32
"""Random groups of customers; statistics leave out one group at a time to see how far chance moves a result."""

_HEX = "0123456789abcdef"


def customers(portfolio: Portfolio, columns: Sequence[str] = ()) -> ir.Table:
    """Accounts with `customer` (the cluster), `fold` (0 to 31) and the columns asked for.

    The fold is the same for all accounts of a customer. It is read off the MD5 digest of the customer's id, so
    that every engine draws the same groups. Columns that the table lacks are left out; missing values of text and
    true-or-false columns become `unknown`.
    """
    accounts = portfolio.table("accounts")
    customer = accounts[portfolio.cluster].coalesce(accounts.account_id)
    digest = customer.hexdigest("md5")
    fold = hex_digit(digest.substr(0, 1)) * 2 + (hex_digit(digest.substr(1, 1)) >= 8).ifelse(1, 0)
    kept = {name: labelled(accounts[name]) for name in columns if name in accounts.columns}
    return accounts.select(account_id=accounts.account_id, customer=customer, fold=fold.cast("int64"), **kept)


def hex_digit(digit: ir.StringValue) -> ir.IntegerValue:
    """Value of a hexadecimal digit, 0 to 15."""
    return ibis.literal(_HEX).find(digit)


def labelled(column: ir.Column) -> ir.Column:
    """Text and true-or-false columns with `unknown` for what is missing; numbers as they are."""
    if column.type().is_string() or column.type().is_boolean():
        return column.cast("string").coalesce(ibis.literal("unknown"))
    return column


def contacts(portfolio: Portfolio, first: date, last: date, columns: Sequence[str] = ()) -> ir.Table:
    """Contacts with debtors from day `first` to day `last`, both included.

    Columns: contact_id, account_id, at, day, channel, agency, `outbound` (an attempt of ours; a direction that is
    not recorded counts as outbound), `recorded` (its outcome is), `reached` (somebody answered), `right_party`,
    `promise`, promised_amount, promised_on, and the text columns asked for (null where the table lacks them).
    Contacts meant for third parties are left out.
    """
    table = portfolio.table("contacts")
    outcome = optional(table, "outcome", "string")
    direction = optional(table, "direction", "string").coalesce(ibis.literal("outbound"))
    party = optional(table, "party", "string").coalesce(ibis.literal("debtor"))
    day = table["at"].cast("date")
    chosen = (party == "debtor") & (day >= ibis.literal(first)) & (day <= ibis.literal(last))
    rows = table.select(
        contact_id=table.contact_id,
        account_id=table.account_id,
        at=table["at"],
        day=day,
        channel=table.channel,
        agency=labelled(optional(table, "agency", "string")),
        outbound=direction == "outbound",
        recorded=outcome.notnull(),
        reached=(outcome.notnull() & outcome.notin(NOT_REACHED)).coalesce(ibis.literal(False)),
        right_party=outcome.isin(RIGHT_PARTY).coalesce(ibis.literal(False)),
        promise=outcome.isin(("promise",)).coalesce(ibis.literal(False)),
        promised_amount=optional(table, "promised_amount", "float64"),
        promised_on=optional(table, "promised_on", "date"),
        **{name: optional(table, name, "string") for name in columns},
        chosen=chosen,
    )
    return rows.filter(rows.chosen).drop("chosen")


def log_begins(portfolio: Portfolio) -> date | None:
    """First day of the contact log, or None where it holds nothing."""
    found = portfolio.table("contacts").aggregate(first=_["at"].cast("date").min()).to_pyarrow().to_pylist()
    return found[0]["first"]


def overdue_spells(portfolio: Portfolio, first: date, last: date) -> ir.Table:
    """Spells of arrears whose first month end overdue lies from `first` to `last`, both included.

    One row a spell: account_id, `start` and `end` (first and last month end overdue), `due_on`, `until` (first
    month end after it; missing while the spell runs at the panel's end).

    `due_on` is the oldest unpaid due date: the month end less its days past due, which the contract counts from
    that day; so an account is d days past due d days after it, and a contact's delay is the days past due at
    contact. It is not earlier than the month end before, at which the account was not overdue.

    Arrears that come and go between two month ends are not seen. Left out are spells already running in the
    account's first month here (nobody saw them begin) and those that begin in a month from which something was
    recorded differently (`breaks` of portfolio.yml).
    """
    months = portfolio.table("months")
    panel_end = portfolio.months_covered()[1]
    known_since = months.group_by("account_id").aggregate(known_since=_.month.min())
    spells = _runs(months.filter((months.status == "open") & (months.days_past_due > 0)))
    seen = spells.inner_join(known_since, "account_id").filter(
        _.start > _.known_since, _.start >= ibis.literal(first), _.start <= ibis.literal(last)
    )
    if portfolio.info.breaks:
        seen = seen.filter(_.start.notin([ibis.literal(month) for month in portfolio.info.breaks]))
    before = _.start.truncate("M") - ibis.interval(days=1)
    due = _.start - _.days_past_due * ibis.interval(days=1)
    after = _.end.truncate("M") + ibis.interval(months=2) - ibis.interval(days=1)
    return seen.select(
        "account_id",
        "start",
        "end",
        due_on=ibis.greatest(due.cast("date"), before.cast("date")),
        until=(_.end < ibis.literal(panel_end)).ifelse(after.cast("date"), ibis.null("date")),
    )


def _runs(overdue: ir.Table) -> ir.Table:
    """Unbroken runs of month ends overdue: account_id, start, end, days_past_due at the start."""
    rows = overdue.select("account_id", "month", "days_past_due", index=month_index(overdue.month))
    # Months have no gaps, so month number less row number is constant within a run.
    order = ibis.window(group_by="account_id", order_by="index")
    rows = rows.mutate(run=_.index - ibis.row_number().over(order))
    return rows.group_by("account_id", "run").aggregate(
        start=_.month.min(), end=_.month.max(), days_past_due=_.days_past_due.argmin(_.month)
    )


def optional(table: ir.Table, name: str, kind: str) -> ir.Column:
    """A column of the table, or nulls of its type where it is absent."""
    return table[name].cast(kind) if name in table.columns else ibis.null(kind)


def bucket_label(days_past_due: ir.IntegerColumn, buckets: Buckets) -> ir.StringValue:
    """Days-past-due bucket, `unknown` where there is none."""
    steps = [(days_past_due < edge, label) for edge, label in zip(buckets.edges, buckets.labels, strict=False)]
    return ibis.cases((days_past_due.isnull(), "unknown"), *steps, else_=buckets.labels[-1])


def month_index(day: ir.DateColumn) -> ir.IntegerColumn:
    """Months since year 0: successive months have successive numbers."""
    return (day.year() * 12 + day.month()).cast("int64")
