"""Right-party contacts by hour and weekday, and the case mix that they must be compared within."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from analysis.core.periods import shift_months
from analysis.core.states import Buckets
from analysis.data.panel.contacts import bucket_label, contacts, customers, month_index
from analysis.data.portfolio import Portfolio

BAND_HOURS = 3
"""Width of an hour band in the case mix."""

CASE_MIX = ("channel", "product", "bucket", "urban", "hour_band")
"""Columns within which weekdays are compared with weekends."""


def response_hours(portfolio: Portfolio, first: date, last: date) -> pd.DataFrame:
    """Attempts and right-party contacts by weekday (1 Monday … 7 Sunday) and hour (0–23) of the customer's clock.

    Attempts are outbound, meant for the debtor, and have an outcome. Columns: weekday, hour, numerator
    (right-party contacts), denominator (attempts), and the other moments of `analysis.statistics.ratio`, clusters
    being customers. Hours without an attempt have no row.
    """
    who = customers(portfolio)
    rows = _recorded_attempts(portfolio, first, last).inner_join(who, "account_id")
    cells = rows.group_by("weekday", "hour", "customer").aggregate(y=_.right_party.sum(), x=_.count())
    y, x = cells.y.cast("float64"), cells.x.cast("float64")
    return (
        cells.group_by("weekday", "hour")
        .aggregate(
            numerator=cells.y.sum(),
            denominator=cells.x.sum(),
            nn=(y * y).sum(),
            nd=(x * y).sum(),
            dd=(x * x).sum(),
            units=cells.x.sum(),
            clusters=cells.count(),
        )
        .order_by("weekday", "hour")
        .to_pandas()
    )


def response_strata(
    portfolio: Portfolio, first: date, last: date, buckets: Buckets, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Attempts and right-party contacts by case mix, for adjusted comparisons.

    Columns: weekend (Saturday or Sunday), the `CASE_MIX` (bucket as of the month end before the attempt, since
    that of its own month may be its result; urban as true, false, unknown; hour_band the first of three hours),
    `by` (columns of accounts), fold, attempts, right_party.
    """
    who = customers(portfolio, ("product", "urban", *by))
    rows = _recorded_attempts(portfolio, first, last).inner_join(who, "account_id")
    months = portfolio.table("months")
    since, till = ibis.literal(shift_months(first, -1)), ibis.literal(last)
    months = months.filter(months.month >= since, months.month <= till)
    before = months.select("account_id", "days_past_due", next_index=month_index(months.month) + 1)
    rows = rows.mutate(next_index=month_index(rows.day)).left_join(before, ["account_id", "next_index"])
    rows = rows.mutate(bucket=bucket_label(rows.days_past_due, buckets))
    if "urban" not in rows.columns:
        rows = rows.mutate(urban=ibis.literal("unknown"))
    keys = ["weekend", *CASE_MIX, *(name for name in by if name in rows.columns), "fold"]
    cells = rows.group_by(keys).aggregate(attempts=_.count(), right_party=_.right_party.sum())
    return cells.order_by(keys).to_pandas()


def _recorded_attempts(portfolio: Portfolio, first: date, last: date) -> ir.Table:
    log = contacts(portfolio, first, last)
    log = log.filter(log.outbound & log.recorded)
    weekday = (log["at"].day_of_week.index() + 1).cast("int64")
    hour = log["at"].hour().cast("int64")
    band = (hour / BAND_HOURS).floor().cast("int64") * BAND_HOURS
    return log.select(
        "account_id",
        "day",
        "channel",
        right_party=log.right_party,
        weekday=weekday,
        hour=hour,
        hour_band=band,
        weekend=weekday >= 6,
    )
