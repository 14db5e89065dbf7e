"""Work in the call centre under a scenario, the staff it needs, and what missing staff does to cures.

Costs and productivities of remote work and robots are assumptions of the parameters, not findings: columns that
rest on them end in `_assumed`. Field evidence on robots is against them: called by machines, debtors repaid less,
and a human who took over later did not close the gap (Choi, Huang, Yang and Zhang, NBER Working Paper 33669,
2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.stress.capacity.staffing import ServiceTarget, agents_by_load
from analysis.methods.stress.losses.one_factor import Array, fraction

WORK = ("attempts", "minutes", "inbound_calls", "inbound_minutes")
INTERVAL_MINUTES = 30


@dataclass(frozen=True)
class Centre:
    """What an agent can do in a month, and what is assumed of overtime, remote work and robots.

    `paid_hours`: an agent's in a month. `shrinkage`: share of them not at work. `outbound_occupancy`: share of
    time at work that outbound agents spend on attempts. `slack`: what overtime adds where work asks for it, as a
    share of an agent's month; above it work is left undone. `remote_share`: of agents who work from home;
    `remote_productivity`: what they get done in an hour, an office agent being 1. `robot_share`: of outbound
    attempts made by robots; `robot_handover`: of those, the share that an agent then has to make after all. Costs
    in the portfolio's currency: `hour_cost` of a paid hour, `seat_cost` of infrastructure an agent and month,
    `remote_saving`, the share of it saved by an agent at home, `robot_cost` an attempt.
    """

    paid_hours: float = 160.0
    shrinkage: float = 0.30
    outbound_occupancy: float = 0.85
    slack: float = 0.0
    remote_share: float = 0.0
    remote_productivity: float = 1.0
    robot_share: float = 0.0
    robot_handover: float = 0.0
    hour_cost: float = 0.0
    seat_cost: float = 0.0
    remote_saving: float = 0.0
    robot_cost: float = 0.0

    def __post_init__(self) -> None:
        for name in ("remote_share", "robot_share", "robot_handover", "remote_saving", "shrinkage", "slack"):
            fraction(name, getattr(self, name))
        for name in ("paid_hours", "outbound_occupancy", "remote_productivity"):
            if not 0 < getattr(self, name) < np.inf:
                raise ParameterError(f"{name} is {getattr(self, name)}; it must be above 0")
        if self.shrinkage == 1 or self.outbound_occupancy > 1:
            raise ParameterError(
                "shrinkage must be below 1 and outbound_occupancy at most 1, such as 0.3 and 0.85"
            )

    @property
    def hours_an_agent(self) -> float:
        """Office hours' worth of work that an agent on the payroll does in a month."""
        mix = 1.0 - self.remote_share * (1.0 - self.remote_productivity)
        return self.paid_hours * (1.0 - self.shrinkage) * mix

    @property
    def agents_share(self) -> float:
        """Share of outbound attempts that agents make, those handed over by robots among them."""
        return 1.0 - self.robot_share * (1.0 - self.robot_handover)


def workload(stock: pd.DataFrame, work: pd.DataFrame) -> pd.DataFrame:
    """Calls and hours by month: accounts by bucket × attempts an account × minutes an attempt.

    `stock`: month, bucket, accounts (expected numbers will do). `work`: a row a bucket, with attempts (outbound,
    an account and month), minutes (an attempt, all its handling), inbound_calls (an account and month),
    inbound_minutes. Returns month, attempts, outbound_hours, inbound_calls, inbound_hours, inbound_minutes (mean
    of a call). Raises InputError for buckets that only one of the two has, and for values below 0.
    """
    _check_work(stock, work)
    rows = stock.merge(work, on="bucket", how="left", validate="many_to_one")
    calls = rows["accounts"] * rows["inbound_calls"]
    attempts = rows["accounts"] * rows["attempts"]
    parts = pd.DataFrame(
        {"month": rows["month"], "attempts": attempts, "outbound_hours": attempts * rows["minutes"] / 60}
    )
    parts = parts.assign(inbound_calls=calls, inbound_hours=calls * rows["inbound_minutes"] / 60.0)
    sums = parts.groupby("month", sort=True).sum().reset_index()
    sums["inbound_minutes"] = 60.0 * sums["inbound_hours"] / sums["inbound_calls"].where(sums["inbound_calls"] > 0)
    return sums


def _check_work(stock: pd.DataFrame, work: pd.DataFrame) -> None:
    for name, frame, needed in (
        ("stock", stock, ("month", "bucket", "accounts")),
        ("work", work, ("bucket", *WORK)),
    ):
        missing = [column for column in needed if column not in frame]
        if missing:
            raise InputError(f"{name}: {', '.join(missing)} missing; pass {', '.join(needed)}")
    if not work["bucket"].is_unique:
        raise InputError("work: a bucket comes twice; give each one row")
    lost = sorted(set(stock["bucket"].astype(str)) - set(work["bucket"].astype(str)))
    if lost:
        raise InputError(
            f"work has no row for the bucket {', '.join(lost)}; give one, with 0 attempts if not worked"
        )
    unknown = sorted(set(work["bucket"].astype(str)) - set(stock["bucket"].astype(str)))
    if unknown:
        raise InputError(f"work names the bucket {', '.join(unknown)}, which no account is in; check the spelling")
    if not (stock["accounts"] >= 0).all() or not (work[list(WORK)] >= 0).all().all():
        raise InputError("stock and work must be 0 or more, and none missing")


def inbound_staff_hours(
    calls: npt.ArrayLike,
    minutes: npt.ArrayLike,
    profile: npt.ArrayLike,
    target: ServiceTarget,
    patience: float | None = None,
) -> Array:
    """Hours that agents must be at the phones each month to answer its inbound calls at the target, (…, months).

    `calls` (…, months); `minutes` a call (…, months), ignored where there are no calls; `profile` (half-hours,):
    how a month's calls fall on its half-hours, to sum to 1 (0 where closed). `target.wait` and `patience` are in
    seconds, and so is the handling time, rounded to a whole one. Idle time between calls is in it: it is the price
    of a short wait.
    """
    share = np.asarray(profile, float)
    if share.ndim != 1 or not (share >= 0).all() or abs(share.sum() - 1.0) > 1e-6:
        raise ParameterError("profile must be shares of a month's calls by half-hour, 0 or more, to sum to 1")
    number = np.asarray(calls, float)
    handling = np.where(number > 0, np.maximum(np.rint(60.0 * np.asarray(minutes, float)), 1.0), 1.0)[..., None]
    # Half-hours with the same share need the same agents.
    part, times = np.unique(share, return_counts=True)
    load = number[..., None] * part * handling / (60.0 * INTERVAL_MINUTES)
    seconds = np.broadcast_to(handling, load.shape).ravel().astype(np.int64)
    agents = agents_by_load(load.ravel(), seconds, target, patience).reshape(load.shape)
    return np.asarray((agents * times).sum(axis=-1) * (INTERVAL_MINUTES / 60.0))


def capacity_table(
    load: pd.DataFrame, inbound_hours: npt.ArrayLike, agents: npt.ArrayLike, centre: Centre
) -> pd.DataFrame:
    """Need against staff, month by month.

    `load`: from `workload`; `inbound_hours`: staffed hours (`inbound_staff_hours`); `agents`: on the payroll, one
    number or one a month. Columns month, inbound_hours, outbound_hours (of agents, after robots, idle time
    included), needed_agents (on the payroll, not rounded), agents, missing_agents (beyond overtime), overload
    (needed ÷ agents; above 1 + slack work is left undone), contacts_made (share of planned agent attempts made,
    inbound coming first: a caller is there already), robot_attempts, cost_assumed (overtime at the usual hour's
    cost). An hour needed is an office hour.
    """
    staff = np.broadcast_to(np.asarray(agents, float), (len(load),))
    if not (staff >= 0).all():
        raise ParameterError(
            "agents holds a value that is missing or below 0; give agents on the payroll by month"
        )
    inbound = np.broadcast_to(np.asarray(inbound_hours, float), (len(load),))
    outbound = load["outbound_hours"].to_numpy(float) * centre.agents_share / centre.outbound_occupancy
    most = staff * (1.0 + centre.slack)
    needed, spare = (inbound + outbound) / centre.hours_an_agent, most * centre.hours_an_agent - inbound
    with np.errstate(divide="ignore", invalid="ignore"):
        overload = np.where(needed > 0, needed / staff, 0.0)
        made = np.where(outbound > 0, np.clip(spare / outbound, 0.0, 1.0), 1.0)
    robots = load["attempts"].to_numpy(float) * centre.robot_share
    table = pd.DataFrame({"month": load["month"].to_numpy(), "inbound_hours": inbound, "outbound_hours": outbound})
    table = table.assign(needed_agents=needed, agents=staff, missing_agents=np.maximum(needed - most, 0.0))
    table = table.assign(overload=overload, contacts_made=made, robot_attempts=robots)
    return table.assign(cost_assumed=_cost(staff, np.clip(needed, staff, most), robots, centre))


def _cost(agents: Array, worked: Array, robots: Array, centre: Centre) -> Array:
    seat = centre.seat_cost * (1.0 - centre.remote_share * centre.remote_saving)
    return np.asarray(worked * centre.paid_hours * centre.hour_cost + agents * seat + robots * centre.robot_cost)


def changed(centre: Centre, options: Mapping[str, Mapping[str, float]]) -> dict[str, Centre]:
    """The centre `as it is`, first, and as each option would have it.

    `options`: name → changed fields of Centre, such as {"a third remote": {"remote_share": 0.33}}.
    """
    known = {field.name for field in fields(Centre)}
    found = {"as it is": centre}
    for name, changes in options.items():
        wrong = sorted(set(changes) - known)
        if wrong:
            raise ParameterError(f"option '{name}' changes {', '.join(wrong)}; use {', '.join(sorted(known))}")
        found[name] = replace(centre, **changes)
    return found


def compare_options(tables: Mapping[str, pd.DataFrame], centres: Mapping[str, Centre]) -> pd.DataFrame:
    """What other remote or robot shares would change, a row an option, the first being what they are held against.

    `tables`: capacity_table() of the months ahead by option; `centres`: changed(). Columns option, worst_overload,
    months_overloaded (needed above agents with their overtime), missing_agents (largest of a month),
    contacts_made (least of a month), cost_assumed (sum over the months), cost_change_assumed (÷ that of the
    first, − 1).
    """
    rows = [{"option": name} | _worst(table, centres[name].slack) for name, table in tables.items()]
    found = pd.DataFrame(rows)
    base = found["cost_assumed"].iloc[0]
    return found.assign(cost_change_assumed=found["cost_assumed"] / base - 1.0 if base > 0 else np.nan)


def _worst(table: pd.DataFrame, slack: float) -> dict[str, float]:
    return {
        "worst_overload": table["overload"].max(),
        "months_overloaded": months_short(table["overload"], slack),
        "missing_agents": table["missing_agents"].max(),
        "contacts_made": table["contacts_made"].min(),
        "cost_assumed": table["cost_assumed"].sum(),
    }


def months_short(overload: npt.ArrayLike, slack: float) -> int:
    """Months whose need exceeds the agents by more than overtime adds."""
    return int((np.asarray(overload) > (1.0 + slack) * (1.0 + 1e-9)).sum())


def cures_with_contacts(
    cure_rate: npt.ArrayLike, contacts_made: npt.ArrayLike, elasticity: float, unaided: float = 0.0
) -> Array:
    """Cure rate where only a share of planned contacts is made: cure × (u + (1 − u)·made^elasticity).

    `elasticity`: by what per cent worked cures fall where contacts fall by one per cent, 0 or more: an input, to
    be taken from an experiment and shown as one. `unaided` u: share of cures that would come without any contact,
    0 to 1. At made = 1 nothing changes. This closes the loop: fewer cures leave more accounts to be worked next
    month.
    """
    if not 0 <= elasticity < np.inf:
        raise ParameterError(
            f"elasticity is {elasticity}; it must be 0 or more: missing contacts don't speed cures"
        )
    alone = fraction("unaided", unaided)
    effect = alone + (1.0 - alone) * fraction("contacts_made", contacts_made) ** elasticity
    return np.asarray(fraction("cure_rate", cure_rate) * effect)
