"""Marks of what is withheld, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

SMALL, FEW, COMPLEMENT, BETWEEN = "small_cell", "few_events", "complement", "few_between"
"""Why a cell is suppressed: under `minimum` accounts; events that identify; to protect another cell; too few
accounts between it and another count that is shown of the same accounts."""

SIZES = ("units", "clusters")
"""Columns that tell how many a cell holds in other words: they go where its count goes."""


def few(counts: np.ndarray, had: np.ndarray, least: int) -> np.ndarray:
    """Cells in which one to `least` − 1 accounts stand alone, with the event or without it."""
    without = counts - had
    return ((had > 0) & (had < least)) | ((without > 0) & (without < least))


def few_customers(cells: pd.DataFrame, minimum: int, count: str = "denominator") -> pd.DataFrame:
    """Cells of so few customers that they are small, however many account-months they hold."""
    if "clusters" not in cells.columns:
        return cells
    few = (cells["clusters"] < minimum) & (cells[count] > 0)
    return cells.assign(**{count: cells[count].mask(few, cells[count].clip(upper=minimum - 1))})


def blanked(frame: pd.DataFrame, hidden: np.ndarray, because: np.ndarray, columns: list[str]) -> pd.DataFrame:
    """A copy with marks; whole numbers stay whole where pandas can hold a missing one."""
    out = frame.copy()
    for column in columns:
        values = out[column]
        if pd.api.types.is_integer_dtype(values.dtype) and not pd.api.types.is_extension_array_dtype(values.dtype):
            values = values.astype("Int64")
        out[column] = values.mask(hidden)
    out["suppressed"] = hidden
    out["suppressed_because"] = because.astype(str)
    return out
