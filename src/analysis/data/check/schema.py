"""The contract as a pandera schema, for researchers who hold a small table as a pandas frame.

It covers what a frame can show by itself: columns, kinds, allowed values, ranges, keys, dates in order, month
ends, status against days and amounts. References, gaps, histories and file order need the other tables or the
file: `check_portfolio` holds a folder to those.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.core.contract import TABLES, Column, Kind, Table
from analysis.core.errors import ParameterError

if TYPE_CHECKING:
    from pandera.api.checks import Check
    from pandera.api.pandas.components import Column as PanderaColumn
    from pandera.api.pandas.container import DataFrameSchema


def pandera_schema(table_name: str) -> DataFrameSchema:
    """Schema of one table; validate with `lazy=True` to get all failures at once.

    Raises ParameterError for a table that the contract does not know. Pandera is imported here because that takes
    about two seconds.

    >>> pandera_schema("months").validate(frame, lazy=True)  # doctest: +SKIP
    """
    import pandera.pandas as pandera

    if table_name not in TABLES:
        raise ParameterError(f"'{table_name}' is not a table of the contract; known are {', '.join(TABLES)}")
    table = TABLES[table_name]
    columns = {column.name: _column(column, column.name) for column in table.columns}
    for family in table.prefixes:
        columns[f"^{family.name}.+$"] = _column(family, f"^{family.name}.+$", regex=True)
    return pandera.DataFrameSchema(columns, checks=_frame_checks(table), unique=list(table.keys), strict=False)


def _column(column: Column, name: str, regex: bool = False) -> PanderaColumn:
    import pandera.pandas as pandera

    checks = [_each(_KINDS[column.kind], f"{column.kind} expected")]
    if column.required and column.kind == "text":
        checks.append(_each(lambda value: bool(str(value).strip(" ")), "is blank text"))
    if column.allowed:
        checks.append(pandera.Check.isin(column.allowed))
    if column.minimum is not None:
        checks.append(_each(_at_least(column.minimum), f"at least {column.minimum:g}"))
    if column.maximum is not None:
        checks.append(_each(_at_most(column.maximum), f"at most {column.maximum:g}"))
    return pandera.Column(
        None, checks, nullable=not column.required, required=column.required, name=name, regex=regex
    )


def _each(holds: Callable[[Any], bool], name: str) -> Check:
    import pandera.pandas as pandera

    return pandera.Check(holds, element_wise=True, name=name, ignore_na=True)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real | Decimal) and not isinstance(value, bool) and math.isfinite(value)


def _is_day(value: Any) -> bool:
    if not isinstance(value, datetime):
        return isinstance(value, date)
    return value.tzinfo is None and (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)


def _is_moment(value: Any) -> bool:
    return isinstance(value, date) and (not isinstance(value, datetime) or value.tzinfo is None)


_KINDS: dict[Kind, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "category": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and value == math.floor(value),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"),
    "date": _is_day,
    "timestamp": _is_moment,
}


def _at_least(minimum: float) -> Callable[[Any], bool]:
    return lambda value: not _is_number(value) or value >= minimum


def _at_most(maximum: float) -> Callable[[Any], bool]:
    return lambda value: not _is_number(value) or value <= maximum


def _frame_checks(table: Table) -> list[Check]:
    import pandera.pandas as pandera

    checks = []
    for order in table.orders:
        name = f"{order.later}: must not be before {order.earlier}"
        checks.append(pandera.Check(_in_order(order.earlier, order.later), name=name))
    if "month" in table.keys:
        checks.append(pandera.Check(_month_ends, name="month: must be the last day of a month"))
    if table.name == "months":
        ended, still_open = ("paid_off", "closed"), ("open",)
        for column, statuses in (("days_past_due", ended), ("balance", ended), ("charged_off_amount", still_open)):
            name = f"{column}: must be 0 where status is {' or '.join(statuses)}"
            checks.append(pandera.Check(_zero_where(column, statuses), name=name))
    return checks


def _days(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values, errors="coerce").dt.normalize()


def _in_order(earlier: str, later: str) -> Callable[[pd.DataFrame], pd.Series]:
    def holds(frame: pd.DataFrame) -> pd.Series:
        if not {earlier, later} <= set(frame.columns):
            return pd.Series(True, index=frame.index)
        return ~(_days(frame[earlier]) > _days(frame[later]))

    return holds


def _month_ends(frame: pd.DataFrame) -> pd.Series:
    if "month" not in frame.columns:
        return pd.Series(True, index=frame.index)
    month = _days(frame["month"])
    return month.isna() | month.dt.is_month_end


def _zero_where(column: str, statuses: tuple[str, ...]) -> Callable[[pd.DataFrame], pd.Series]:
    def holds(frame: pd.DataFrame) -> pd.Series:
        if not {column, "status"} <= set(frame.columns):
            return pd.Series(True, index=frame.index)
        return ~(frame["status"].isin(statuses) & (pd.to_numeric(frame[column], errors="coerce") > 0))

    return holds
