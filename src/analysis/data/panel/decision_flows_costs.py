"""What contacts, complaints and relief cost in each month after a decision."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.data.panel.account_rows import ROW
from analysis.data.panel.contacts import contacts, log_begins
from analysis.data.panel.decisions_outcomes import following, relief_given
from analysis.data.panel.months import month_number, number_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.panel.spell_events import has_relief
from analysis.data.portfolio import Portfolio


def contact_flows(
    portfolio: Portfolio, rows: pd.DataFrame, horizon: int, prices: Mapping[str, float]
) -> pd.DataFrame:
    """Contacts with the debtor from the day of the decision on, at the price of their channel: row, month, cost.

    Channels without a price cost nothing. Decisions before the log begins, or without a log, are charged their own
    cost in month 1 instead.
    """
    begins = log_begins(portfolio) if portfolio.has("contacts") else None
    logged = rows["m"] + 1 >= month_number(begins) if begins is not None else pd.Series(False, index=rows.index)
    own = rows.loc[~logged, [ROW]].assign(month=1, contact_cost=rows.loc[~logged, "cost"])
    if begins is None or not logged.any():
        return own
    log = contacts(portfolio, begins, portfolio.as_of)
    log = log.filter(log.outbound & log.channel.isin(list(prices) or [""]))
    priced = ibis.cases(*((log.channel == name, float(price)) for name, price in prices.items()), else_=0.0)
    told = log.select("day", held=ACCOUNT, amount=priced if prices else ibis.literal(0.0))
    found = _by_month(told, rows[logged], horizon, "contact_cost")
    return pd.concat([own, found], ignore_index=True) if len(own) else found


def complaint_flows(portfolio: Portfolio, rows: pd.DataFrame, horizon: int, price: float) -> pd.DataFrame:
    """Complaints from the day of the decision on, at one price: row, month, complaint_cost."""
    if not portfolio.has("complaints"):
        return _none("complaint_cost")
    told = portfolio.table("complaints")
    told = told.select(day=told["at"].cast("date"), held=told[ACCOUNT], amount=ibis.literal(float(price)))
    return _by_month(told, rows, horizon, "complaint_cost")


def relief_flows(portfolio: Portfolio, rows: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Cost of relief decided from the day of the decision on, and what it forgave: row, month, relief_cost."""
    if not has_relief(portfolio):
        return _none("relief_cost")
    told = relief_given(portfolio).rename(amount="relief_cost")
    return _by_month(told, rows, horizon, "relief_cost")


def _by_month(told: ir.Table, rows: pd.DataFrame, horizon: int, name: str) -> pd.DataFrame:
    """Sums of `amount` by row and month."""
    joined = following(told, rows, horizon)
    joined = joined.mutate(month=(number_of(joined.day) - joined.m).cast("int64"))
    found = joined.group_by(ROW, "month").aggregate(**{name: joined.amount.sum()}).execute()
    return found.astype({ROW: "int64", "month": "int64", name: "float64"})


def _none(name: str) -> pd.DataFrame:
    return pd.DataFrame({ROW: pd.Series(dtype="int64"), "month": pd.Series(dtype="int64"), name: 0.0})
