"""Ways to reach customers: numbers that die while accounts are overdue, and how they are found again."""

from __future__ import annotations

import numpy as np

from analysis.data.simulate.population import Accounts
from analysis.data.simulate.state import Log, State, World
from analysis.data.simulate.tally import Tally

KINDS = ("mobile", "email", "postal", "reference")
SOURCES = ("application", "internal", "external")
MOBILE, EMAIL, POSTAL, REFERENCE = 1, 2, 3, 4
"""Number of each application point within its customer; repaired ones count from 11."""
HELD = (1.0, 0.45, 0.90, 0.55)
"""share of customers who gave each kind at application"""


def application_points(
    accounts: Accounts, customers: int, rng: np.random.Generator, log: Log
) -> tuple[np.ndarray, np.ndarray]:
    """Points given at application; returns who has an email address and who a reference."""
    opened = np.full(customers, np.iinfo(np.int64).max)
    np.minimum.at(opened, accounts.customer, accounts.opened_day)
    has = rng.random((customers, len(HELD))) < np.array(HELD)
    for kind in range(len(KINDS)):
        who = np.flatnonzero(has[:, kind])
        log.add(customer=who, number=kind + 1, kind=kind, source=0, added=opened[who], cost=np.nan)
    return has[:, 1], has[:, 3]


def lose_at_entry(state: State, who: np.ndarray, world: World, rng: np.random.Generator) -> None:
    """A number may turn out dead when a spell begins."""
    customer = np.unique(state.accounts.customer[who])
    dead = customer[rng.random(len(customer)) < world.parameters.contact.dead_at_entry]
    state.dead[dead] = True


def lose(state: State, who: np.ndarray, world: World, rng: np.random.Generator) -> None:
    """Numbers die while accounts are overdue, soonest among the unwilling."""
    chance = np.array(world.parameters.contact.death)[state.cause[who]]
    state.dead[state.accounts.customer[who[rng.random(len(who)) < chance]]] = True


def repair(
    state: State, who: np.ndarray, t: int, world: World, rng: np.random.Generator, log: Log, tally: Tally | None
) -> None:
    """Search for customers known to be lost; what is found is a new number of internal or external source."""
    c, clock = world.parameters.contact, world.clock
    lost = np.unique(state.accounts.customer[who])
    lost = lost[state.known_dead[lost]]
    draw = rng.random(len(lost))
    inside = draw < c.repair_internal
    outside = ~inside & (draw < c.repair_internal + c.repair_external)
    found = inside | outside
    if tally is not None and len(lost):
        tally.add("repair", np.array([len(lost), inside.sum(), outside.sum()], dtype=float))
    who = lost[found]
    if not len(who):
        return
    mean = np.where(inside[found], c.repair_cost_internal, c.repair_cost_external)
    state.points[who] += 1
    state.point[who] = state.points[who]
    state.dead[who], state.known_dead[who] = False, False
    log.add(
        customer=who,
        number=state.points[who],
        kind=0,
        source=np.where(inside[found], 1, 2),
        added=np.full(len(who), clock.starts[t]),
        cost=np.round(mean * rng.gamma(4, 0.25, len(who)), 2),
    )


def discover_unseen(state: State, who: np.ndarray, day: int, log: Log) -> None:
    """Before the months written no attempts are simulated: dead numbers are found at the month's end."""
    lost = np.unique(state.accounts.customer[who])
    lost = lost[state.dead[lost] & ~state.known_dead[lost]]
    if len(lost):
        log.add(customer=lost, number=state.point[lost], day=np.full(len(lost), day))
        state.known_dead[lost] = True


def death_days(points: dict[str, np.ndarray], deaths: dict[str, np.ndarray]) -> np.ndarray:
    """Day on which each point was found dead, or -1; `deaths` names points by customer and number."""
    day = np.full(len(points["customer"]), -1, dtype=np.int64)
    key = points["customer"] * 1000 + points["number"]
    order = np.argsort(key)
    found = order[np.searchsorted(key[order], deaths["customer"] * 1000 + deaths["number"])]
    day[found] = deaths["day"]
    return day
