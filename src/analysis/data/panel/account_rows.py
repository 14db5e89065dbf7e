"""Accounts at month ends: the rows that features and outcomes are told of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeAlias

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.data.panel.contacts import hex_digit
from analysis.data.panel.months import month_number
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

ROW = "row"
"""Place of a row, 0 to n − 1: what engine results are put back by."""

SLICES = 65_536
"""Random groups of customers that a sample is made of: four hexadecimal digits."""

Rows: TypeAlias = "pd.DataFrame | ir.Table"
"""Columns account_id and month (a month end, or a month number)."""


def delinquent_at(
    portfolio: Portfolio, months: Sequence[date], entry_days: int = 1, most: int = 200_000
) -> pd.DataFrame:
    """Accounts open and at least `entry_days` days past due at the month ends: account_id, month, sampled.

    With 0 days, all open accounts. One row an account and month end, in their order. Of more than `most` rows a
    sample of customers is kept, about so large: the same customers at every month end and in every run, drawn
    apart from their folds. `sampled` is the probability of being in it, 1 for all rows where nothing was left out.

    Raises ParameterError for days that are no month ends, `most` below 1 or negative `entry_days`.
    """
    if most < 1 or entry_days < 0:
        raise ParameterError(f"most is {most} and entry_days {entry_days}; give 1 or more, and 0 or more")
    ends = sorted(set(_month_ends(pd.Series(pd.to_datetime(list(months))))))
    panel = portfolio.table("months")
    wanted = panel.month.isin([ibis.literal(end.date()) for end in ends])
    overdue = panel.filter(wanted, panel.status == "open", panel.days_past_due >= entry_days)
    overdue = overdue.select(ACCOUNT, "month")
    count = int(overdue.count().execute())
    share = 1.0
    if count > most:
        kept = max(most * SLICES // count, 1)
        overdue, share = overdue.semi_join(sampled_accounts(portfolio, kept), ACCOUNT), kept / SLICES
    found = overdue.order_by(ACCOUNT, "month").to_pandas()
    return found.assign(month=pd.to_datetime(found["month"]).astype("datetime64[ns]"), sampled=share)


def sampled_accounts(portfolio: Portfolio, slices: int) -> ir.Table:
    """Accounts of the customers in the first so many slices."""
    accounts = portfolio.table("accounts")
    digest = accounts[portfolio.cluster].coalesce(accounts[ACCOUNT]).hexdigest("md5")
    # The first two digits make the fold, so these are others.
    place = sum((hex_digit(digest.substr(4 + i, 1)) * 16**i for i in range(4)), start=ibis.literal(0))
    return accounts.filter(place < slices).select(ACCOUNT)


def numbered(rows: Rows) -> pd.DataFrame:
    """Rows with their place and month number: row, account_id (text), month (month end), m; their index kept.

    Raises InputError where a column is missing or empty in places, ParameterError for days that are no month ends.
    """
    frame = rows if isinstance(rows, pd.DataFrame) else rows.select(ACCOUNT, "month").to_pandas()
    missing = [name for name in (ACCOUNT, "month") if name not in frame.columns]
    if missing:
        raise InputError(f"rows: no column '{missing[0]}'; give account_id and month (a month end)")
    if frame[[ACCOUNT, "month"]].isna().any(axis=None):
        raise InputError("rows: account_id and month must be given in every row")
    month = _month_ends(frame["month"])
    made = {ACCOUNT: frame[ACCOUNT].astype(str), "month": month, "m": month.dt.year * 12 + month.dt.month - 1}
    found = pd.DataFrame(made, index=frame.index).astype({"m": "int32"})
    found.insert(0, ROW, range(len(found)))
    return found


def _month_ends(months: pd.Series) -> pd.Series:
    """Month ends (datetime64) of month ends or month numbers."""
    if pd.api.types.is_integer_dtype(months):
        first = pd.to_datetime({"year": months // 12, "month": months % 12 + 1, "day": 1})
        return (first + pd.offsets.MonthEnd(0)).astype("datetime64[ns]")
    days = pd.to_datetime(months).astype("datetime64[ns]")
    wrong = days[~days.dt.is_month_end]
    if len(wrong):
        raise ParameterError(f"month {wrong.iloc[0]:%Y-%m-%d} is no month end; give the last day of the month")
    return days


def engine_rows(rows: pd.DataFrame) -> ir.Table:
    """Numbered rows as a table of the engine: row, account_id, m."""
    return ibis.memtable(rows[[ROW, ACCOUNT, "m"]].reset_index(drop=True))


def back_in_place(found: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Results keyed by `row` in the order and with the index of the rows; missing where there are none."""
    return found.set_index(ROW).reindex(rows[ROW]).set_index(rows.index)


def last_number(portfolio: Portfolio) -> int:
    """Month number of the last month covered."""
    return month_number(portfolio.months_covered()[1])
