"""Accounts and balance in each state at the ends of months."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd

from analysis.core.states import Buckets
from analysis.data.panel.dimensions import by_dimension, with_dimensions
from analysis.data.panel.labels import with_month, with_states
from analysis.data.panel.months import Window, account_months
from analysis.data.panel.parts import Part, over_parts
from analysis.data.portfolio import Portfolio


def stock(
    portfolio: Portfolio, buckets: Buckets, window: Window | None = None, dimensions: Sequence[str] = ()
) -> pd.DataFrame:
    """Accounts and balance by month end and state, the exits among the states.

    Columns: dimension, value, month, state, accounts, balance. An account that was paid off, sold or closed is
    counted in the month of its exit only; one charged off in every month that its claim is kept.
    """
    keys = ["dimension", "value", "m", "state"]

    def build(part: Part) -> ir.Table:
        rows = account_months(part, buckets, window).select("account_id", "m", "state", "balance")
        return by_dimension(with_dimensions(rows, part, dimensions), dimensions, _count)

    found = over_parts(portfolio, build, keys, clustered=False)
    return with_states(with_month(found), buckets, "state").astype({"accounts": "int64"})


def _count(rows: ir.Table) -> ir.Table:
    grouped = rows.group_by("dimension", "value", "m", "state")
    return grouped.aggregate(accounts=rows.count(), balance=rows.balance.sum())
