"""Rules that each row keeps or breaks by itself, derived from the contract."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from analysis.core.contract import Column, Table


@dataclass(frozen=True)
class Rule:
    """A condition that broken rows fulfil, and how to speak of it.

    `shown` are the columns an example shows beside the keys; `counted` lists values with their counts instead.
    """

    column: str
    text: str
    broken: ir.BooleanValue
    mend: str
    shown: tuple[str, ...] = ()
    counted: bool = False


def row_rules(rows: ir.Table, table: Table, usable: Collection[str]) -> list[Rule]:
    """All rules that a row of `rows` can break alone; columns outside `usable` are left out."""
    rules: list[Rule] = []
    referring = {reference.column for reference in table.references}
    for name in rows.columns:
        column = table.column(name)
        if column is not None and name in usable:
            rules += _column_rules(rows[name], name, column)
            if column.required and column.kind == "text" and name not in referring:
                # Trimming long columns is slow, and a blank reference is found among the orphans.
                rules.append(_blank_rule(rows[name], name))
    for order in table.orders:
        if {order.earlier, order.later} <= set(usable):
            rules.append(_order_rule(rows, order.earlier, order.later))
    if "month" in usable and "month" in table.keys:
        rules.append(_month_end_rule(rows.month))
    if table.name == "months" and "status" in usable:
        rules += _status_rules(rows, usable)
    return rules


def _column_rules(value: ir.Column, name: str, column: Column) -> Iterator[Rule]:
    if column.required:
        yield Rule(name, "is empty", value.isnull(), "Fill it, or leave these rows out.")
    if column.allowed:
        yield _allowed_rule(value, name, column)
    if value.type().is_floating():
        broken = value.isnan() | value.isinf()
        yield Rule(name, "is not a finite number", broken, "Write null where nothing is known.", (name,))
    yield from _fit_rules(value, name, column)
    yield from _range_rules(value, name, column)


def _blank_rule(value: ir.Column, name: str) -> Rule:
    return Rule(name, "is blank text", value.strip() == "", "Fill it, or leave these rows out.")


def _allowed_rule(value: ir.Column, name: str, column: Column) -> Rule:
    text = f"holds values that are not allowed; allowed are {', '.join(column.allowed)}"
    mend = "Map each of them to an allowed value, or write null where none fits."
    if column.required:
        mend = "Map each of them to an allowed value."
    return Rule(name, text, value.notin(column.allowed), mend, (name,), counted=True)


def _fit_rules(value: ir.Column, name: str, column: Column) -> Iterator[Rule]:
    if column.kind == "integer" and not value.type().is_integer():
        yield Rule(
            name, "must be a whole number", value != value.floor(), "Round it, or cast it to int64.", (name,)
        )
    if column.kind == "date" and value.type().is_timestamp():
        broken = value != value.cast("date").cast("timestamp")
        yield Rule(name, "must be a date without a time of day", broken, "Cast it to date32.", (name,))


def _range_rules(value: ir.Column, name: str, column: Column) -> Iterator[Rule]:
    if column.minimum is not None:
        text = "must not be negative" if column.minimum == 0 else f"must be at least {column.minimum:g}"
        mend = "Write 0 for a credit balance and keep it in attributes." if name == "balance" else ""
        yield Rule(name, text, value < column.minimum, mend or "Correct the sign or the value.", (name,))
    if column.maximum is not None:
        unit = " (a rate is a fraction of 1)" if column.unit == "fraction" else ""
        text = f"must be at most {column.maximum:g}{unit}"
        yield Rule(name, text, value > column.maximum, "Correct the unit or the value.", (name,))


def _order_rule(rows: ir.Table, earlier: str, later: str) -> Rule:
    # A moment and a day are compared by day: nothing says at what hour of a day something began.
    broken = rows[earlier].cast("date") > rows[later].cast("date")
    return Rule(later, f"must not be before {earlier}", broken, "Correct the dates.", (earlier, later))


def _month_end_rule(month: ir.Column) -> Rule:
    broken = (month.cast("date") + ibis.interval(days=1)).day() != 1
    mend = "Write the last day of the month, for example 2025-02-28."
    return Rule("month", "must be the last day of a month", broken, mend, ("month",))


def _status_rules(rows: ir.Table, usable: Collection[str]) -> Iterator[Rule]:
    ended = rows.status.isin(("paid_off", "closed"))
    if "days_past_due" in usable:
        text = "must be 0 where status is paid_off or closed"
        mend = "Nothing is overdue on an account that is paid; correct the status or the days."
        shown = ("status", "days_past_due")
        yield Rule("days_past_due", text, ended & (rows.days_past_due > 0), mend, shown)
    if "balance" in usable:
        mend = "An account that still owes is open, charged_off or sold; correct the status or the balance."
        text = "must be 0 where status is paid_off or closed"
        yield Rule("balance", text, ended & (rows.balance > 0), mend, ("status", "balance"))
    if "charged_off_amount" in usable:
        broken = (rows.status == "open") & (rows.charged_off_amount > 0)
        text = "must be 0 or empty where status is open"
        mend = "Write it in the month in which the status becomes charged_off."
        yield Rule("charged_off_amount", text, broken, mend, ("status", "charged_off_amount"))
