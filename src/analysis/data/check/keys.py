"""Keys that are unique and references that resolve."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import ibis
import ibis.expr.types as ir

from analysis.core.contract import Reference, Table
from analysis.core.errors import Problem
from analysis.data.check.count import as_text, examples


def duplicate_keys(rows: ir.Table, table: Table, usable: Collection[str]) -> list[Problem]:
    """Rows whose key another row has too."""
    if not set(table.keys) <= set(usable) or not _may_repeat(rows, table):
        return []
    known = rows.filter([rows[key].notnull() for key in table.keys])
    repeated = known.group_by(list(table.keys)).aggregate(times=ibis._.count()).filter(ibis._.times > 1)
    found = repeated.aggregate(keys=ibis._.count(), rows=ibis._.times.sum()).to_pyarrow().to_pylist()[0]
    if not found["keys"]:
        return []
    first = repeated.order_by(list(table.keys)).limit(3).to_pyarrow().to_pylist()
    shown = tuple(as_text(row) for row in first)
    text = f"key ({', '.join(table.keys)}) must be unique; repeated keys: {found['keys']:,}"
    mend = "Keep one row of each key."
    return [Problem(table.name, ", ".join(table.keys), text, int(found["rows"]), shown, mend)]


def _may_repeat(rows: ir.Table, table: Table) -> bool:
    """Whether the keys' hashes repeat: a cheap look that never misses, so that most tables need no more."""
    key = rows[table.keys[0]].cast("string")
    for name in table.keys[1:]:
        key = key + "|" + rows[name].cast("string")
    hashes = rows.select(hash=key.hash()).filter(ibis._.hash.notnull())
    found = hashes.aggregate(rows=ibis._.count(), distinct=ibis._.hash.nunique()).to_pyarrow().to_pylist()[0]
    return bool(found["rows"] != found["distinct"])


def broken_references(
    rows: ir.Table,
    table: Table,
    tables: Mapping[str, ir.Table],
    usable: Mapping[str, Collection[str]],
) -> list[Problem]:
    """Rows that refer to something that is not there. A table that is absent is not referred to."""
    problems = []
    for reference in table.references:
        if reference.column not in usable[table.name] or reference.table not in tables:
            continue
        if reference.target in usable[reference.table]:
            problems += _orphans(rows, table, tables[reference.table], reference)
        elif reference.target not in tables[reference.table].columns:
            text = f"refers to {reference.table}.{reference.target}, which is not there"
            mend = f"Add {reference.target} to {reference.table}."
            problems.append(Problem(table.name, reference.column, text, 0, mend=mend))
    return problems


def _orphans(rows: ir.Table, table: Table, others: ir.Table, reference: Reference) -> list[Problem]:
    column = reference.column
    lost = rows.filter(rows[column].notnull()).anti_join(others, rows[column] == others[reference.target])
    count = int(lost.count().to_pyarrow().as_py())
    if not count:
        return []
    shown = examples(lost, table, ibis.literal(True), (column,))
    text = f"refers to {reference.table}.{reference.target} that do not exist"
    mend = f"Add them to {reference.table}, or leave these rows out."
    return [Problem(table.name, column, text, count, shown, mend)]
