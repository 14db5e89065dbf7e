"""After charge-off: voluntary payments, routes of recovery, bulk sales, and giving up."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from analysis.core.states import PRODUCTS
from analysis.data.simulate.balances import cents
from analysis.data.simulate.drivers import Drivers
from analysis.data.simulate.parameters_work import ROUTES
from analysis.data.simulate.state import CHARGED_OFF, CLOSED, SOLD, Log, State, World
from analysis.data.simulate.tally import Tally
from analysis.data.simulate.treatments import hidden

LITIGATION, PAYMENT_ORDER, AUCTION, SALE, ABS, SETTLEMENT = range(len(ROUTES))
HORIZON = 24
"""Months after charge-off over which recovery is told."""


def charge(state: State, who: np.ndarray, t: int, world: World, rng: np.random.Generator) -> None:
    """Book claims that were charged off this month and plan how they will be worked."""
    claims = world.parameters.claims
    state.written_off[who] = state.balance[who]
    state.recovered[who] = 0.0
    secured = state.collateral[who] > 0
    shares = np.where(secured[:, None], np.array(claims.route_secured), np.array(claims.route_unsecured))
    edges = np.cumsum(shares, axis=1)
    route = (rng.random(len(who))[:, None] > edges).sum(axis=1)
    state.route[who] = np.where(route == len(ROUTES), -1, route)
    state.route_start[who] = t + 1 + rng.poisson(claims.route_wait, len(who))
    mean = np.array(claims.duration)[np.maximum(state.route[who], 0)]
    state.route_end[who] = state.route_start[who] + 1 + rng.poisson(np.maximum(mean - 1, 0))
    state.disposal_row[who] = -1


def work_claims(
    state: State,
    t: int,
    world: World,
    drivers: Drivers,
    rng: np.random.Generator,
    disposals: Log,
    closings: Log,
    tally: Tally | None,
) -> None:
    """One month of all claims charged off before this month."""
    who = np.flatnonzero((state.status == CHARGED_OFF) & (state.charged_off_at < t))
    state.paid[who], state.due[who], state.interest[who], state.spend[who] = 0.0, 0.0, 0.0, 0.0
    state.missed[who] += 1
    volunteer(state, who, t, world, drivers, rng)
    begin_routes(state, who[state.route_start[who] == t], t, world, disposals)
    finish_routes(
        state, who[(state.route_end[who] == t) & (state.disposal_row[who] >= 0)], t, world, rng, closings
    )
    sell(state, who, t, world, rng, disposals, closings)
    gone = who[
        (state.status[who] == CHARGED_OFF) & (t - state.charged_off_at[who] >= world.parameters.claims.give_up)
    ]
    state.status[gone] = CLOSED
    state.balance[gone] = 0.0
    state.recovered[who] += state.paid[who]
    if tally is not None:
        count_recovery(state, who, t, world, tally)


def count_recovery(state: State, who: np.ndarray, t: int, world: World, tally: Tally) -> None:
    """Cash within two years of charge-off, by product, for claims whose two years lie in the window."""
    inside = state.charged_off_at[who] >= world.clock.burn_in
    young = who[inside & (t - state.charged_off_at[who] <= HORIZON)]
    full = young[state.charged_off_at[young] + HORIZON <= world.clock.total - 1]
    first = full[state.charged_off_at[full] == t - 1]
    size = len(PRODUCTS)
    cash = np.bincount(state.accounts.product[full], weights=state.paid[full], minlength=size)
    claim = np.bincount(state.accounts.product[first], weights=state.written_off[first], minlength=size)
    tally.add("recovery", np.stack([claim, cash], axis=-1))


def receive(state: State, who: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Take cash on claims, never more than is owed; returns what was taken."""
    taken = cents(np.clip(amount, 0.0, state.balance[who]))
    state.paid[who] = cents(state.paid[who] + taken)
    state.balance[who] = cents(state.balance[who] - taken)
    return taken


def volunteer(
    state: State, who: np.ndarray, t: int, world: World, drivers: Drivers, rng: np.random.Generator
) -> None:
    c = world.parameters.claims
    age = t - state.charged_off_at[who]
    effect = np.array(world.parameters.strategies.agency_effect)[state.agency[who]]
    chance = c.pay * np.exp(-(age - 1) / c.pay_months + drivers.claim[t] + effect)
    pays = who[(rng.random(len(who)) < chance) & (state.balance[who] > 1)]
    receive(state, pays, state.balance[pays] * rng.uniform(c.pay_low, c.pay_high, len(pays)))


def begin_routes(state: State, who: np.ndarray, t: int, world: World, disposals: Log) -> None:
    """Open the disposals planned at charge-off."""
    who = who[state.route[who] >= 0]
    if not len(who):
        return
    appraisal = np.where(state.route[who] == AUCTION, state.collateral[who], np.nan)
    state.disposal_row[who] = disposals.add(
        account=who,
        route=state.route[who],
        lot=-1,
        start=np.full(len(who), world.clock.starts[t] + 4),
        balance=state.balance[who],
        appraisal=appraisal,
    )


def finish_routes(
    state: State, who: np.ndarray, t: int, world: World, rng: np.random.Generator, closings: Log
) -> None:
    """End disposals: proceeds where successful; a settlement closes the account and forgives the rest."""
    if not len(who):
        return
    c, route, claim = world.parameters.claims, state.route[who], state.balance[who].copy()
    won = rng.random(len(who)) < np.array(c.success)[route]
    share = rng.uniform(np.array(c.proceeds_low)[route], np.array(c.proceeds_high)[route])
    base = np.where(route == AUCTION, state.collateral[who], claim)
    taken = receive(state, who, won * share * base)
    settled = who[won & (route == SETTLEMENT)]
    close(closings, state, who, t, taken, np.array(c.cost)[route] * claim, world)
    state.status[settled] = CLOSED
    state.balance[settled] = 0.0
    state.disposal_row[who], state.route[who] = -1, -1


def close(
    closings: Log, state: State, who: np.ndarray, t: int, taken: np.ndarray, cost: np.ndarray, world: World
) -> None:
    closings.add(
        row=state.disposal_row[who],
        day=np.full(len(who), world.clock.ends[t] - 2),
        proceeds=taken,
        cost=np.round(cost, 2),
    )


def sell(
    state: State,
    who: np.ndarray,
    t: int,
    world: World,
    rng: np.random.Generator,
    disposals: Log,
    closings: Log,
) -> None:
    """Twice a year older claims that nobody works are put into lots and sold; ABS lots are kept apart."""
    c = world.parameters.claims
    if world.clock.year_month[t] not in c.sale_months:
        return
    ready = (state.status[who] == CHARGED_OFF) & (state.disposal_row[who] < 0) & (state.balance[who] > 1)
    ready &= t - state.charged_off_at[who] >= c.sale_age
    who = who[ready & (state.paid[who] == 0)]
    selection = world.parameters.hardness.sale_selection * hidden(state, who)
    edge_sale = expit(logit(c.sale) + selection)
    draw = rng.random(len(who))
    route = np.where(draw < edge_sale, SALE, np.where(draw < edge_sale + c.abs, ABS, -1))
    who, route = who[route >= 0], route[route >= 0]
    if not len(who):
        return
    claim = state.balance[who].copy()
    share = rng.uniform(np.array(c.proceeds_low)[route], np.array(c.proceeds_high)[route])
    state.disposal_row[who] = disposals.add(
        account=who,
        route=route,
        lot=np.full(len(who), t),
        start=np.full(len(who), world.clock.ends[t] - 20),
        balance=claim,
        appraisal=np.nan,
    )
    taken = receive(state, who, share * claim)
    close(closings, state, who, t, taken, np.array(c.cost)[route] * claim, world)
    state.status[who], state.balance[who], state.disposal_row[who] = SOLD, 0.0, -1
