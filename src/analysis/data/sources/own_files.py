"""A lender's own CSV or Parquet files, through a mapping: the source `csv`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa

from analysis.core.contract import TABLES
from analysis.core.errors import ContractError, InputError, Problem
from analysis.core.portfolio import write_portfolio_info
from analysis.data.parquet import write_table
from analysis.data.sources.expressions import contract_value, identifier, literal, refusal, source_text, unusable
from analysis.data.sources.landing import ImportReport, existing_files, landing
from analysis.data.sources.mapping import ColumnMapping, Mapping, TableMapping, nearest, read_mapping
from analysis.data.store import Engine

LISTED = 20
"""Distinct values listed of a column, the most frequent first."""


def import_own(files: list[Path], to: Path, *, replace: bool = False) -> ImportReport:
    """Import the files that one mapping (YAML) names. Paths in the mapping are relative to it.

    Raises InputError for a mapping that cannot be used, ContractError (a numbered list) for values that it does
    not map or that break the contract. See docs/own-data.md.
    """
    files = existing_files(files)
    if len(files) != 1 or files[0].suffix.lower() not in (".yml", ".yaml"):
        came = ", ".join(str(file) for file in files)
        raise InputError(
            f"csv: one mapping (.yml) that names the files is expected, {came} came; see docs/own-data.md"
        )
    mapping = read_mapping(files[0])
    with _engine() as engine:
        problems = [
            problem
            for name, table in mapping.tables.items()
            for problem in _open(engine, name, table, files[0].parent) or _lost_values(engine, name, table)
        ]
        if problems:
            raise ContractError(str(files[0]), problems)
        with landing(to, replace) as folder:
            rows = {name: _write(engine, name, table, folder) for name, table in mapping.tables.items()}
            write_portfolio_info(mapping.portfolio, folder)
    return _report(files[0], to, mapping, rows)


@contextmanager
def _engine() -> Iterator[Engine]:
    """A connection of its own that keeps the files' order, so that rows can be named."""
    spill = str(Path(tempfile.gettempdir()) / "arrears-duckdb")
    engine = ibis.duckdb.connect(temp_directory=spill, memory_limit="2GB")
    try:
        yield engine
    finally:
        engine.disconnect()


def _open(engine: Engine, name: str, table: TableMapping, beside: Path) -> list[Problem]:
    """Make the source of a table a view, all texts; returns what is wrong with its files and columns."""
    paths = [str(path) for path in sorted(_matching(beside, table.file))]
    if not paths:
        mend = f"Paths are relative to {beside.resolve()}."
        return [Problem(name, "", f"no file matches '{table.file}'", 0, mend=mend)]
    try:
        engine.con.execute(f"CREATE VIEW {identifier(name)} AS SELECT * FROM {_reader(paths, table)}")
        came = [row[0] for row in engine.con.execute(f"DESCRIBE {identifier(name)}").fetchall()]
        engine.con.execute(f"SELECT count(*) FROM (SELECT * FROM {identifier(name)})").fetchall()
    except duckdb.Error as error:
        reason = " ".join(str(error).split())[:300]
        mend = "Check delimiter, quoting and encoding in the mapping."
        return [Problem(name, "", f"{table.file} cannot be read: {reason}", 0, mend=mend)]
    return [
        Problem(name, column, f"{table.file} has no column '{origin.column}'{nearest(origin.column, came)}", 0)
        for column, origin in table.columns.items()
        if origin.column is not None and origin.column not in came
    ]


def _matching(beside: Path, pattern: str) -> list[Path]:
    """Files that a name or pattern stands for; an absolute one is taken from its own folder."""
    full = beside / pattern
    return [path for path in full.parent.glob(full.name) if path.is_file()]


def _reader(paths: list[str], table: TableMapping) -> str:
    listed = f"[{', '.join(literal(path) for path in paths)}]"
    if all(path.lower().endswith(".parquet") for path in paths):
        return f"read_parquet({listed}, union_by_name = true)"
    options = f"delim = {literal(table.delimiter)}, encoding = {literal(table.encoding)}"
    return f"read_csv({listed}, header = true, all_varchar = true, union_by_name = true, {options})"


def _lost_values(engine: Engine, name: str, table: TableMapping) -> Iterator[Problem]:
    """Source values that would be lost, one problem a column, in one pass over the source."""
    read = {column: origin for column, origin in table.columns.items() if origin.column is not None}
    if not read:
        return
    counts = ", ".join(f"count_if({_condition(name, column, table)})" for column in read)
    found = engine.con.execute(f"SELECT {counts} FROM {identifier(name)}").fetchone()
    for (column, origin), count in zip(read.items(), found, strict=True):
        if count:
            yield _lost(engine, name, column, origin, table, count)


def _condition(name: str, column: str, table: TableMapping) -> str:
    described = TABLES[name].column(column)
    assert described is not None  # the mapping was held to the contract
    return unusable(described, table.columns[column], table)


def _lost(
    engine: Engine, name: str, column: str, origin: ColumnMapping, table: TableMapping, count: int
) -> Problem:
    described = TABLES[name].column(column)
    assert described is not None
    text, mend = refusal(described, origin, table)
    query = f"""
        SELECT value, count(*) AS times, min(row) AS first
        FROM (SELECT row_number() OVER () AS row, {source_text(str(origin.column), table)} AS value,
              {_condition(name, column, table)} AS lost FROM {identifier(name)})
        WHERE lost GROUP BY value ORDER BY times DESC, value"""
    values = engine.con.execute(query).fetchall()
    shown = [f"'{value}' in {times:,} from row {first:,}" for value, times, first in values[:LISTED]]
    rest = f" Also: {'; '.join(shown[3:])}{' …' if len(values) > LISTED else ''}." if shown[3:] else ""
    rule = f"{table.file}, column '{origin.column}': {text}"
    return Problem(name, column, rule, count, tuple(shown[:3]), mend + rest)


def _write(engine: Engine, name: str, table: TableMapping, folder: Path) -> int:
    contract = TABLES[name]
    values = []
    for column, origin in table.columns.items():
        described = contract.column(column)
        assert described is not None
        values.append(f"{contract_value(described, origin, table)} AS {identifier(column)}")
    view = f"contract_{name}"
    engine.con.execute(f"CREATE VIEW {view} AS SELECT {', '.join(values)} FROM {identifier(name)}")
    try:
        return write_table(engine.table(view), contract, folder / f"{name}.parquet")
    except (duckdb.Error, pa.ArrowException) as error:
        raise InputError(f"{table.file} cannot be read to its end: {' '.join(str(error).split())[:300]}") from None


def _report(file: Path, to: Path, mapping: Mapping, rows: dict[str, int]) -> ImportReport:
    filled = {
        f"{name}.{column}": f"{table.file}: {origin.column}"
        if origin.column
        else f"'{origin.constant}', throughout"
        for name, table in mapping.tables.items()
        for column, origin in table.columns.items()
    }
    not_filled = [
        f"{name}: {', '.join(column for column in contract.names if column not in mapping.tables[name].columns)}"
        if name in mapping.tables
        else f"{name} (the whole table)"
        for name, contract in TABLES.items()
        if name not in mapping.tables or set(contract.names) - set(mapping.tables[name].columns)
    ]
    sources = (str(file), *dict.fromkeys(table.file for table in mapping.tables.values()))
    return ImportReport("csv", to, sources, rows, filled, tuple(not_filled), tuple(mapping.portfolio.notes))
