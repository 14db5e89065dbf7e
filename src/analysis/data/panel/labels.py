"""From the engine's codes to the words of the report."""

from __future__ import annotations

import pandas as pd

from analysis.core.states import Buckets
from analysis.data.panel.months import month_of


def with_month(cells: pd.DataFrame, code: str = "m", name: str = "month") -> pd.DataFrame:
    """Month numbers replaced by month ends (datetime64), in the same place; unchanged without the column."""
    if code not in cells.columns:
        return cells
    days = {number: pd.Timestamp(month_of(number)) for number in cells[code].unique()}
    return cells.assign(**{code: cells[code].map(days).astype("datetime64[ns]")}).rename(columns={code: name})


def with_states(cells: pd.DataFrame, buckets: Buckets, *columns: str) -> pd.DataFrame:
    """State codes replaced by ordered categories of `buckets.states`."""
    kind = pd.CategoricalDtype(list(buckets.states), ordered=True)
    codes = {column: cells[column].astype(int).tolist() for column in columns}
    named = {column: pd.Categorical.from_codes(code, dtype=kind) for column, code in codes.items()}
    return cells.assign(**named)
