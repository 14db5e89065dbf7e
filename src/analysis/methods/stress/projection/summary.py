"""What a projection comes to: observed arrears before it, and totals over the horizon."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.states import Buckets
from analysis.methods.stress.projection.cash import PATHS
from analysis.methods.stress.projection.projection import THRESHOLDS, Projection

Array = npt.NDArray[np.float64]


def observed_rates(stock: pd.DataFrame, buckets: Buckets, dimension: str = "product") -> pd.DataFrame:
    """Balance overdue ÷ open balance by month, as Projection.table() counts it: month, measure, expected, and the
    overdue accounts behind it."""
    rows = stock[(stock["dimension"] == dimension) & stock["state"].astype(str).isin(buckets.labels)]
    held, counted = (_by_state(rows, basis, buckets) for basis in ("balance", "accounts"))
    pieces = []
    for days in (days for days in THRESHOLDS if days in buckets.edges):
        late = slice(buckets.edges.index(days) + 1, None)
        rate = held.iloc[:, late].sum(axis=1) / held.sum(axis=1)
        found = pd.DataFrame({"expected": rate, "accounts": counted.iloc[:, late].sum(axis=1)})
        pieces.append(found.reset_index().assign(measure=f"overdue_{days}"))
    return pd.concat(pieces, ignore_index=True)


def _by_state(rows: pd.DataFrame, basis: str, buckets: Buckets) -> pd.DataFrame:
    named = rows.assign(state=rows["state"].astype(str))
    wide = named.pivot_table(index="month", columns="state", values=basis, aggfunc="sum")
    return wide.reindex(columns=list(buckets.labels)).fillna(0.0)


def horizon_totals(
    projections: Mapping[str, Projection], cash: Mapping[str, Mapping[str, Array]], level: float = 0.95
) -> pd.DataFrame:
    """Charge-offs, balances back to current, and recoveries over all months ahead, by scenario.

    Columns scenario, measure (charged_off, cured, recovered), expected, lower, upper (everything),
    lower_parameter, upper_parameter (elasticities alone), in currency.
    """
    rows, tails = [], [(1 - level) / 2, (1 + level) / 2]
    for name, one in projections.items():
        flows = {
            flow: {path: one.flow(flow, "balance", path) for path in PATHS} for flow in ("charged_off", "cured")
        } | {"recovered": dict(cash[name])}
        for measure, paths in flows.items():
            sums = {path: values.sum(axis=(1, 2)) for path, values in paths.items()}
            outer, inner = (np.quantile(sums[path], tails) for path in ("total", "parameter"))
            rows.append({"scenario": name, "measure": measure, "expected": sums["point"][0],
                         "lower": outer[0], "upper": outer[1],
                         "lower_parameter": inner[0], "upper_parameter": inner[1]})  # fmt: skip
    return pd.DataFrame(rows)
