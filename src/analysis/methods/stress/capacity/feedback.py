"""From projected arrears to the staff they need, with what is not known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.states import Buckets
from analysis.methods.stress.capacity.call_centre import (
    Centre,
    capacity_table,
    inbound_staff_hours,
    months_short,
    workload,
)
from analysis.methods.stress.capacity.staffing import ServiceTarget
from analysis.methods.stress.projection.book import Book
from analysis.methods.stress.projection.paths import Paths
from analysis.methods.stress.projection.projection import Projection

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


def bucket_stock(projection: Projection) -> pd.DataFrame:
    """Expected accounts by month and bucket, of all products, today first."""
    return stock_by_month(projection.book, projection.months, projection.point["accounts"])


def stock_by_month(book: Book, months: Sequence[pd.Timestamp], paths: Paths) -> pd.DataFrame:
    """bucket_stock() of the first of `paths`, which has these months ahead of the book's start."""
    held = paths.stock[0].sum(axis=1)[:, : len(book.buckets.labels)]
    index = pd.Index([pd.Timestamp(book.start), *months], name="month")
    wide = pd.DataFrame(held.clip(min=0.0), index, list(book.buckets.labels))
    return wide.reset_index().melt("month", var_name="bucket", value_name="accounts")


def staff_needed(stock: pd.DataFrame, given: Assumptions, agents: float | None) -> pd.DataFrame:
    """capacity.capacity_table() of a stock by month; without `agents` those that its first month needs."""
    load = workload(stock, given.work)
    minutes = load["inbound_minutes"].fillna(0.0)
    hours = inbound_staff_hours(load["inbound_calls"], minutes, given.profile, given.target, given.patience)
    if agents is None:
        agents = float(capacity_table(load, hours, 1.0, given.centre)["needed_agents"].iloc[0])
    return capacity_table(load, hours, agents, given.centre)


def hours_needed(held: Array, given: Assumptions) -> tuple[Array, Array]:
    """Hours of agents that inbound and outbound work needs, (…) each, of accounts by bucket (…, B), in the order
    of `given.work`."""
    per = {name: given.work[name].to_numpy(float) for name in given.work if name != "bucket"}
    calls, minutes = held @ per["inbound_calls"], held @ (per["inbound_calls"] * per["inbound_minutes"])
    mean = np.divide(minutes, calls, out=np.zeros_like(calls), where=calls > 0)
    inbound = inbound_staff_hours(calls, mean, given.profile, given.target, given.patience)
    outbound = held @ (per["attempts"] * per["minutes"]) / 60.0 * given.centre.agents_share
    return inbound, outbound / given.centre.outbound_occupancy


def contacts_by_hours(inbound: Array, outbound: Array, given: Assumptions, agents: float) -> Array:
    """Share of planned attempts made where agents work their hours and overtime, callers first."""
    most = agents * (1.0 + given.centre.slack) * given.centre.hours_an_agent
    made = np.divide(most - inbound, outbound, out=np.ones_like(outbound), where=outbound > 0)
    return np.clip(made, 0.0, 1.0)


def need_by_draw(projection: Projection, given: Assumptions, which: str, agents: float) -> tuple[Array, Array]:
    """staff_needed()'s needed_agents and contacts_made by draw and month, today first, (D, H + 1) each, of the
    `point`, `parameter` or `total` paths: assumptions of the call centre stay as they are."""
    stock = getattr(projection, which)["accounts"].stock.sum(axis=2)
    held = np.maximum(stock[..., : len(projection.book.buckets.labels)], 0.0)
    inbound, outbound = hours_needed(held, given)
    needed = (inbound + outbound) / given.centre.hours_an_agent
    return needed, contacts_by_hours(inbound, outbound, given, agents)


def need_limits(projection: Projection, given: Assumptions, agents: float, level: float) -> pd.DataFrame:
    """Limits of what is needed by month, today first: month, needed_lower, needed_upper (everything), …_parameter
    (elasticities alone).

    Beside them, the same in each row and of the months ahead: limits of most_needed (each draw's own worst month),
    of contacts_least and of months_short (need above `agents` with their overtime).
    """
    months = [pd.Timestamp(projection.book.start), *projection.months]
    table, tails = pd.DataFrame({"month": months}), [(1 - level) / 2, (1 + level) / 2]
    most = agents * (1.0 + given.centre.slack) * (1.0 + 1e-9)
    for which, ending in (("total", ""), ("parameter", "_parameter")):
        needed, made = need_by_draw(projection, given, which, agents)
        ahead = {
            "needed": np.quantile(needed, tails, axis=0),
            "most_needed": np.quantile(needed[:, 1:].max(axis=1), tails),
            "contacts_least": np.quantile(made[:, 1:].min(axis=1), tails),
            "months_short": np.quantile((needed[:, 1:] > most).sum(axis=1), tails, method="inverted_cdf"),
        }
        for name, (low, high) in ahead.items():
            table[f"{name}_lower{ending}"], table[f"{name}_upper{ending}"] = low, high
    return table


def worst_months(capacity: pd.DataFrame, slack: float) -> pd.DataFrame:
    """By scenario the month ahead that needs most agents: its row of capacity_table() and need_limits().

    needed, overload and contacts_made get …_lower and …_upper: limits of each draw's own worst month, which need
    not be this one, widened to hold the expected path's. contacts_made is the least of all months ahead;
    months_short are those in which need exceeds agents and their overtime. `capacity`: scenario, today first.
    """
    ahead = capacity[capacity.groupby("scenario", sort=False).cumcount() > 0]
    by = ahead.groupby("scenario", sort=False)
    worst = ahead.loc[by["needed_agents"].idxmax()].set_index("scenario")
    worst["contacts_made"] = by["contacts_made"].min()
    worst["months_short"] = by["overload"].apply(lambda overload: months_short(overload, slack))
    for name, drawn in (("needed_agents", "most_needed"), ("contacts_made", "contacts_least")):
        short = name.removesuffix("_agents")
        worst[f"{short}_lower"] = np.minimum(worst[f"{drawn}_lower"], worst[name])
        worst[f"{short}_upper"] = np.maximum(worst[f"{drawn}_upper"], worst[name])
    for end in ("lower", "upper"):
        worst[f"overload_{end}"] = worst[f"needed_{end}"] / worst["agents"].where(worst["agents"] > 0)
    worst["width"] = (worst["most_needed_upper"] - worst["most_needed_lower"]).clip(lower=0)
    worst["width_parameter"] = worst["most_needed_upper_parameter"] - worst["most_needed_lower_parameter"]
    return worst.reset_index()
