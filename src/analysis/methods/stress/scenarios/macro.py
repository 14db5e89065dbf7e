"""The macro table as monthly history, and the month that scenarios continue it from."""

from __future__ import annotations

from datetime import date

import pandas as pd

from analysis.core.errors import InputError
from analysis.core.macro import macro_history, read_macro

__all__ = ["last_actual", "macro_history", "read_macro"]


def last_actual(history: pd.DataFrame) -> date:
    """Last month of the history. Raises InputError for a history without any."""
    if not len(history):
        raise InputError(
            "the macro history has no month up to the period's end; give earlier months, or a later period"
        )
    return pd.Timestamp(history.index[-1]).date()
