"""Cells of ratios with the moments of their clusters, as `analysis.statistics.ratio` wants them.

Rows carry a base amount `x` and, for each event, a flag `e_<event>` (0 or 1) and an amount `y_<event>`. By
accounts the ratio is Σe ÷ rows, by balance Σy ÷ Σx. Where a cluster has one row in a cell, the rows' own squares
are the clusters' squares; otherwise the rows are added up by cluster first.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.data.panel.parts import CLUSTER

CELL = ("numerator", "denominator", "nn", "nd", "dd", "units", "clusters", "largest")
"""Columns of a cell: Σy, Σx, Σ_c y_c², Σ_c x_c y_c, Σ_c x_c², rows, clusters, the largest cluster's x_c."""


def cells(rows: ir.Table, keys: Sequence[str], events: Sequence[str], repeated: bool) -> ir.Table:
    """Sums and cluster moments by `keys`, one row a cell, wide.

    `repeated`: a cluster may have several rows in a cell.
    """
    clusters = by_cluster(rows, keys, events) if repeated else rows.mutate(k=ibis.literal(1.0))
    k, x = clusters.k, clusters.x
    sums = {"units": k.sum(), "k_squares": (k * k).sum(), "k_largest": k.max()}
    sums |= {"x": x.sum(), "xx": (x * x).sum(), "x_largest": x.max(), "clusters": clusters.count()}
    for event in events:
        e, y = clusters[f"e_{event}"].cast("float64"), clusters[f"y_{event}"]
        sums |= {f"e_{event}": e.sum(), f"ee_{event}": (e * e).sum(), f"ek_{event}": (e * k).sum()}
        sums |= {f"y_{event}": y.sum(), f"yy_{event}": (y * y).sum(), f"yx_{event}": (y * x).sum()}
    return clusters.group_by(*keys).aggregate(**sums)


LARGEST = ("k_largest", "x_largest")


def by_cluster(rows: ir.Table, keys: Sequence[str], events: Sequence[str]) -> ir.Table:
    """A cluster's rows of a cell added up: k rows, base x, and the events' sums, all double."""
    sums = {"k": rows.count().cast("float64"), "x": rows.x.sum()}
    for event in events:
        sums |= {name: rows[name].cast("float64").sum() for name in (f"e_{event}", f"y_{event}")}
    return rows.group_by(*keys, CLUSTER).aggregate(**sums)


def flag(event: str, condition: ir.BooleanValue, amount: ir.NumericValue) -> dict[str, ir.Value]:
    """The two columns of an event: its flag, and the amount it carries where it happened."""
    happened = condition.coalesce(ibis.literal(False))
    return {f"e_{event}": happened.cast("int8"), f"y_{event}": happened.ifelse(amount, 0.0)}


def tidy(wide: pd.DataFrame, keys: Sequence[str], events: Sequence[str]) -> pd.DataFrame:
    """One row by cell, measure (the event) and basis (accounts, balance), with the columns of CELL."""
    long = [_long(wide, keys, event, basis) for event in events for basis in ("accounts", "balance")]
    return pd.concat(long, ignore_index=True)


def _long(wide: pd.DataFrame, keys: Sequence[str], event: str, basis: str) -> pd.DataFrame:
    by_accounts = [
        f"e_{event}",
        "units",
        f"ee_{event}",
        f"ek_{event}",
        "k_squares",
        "units",
        "clusters",
        "k_largest",
    ]
    by_balance = [f"y_{event}", "x", f"yy_{event}", f"yx_{event}", "xx", "units", "clusters", "x_largest"]
    columns = by_accounts if basis == "accounts" else by_balance
    chosen = wide[columns].astype(float).set_axis(list(CELL), axis=1)
    labels = wide[list(keys)].assign(measure=event, basis=basis)
    return pd.concat([labels, chosen], axis=1)
