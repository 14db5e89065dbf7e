"""Rows that agree in everything a model reads, merged into one weighted cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError

ROOM = 2**62
"""Largest number of distinct keys that fit into one integer."""

SPAN, FAR = 4096, 2**31 - 1
"""Whole numbers within this span are their own codes, so long as they are no larger than `FAR`."""


def compress(
    df: pd.DataFrame, columns: Sequence[str], weights_col: str | None = None, name: str = "weight"
) -> pd.DataFrame:
    """Distinct rows of `columns`, in order of first appearance, with their case weights summed in `name`.

    A fit on the cells with `weights_col=name` is the fit on the rows, exactly, so long as `columns` holds every
    column the fit reads (durations, events, entries, clusters, covariates). Without `weights_col` a row counts
    as one. Missing values form a cell of their own. Raises InputError for a column that isn't there.

    >>> compress(pd.DataFrame({"months": [1, 1, 2], "event": [1, 1, 0]}), ["months", "event"])
       months  event  weight
    0       1      1     2.0
    1       2      0     1.0
    """
    absent = [column for column in [*columns, *([weights_col] if weights_col else [])] if column not in df.columns]
    if absent:
        raise InputError(f"{', '.join(absent)} cannot be compressed: not in the data frame")
    if name in columns:
        raise InputError(f"'{name}' is both a column to keep and the name of the weights; pass another name")
    rows, place = distinct(df, columns)
    weight = None if weights_col is None else df[weights_col].to_numpy(dtype=float)
    total = np.bincount(place, weights=weight, minlength=rows.size).astype(float)
    cells = {column: df[column].array.take(rows) for column in columns}
    return pd.DataFrame(cells | {name: total}, copy=False)


def distinct(df: pd.DataFrame, columns: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Positions (m,) at which each distinct row of `columns` first appears, and for every row (n,) which it is.

    Without columns all rows are alike.
    """
    key, size = _keys([df[column] for column in columns], len(df))
    first = np.full(size, -1)
    first[key[::-1]] = np.arange(len(df))[::-1]
    rows = np.sort(first[first >= 0])
    number = np.empty(size, dtype=np.int64)
    number[key[rows]] = np.arange(rows.size)
    return rows, number[key]


def _keys(columns: Sequence[pd.Series], rows: int) -> tuple[npt.NDArray[np.int64], int]:
    """A number for each row, equal where all columns are, and a bound on the numbers."""
    key, size = np.zeros(rows, dtype=np.int64), 1
    for column in columns:
        codes, levels = _codes(column)
        if size * levels > ROOM:
            key, size = _renumbered(key)
        key *= levels
        key += codes
        size *= levels
    # A table much longer than the data costs more than a hash of the keys.
    return (key, size) if size <= max(4 * rows, 2**16) else _renumbered(key)


def _codes(column: pd.Series) -> tuple[npt.NDArray[np.integer], int]:
    """Numbers of a column's values from 0, and how many there may be; whole numbers need no hash."""
    if pd.api.types.is_numeric_dtype(column.dtype) and isinstance(column.dtype, np.dtype):
        values = column.to_numpy()
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        if high - low < SPAN and max(-low, high) <= FAR:
            whole = values.astype(np.int32)
            if (whole == values).all():
                return whole - int(low), int(high - low) + 1
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.int64) + 1, len(column.cat.categories) + 1
    found, labels = pd.factorize(column)
    return found.astype(np.int64) + 1, len(labels) + 1


def _renumbered(key: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], int]:
    codes, labels = pd.factorize(key)
    return codes.astype(np.int64), max(len(labels), 1)
