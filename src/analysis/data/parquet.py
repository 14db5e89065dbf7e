"""Writing tables in the contract's types and order, streamed, without holding a table in memory.

`python -m analysis.data.parquet FOLDER` rewrites a portfolio's months in order, with row groups that never split
an account.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.core.contract import TABLES, Column, Kind, Table
from analysis.core.errors import ArrearsError, InputError
from analysis.data.store import connect

ROW_GROUP_ROWS = 500_000
"""Rows a row group aims at; it ends with the last account that began before."""

ARROW_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "category": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def arrow_schema(table: Table, names: Iterable[str] | None = None) -> pa.Schema:
    """Arrow schema of a table, or of some of its columns in the order given; unknown names are refused."""
    chosen = table.names if names is None else tuple(names)
    fields = []
    for name in chosen:
        column: Column | None = table.column(name)
        if column is None:
            raise InputError(f"'{name}' is not a column of {table.name}; known are {', '.join(table.names)}")
        fields.append(pa.field(name, ARROW_TYPES[column.kind]))
    return pa.schema(fields)


def write_table(rows: ir.Table, table: Table, path: Path, row_group_rows: int = ROW_GROUP_ROWS) -> int:
    """Write an Ibis expression as a table of the contract, sorted by its keys; returns the rows written.

    Columns come in the contract's order and types. The engine sorts out of core and the result is streamed, so
    memory stays at a row group. `months` gets row groups that never split an account.
    """
    names = [name for name in table.names if name in rows.columns]
    names += [name for name in rows.columns if name not in names and table.column(name) is not None]
    schema = arrow_schema(table, names)
    batches = stream(rows.select(names).order_by(list(table.keys)))
    whole = table.keys[0] if len(table.keys) > 1 else None
    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in row_groups((batch.cast(schema) for batch in batches), schema, whole, row_group_rows):
            writer.write_table(group, row_group_size=max(1, group.num_rows))
            written += group.num_rows
    return written


def write_arrow(rows: pa.Table, table: Table, path: Path, row_group_rows: int = ROW_GROUP_ROWS) -> int:
    """Write a table that fits in memory, sorted by its keys, in the contract's types; returns the rows written."""
    schema = arrow_schema(table, rows.column_names)
    ordered = rows.cast(schema).sort_by([(key, "ascending") for key in table.keys])
    whole = table.keys[0] if len(table.keys) > 1 else None
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in row_groups(ordered.to_batches(row_group_rows), schema, whole, row_group_rows):
            writer.write_table(group, row_group_size=max(1, group.num_rows))
    return rows.num_rows


def stream(rows: ir.Table, chunk_rows: int = 100_000) -> Iterator[pa.RecordBatch]:
    """Result of an expression as record batches, without holding all of it."""
    engine = rows.get_backend()
    if engine.name != "duckdb":
        yield from rows.to_pyarrow_batches(chunk_size=chunk_rows)
        return
    # Ibis asks DuckDB's cursor for a method that DuckDB 2 has dropped; its relations have kept it.
    relation = engine.con.sql(engine.compile(rows))
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
    yield from read(chunk_rows)


def row_groups(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, whole: str | None, rows: int = ROW_GROUP_ROWS
) -> Iterator[pa.Table]:
    """Sorted batches joined into groups of about `rows`; a value of `whole` never lies in two groups.

    An entity with more than `rows` rows makes its group longer.
    """
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count < rows:
            continue
        group, rest = _cut(pa.Table.from_batches(held, schema), whole)
        if group.num_rows:
            yield group
        held, count = rest.to_batches(), rest.num_rows
    if count:
        yield pa.Table.from_batches(held, schema)


def _cut(table: pa.Table, whole: str | None) -> tuple[pa.Table, pa.Table]:
    """The table before its last entity, which may go on in the next batch, and the rest."""
    if whole is None:
        return table, table.slice(table.num_rows)
    start = pc.index(table[whole], table[whole][-1]).as_py()
    return table.slice(0, start), table.slice(start)


def rewrite_months(folder: Path, engine: str = "duckdb://") -> int:
    """Sort a portfolio's months in place, in one rename; returns the rows written.

    Raises InputError where the folder holds no months that can be read.
    """
    path = folder / "months.parquet"
    if not path.is_file():
        raise InputError(f"{path} is missing; give the folder of a portfolio")
    try:
        pq.read_schema(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path} is not a readable Parquet file: {error}") from None
    beside = path.with_name(f".{path.name}.new")
    try:
        written = write_table(connect(engine).read_parquet(str(path)), TABLES["months"], beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return written


def main(arguments: list[str]) -> int:
    """Rewrite the months of the folders named; exit code 2 where one cannot be used."""
    if not arguments:
        print("usage: python -m analysis.data.parquet FOLDER...", file=sys.stderr)
        return 2
    try:
        for folder in arguments:
            print(f"{folder}: {rewrite_months(Path(folder)):,} rows of months rewritten in order")
    except ArrearsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
