"""Counting broken rules in the engine: one aggregate for all of them, examples only for those that are broken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

import ibis
import ibis.expr.types as ir

from analysis.core.contract import Table
from analysis.core.errors import Problem
from analysis.data.check.rows import Rule

EXAMPLES = 3


def count_broken(rows: ir.Table, rules: Sequence[Rule]) -> list[int]:
    """Rows that break each rule; one pass over the table."""
    if not rules:
        return []
    counts = {f"rule_{i}": rule.broken.sum() for i, rule in enumerate(rules)}
    found = rows.aggregate(**counts).to_pyarrow().to_pylist()[0]
    return [int(found[f"rule_{i}"] or 0) for i in range(len(rules))]


def broken_rules(rows: ir.Table, table: Table, rules: Sequence[Rule]) -> list[Problem]:
    """A problem for each rule that some row breaks, with examples."""
    counts = count_broken(rows, rules)
    return [describe(rows, table, rule, count) for rule, count in zip(rules, counts, strict=True) if count]


def describe(rows: ir.Table, table: Table, rule: Rule, count: int) -> Problem:
    """The problem that a broken rule is."""
    if rule.counted:
        return _describe_values(rows, table, rule, count)
    shown = examples(rows, table, rule.broken, rule.shown)
    return Problem(table.name, rule.column, rule.text, count, shown, rule.mend)


def _describe_values(rows: ir.Table, table: Table, rule: Rule, count: int) -> Problem:
    value = rows[rule.column].name("value")
    found = rows.filter(rule.broken).group_by(value).aggregate(rows=ibis._.count())
    listed = found.order_by(ibis.desc("rows"), "value").to_pyarrow().to_pylist()
    shown = tuple(f"'{each['value']}' in {each['rows']:,}" for each in listed[:EXAMPLES])
    column = table.column(rule.column)
    near = get_close_matches(str(listed[0]["value"]), column.allowed if column else (), n=1)
    rest = [f"'{each['value']}' in {each['rows']:,}" for each in listed[EXAMPLES:20]]
    also = f" Also: {', '.join(rest)}{' …' if len(listed) > 20 else ''}." if rest else ""
    meant = f" Is '{listed[0]['value']}' meant to be {near[0]}?" if near else ""
    return Problem(table.name, rule.column, rule.text, count, shown, rule.mend + meant + also)


def examples(rows: ir.Table, table: Table, broken: ir.BooleanValue, shown: Sequence[str] = ()) -> tuple[str, ...]:
    """Up to three rows that fulfil a condition, as `key=value, column=value`."""
    names = [name for name in dict.fromkeys((*table.keys, *shown)) if name in rows.columns]
    picked = rows.filter(broken).select(names).order_by(names).limit(EXAMPLES)
    return tuple(as_text(row) for row in picked.to_pyarrow().to_pylist())


def as_text(row: dict[str, Any]) -> str:
    """A row as `key=value` pairs.

    >>> as_text({"account_id": "A1", "balance": -3.0})
    'account_id=A1, balance=-3'
    """
    return ", ".join(f"{name}={_value(value)}" for name, value in row.items())


def _value(value: Any) -> str:
    if value is None:
        return "(empty)"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}" if (value.hour or value.minute) else f"{value:%Y-%m-%d}"
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)
