"""Rules that an account's months keep together: no gaps, nothing after the end, nothing before the opening.

Detection is one aggregate by account, without windows, so that it neither sorts the panel nor relies on its
order; the rows themselves are looked up only where something is broken.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from analysis.core.contract import TABLES, Table
from analysis.core.errors import Problem
from analysis.data.check.count import EXAMPLES, as_text, examples

MONTHS = TABLES["months"]
LAST_ROWS = ("paid_off", "sold", "closed")


@dataclass(frozen=True)
class HistoryRule:
    """`account` is broken by an account's summary, `row` by its rows (joined with the summary)."""

    column: str
    text: str
    account: ir.BooleanValue
    row: ir.BooleanValue
    mend: str
    shown: tuple[str, ...]


def month_gaps(rows: ir.Table, table: Table, by: tuple[str, ...], unique: bool = False) -> list[Problem]:
    """Months that lack between the first and the last one, by account or in the whole table.

    Where the key is known to be `unique`, months are counted instead of told apart, which is much cheaper.
    """
    index = _month_index(rows.month)
    held = index.count() if unique else index.nunique()
    spans = rows.group_by(list(by)) if by else rows
    spans = spans.aggregate(
        first=rows.month.min(),
        last=rows.month.max(),
        missing=index.max() - index.min() + 1 - held,
    )
    broken = spans.filter(spans.missing > 0)
    total = int(broken.missing.sum().to_pyarrow().as_py() or 0)
    if not total:
        return []
    listed = broken.order_by([*by, "first"]).limit(EXAMPLES).to_pyarrow().to_pylist()
    shown = tuple(as_text(row) for row in listed)
    where = "an account's" if by else "the"
    text = f"months must follow one another without a gap between {where} first and last month"
    return [Problem(table.name, "month", text, total, shown, "Add the missing months.")]


def _month_index(month: ir.Column) -> ir.IntegerColumn:
    day = month.cast("date")
    return (day.year().cast("int64") * 12 + day.month().cast("int64")).name("index")


def broken_histories(months: ir.Table, accounts: ir.Table | None, usable: Collection[str]) -> list[Problem]:
    """Accounts whose months contradict one another or the day of opening."""
    summary = _summarise(months, accounts, usable)
    joined = months.join(summary, "account_id") if set(summary.columns) > {"account_id"} else None
    if joined is None:
        return []
    rules = _rules(joined, summary)
    counts = {f"rule_{i}": summary.count(where=rule.account) for i, rule in enumerate(rules)}
    found = summary.aggregate(**counts).to_pyarrow().to_pylist()[0]
    broken = [rule for i, rule in enumerate(rules) if found[f"rule_{i}"]]
    return [_describe(joined, rule) for rule in broken]


def _summarise(months: ir.Table, accounts: ir.Table | None, usable: Collection[str]) -> ir.Table:
    """One row an account: the months at which its rules turn."""
    month = months.month.cast("date")
    turns = {}
    if "status" in usable:
        turns["last_month"] = month.max()
        turns["ended"] = month.min(where=months.status.isin(LAST_ROWS))
        turns["charged_off"] = month.min(where=months.status == "charged_off")
        turns["last_open"] = month.max(where=months.status == "open")
    if {"status", "charged_off_amount"} <= set(usable):
        turns["last_charge"] = month.max(where=months.charged_off_amount > 0)
    turns["first_month"] = month.min()
    summary = months.group_by("account_id").aggregate(**turns)
    if accounts is None or "opened_on" not in accounts.columns:
        return summary
    opened = accounts.group_by("account_id").aggregate(opened=accounts.opened_on.cast("date").min())
    return summary.left_join(opened, "account_id").drop("account_id_right")


def _rules(rows: ir.Table, summary: ir.Table) -> list[HistoryRule]:
    rules = []
    month = rows.month.cast("date")
    if "ended" in summary.columns:
        rules.append(_nothing_after_the_end(month, rows, summary))
        rules.append(_never_open_again(month, rows, summary))
    if "last_charge" in summary.columns:
        rules.append(_one_charge(month, rows, summary))
    if "opened" in summary.columns:
        rules.append(_not_before_opening(month, rows, summary))
    return rules


def _nothing_after_the_end(month: ir.Column, rows: ir.Table, summary: ir.Table) -> HistoryRule:
    return HistoryRule(
        "status",
        "paid_off, sold and closed are an account's last row, and rows follow",
        summary.last_month > summary.ended,
        month > rows.ended,
        "Leave the later rows out, or correct the status.",
        ("status", "ended"),
    )


def _never_open_again(month: ir.Column, rows: ir.Table, summary: ir.Table) -> HistoryRule:
    return HistoryRule(
        "status",
        "must not be open again after charged_off",
        summary.last_open > summary.charged_off,
        (rows.status == "open") & (month > rows.charged_off),
        "Cash after charge-off is a recovery: keep status charged_off and write it in amount_paid.",
        ("status", "charged_off"),
    )


def _one_charge(month: ir.Column, rows: ir.Table, summary: ir.Table) -> HistoryRule:
    return HistoryRule(
        "charged_off_amount",
        "must be given in the month of charge-off only",
        summary.last_charge > summary.charged_off,
        (rows.charged_off_amount > 0) & (month > rows.charged_off),
        "Leave it empty in the months that follow.",
        ("charged_off", "charged_off_amount"),
    )


def _not_before_opening(month: ir.Column, rows: ir.Table, summary: ir.Table) -> HistoryRule:
    return HistoryRule(
        "month",
        "must not end before the account's opened_on",
        summary.first_month < summary.opened,
        month < rows.opened,
        "Correct opened_on, or leave these months out.",
        ("opened",),
    )


def _describe(rows: ir.Table, rule: HistoryRule) -> Problem:
    count = int(rows.count(where=rule.row).to_pyarrow().as_py())
    return Problem(
        "months", rule.column, rule.text, count, examples(rows, MONTHS, rule.row, rule.shown), rule.mend
    )


def vanished_accounts(months: ir.Table) -> int:
    """Accounts whose months stop before the last one without a last row that says why."""
    month = months.month.cast("date")
    by_account = months.group_by("account_id").aggregate(
        last=month.max(), ended=month.max(where=months.status.isin(LAST_ROWS))
    )
    latest = month.max().to_pyarrow().as_py()
    gone = (by_account["last"] < ibis.literal(latest)) & by_account.ended.isnull()
    return int(by_account.count(where=gone).to_pyarrow().as_py())
