"""What alerts are read from: arrears of segments by month, industry indices, and the balance exposed to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import ibis
import pandas as pd
from ibis import _

from analysis.core.periods import shift_months
from analysis.data.panel.contacts import customers
from analysis.data.portfolio import Portfolio

INDEX_PREFIX = "industry_index_"


def segment_arrears(
    portfolio: Portfolio, first: date, last: date, by: Sequence[str], days: int = 30
) -> pd.DataFrame:
    """Open balance, and what of it is `days` or more past due, by month end and columns of accounts.

    Columns: month, `by` (missing values are `unknown`), accounts, accounts_overdue, numerator (balance overdue),
    denominator (open balance), and the other moments of `analysis.statistics.ratio`, clusters being customers.
    Charged-off balances are in neither.
    """
    months = portfolio.table("months")
    months = months.filter(
        months.status == "open", months.month >= ibis.literal(first), months.month <= ibis.literal(last)
    )
    who = customers(portfolio, by)
    keys = ["month", *by]
    rows = months.select("account_id", "month", "balance", "days_past_due").inner_join(who, "account_id")
    overdue = rows.days_past_due >= days
    per_customer = rows.group_by(*keys, "customer").aggregate(
        accounts=_.count(),
        accounts_overdue=overdue.sum(),
        denominator=_.balance.sum(),
        numerator=overdue.ifelse(rows.balance, 0.0).sum(),
    )
    y, x = per_customer.numerator, per_customer.denominator
    sums = {name: _[name].sum() for name in ("accounts", "accounts_overdue", "numerator", "denominator")}
    moments = {"nn": (y * y).sum(), "nd": (x * y).sum(), "dd": (x * x).sum(), "units": per_customer.accounts.sum()}
    cells = per_customer.group_by(keys).aggregate(**sums, **moments, clusters=_.count())
    return cells.order_by(keys).to_pandas()


def industry_indices(portfolio: Portfolio, month: date) -> pd.DataFrame:
    """Industry indices of the 24 months up to `month`, long: industry, month, index, index_year_ago.

    Empty where the economy is not given. `industry` is the index's name without its prefix.
    """
    columns = ["industry", "month", "index", "index_year_ago"]
    if not portfolio.has("macro"):
        return pd.DataFrame(columns=columns)
    macro = portfolio.table("macro")
    names = [name for name in macro.columns if name.startswith(INDEX_PREFIX)]
    if not names:
        return pd.DataFrame(columns=columns)
    first = shift_months(month, -35)
    recent = macro.filter(macro.month >= ibis.literal(first), macro.month <= ibis.literal(month))
    frame = recent.select("month", *names).to_pandas()
    long = frame.melt("month", var_name="industry", value_name="index").dropna(subset=["index"])
    long["industry"] = long["industry"].str.removeprefix(INDEX_PREFIX)
    year_ago = long.assign(month=pd.to_datetime(long["month"]) + pd.offsets.MonthEnd(12))
    long["month"] = pd.to_datetime(long["month"])
    joined = long.merge(year_ago, how="left", on=["industry", "month"], suffixes=("", "_year_ago"))
    return joined[columns].sort_values(columns[:2], ignore_index=True)


def industry_exposure(portfolio: Portfolio, month: date) -> pd.DataFrame:
    """Open balance at a month end by industry, named as the indices are: industry, accounts, balance.

    An industry's name is compared with an index's in lower case, with `_` for all that is not a letter or digit.
    """
    if not portfolio.has("accounts.industry"):
        return pd.DataFrame(columns=["industry", "accounts", "balance"])
    frame = segment_arrears(portfolio, month, month, ["industry"])
    frame["industry"] = frame["industry"].map(index_name)
    frame = frame.rename(columns={"denominator": "balance"})
    return frame.groupby("industry", as_index=False)[["accounts", "balance"]].sum()


def index_name(industry: str) -> str:
    """How an industry's index is called.

    >>> index_name("Hotels & catering")
    'hotels_catering'
    """
    return re.sub(r"\W+", "_", industry.lower()).strip("_")
