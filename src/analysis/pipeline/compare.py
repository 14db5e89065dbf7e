"""Two sets of result tables, compared cell by cell."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

TOLERANCE = 1e-9
"""Relative difference up to which two numbers are the same: sums may be added up in another order."""

LOSSES = ("table lost", "column lost", "row lost", "value lost")
GAINS = ("table added", "column added", "row added", "value added")
CHANGED = "changed"

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """One difference between an earlier and a later table.

    `key` names the row (`product=card, month=2025-12-31`); `size` is |later − earlier| ÷ |earlier| for numbers (1
    where the earlier one is zero or either is not a number), and for losses and gains the number of cells.
    """

    table: str
    kind: str
    key: str = ""
    column: str = ""
    before: Any = None
    after: Any = None
    size: float = 0.0

    @property
    def place(self) -> tuple[str, str, str]:
        """The cell that is concerned, whatever happened to it."""
        return self.table, self.key, self.column


def compare_results(before: Path, after: Path) -> list[Difference]:
    """All differences between two `results/` folders: losses first, then gains, then changes, largest first."""
    earlier, later = _tables(before), _tables(after)
    found: list[Difference] = []
    for name in sorted(earlier.keys() | later.keys()):
        if name not in later:
            found.append(Difference(name, "table lost", size=earlier[name].size))
        elif name not in earlier:
            found.append(Difference(name, "table added", size=later[name].size))
        else:
            found += compare_tables(name, earlier[name], later[name])
    return ranked(found)


def ranked(differences: Sequence[Difference]) -> list[Difference]:
    """Losses of data first, in the order of how much is lost; then what was added; then changes by size."""
    order = {kind: rank for rank, kind in enumerate((*LOSSES, *GAINS, CHANGED))}
    return sorted(differences, key=lambda d: (order[d.kind], -d.size, d.place))


def compare_tables(name: str, before: pd.DataFrame, after: pd.DataFrame) -> Iterator[Difference]:
    """Differences of one table; rows are matched by `key_columns`."""
    for column in before.columns.difference(after.columns):
        yield Difference(name, "column lost", column=column, size=len(before))
    for column in after.columns.difference(before.columns):
        yield Difference(name, "column added", column=column, size=len(after))
    common = [column for column in before.columns if column in after.columns]
    keys = key_columns(before[common], after[common])
    earlier, later = _rows(before[common], keys), _rows(after[common], keys)
    width = len(common) - len(keys)
    for key in earlier:
        if key not in later:
            yield Difference(name, "row lost", _named(keys, key), size=width)
        else:
            yield from _cells(name, _named(keys, key), earlier[key], later[key])
    for key in later.keys() - earlier.keys():
        yield Difference(name, "row added", _named(keys, key), size=width)


def key_columns(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Columns that tell rows apart: all but numbers, truths and FINDINGS, and where needed whole numbers, too.

    Empty where no such columns tell the rows of both tables apart: rows are then matched by their position.
    """
    names = [column for column in before.columns if column not in FINDINGS]
    keys = [name for name in names if not _measures(before[name]) and not _measures(after[name])]
    more = [column for column in before.columns if column not in keys and _whole(before[column])]
    while any(frame.duplicated(keys).any() if keys else len(frame) > 1 for frame in (before, after)):
        if not more:
            return []
        keys.append(more.pop(0))
    return keys


FINDINGS = ("suppressed_because",)
"""Texts that are found and not given, so that they can't tell rows apart; true and false are found as well."""


def _measures(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values)


def _whole(values: pd.Series) -> bool:
    return pd.api.types.is_integer_dtype(values)


def _rows(frame: pd.DataFrame, keys: Sequence[str]) -> dict[Key, dict[str, Any]]:
    """Rows by key (by number where there is none), in the order of the table."""
    rows: dict[Key, dict[str, Any]] = {}
    for number, values in enumerate(frame.to_dict("records")):
        key = tuple(_text(values[column]) for column in keys) or (number,)
        rows[key] = {str(column): value for column, value in values.items() if column not in keys}
    return rows


def _text(value: Any) -> str:
    """A value as a key shows it; a day without its midnight."""
    return str(value).removesuffix(" 00:00:00")


def _named(keys: Sequence[str], key: Key) -> str:
    return (
        ", ".join(f"{column}={value}" for column, value in zip(keys, key, strict=True))
        if keys
        else f"row {key[0]}"
    )


def _cells(name: str, key: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Difference]:
    for column, earlier in before.items():
        later = after[column]
        if _missing(earlier) and _missing(later):
            continue
        if _missing(later):
            yield Difference(name, "value lost", key, column, earlier, None, 1)
        elif _missing(earlier):
            yield Difference(name, "value added", key, column, None, later, 1)
        elif not _same(earlier, later):
            yield Difference(name, CHANGED, key, column, earlier, later, _size(earlier, later))


def _missing(value: Any) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _same(earlier: Any, later: Any) -> bool:
    if _number(earlier) and _number(later):
        return math.isclose(earlier, later, rel_tol=TOLERANCE, abs_tol=1e-12)
    return bool(str(earlier) == str(later))


def _size(earlier: Any, later: Any) -> float:
    if _number(earlier) and _number(later) and earlier:
        return abs(float(later) - float(earlier)) / abs(float(earlier))
    return 1.0


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table below a results folder by `chapter/name`, the headlines among them."""
    tables = {
        path.relative_to(folder).with_suffix("").as_posix(): pd.read_parquet(path)
        for path in sorted(folder.glob("*/*.parquet"))
    }
    for path in sorted(folder.glob("*/headline.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))
        plain = [{k: v for k, v in row.items() if k not in ("gates", "priority", "label")} for row in rows]
        tables[f"{path.parent.name}/headline"] = pd.DataFrame(plain)
    return tables
