"""Arrow tables of collections work: contacts, treatments, complaints, disposals."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.data.simulate.arrow import days, ids, labels, moments, numbers, whole
from analysis.data.simulate.block import Block
from analysis.data.simulate.clock import EPOCH
from analysis.data.simulate.contacts import OUTCOMES, REASONS, VISIT
from analysis.data.simulate.parameters_work import AGENCIES, CHANNELS, ROUTES
from analysis.data.simulate.place import Place
from analysis.data.simulate.state import World
from analysis.data.simulate.treatments import ARMS, EXPERIMENTS, KINDS, UNITS

UTC_OFFSET = 480
LAST_SECOND = 86_399


def running_number(account: np.ndarray) -> np.ndarray:
    """1, 2, 3 … within each run of equal accounts."""
    if not len(account):
        return np.zeros(0, dtype=np.int64)
    start = np.flatnonzero(np.concatenate([[True], account[1:] != account[:-1]]))
    return np.arange(len(account)) - np.repeat(start, np.diff(np.append(start, len(account)))) + 1


def numbered(prefix: str, account: np.ndarray, digits: int, place: Place) -> pa.Array:
    """Ids that follow from the account and a running number within it; `account` must be sorted."""
    number = (place.first_account + 1 + account.astype(np.int64)) * 10**digits + running_number(account)
    return ids(prefix, number, place.width + digits)


def contacts_table(block: Block, place: Place, world: World) -> tuple[pa.Table, pa.Array]:
    """Contacts by account and time; also the contact id of each row of the block's log."""
    log = block.logs.contacts.joined()
    order = np.argsort(log["account"].astype(np.int64) * (1 << 40) + log["second"], kind="stable")
    c = {name: column[order] for name, column in log.items()}
    contact_id = numbered("K", c["account"], 4, place)
    customer = place.first_customer + 1 + block.accounts.customer[c["account"]].astype(np.int64)
    point = ids("P", customer * 1000 + c["point"], place.width + 3)
    recording = (c["duration"] > 0) & (c["channel"] != VISIT)
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    table = pa.table(
        {
            "contact_id": contact_id,
            "account_id": place.accounts(c["account"]),
            "contact_point_id": blank(point, c["point"] < 0),
            "at": moments(c["second"]),
            "utc_offset_minutes": whole(np.full(len(order), UTC_OFFSET)),
            "channel": labels(c["channel"], CHANNELS),
            "direction": labels(c["inbound"], ("outbound", "inbound")),
            "party": labels(c["third"], ("debtor", "third_party")),
            "staff": whole(np.full(len(order), 2), c["channel"] != VISIT),
            "agent_id": labels(c["agent"], agent_names(world)),
            "agency": labels(c["agency"], AGENCIES),
            "duration_seconds": numbers(c["duration"]),
            "recording_id": blank(numbered("R", c["account"], 4, place), ~recording),
            "outcome": labels(c["outcome"], OUTCOMES),
            "reason": labels(c["reason"], REASONS),
            "promised_amount": numbers(c["amount"]),
            "promised_on": days(c["promised"], c["promised"] < 0),
            "script": labels(c["script"], ("script_a", "script_b")),
        }
    )
    return table, contact_id.take(pa.array(back))


def blank(values: pa.Array, where: np.ndarray) -> pa.Array:
    """The values, null where told."""
    return pc.if_else(pa.array(where), pa.scalar(None, values.type), values)


def agent_names(world: World) -> list[str]:
    return [f"G{number:04d}" for number in range(1, len(world.skill) + 1)]


def treatments_table(block: Block, place: Place) -> pa.Table:
    log = block.logs.treatments.joined()
    order = np.lexsort((log["treatment"], log["day"], log["account"]))
    c = {name: column[order] for name, column in log.items()}
    arms = [f"{e}.{a}" for e, group in enumerate(ARMS) for a in group]
    first = np.cumsum([0, *(len(group) for group in ARMS[:-1])])
    arm = np.where(c["arm"] < 0, -1, first[np.maximum(c["experiment"], 0)] + c["arm"])
    ended = spell_end_days(block)[c["spell"]]
    ended = np.where((c["spell"] < 0) | (ended < 0), -1, np.maximum(ended, c["day"]))
    return pa.table(
        {
            "treatment_id": numbered("T", c["account"], 3, place),
            "account_id": place.accounts(c["account"]),
            "decided_at": days(c["day"]),
            "started_on": days(c["day"]),
            "ended_on": days(ended, ended < 0),
            "treatment": labels(c["treatment"], KINDS),
            "agency": labels(c["agency"], AGENCIES),
            "experiment_id": labels(c["experiment"], EXPERIMENTS),
            "unit": labels(c["experiment"], UNITS),
            "arm": labels(arm, [name.split(".")[1] for name in arms]).cast(pa.string()),
            "randomised": pa.array(c["randomised"] == 1, mask=c["randomised"] < 0),
            "probability": numbers(c["probability"]),
            "assignment_score": numbers(c["score"]),
            "cutoff": numbers(c["cutoff"]),
            "cost": numbers(c["cost"]),
            "deferral_months": whole(c["deferral"]),
            "extension_months": whole(c["extension"]),
            "rate_after": numbers(c["rate_after"]),
            "forgiven": numbers(c["forgiven"]),
        }
    )


def spell_end_days(block: Block) -> np.ndarray:
    """Last day of each spell, -1 while it runs; one blank more, so that spell -1 finds it."""
    ends = block.logs.spell_ends.joined()
    highest = max(int(block.logs.treatments.joined()["spell"].max(initial=0)), int(ends["spell"].max(initial=0)))
    day = np.full(highest + 2, -1, dtype=np.int64)
    day[ends["spell"]] = ends["day"]
    return day


def complaints_table(block: Block, place: Place, world: World, contact_ids: pa.Array) -> pa.Table:
    log = block.logs.complaints.joined()
    order = np.lexsort((log["second"], log["account"]))
    c = {name: column[order] for name, column in log.items()}
    end = int(world.clock.ends[-1]) * 86_400 + LAST_SECOND
    at = np.minimum(c["second"], end)
    answered, resolved = np.maximum(c["responded"], at), np.maximum(c["resolved"], at)
    return pa.table(
        {
            "complaint_id": numbered("Q", c["account"], 3, place),
            "account_id": place.accounts(c["account"]),
            "contact_id": contact_ids.take(pa.array(c["contact"].astype(np.int64))),
            "agency": labels(c["agency"], AGENCIES),
            "at": moments(at),
            "category": labels(c["category"], world.parameters.complaints.categories),
            "responded_at": moments(answered, answered > end),
            "resolved_at": moments(resolved, resolved > end),
            "satisfaction": whole(c["rating"], resolved > end),
        }
    )


def disposals_table(block: Block, place: Place, world: World) -> pa.Table:
    log, closings = block.logs.disposals.joined(), block.logs.closings.joined()
    count = block.logs.disposals.rows
    ended, proceeds, cost = np.full(count, -1), np.full(count, np.nan), np.full(count, np.nan)
    ended[closings["row"]] = closings["day"]
    proceeds[closings["row"]], cost[closings["row"]] = closings["proceeds"], closings["cost"]
    keep = (ended < 0) | (ended >= world.clock.starts[world.clock.burn_in])
    order = np.lexsort((log["start"], log["account"]))
    order = order[keep[order]]
    c = {name: column[order] for name, column in log.items()}
    ended = ended[order]
    lots = lot_names(world)
    lot = np.where(c["lot"] < 0, -1, 2 * c["lot"] + (c["route"] == ROUTES.index("abs")))
    return pa.table(
        {
            "disposal_id": numbered("D", c["account"], 2, place),
            "account_id": place.accounts(c["account"]),
            "lot_id": labels(lot, lots),
            "route": labels(c["route"], ROUTES),
            "started_on": days(c["start"]),
            "ended_on": days(ended, ended < 0),
            "balance": numbers(c["balance"]),
            "appraisal": numbers(c["appraisal"]),
            "proceeds": numbers(proceeds[order]),
            "cost": numbers(cost[order]),
        }
    )


def lot_names(world: World) -> list[str]:
    """Lot of each month index, of sales and of securitisations."""
    months = [EPOCH + timedelta(days=int(end)) for end in world.clock.ends]
    return [f"{kind}-{month:%Y-%m}" for month in months for kind in ("sale", "abs")]
