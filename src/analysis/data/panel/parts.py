"""Aggregating the panel part by part, so that memory doesn't grow with it.

A part is a range of account ids. The panel is sorted by account, so the engine reads only the row groups of the
range. Accounts whose customer has others are left out of the ranges and taken by customer instead: only there
can one customer's rows meet in a cell, so only there must they be added up before they are squared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow.parquet as pq

from analysis.data.portfolio import Portfolio

PART_ROWS = 6_000_000
"""Rows of the panel taken at once; a window over them needs some 400 MB."""

ACCOUNT = "account_id"
CLUSTER = "cluster"

LIGHT = 5
"""Larger parts for aggregates that keep few of the rows they read."""

SHARED_WEIGHT = 6
"""Rows that are added up by customer take so much more memory than others."""


@dataclass(frozen=True)
class Part:
    """Some accounts of a portfolio, whole.

    `shared` are the accounts whose customer has several (None: there are none, or it doesn't matter). `together`
    says that customers are whole in this part: its rows carry the customer as `cluster` and must be added up by
    it. It then holds the shared accounts alone, or, being `entire`, all accounts. In all other parts each account
    is its own cluster.
    """

    portfolio: Portfolio
    shared: ir.Table | None = None
    together: bool = False
    entire: bool = False
    lowest: str | None = None
    below: str | None = None

    def table(self, name: str) -> ir.Table:
        """Rows of a table that belong to the part's accounts, with their `cluster`."""
        table = self.portfolio.table(name)
        if self.shared is not None and self.entire:
            return _with_cluster(table, self.shared)
        if self.shared is not None and self.together:
            return table.inner_join(self.shared.select(ACCOUNT, CLUSTER), ACCOUNT)
        table = self.within(table)
        return self.without_shared(table.mutate(**{CLUSTER: table[ACCOUNT]}))

    def within(self, rows: ir.Table) -> ir.Table:
        """Rows of any table of accounts that lie in the part's range; the file is read no further than that."""
        if self.lowest is not None:
            rows = rows.filter(rows[ACCOUNT] >= self.lowest)
        return rows if self.below is None else rows.filter(rows[ACCOUNT] < self.below)

    def without_shared(self, rows: ir.Table) -> ir.Table:
        """Rows without the accounts that other parts take by customer."""
        return rows if self.shared is None else rows.anti_join(self.shared, ACCOUNT)

    def loosely(self, name: str) -> ir.Table:
        """Rows of a table that include the part's accounts, and others: cheaper where a join picks them anyway."""
        return replace(self, shared=None, together=False, entire=False).table(name)


def _with_cluster(table: ir.Table, shared: ir.Table) -> ir.Table:
    """All rows with their cluster as text: the customer's number where it has several accounts, or the account."""
    numbers = shared.select(shared_account=shared[ACCOUNT], number=shared[CLUSTER])
    joined = table.left_join(numbers, table[ACCOUNT] == numbers.shared_account)
    customer = ibis.literal("customer ") + joined.number.cast("string")
    return joined.select(*table.columns, **{CLUSTER: customer.coalesce("account " + joined[ACCOUNT])})


def parts(
    portfolio: Portfolio, clustered: bool = True, rows: int | None = None, entire: bool = False
) -> Iterator[Part]:
    """Parts that together hold every account once.

    With `clustered=False` customers are not kept together: right for counts, not for moments. With `entire` a
    panel that needs no cutting is one part.
    """
    rows = rows or PART_ROWS
    bounds = _bounds(portfolio, rows)
    shared = shared_accounts(portfolio) if clustered and portfolio.cluster == "customer_id" else None
    count = int(shared.count().execute()) if shared is not None else 0
    if entire and count and not bounds:
        yield Part(portfolio, shared, together=True, entire=True)
        return
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        yield Part(portfolio, shared if count else None, lowest=low, below=high)
    if shared is not None and count:
        yield from _together(portfolio, shared, count, rows if entire else rows // SHARED_WEIGHT)


def shared_accounts(portfolio: Portfolio) -> ir.Table:
    """Accounts whose customer has several: account_id and cluster, a number that stands for the customer."""
    return portfolio.keep("shared_accounts", lambda: _find_shared(portfolio))


def _find_shared(portfolio: Portfolio) -> ir.Table:
    accounts = portfolio.table("accounts")
    held = accounts.filter(accounts.customer_id.notnull()).select(ACCOUNT, "customer_id")
    several = held.group_by("customer_id").having(ibis._.count() > 1).aggregate(accounts=ibis._.count())
    shared = held.semi_join(several, "customer_id")
    # Numbers are quicker to group by than names, and take less room.
    number = ibis.dense_rank().over(ibis.window(order_by=shared.customer_id))
    return shared.select(ACCOUNT, **{CLUSTER: number.cast("int32")})


def _together(portfolio: Portfolio, shared: ir.Table, count: int, rows: int) -> Iterator[Part]:
    """Customers with several accounts, in slices of whole customers; their rows are added up one by one."""
    slices = 1
    if portfolio.engine.name == "duckdb":
        accounts = int(portfolio.table("accounts").count().execute())
        total = pq.read_metadata(portfolio.path("months")).num_rows
        slices = max(-(-total * count // (accounts * rows)), 1)
    for number in range(slices):
        chosen = shared if slices == 1 else shared.filter(shared[CLUSTER] % slices == number)
        yield Part(portfolio, chosen, together=True)


def _bounds(portfolio: Portfolio, rows: int) -> list[str]:
    """Account ids that cut the panel into ranges, read from the file's row-group statistics.

    A cluster engine cuts the work itself, so there the panel stays whole.
    """
    if portfolio.engine.name != "duckdb":
        return []
    metadata = pq.read_metadata(portfolio.path("months"))
    column = metadata.schema.names.index(ACCOUNT)
    bounds: list[str] = []
    taken = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        statistics = group.column(column).statistics
        if taken >= rows and statistics is not None and statistics.has_min_max:
            bounds.append(statistics.min)
            taken = 0
        taken += group.num_rows
    return sorted(set(bounds))


def over_parts(
    portfolio: Portfolio,
    build: Callable[[Part], ir.Table],
    keys: Sequence[str],
    clustered: bool = True,
    largest: Sequence[str] = ("largest",),
    light: bool = False,
    abreast: int = 1,
) -> pd.DataFrame:
    """Build, execute and add up an aggregate over all parts: sums by `keys`, maxima for the columns `largest`.

    `light`: few of the rows read are kept, so that larger parts fit. `abreast`: parts put into one query, on
    which the engine works side by side; worth it where a part alone is streamed by one thread and little is held.
    """
    rows = PART_ROWS * LIGHT if light else PART_ROWS
    built = [build(part) for part in parts(portfolio, clustered, rows, entire=light)]
    groups = [built[i : i + abreast] for i in range(0, len(built), abreast)]
    pieces = [(ibis.union(*group) if len(group) > 1 else group[0]).execute() for group in groups]
    return add_up(pd.concat([piece for piece in pieces if len(piece)] or pieces[:1]), keys, largest)


def add_up(cells: pd.DataFrame, keys: Sequence[str], largest: Sequence[str] = ("largest",)) -> pd.DataFrame:
    """One row a key: sums of all other columns, maxima of `largest`."""
    values = [column for column in cells.columns if column not in keys]
    how = {column: "max" if column in largest else "sum" for column in values}
    return cells.groupby(list(keys), sort=True, dropna=False).agg(how).reset_index()
