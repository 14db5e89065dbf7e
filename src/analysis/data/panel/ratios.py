"""Cells of a family of measures: by month, pooled over months, and jointly for two periods."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.data.panel.dimensions import by_dimension, with_dimensions
from analysis.data.panel.families import Family
from analysis.data.panel.labels import with_month
from analysis.data.panel.moments import LARGEST, by_cluster, cells, tidy
from analysis.data.panel.months import (
    Periods,
    Window,
    breaks,
    in_periods,
    month_number,
    span,
    without_breaks,
)
from analysis.data.panel.parts import CLUSTER, Part, over_parts
from analysis.data.portfolio import Portfolio

JOINT = ("joint_nn", "joint_nd", "joint_dn", "joint_dd")
Pairs = Sequence[tuple[str, str]]
"""Names of periods compared: (the later, the earlier)."""


def monthly(
    portfolio: Portfolio, family: Family, window: Window | None = None, dimensions: Sequence[str] = ()
) -> pd.DataFrame:
    """Cells by month.

    Columns: dimension, value, month, broken (a step into a month from which something was recorded differently),
    measure, basis, and those of `moments.CELL`. The window's first month serves steps as a start only.
    """
    keys = ["dimension", "value", "m"]

    def build(part: Part) -> ir.Table:
        rows = _judged(_rows(family, part, window, dimensions), family)
        return by_dimension(rows, dimensions, lambda r: cells(r, keys, family.events, part.together))

    named = with_month(tidy(over_parts(portfolio, build, keys, largest=LARGEST), keys, family.events))
    apart = breaks(portfolio) if family.steps else set()
    named.insert(3, "broken", named["month"].dt.date.isin(apart))
    return named


def pooled(portfolio: Portfolio, family: Family, periods: Periods, dimensions: Sequence[str] = ()) -> pd.DataFrame:
    """Cells by period: its months pooled, a customer's accounts and months forming one cluster.

    Columns as monthly(), with `period` in place of month and broken. Steps into broken months are left out.
    """
    keys = ["dimension", "value", "period"]
    periods = without_breaks(portfolio, periods) if family.steps else periods
    if not periods:
        return tidy(pd.DataFrame(columns=[*keys, *_wide(family)]), keys, family.events)

    def build(part: Part) -> ir.Table:
        rows = _pooled_rows(family, part, periods, dimensions)
        return by_dimension(rows, dimensions, lambda r: cells(r, keys, family.events, True))

    return tidy(over_parts(portfolio, build, keys, largest=LARGEST), keys, family.events)


def joint(
    portfolio: Portfolio, family: Family, periods: Periods, pairs: Pairs, dimensions: Sequence[str] = ()
) -> pd.DataFrame:
    """Cross moments of two periods over the customers seen in both, for the covariance of a change.

    Columns: dimension, value, period, before, measure, basis, joint_nn (Σ_c y_c y'_c), joint_nd (Σ_c y_c x'_c),
    joint_dn (Σ_c x_c y'_c), joint_dd (Σ_c x_c x'_c); ′ is the earlier period.
    """
    keys = ["dimension", "value", "period", "before"]
    periods = without_breaks(portfolio, periods) if family.steps else periods
    known = [pair for pair in pairs if set(pair) <= set(periods)]
    if not known:
        return pd.DataFrame(columns=[*keys, "measure", "basis", *JOINT])
    both = ibis.memtable(pd.DataFrame(known, columns=["period", "before"]))

    def build(part: Part) -> ir.Table:
        rows = _pooled_rows(family, part, periods, dimensions)
        return by_dimension(rows, dimensions, lambda r: _cross(r, both, keys, family.events))

    found = over_parts(portfolio, build, keys, largest=())
    return pd.concat([_long_joint(found, keys, e, b) for e in family.events for b in BASES], ignore_index=True)


BASES = {"accounts": ("e", "k"), "balance": ("y", "x")}
"""By basis, the columns of a cluster's numerator and denominator."""


def _rows(family: Family, part: Part, window: Window | None, dimensions: Sequence[str]) -> ir.Table:
    rows = family.rows(part, window)
    if not family.steps:
        return with_dimensions(rows, part, dimensions)
    # What was in force when the step began, not what its outcome led to.
    dated = with_dimensions(rows.mutate(m=(rows.m - 1).cast("int32")), part, dimensions)
    return dated.mutate(m=(dated.m + 1).cast("int32"))


def _pooled_rows(family: Family, part: Part, periods: Periods, dimensions: Sequence[str]) -> ir.Table:
    rows = _rows(family, part, span(periods, before=int(family.steps)), dimensions)
    return _judged(in_periods(rows, periods), family)


def _judged(rows: ir.Table, family: Family) -> ir.Table:
    return rows if family.last is None else rows.filter(rows.m <= month_number(family.last))


def _cross(rows: ir.Table, both: ir.Table, keys: Sequence[str], events: Sequence[str]) -> ir.Table:
    now = by_cluster(rows, ["dimension", "value", "period"], events).inner_join(both, "period")
    earlier = by_cluster(rows, ["dimension", "value", "period"], events)
    earlier = earlier.rename({f"{name}_": name for name in earlier.columns})
    same = [("dimension", "dimension_"), ("value", "value_"), (CLUSTER, f"{CLUSTER}_"), ("before", "period_")]
    matched = now.inner_join(earlier, same)
    sums = {}
    for event in events:
        for y, x in BASES.values():
            for a, b in ((f"{y}_{event}", f"{y}_{event}"), (f"{y}_{event}", x), (x, f"{y}_{event}"), (x, x)):
                sums[f"{a}__{b}"] = (matched[a] * matched[f"{b}_"]).sum()
    return matched.group_by(*keys).aggregate(**sums)


def _long_joint(found: pd.DataFrame, keys: Sequence[str], event: str, basis: str) -> pd.DataFrame:
    y, x = BASES[basis]
    y = f"{y}_{event}"
    chosen = (
        found[[f"{y}__{y}", f"{y}__{x}", f"{x}__{y}", f"{x}__{x}"]].astype(float).set_axis(list(JOINT), axis=1)
    )
    return pd.concat([found[list(keys)].assign(measure=event, basis=basis), chosen], axis=1)


def _wide(family: Family) -> list[str]:
    own = ["units", "k_squares", "k_largest", "x", "xx", "x_largest", "clusters"]
    return own + [f"{name}_{event}" for event in family.events for name in ("e", "ee", "ek", "y", "yy", "yx")]
