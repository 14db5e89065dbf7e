"""From projected arrears to staff, and from missing staff back to cures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.states import Buckets
from analysis.methods.stress.capacity.call_centre import (
    Centre,
    capacity_table,
    compare_options,
    cures_with_contacts,
    inbound_staff_hours,
    workload,
)  # fmt: skip
from analysis.methods.stress.capacity.staffing import ServiceTarget
from analysis.methods.stress.projection.projection import ALL, Projection, Shifts

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Assumptions:
    """All that is assumed of the call centre: work a bucket (rows as capacity.workload asks), how a month's calls
    fall on its half-hours (sums to 1), the service target and patience in seconds, what an agent does, and what
    contacts do to cures."""

    work: pd.DataFrame
    profile: Array
    target: ServiceTarget
    patience: float | None
    centre: Centre
    elasticity: float
    unaided: float


def work_by_bucket(work: Sequence[Mapping[str, Any]], buckets: Buckets) -> pd.DataFrame:
    """A row a bucket from rows that hold from `from_days` on."""
    starts = (0, *buckets.edges)
    rows = [[row for row in work if row["from_days"] <= max(start, 0)][-1] for start in starts]
    return pd.DataFrame(rows).drop(columns="from_days").assign(bucket=list(buckets.labels))


def month_profile(day: Sequence[float], open_days: int) -> Array:
    """How a month's calls fall on its open half-hours: every day alike."""
    parts = np.tile(np.asarray(day, float), open_days)
    return np.asarray(parts / parts.sum())


def bucket_stock(projected: pd.DataFrame) -> pd.DataFrame:
    """Expected accounts by month and bucket, of all products, today first, from Projection.table()."""
    rows = projected[(projected["group"] == ALL) & (projected["basis"] == "accounts")]
    rows = rows[rows["measure"].str.startswith("stock:")]
    stock = rows.assign(bucket=rows["measure"].str.removeprefix("stock:"), accounts=rows["expected"].clip(lower=0))
    return stock[["month", "bucket", "accounts"]]


def staff_needed(stock: pd.DataFrame, given: Assumptions, agents: float | None) -> pd.DataFrame:
    """capacity.capacity_table() of a stock by month; without `agents` those that its first month needs."""
    load = workload(stock, given.work)
    hours = _inbound(load, given)
    if agents is None:
        agents = float(capacity_table(load, hours, 1.0, given.centre)["needed_agents"].iloc[0])
    return capacity_table(load, hours, agents, given.centre)


def other_ways(
    stock: pd.DataFrame, given: Assumptions, agents: float, options: Mapping[str, Mapping[str, float]]
) -> pd.DataFrame:
    """capacity.compare_options() of a stock by month."""
    load = workload(stock, given.work)
    return compare_options(load, _inbound(load, given), agents, given.centre, options)


def _inbound(load: pd.DataFrame, given: Assumptions) -> Array:
    minutes = load["inbound_minutes"].fillna(0.0)
    return inbound_staff_hours(load["inbound_calls"], minutes, given.profile, given.target, given.patience)


def needed_by_draw(projection: Projection, given: Assumptions, which: str) -> Array:
    """staff_needed()'s needed_agents by draw and month, today first, (D, H + 1), of the `point`, `parameter` or
    `total` paths: assumptions of the call centre stay as they are."""
    paths = getattr(projection, which)["accounts"]
    work = given.work.set_index("bucket").loc[list(projection.book.buckets.labels)]
    held = np.maximum(paths.stock.sum(axis=2)[..., : len(work)], 0.0)
    per = {name: work[name].to_numpy(float) for name in work}
    calls, minutes = held @ per["inbound_calls"], held @ (per["inbound_calls"] * per["inbound_minutes"])
    mean = np.divide(minutes, calls, out=np.zeros_like(calls), where=calls > 0)
    inbound = inbound_staff_hours(calls, mean, given.profile, given.target, given.patience)
    outbound = held @ (per["attempts"] * per["minutes"]) / 60.0 * given.centre.agents_share
    return np.asarray((inbound + outbound / given.centre.outbound_occupancy) / given.centre.hours_an_agent)


def need_limits(projection: Projection, given: Assumptions, agents: float, level: float) -> pd.DataFrame:
    """Limits of what is needed by month, today first: month, needed_lower, needed_upper (everything), …_parameter
    (elasticities alone), the same of overload (needed ÷ `agents`), and of months_short, months ahead with overload
    above 1, the same in each row."""
    months = [pd.Timestamp(projection.book.start), *projection.months]
    table, tails = pd.DataFrame({"month": months}), [(1 - level) / 2, (1 + level) / 2]
    for which, ending in (("total", ""), ("parameter", "_parameter")):
        needed = needed_by_draw(projection, given, which)
        low, high = np.quantile(needed, tails, axis=0)
        short = np.quantile((needed[:, 1:] > agents * (1 + 1e-9)).sum(axis=1), tails, method="inverted_cdf")
        for end, need, count in (("lower", low, short[0]), ("upper", high, short[1])):
            table[f"needed_{end}{ending}"] = need
            table[f"overload_{end}{ending}"] = np.divide(need, agents, out=np.zeros_like(need), where=need > 0)
            table[f"months_short_{end}{ending}"] = int(count)
    return table


def cures_lost(projection: Projection, made: npt.ArrayLike, given: Assumptions) -> pd.DataFrame:
    """Cures by month, and those lost where only the share `made` (months,) of contacts is made, if the assumed
    elasticity holds: month, cures, cures_lost_assumed."""
    cures = projection.flow("cured", "accounts")[0].sum(axis=-1)
    ratio = cures_with_contacts(np.ones(len(cures)), made, given.elasticity, given.unaided)
    return pd.DataFrame({"month": projection.months, "cures": cures, "cures_lost_assumed": cures * (1 - ratio)})


def with_fewer_cures(shifts: Shifts, made: npt.ArrayLike, given: Assumptions) -> Shifts:
    """Point log-odds with those of cure lowered by the logarithm of the share of cures kept: closes the loop.

    Exact for rare cures; where cures are common it takes a little more of them than assumed.
    """
    share = np.asarray(made, float)
    kept = cures_with_contacts(np.ones(len(share)), share, given.elasticity, given.unaided)
    cure = shifts.point.get("cure", np.zeros(len(share)))
    point = shifts.point | {"cure": cure[: len(share)] + np.log(np.maximum(kept, 1e-6))}
    return replace(shifts, point=point, drawn={step: values[None] for step, values in point.items()}, tau={})
