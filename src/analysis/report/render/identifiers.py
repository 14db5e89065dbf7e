"""Look for account and customer identifiers in everything that is published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from analysis.core.errors import InputError

TEXT_FILES = (".html", ".json", ".css", ".svg", ".csv", ".yml", ".qmd", ".txt", ".xml")
ID_COLUMNS = ("account_id", "customer_id")
SHORTEST = 6
"""Identifiers shorter than this, or of digits alone and shorter than LONGEST_COUNT, look like any other number."""
LONGEST_COUNT = 10

_TOKENS = (re.compile(r"[\w-]+"), re.compile(r"\w+"), re.compile(r"[^\W_]+"))


def is_distinctive(identifier: str) -> bool:
    """Whether text that equals the identifier must be the identifier: `A0001234` is, the number 1234 is not."""
    return len(identifier) >= SHORTEST and (not identifier.isdigit() or len(identifier) >= LONGEST_COUNT)


def read_ids(portfolio: Path) -> set[str]:
    """Account and customer ids of a portfolio's `accounts` table; raises InputError where it is missing."""
    from pyarrow import dataset

    path = next((p for p in (portfolio / "accounts.parquet", portfolio / "accounts") if p.exists()), None)
    if path is None:
        raise InputError(f"{portfolio} has no accounts table, so its identifiers cannot be looked for")
    table = dataset.dataset(path)
    columns = [name for name in ID_COLUMNS if name in table.schema.names]
    read = table.to_table(columns=columns)
    return {str(value) for name in columns for value in read.column(name).to_pylist() if value is not None}


def find_ids(folder: Path, ids: Iterable[str] | re.Pattern[str]) -> list[str]:
    """Files under `folder` in which an identifier appears, a sentence each with one example.

    `ids` are the identifiers, or a pattern that they match. Pages, JSON, Parquet (values and column names) and the
    text of PDFs are searched. Identifiers that look like any other number are searched for as values of columns
    and keys named after them, which may not exist at all.
    """
    wanted = ids if isinstance(ids, re.Pattern) else frozenset(i for i in ids if is_distinctive(i))
    odd = [] if isinstance(wanted, re.Pattern) else [i for i in wanted if not re.fullmatch(r"[\w-]+", i)]
    problems = []
    for path in sorted(folder.rglob("*")):
        for text in _texts(path):
            example = _named_column(path, text) or _first(text, wanted, odd)
            if example:
                problems.append(f"{path.relative_to(folder)} holds {example}")
                break
    return problems


def _texts(path: Path) -> Iterator[str]:
    if path.suffix in TEXT_FILES:
        yield path.read_text(encoding="utf-8", errors="replace")
    elif path.suffix == ".pdf":
        from pypdf import PdfReader

        yield from (page.extract_text() for page in PdfReader(path).pages)
    elif path.suffix == ".parquet":
        yield from _parquet_texts(path)


def _parquet_texts(path: Path) -> Iterator[str]:
    """Column names, then the distinct values of each column that can hold an identifier."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    import pyarrow.types as kinds

    table = pq.read_table(path)
    yield " ".join(table.column_names)
    for column in table.columns:
        kind = column.type.value_type if kinds.is_dictionary(column.type) else column.type
        if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_integer(kind):
            yield "\n".join(str(value) for value in pc.unique(column).to_pylist() if value is not None)


def _named_column(path: Path, text: str) -> str:
    """A Parquet column or JSON key named after an identifier."""
    if path.suffix not in (".parquet", ".json"):
        return ""
    quote = '"' if path.suffix == ".json" else ""
    for name in ID_COLUMNS:
        found = f'"{name}"' in text if quote else name in text.split()
        if found and not _describes_tables(path):
            return f"a column or key {name}"
    return ""


def _describes_tables(path: Path) -> bool:
    """The run record lists the input tables, whose key columns it may name."""
    return path.name == "run.json"


def _first(text: str, wanted: frozenset[str] | re.Pattern[str], odd: list[str]) -> str:
    if isinstance(wanted, re.Pattern):
        match = wanted.search(text)
        return f"the identifier {match[0]}" if match else ""
    for tokens in _TOKENS:
        found = wanted.intersection(tokens.findall(text))
        if found:
            return f"the identifier {min(found)}"
    return next((f"the identifier {i}" for i in odd if i in text), "")
