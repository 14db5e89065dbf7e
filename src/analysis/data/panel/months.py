"""Account-months with a state, and the steps from an account's month to its next.

Months are counted as whole numbers (year · 12 + month − 1), which are quicker to compare than dates; states as
their place in `Buckets.states`. Nothing here is executed: each function returns an Ibis expression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.core.periods import month_end
from analysis.core.states import EXITS, Buckets
from analysis.data.panel.parts import ACCOUNT, CLUSTER, Part
from analysis.data.portfolio import Portfolio

Window = tuple[date, date]
"""First and last month end looked at, both included."""

Periods = Mapping[str, Sequence[date]]
"""Month ends pooled under a name, for example {"2025Q4": Period.parse("2025Q4").months}."""

CURRENT = 0
"""Place of the current accounts among the states."""


def month_number(day: date) -> int:
    """Months since year 0 of a day's month."""
    return day.year * 12 + day.month - 1


def month_of(number: int) -> date:
    """Month end of a month number."""
    return month_end(int(number) // 12, int(number) % 12 + 1)


def number_of(column: ir.DateValue) -> ir.IntegerValue:
    """Month number of a date column."""
    return (column.year() * 12 + column.month() - 1).cast("int32")


def state_code(months: ir.Table, buckets: Buckets) -> ir.IntegerValue:
    """Place of each row's state in `buckets.states`; an open account with days below 1 is current."""
    days = months.days_past_due
    reached = (days >= buckets.edges[0]).cast("int8")
    for edge in buckets.edges[1:]:
        reached = reached + (days >= edge).cast("int8")
    exits = [(months.status == status, exit_code(buckets, status)) for status in EXITS]
    late = ibis.cases((days < 1, ibis.literal(CURRENT, "int8")), else_=reached.cast("int8"))
    return ibis.cases((months.status == "open", late), *exits, else_=ibis.null("int8")).cast("int8")


def exit_code(buckets: Buckets, status: str) -> int:
    """Place of an exit among the states."""
    return len(buckets.labels) + EXITS.index(status)


def account_months(part: Part, buckets: Buckets, window: Window | None = None) -> ir.Table:
    """The part's rows: account_id, cluster, m, state, days_past_due, balance, paid, charged_off_amount.

    Cash and charge-offs that aren't recorded are 0 and null.
    """
    return as_states(part.table("months"), buckets, window)


def as_states(months: ir.Table, buckets: Buckets, window: Window | None = None) -> ir.Table:
    """Rows of `months` in the columns of account_months(); `cluster` where they have it."""
    if window is not None:
        first, last = (ibis.literal(day) for day in window)
        months = months.filter((months.month >= first) & (months.month <= last))
    paid = months.amount_paid.coalesce(0.0) if "amount_paid" in months.columns else ibis.literal(0.0)
    written = months.charged_off_amount if "charged_off_amount" in months.columns else ibis.null("float64")
    return months.select(
        *(name for name in (ACCOUNT, CLUSTER) if name in months.columns),
        m=number_of(months.month),
        state=state_code(months, buckets),
        days_past_due=months.days_past_due,
        balance=months.balance.cast("float64"),
        paid=paid.cast("float64"),
        charged_off_amount=written.cast("float64"),
    )


def steps(
    part: Part, buckets: Buckets, window: Window | None = None, carry: Sequence[str] = ("balance",)
) -> ir.Table:
    """Steps of the part's accounts from a month to the next.

    Columns account_id, cluster, m (the month stepped *into*), state and balance at the start, to_state, and
    `to_<column>` for each column of `carry`. An account's last row starts no step.
    """
    needed = [ACCOUNT, CLUSTER, "m", "state", "balance", *(c for c in carry if c != "balance")]
    if in_file_order(part):
        # Accounts are left out only after their rows were followed: a join need not keep the file's order.
        rows = as_states(part.loosely("months"), buckets, window).select(*needed)
        found = part.without_shared(_next_row(rows, ("state", *carry)))
    else:
        rows = account_months(part, buckets, window).select(*needed)
        found = _next_month(rows, ("state", *carry))
    return found.mutate(m=(found.m + 1).cast("int32"))


def _next_month(rows: ir.Table, columns: Sequence[str]) -> ir.Table:
    """Each row with its account's next one, found by sorting; right for rows in any order."""
    ahead = ibis.window(group_by=ACCOUNT, order_by="m")
    later = {f"to_{column}": rows[column].lead(1).over(ahead) for column in columns}
    return rows.mutate(**later).filter(ibis._.to_state.notnull())


def _next_row(rows: ir.Table, columns: Sequence[str]) -> ir.Table:
    """Each row with the next one of the file, where that is of the same account.

    A window without partition or order streams in DuckDB: nothing is sorted or held, so it takes a fifth of the
    time of `_next_month` and memory that doesn't grow.
    """
    ahead = ibis.window()
    later = {f"to_{column}": rows[column].lead(1).over(ahead) for column in columns}
    found = rows.mutate(**later, next_account=rows[ACCOUNT].lead(1).over(ahead))
    same = found.filter((found.next_account == found[ACCOUNT]) & found.to_state.notnull())
    return same.select(*rows.columns, *later)


def in_file_order(part: Part) -> bool:
    """Whether the part's rows come account by account and month by month, so that the next row is the next month.

    True of DuckDB, which keeps the order of a file it reads and filters, where the panel is sorted as the contract
    demands; a join with shared accounts (`together`) loses it, and a cluster engine reads in any order.
    """
    return part.portfolio.engine.name == "duckdb" and not part.together and months_in_order(part.portfolio)


@lru_cache(maxsize=64)
def _sorted_file(path: Path, modified: int) -> bool:
    """Sorted by account over row groups; a single group, whose order the contract leaves open, is read."""
    file = pq.ParquetFile(path)
    place = file.schema_arrow.get_field_index(ACCOUNT)
    groups = [file.metadata.row_group(i).column(place).statistics for i in range(file.metadata.num_row_groups)]
    if len(groups) > 1:
        known = all(group is not None and group.has_min_max for group in groups)
        return known and all(a.max < b.min for a, b in pairwise(groups))
    keys = file.read([ACCOUNT, "month"])
    order = pc.sort_indices(keys, [(ACCOUNT, "ascending"), ("month", "ascending")])
    return bool((np.diff(order.to_numpy().astype("int64")) == 1).all())


def months_in_order(portfolio: Portfolio) -> bool:
    """Whether the panel's file is sorted by account and month.

    For files of several row groups the groups' ranges are compared; within them the contract's check, which comes
    before every run, has looked.
    """
    path = portfolio.path("months")
    return _sorted_file(path, path.stat().st_mtime_ns)


def in_periods(rows: ir.Table, periods: Periods) -> ir.Table:
    """Rows of the months pooled, with the name of their `period`; a month may serve several periods."""
    named = pd.DataFrame(
        [(month_number(month), name) for name, months in periods.items() for month in months],
        columns=["m", "period"],
    ).astype({"m": "int32"})
    return rows.inner_join(ibis.memtable(named), "m")


def span(periods: Periods, before: int = 0) -> Window:
    """First and last month of all periods, with `before` months in front."""
    months = sorted(month for pooled in periods.values() for month in pooled)
    return month_of(month_number(months[0]) - before), months[-1]


def breaks(portfolio: Portfolio) -> set[date]:
    """Month ends into which no step may be pooled, because something was recorded differently from then on."""
    return set(portfolio.info.breaks)


def without_breaks(portfolio: Portfolio, periods: Periods) -> dict[str, list[date]]:
    """Periods without the months into which a step must not be pooled; a period left empty falls away."""
    kept = {
        name: [month for month in pooled if month not in breaks(portfolio)] for name, pooled in periods.items()
    }
    return {name: pooled for name, pooled in kept.items() if pooled}
