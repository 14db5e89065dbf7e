"""Arrow columns from numpy arrays: ids, labels, dates, timestamps, and blanks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.core.contract import TABLES

TYPES = {
    "text": pa.string(),
    "category": pa.string(),
    "integer": pa.int32(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def schema(table: str, names: Sequence[str]) -> pa.Schema:
    """Arrow schema of a contract table's columns, in the order given."""
    kinds = {name: column.kind for name in names if (column := TABLES[table].column(name))}
    return pa.schema([(name, TYPES[kinds[name]]) for name in names])


def ids(prefix: str, numbers: np.ndarray, width: int) -> pa.Array:
    """`A0000001` and its like: a letter and the number, padded so that text sorts as numbers do."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers, pa.int64()), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def labels(codes: np.ndarray, words: Sequence[str]) -> pa.Array:
    """Words by code; negative codes are blank."""
    codes = np.asarray(codes)
    index = pa.array(codes.astype(np.int32), mask=codes < 0) if len(codes) else pa.array([], pa.int32())
    return pa.DictionaryArray.from_arrays(index, pa.array(list(words), pa.string()))


def days(numbers: np.ndarray, blank: np.ndarray | None = None) -> pa.Array:
    """Dates from day numbers."""
    return pa.array(np.asarray(numbers).astype(np.int32), mask=blank).cast(pa.date32())


def moments(seconds: np.ndarray, blank: np.ndarray | None = None) -> pa.Array:
    """Timestamps from seconds since 1970 in local time."""
    return pa.array(np.asarray(seconds, dtype=np.int64) * 1_000_000, mask=blank).cast(pa.timestamp("us"))


def numbers(values: np.ndarray) -> pa.Array:
    """Doubles; NaN is blank."""
    values = np.asarray(values, dtype=float)
    return pa.array(values, mask=np.isnan(values))


def whole(values: np.ndarray, blank: np.ndarray | None = None) -> pa.Array:
    """32-bit integers; NaN is blank."""
    values = np.asarray(values)
    if values.dtype.kind == "f":
        blank = np.isnan(values) if blank is None else blank | np.isnan(values)
        values = np.nan_to_num(values)
    return pa.array(values.astype(np.int32), mask=blank)
