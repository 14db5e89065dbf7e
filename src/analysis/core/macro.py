"""The macro table as monthly history: read from a file of one's own, or checked as it comes from a portfolio."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.core.contract.economy import MACRO
from analysis.core.errors import InputError, ParameterError
from analysis.core.periods import months_between, parse_month
from analysis.core.scenarios import LIMITS, is_index

SHOWN = 3


def read_macro(path: Path | str) -> pd.DataFrame:
    """Macro history of a CSV that replaces the portfolio's: `month` (YYYY-MM) and columns of the macro table.

    Returns what macro_history() returns. Raises InputError for a file that is missing or cannot be used.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"macro file {path} does not exist; mend its name, or put it there")
    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise InputError(f"macro file {path} cannot be read: {error.strerror}") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a CSV with a header: {str(error).strip()}") from None
    return macro_history(table, str(path))


def macro_history(macro: pd.DataFrame, source: str = "macro") -> pd.DataFrame:
    """History by month end, ascending: an index of month ends, a column a variable that has values.

    Rates are fractions of 1, indices above 0. Months may be missing at a variable's start, not inside. Raises
    InputError that names the file and, in one list, column and month of unknown or non-numeric columns, values out
    of range (percents for fractions), months twice or left out.
    """
    wrong = list(_wrong(macro))
    if wrong:
        lines = "\n".join(f"{number:3d}. {line}" for number, line in enumerate(wrong, 1))
        raise InputError(f"{source}: macro history that cannot be used.\n{lines}")
    frame = _by_month(macro)
    numbers = {name: pd.to_numeric(frame[name]).astype(float) for name in frame.columns}
    return pd.DataFrame(numbers, index=frame.index).dropna(axis=1, how="all")


def _by_month(macro: pd.DataFrame) -> pd.DataFrame:
    months = pd.DatetimeIndex([_month_end(value) for value in macro["month"]], name="month")
    return macro.drop(columns="month").set_axis(months, axis=0).sort_index()


def _month_end(value: object) -> pd.Timestamp:
    return pd.Timestamp(parse_month(str(value)[:10]))


def _wrong(macro: pd.DataFrame) -> Iterator[str]:
    yield from _wrong_columns(macro)
    if "month" not in macro.columns:
        return
    unread = list(_unreadable(macro["month"]))
    if unread or macro.empty:
        yield from unread[:SHOWN] or ["no month"]
        return
    frame = _by_month(macro)
    yield from _wrong_months(pd.DatetimeIndex(frame.index))
    for name in frame.columns:
        if MACRO.column(str(name)) is not None:
            yield from _wrong_values(frame[name])


def _wrong_columns(macro: pd.DataFrame) -> Iterator[str]:
    names = [str(name) for name in macro.columns]
    if "month" not in names:
        yield f"no column 'month'; it has {', '.join(names)}"
        return
    known = ", ".join([*LIMITS, "industry_index_…"])
    for name in names:
        if MACRO.column(name) is None:
            yield f"column '{name}' is not of the macro table; known are month, {known}"


def _unreadable(column: pd.Series) -> Iterator[str]:
    for value in column:
        try:
            _month_end(value)
        except ParameterError as error:
            yield str(error)


def _wrong_months(months: pd.DatetimeIndex) -> Iterator[str]:
    """Months that are given twice or left out; `months` ascend."""
    for twice in months[months.duplicated()].unique()[:SHOWN]:
        yield f"{twice:%Y-%m} is there more than once"
    wanted = pd.DatetimeIndex([pd.Timestamp(day) for day in months_between(months[0], months[-1])])
    missing = wanted.difference(months)
    if len(missing):
        shown = ", ".join(f"{month:%Y-%m}" for month in missing[:SHOWN])
        yield f"{len(missing)} months are left out ({shown}); give every month"


def _wrong_values(column: pd.Series) -> Iterator[str]:
    """What is wrong with a variable: the first value that is no number, is blank inside, or is out of range."""
    name, values = column.name, pd.to_numeric(column, errors="coerce").astype(float)
    strange = column[values.isna() & column.notna()]
    if len(strange):
        yield f"{name} in {strange.index[0]:%Y-%m} is {strange.iloc[0]!r}, not a number"
        return
    inside = values.loc[values.first_valid_index() :] if values.notna().any() else values.iloc[:0]
    if inside.isna().any():
        yield f"{name} is blank in {inside.index[inside.isna()][0]:%Y-%m}, between months that have it"
    low, high = (np.nextafter(0, 1), np.inf) if is_index(str(name)) else _wide(str(name))
    wrong = inside[(inside < low) | (inside > high)]
    if len(wrong):
        hint = "an index is above 0" if is_index(str(name)) else f"allowed is {low:g} to {high:g}; 0.05 is 5%"
        yield f"{name} in {wrong.index[0]:%Y-%m} is {wrong.iloc[0]:g}; {hint}"


def _wide(name: str) -> tuple[float, float]:
    column = MACRO.column(name)
    if column is None or column.minimum is None or column.maximum is None:
        return -np.inf, np.inf
    return column.minimum, column.maximum
