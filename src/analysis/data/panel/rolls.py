"""Rolls: where the accounts of each state are found a month later."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.states import Buckets
from analysis.data.panel.dimensions import by_dimension, is_small_cube, roll_up, with_dimensions
from analysis.data.panel.labels import with_month, with_states
from analysis.data.panel.months import Periods, Window, breaks, in_periods, span, steps, without_breaks
from analysis.data.panel.parts import CLUSTER, Part, over_parts
from analysis.data.portfolio import Portfolio

STATES = ("state", "to_state")
LARGEST = ("k_largest", "b_largest")


def rolls(
    portfolio: Portfolio,
    buckets: Buckets,
    window: Window | None = None,
    dimensions: Sequence[str] = (),
    moments: bool = True,
) -> pd.DataFrame:
    """Steps from state to state, by the month stepped into.

    Columns: dimension, value, month, broken (a step into a month from which something was recorded differently:
    never to be pooled), from_state, to_state, accounts, balance (owed at the start), to_balance (owed at the
    end), from_accounts, from_balance (the denominators) and, unless `moments` is False, by basis (accounts,
    balance) the clusters' moments nn, nd, dd, clusters, largest. Only steps seen at least once have a row; they
    include those out of `charged_off`. An account whose rows simply stop takes no step. Dimensions are those at
    the start of the step.
    """
    keys = ["dimension", "value", "m"]

    def build(part: Part) -> ir.Table:
        taken = _with_dimensions(steps(part, buckets, window), part, dimensions)
        repeated = moments and part.together
        if repeated or not is_small_cube(dimensions):
            return by_dimension(taken, dimensions, lambda rows: _cells(rows, keys, repeated, moments))
        fine = _cells(taken, [*dimensions, "m"], False, moments)
        return roll_up(fine, dimensions, [*keys, *STATES], LARGEST)

    abreast = 1 if moments else 2
    found = over_parts(portfolio, build, [*keys, *STATES], clustered=moments, largest=LARGEST, abreast=abreast)
    named = with_month(_with_denominators(found, keys, moments))
    named.insert(3, "broken", named["month"].dt.date.isin(breaks(portfolio)))
    return _named(named, buckets)


def pooled_rolls(
    portfolio: Portfolio, buckets: Buckets, periods: Periods, dimensions: Sequence[str] = ()
) -> pd.DataFrame:
    """As rolls(), with the steps into the months of each period pooled: `period` in place of month and broken.

    A customer's accounts and months form one cluster. Steps into broken months are left out; a period with none
    but those has no rows.
    """
    keys = ["dimension", "value", "period"]
    periods = without_breaks(portfolio, periods)
    if not periods:
        return pd.DataFrame(columns=[*keys, "from_state", "to_state", *COUNTS, *MOMENTS])

    def build(part: Part) -> ir.Table:
        taken = _with_dimensions(steps(part, buckets, span(periods, before=1)), part, dimensions)
        pooled = in_periods(taken, periods)
        return by_dimension(pooled, dimensions, lambda rows: _cells(rows, keys, True, True))

    found = over_parts(portfolio, build, [*keys, *STATES], largest=LARGEST)
    return _named(_with_denominators(found, keys, moments=True), buckets)


COUNTS = ("accounts", "balance", "to_balance", "from_accounts", "from_balance")
MOMENTS = tuple(f"{basis}_{name}" for basis in ("accounts", "balance") for name in ("nn", "nd", "dd", "largest"))
MOMENTS = (*MOMENTS, "clusters")


def _with_dimensions(taken: ir.Table, part: Part, dimensions: Sequence[str]) -> ir.Table:
    """Dimensions as of the month that the step starts from."""
    dated = with_dimensions(taken.mutate(m=(taken.m - 1).cast("int32")), part, dimensions)
    return dated.mutate(m=(dated.m + 1).cast("int32"))


def _cells(rows: ir.Table, keys: Sequence[str], repeated: bool, moments: bool) -> ir.Table:
    if repeated:
        return _cluster_cells(rows, keys)
    counted = {"accounts": rows.count().cast("float64"), "balance": rows.balance.sum()}
    counted |= {"to_balance": rows.to_balance.sum()}
    if moments:
        counted |= {"squares": (rows.balance * rows.balance).sum(), "b_largest": rows.balance.max()}
    found = rows.group_by(*keys, *STATES).aggregate(**counted)
    if not moments:
        return found
    # One row a cluster: its squares are the row's, and every row is a cluster of its own.
    return found.select(
        *keys, *STATES, "accounts", "balance", "to_balance",
        k_nn=found.accounts, k_nd=found.accounts, b_nn=found.squares, b_nd=found.squares,
        clusters=found.accounts, k_largest=ibis.literal(1.0), b_largest=found.b_largest,
    )  # fmt: skip


def _cluster_cells(rows: ir.Table, keys: Sequence[str]) -> ir.Table:
    grouped = rows.group_by(*keys, *STATES, CLUSTER)
    moved = grouped.aggregate(k=rows.count().cast("float64"), b=rows.balance.sum(), tb=rows.to_balance.sum())
    whole = ibis.window(group_by=[*keys, "state", CLUSTER])
    first = ibis.row_number().over(ibis.window(group_by=[*keys, "state", CLUSTER], order_by="to_state")) == 0
    moved = moved.mutate(kx=moved.k.sum().over(whole), bx=moved.b.sum().over(whole), first=first.cast("int8"))
    k, b, kx, bx = moved.k, moved.b, moved.kx, moved.bx
    return moved.group_by(*keys, *STATES).aggregate(
        accounts=k.sum(), balance=b.sum(), to_balance=moved.tb.sum(),
        k_nn=(k * k).sum(), k_nd=(k * kx).sum(), b_nn=(b * b).sum(), b_nd=(b * bx).sum(),
        clusters=moved.first.sum().cast("float64"), k_largest=kx.max(), b_largest=bx.max(),
    )  # fmt: skip


def _with_denominators(cells: pd.DataFrame, keys: Sequence[str], moments: bool) -> pd.DataFrame:
    """Totals of the state stepped from. Σ_to Σ_c y_c x_c is Σ_c x_c², so the squares need no pass of their own."""
    columns = {"accounts": "from_accounts", "balance": "from_balance"}
    if moments:
        columns |= {"k_nd": "accounts_dd", "b_nd": "balance_dd", "clusters": "from_clusters"}
    totals = cells.groupby([*keys, "state"])[list(columns)].transform("sum").rename(columns=columns)
    found = pd.concat([cells, totals], axis=1)
    if not moments:
        return found
    largest = cells.groupby([*keys, "state"])[list(LARGEST)].transform("max")
    found = found.drop(columns=[*LARGEST, "clusters"]).assign(
        accounts_largest=largest["k_largest"], balance_largest=largest["b_largest"]
    )
    names = {"k_nn": "accounts_nn", "k_nd": "accounts_nd", "b_nn": "balance_nn", "b_nd": "balance_nd"}
    return found.rename(columns=names | {"from_clusters": "clusters"})


def _named(cells: pd.DataFrame, buckets: Buckets) -> pd.DataFrame:
    named = with_states(cells.rename(columns={"state": "from_state"}), buckets, "from_state", "to_state")
    whole = [column for column in ("accounts", "from_accounts", "clusters") if column in named.columns]
    return named.astype(dict.fromkeys(whole, "int64"))


def long_cells(rolled: pd.DataFrame) -> pd.DataFrame:
    """rolls() with one row a basis, in the columns of moments.CELL: numerator, denominator, nn, nd, dd, …"""
    labels = [
        c for c in ("dimension", "value", "month", "period", "broken", "from_state", "to_state") if c in rolled
    ]
    pieces = []
    for basis in ("accounts", "balance"):
        cells = rolled[labels].assign(basis=basis, numerator=rolled[basis], denominator=rolled[f"from_{basis}"])
        for name in ("nn", "nd", "dd", "largest"):
            cells[name] = rolled[f"{basis}_{name}"]
        pieces.append(cells.assign(units=rolled["from_accounts"], clusters=rolled["clusters"]))
    return pd.concat(pieces, ignore_index=True)
