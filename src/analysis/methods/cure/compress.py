"""Rows that agree in everything a model reads, merged into one weighted cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError

ROOM = 2**62
"""Largest number of distinct keys that fit into one integer."""


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
    cell, first = _cells([df[column] for column in columns], len(df))
    weight = None if weights_col is None else df[weights_col].to_numpy(dtype=float)
    cells = df[list(columns)].take(first).reset_index(drop=True)
    return cells.assign(**{name: np.bincount(cell, weights=weight, minlength=first.size).astype(float)})


def _cells(columns: Sequence[pd.Series], rows: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number of each row's cell, and the first row of each cell."""
    key, radix = np.zeros(rows, dtype=np.int64), 1
    for column in columns:
        codes, labels = pd.factorize(column, use_na_sentinel=False)
        if radix * max(len(labels), 1) > ROOM:
            key, distinct = pd.factorize(key)
            radix = len(distinct)
        key = key * len(labels) + codes
        radix *= max(len(labels), 1)
    cell, _ = pd.factorize(key)
    first = np.empty(int(cell.max()) + 1 if rows else 0, dtype=np.int64)
    first[cell[::-1]] = np.arange(rows)[::-1]
    return cell, first
