"""Columns of a table against the contract: missing, unknown, of the wrong type."""

from __future__ import annotations

from difflib import get_close_matches

import pyarrow.types as pt

from analysis.core.errors import Problem
from analysis.data.check.files import TableFile
from analysis.data.check.kinds import EXPECTED, misfit


def missing_columns(file: TableFile) -> list[Problem]:
    """Required columns that are not there."""
    known, present = set(file.table.names), file.schema.names
    problems = []
    for name in file.table.required:
        if name not in present:
            near = get_close_matches(name, [other for other in present if other not in known], n=1, cutoff=0.7)
            hint = f"Rename {near[0]} to {name}." if near else f"Add it; {file.path.name} has {_list(present)}."
            problems.append(Problem(file.table.name, name, "required column is missing", 0, mend=hint))
    return problems


def unknown_columns(file: TableFile) -> tuple[list[Problem], list[str]]:
    """Columns that the contract does not know.

    One that looks like a misspelt optional column is a problem, since what rests on it would be left out without
    a word; any other is a lender's own and is ignored, with a note.
    """
    table, present = file.table, file.schema.names
    absent = [name for name in table.names if name not in present and name not in table.required]
    missing = [name for name in table.required if name not in present]
    problems, extra = [], []
    for name in present:
        if table.column(name) is not None or get_close_matches(name, missing, n=1, cutoff=0.7):
            continue
        near = get_close_matches(name, absent, n=1, cutoff=0.85)
        if near:
            rule = f"unknown column; it looks like a misspelling of {near[0]}"
            mend = f"Rename it to {near[0]}, or to something else if it is a column of your own."
            problems.append(Problem(table.name, name, rule, 0, mend=mend))
        else:
            extra.append(name)
    note = f"{file.path.name}: columns that the contract does not know are ignored: {_list(extra)}."
    return problems, [note] if extra else []


def mistyped_columns(file: TableFile) -> dict[str, Problem]:
    """Columns whose Parquet type cannot stand for the contract's, by name."""
    problems = {}
    for name in file.schema.names:
        column = file.table.column(name)
        if column is None:
            continue
        came = file.schema.field(name).type
        mend = misfit(column, came)
        if mend:
            rule = f"type is {came}, expected {EXPECTED[column.kind]}"
            problems[name] = Problem(file.table.name, name, rule, file.rows, mend=mend)
    return problems


def untyped_columns(file: TableFile) -> set[str]:
    """Columns that hold nothing, and for want of a value have no type either."""
    return {name for name in file.schema.names if pt.is_null(file.schema.field(name).type)}


def empty_columns(file: TableFile, untyped: set[str]) -> list[Problem]:
    """Required columns among those that hold nothing."""
    mend = "Fill it."
    return [
        Problem(file.table.name, name, "is empty throughout", file.rows, mend=mend)
        for name in file.table.required
        if name in untyped
    ]


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown or "no columns"
