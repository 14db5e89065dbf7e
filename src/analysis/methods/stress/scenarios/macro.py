"""The macro table as monthly history: read from a file of one's own, or checked as it comes from a portfolio."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.core.contract.economy import MACRO
from analysis.core.errors import InputError
from analysis.core.periods import parse_month, shift_months
from analysis.core.scenarios import LIMITS, is_index

SHOWN = 3


def read_macro(path: Path | str) -> pd.DataFrame:
    """Macro history of a CSV that replaces the portfolio's: `month` (YYYY-MM) and columns of the macro table.

    Returns what macro_history() returns. Raises InputError for a file that is missing or cannot be used.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"macro file {path} does not exist")
    try:
        table = pd.read_csv(path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a CSV with a header: {error}") from None
    return macro_history(table, str(path))


def macro_history(macro: pd.DataFrame, source: str = "macro") -> pd.DataFrame:
    """History by month end, ascending: an index of month ends, a column a variable that has values.

    Rates are fractions of 1, indices above 0. Months may be missing at a variable's start, not inside. Raises
    InputError that names the file, column and month of unknown or non-numeric columns, values out of range
    (percents for fractions), months twice or left out.
    """
    if "month" not in macro.columns:
        raise InputError(f"{source}: no column 'month'; it has {', '.join(map(str, macro.columns))}")
    unknown = [str(name) for name in macro.columns if MACRO.column(str(name)) is None]
    if unknown:
        known = ", ".join([*LIMITS, "industry_index_…"])
        raise InputError(f"{source}: column '{unknown[0]}' is not of the macro table; known are month, {known}")
    months = pd.DatetimeIndex(
        [pd.Timestamp(parse_month(str(value)[:10])) for value in macro["month"]], name="month"
    )
    frame = macro.drop(columns="month").set_axis(months, axis=0).sort_index()
    _refuse_gaps(pd.DatetimeIndex(frame.index), source)
    numbers = pd.DataFrame({name: _numbers(frame[name], source) for name in frame.columns}, index=frame.index)
    numbers = numbers.dropna(axis=1, how="all")
    for name in numbers.columns:
        _check_values(numbers[name], source)
    return numbers


def last_actual(history: pd.DataFrame) -> date:
    """Last month of the history."""
    return pd.Timestamp(history.index[-1]).date()


def _refuse_gaps(months: pd.DatetimeIndex, source: str) -> None:
    if not len(months):
        raise InputError(f"{source}: no month")
    twice = months[months.duplicated()]
    if len(twice):
        raise InputError(f"{source}: {twice[0]:%Y-%m} is there more than once")
    wanted = [pd.Timestamp(shift_months(months[0].date(), i)) for i in range(_between(months))]
    missing = pd.DatetimeIndex(wanted).difference(months)
    if len(missing):
        shown = ", ".join(f"{month:%Y-%m}" for month in missing[:SHOWN])
        raise InputError(f"{source}: {len(missing)} months are left out ({shown}); give every month")


def _between(months: pd.DatetimeIndex) -> int:
    first, last = months[0], months[-1]
    return int((last.year - first.year) * 12 + last.month - first.month + 1)


def _numbers(column: pd.Series, source: str) -> pd.Series:
    found = pd.to_numeric(column, errors="coerce").astype(float)
    wrong = column[found.isna() & column.notna()]
    if len(wrong):
        raise InputError(f"{source}: {column.name} in {wrong.index[0]:%Y-%m} is {wrong.iloc[0]!r}, not a number")
    return found


def _check_values(column: pd.Series, source: str) -> None:
    name = str(column.name)
    inside = column.loc[column.first_valid_index() :]
    if inside.isna().any():
        month = inside.index[inside.isna()][0]
        raise InputError(f"{source}: {name} is blank in {month:%Y-%m}, between months that have it")
    low, high = (np.nextafter(0, 1), np.inf) if is_index(name) else _wide(name)
    wrong = inside[(inside < low) | (inside > high)]
    if len(wrong):
        hint = "an index is above 0" if is_index(name) else f"allowed is {low:g} to {high:g}; 0.05 is 5%"
        raise InputError(f"{source}: {name} in {wrong.index[0]:%Y-%m} is {wrong.iloc[0]:g}; {hint}")


def _wide(name: str) -> tuple[float, float]:
    column = MACRO.column(name)
    if column is None or column.minimum is None or column.maximum is None:
        return -np.inf, np.inf
    return column.minimum, column.maximum
