"""Cohorts followed over time: what share had something happen to it within so many months.

A unit (an account, an entry into delinquency) belongs to the cohort of the quarter in which it began. Only units
that something happened to are spread over the months that follow, so the work grows with the events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.data.panel.dimensions import spread
from analysis.data.panel.moments import CELL
from analysis.data.panel.months import month_number
from analysis.data.panel.parts import CLUSTER, Part, over_parts
from analysis.data.portfolio import Portfolio

UNIT = ("account_id", "began")


class Cohorts(NamedTuple):
    """Cells of cohorts, and how many units are left out of them for which reason (reason, units)."""

    cells: pd.DataFrame
    left_out: pd.DataFrame


@dataclass(frozen=True)
class Follow:
    """How cohorts are formed and followed.

    `units(part)`: account_id, began (month number), cluster, x (base amount) and the dimensions. `events(part,
    units)`: account_id, began, measure, since (months after `began`), e (1 once a unit and measure), y (amount). A
    measure's curve at month k holds all events with since ≤ k, from `first` to `horizon`.
    """

    measures: tuple[str, ...]
    units: Callable[[Part], ir.Table]
    events: Callable[[Part, ir.Table], ir.Table]
    horizon: int
    first: int = 0
    repeated: bool = False


def follow(portfolio: Portfolio, plan: Follow, dimensions: Sequence[str]) -> pd.DataFrame:
    """Cells by dimension, value, cohort (opening quarter, as text), since, measure and basis.

    A cohort is shown up to the month that all of it has been followed to. Columns besides: those of CELL.
    """
    keys = ["dimension", "value", "cohort"]
    found = over_parts(
        portfolio,
        lambda part: _cells(plan, part, dimensions),
        [*keys, "measure", "since"],
        largest=("k_largest", "x_largest"),
        light=True,
    )
    whole = found[found["since"] == TOTAL].drop(columns=["measure", "since", *SUMS])
    happened = found[found["since"] != TOTAL].drop(columns=list(BASES))
    grid = _grid(whole, plan, month_number(portfolio.months_covered()[1]))
    cells = grid.merge(happened, how="left", on=[*keys, "measure", "since"])
    return _tidy(cells.fillna(dict.fromkeys(SUMS, 0.0)), keys)


SUMS = ("e", "ee", "ek", "y", "yy", "yx")
BASES = ("units", "kk", "k_largest", "x", "xx", "x_largest", "clusters")
TOTAL = -1
"""`since` of the row that holds a cohort's denominators."""


def _units(plan: Follow, part: Part) -> ir.Table:
    """Units with the number of their quarter as cohort."""
    units = plan.units(part)
    return units.mutate(cohort=(units.began / 3).floor().cast("int32"))


def _together(rows: ir.Table, repeated: bool) -> ir.Table:
    """Clusters of a cohort with their number of units k and base x."""
    rows = rows.select("dimension", "value", "cohort", CLUSTER, "x")
    if not repeated:
        return rows.mutate(k=ibis.literal(1.0))
    grouped = rows.group_by("dimension", "value", "cohort", CLUSTER)
    return grouped.aggregate(k=rows.count().cast("float64"), x=rows.x.sum())


def _cells(plan: Follow, part: Part, dimensions: Sequence[str]) -> ir.Table:
    """Denominators and numerators of a part one below the other, so that its units are found once."""
    units = _units(plan, part)
    clusters = _together(spread(units, dimensions), plan.repeated or part.together)
    totals, events = _total(clusters), _events(plan, part, units, clusters, dimensions)
    keys = ["dimension", "value", "cohort", "measure", "since", *BASES, *SUMS]
    nothing = ibis.literal(0.0)
    totals = totals.mutate(
        measure=ibis.literal(""), since=ibis.literal(TOTAL, "int32"), **dict.fromkeys(SUMS, nothing)
    )
    return totals.select(*keys).union(events.mutate(**dict.fromkeys(BASES, nothing)).select(*keys))


def _total(clusters: ir.Table) -> ir.Table:
    k, x = clusters.k, clusters.x
    return clusters.group_by("dimension", "value", "cohort").aggregate(
        units=k.sum(),
        kk=(k * k).sum(),
        k_largest=k.max(),
        x=x.sum(),
        xx=(x * x).sum(),
        x_largest=x.max(),
        clusters=clusters.count().cast("float64"),
    )


def _events(plan: Follow, part: Part, units: ir.Table, clusters: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    events = plan.events(part, units)
    found = units.select(*(c for c in units.columns if c != "x")).inner_join(events, list(UNIT))
    months = ibis.memtable(pd.DataFrame({"month_after": range(plan.first, plan.horizon + 1)}).astype("int32"))
    later = found.inner_join(months, found.since <= months.month_after)
    happened = later.select(*(c for c in found.columns if c != "since"), since=later.month_after)
    return _happened(spread(happened, dimensions), clusters)


def _happened(rows: ir.Table, clusters: ir.Table) -> ir.Table:
    keys = ["dimension", "value", "cohort"]
    grouped = rows.group_by(*keys, "measure", "since", CLUSTER)
    summed = grouped.aggregate(e=rows.e.sum().cast("float64"), y=rows.y.sum())
    held = summed.inner_join(clusters, [*keys, CLUSTER])
    e, y, k, x = held.e, held.y, held.k, held.x
    return held.group_by(*keys, "measure", "since").aggregate(
        e=e.sum(), ee=(e * e).sum(), ek=(e * k).sum(), y=y.sum(), yy=(y * y).sum(), yx=(y * x).sum()
    )


def _grid(whole: pd.DataFrame, plan: Follow, last: int) -> pd.DataFrame:
    """Every cohort, measure and month that all of the cohort has been followed to."""
    months = pd.DataFrame({"since": range(plan.first, plan.horizon + 1)})
    grid = whole.merge(months, how="cross").merge(pd.DataFrame({"measure": list(plan.measures)}), how="cross")
    ends = grid["cohort"] * 3 + 2
    return grid[ends + grid["since"] <= last]


def _tidy(cells: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    quarters = {number: quarter_text(number) for number in cells["cohort"].unique()}
    labels = cells[[*keys, "since", "measure"]].assign(cohort=cells["cohort"].map(quarters))
    pieces = []
    for basis, columns in COLUMNS.items():
        chosen = cells[list(columns)].astype(float).set_axis(list(CELL), axis=1)
        pieces.append(pd.concat([labels.assign(basis=basis), chosen], axis=1))
    return pd.concat(pieces, ignore_index=True)


COLUMNS = {
    "accounts": ("e", "units", "ee", "ek", "kk", "units", "clusters", "k_largest"),
    "balance": ("y", "x", "yy", "yx", "xx", "units", "clusters", "x_largest"),
}


def quarter_text(number: int) -> str:
    """Quarter of a number of quarters since year 0.

    >>> quarter_text(2025 * 4 + 3)
    '2025Q4'
    """
    return f"{int(number) // 4}Q{int(number) % 4 + 1}"
