"""Which files of a portfolio's folder are tables, and whether they can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.core.contract import REQUIRED_TABLES, TABLES, Table
from analysis.core.errors import Problem

SUFFIX = ".parquet"


@dataclass(frozen=True)
class TableFile:
    """A readable Parquet file of a table that the contract knows."""

    table: Table
    path: Path
    schema: pa.Schema
    rows: int
    row_groups: int


def parquet_files(folder: Path) -> dict[str, Path]:
    """Parquet files of a folder by table name, sorted; known tables and others."""
    return {path.name.removesuffix(SUFFIX): path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def open_tables(folder: Path) -> tuple[dict[str, TableFile], list[Problem]]:
    """Tables of the contract found in the folder, and what is wrong with the files themselves."""
    found, problems = {}, list(_missing(folder))
    for name, path in parquet_files(folder).items():
        if name not in TABLES:
            continue
        try:
            found[name] = _open(TABLES[name], path)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).strip().splitlines()[0][:160]
            mend = "Write the table again; a copy or an export may have been cut short."
            problems.append(Problem(name, "", f"{path} is not a readable Parquet file: {reason}", 0, mend=mend))
    return found, problems


def _open(table: Table, path: Path) -> TableFile:
    with pq.ParquetFile(path) as file:
        return TableFile(table, path, file.schema_arrow, file.metadata.num_rows, file.num_row_groups)


def _missing(folder: Path) -> Iterator[Problem]:
    for name in REQUIRED_TABLES:
        path = folder / f"{name}{SUFFIX}"
        if path.is_file():
            continue
        others = sorted(other.name for other in folder.glob(f"{name}.*"))
        seen = [*others, *(p.name for n, p in parquet_files(folder).items() if n in misspelt_tables(folder, name))]
        hint = f" The folder holds {', '.join(dict.fromkeys(seen))}." if seen else ""
        mend = f"Write {path.name} into the folder, or let `arrears import csv` make it from other files."
        yield Problem(name, "", f"required table is missing: no file {path}.{hint}".rstrip("."), 0, mend=mend)


def misspelt_tables(folder: Path, name: str) -> list[str]:
    """Unknown Parquet files whose names look like `name`."""
    unknown = [other for other in parquet_files(folder) if other not in TABLES]
    return get_close_matches(name, unknown, n=3, cutoff=0.8)


def unknown_tables(folder: Path) -> tuple[list[Problem], list[str]]:
    """Parquet files that the contract does not know.

    One that looks like a misspelt optional table is a problem, since its section would be left out without a
    word; any other is ignored, with a note. (A misspelt required table is reported as missing.)
    """
    problems, notes = [], []
    present = parquet_files(folder)
    absent = [name for name in TABLES if name not in present]
    for name, path in present.items():
        if name in TABLES:
            continue
        nearest = get_close_matches(name, absent, n=1, cutoff=0.8)
        if nearest and nearest[0] not in REQUIRED_TABLES:
            rule = f"unknown table; it looks like a misspelling of {nearest[0]}"
            mend = f"Rename {path.name} to {nearest[0]}{SUFFIX}, or move it out of the folder."
            problems.append(Problem(name, "", rule, 0, mend=mend))
        elif not nearest:
            notes.append(f"{path.name} is not a table of the contract and is ignored.")
    return problems, notes
