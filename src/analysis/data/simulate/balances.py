"""Cash and balances.

While an account is open, and in the month of its charge-off,

    balance = previous balance + spend + interest − amount paid,

all rounded to the cent. Interest is a twelfth of the yearly rate on the previous balance for loans, and on the
previous balance less what was paid in the month for cards. After charge-off no interest runs, and
balance = previous balance − amount paid until the account is sold or given up.
"""

from __future__ import annotations

import numpy as np

from analysis.data.simulate.behaviour import BACK, CURES, ENTERS, LEAVES, PAYS, ROLLS, STAYS
from analysis.data.simulate.drivers import Drivers
from analysis.data.simulate.state import CLOSED, OPEN, PAID_OFF, State, World


def cents(amount: np.ndarray) -> np.ndarray:
    return np.rint(amount * 100) / 100


def annuity(amount: np.ndarray, rate: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Level monthly payment that repays `amount` in `months` at the yearly `rate`."""
    monthly = rate / 12
    return amount * monthly / (1 - (1 + monthly) ** -months)


def open_accounts(state: State, who: np.ndarray, t: int, rng: np.random.Generator) -> None:
    """Start accounts: loans at what amortisation has left of them, cards at their usual use."""
    a = state.accounts
    card = a.product[who] == 0
    age = np.maximum(t - a.opened[who], 0)
    term = np.maximum(a.term[who], age + 1)
    monthly = a.rate[who] / 12
    state.instalment[who] = np.where(card, 0.0, cents(annuity(a.amount[who], a.rate[who], a.term[who])))
    left = (1 - (1 + monthly) ** -(term - age)) / (1 - (1 + monthly) ** -term)
    used = np.where(age > 0, a.utilisation[who] * np.clip(rng.normal(1, 0.15, len(who)), 0.5, 1.3), 0.05)
    state.balance[who] = cents(a.amount[who] * np.where(card, np.minimum(used, 0.98), left))
    state.spend[who] = np.where(card & (age == 0), state.balance[who], 0.0)
    state.status[who] = OPEN


def charge_due(state: State, t: int, world: World) -> None:
    """Interest and the amount due this month, before anyone pays."""
    money, a = world.parameters.money, state.accounts
    open_now = (state.status == OPEN) & (a.opened < t)
    card = a.product == 0
    minimum = np.minimum(state.balance, np.maximum(money.minimum_amount, money.minimum_share * state.balance))
    state.interest = np.where(open_now & ~card, cents(state.balance * state.rate / 12), 0.0)
    instalment = np.minimum(state.instalment, state.balance + state.interest)
    state.due = np.where(open_now, cents(np.where(card, minimum, instalment)), 0.0)
    state.due[state.deferred_until >= t] = 0.0


def pay(state: State, t: int, world: World, rng: np.random.Generator, outcome: np.ndarray) -> None:
    """Cash by what each account did; arrears follow."""
    a = state.accounts
    card = a.product == 0
    owed = state.balance + state.interest
    usual = np.where(card, np.maximum(state.due, a.pay_share * state.balance), state.due)
    paid = np.where(outcome == PAYS, usual, 0.0)
    paid[outcome == LEAVES] = owed[outcome == LEAVES]
    cures = np.flatnonzero(outcome == CURES)
    paid[cures] = np.where(state.relief[cures], state.due[cures], state.arrears[cures] + state.due[cures])
    part = state.due * (1 + np.where(outcome == BACK, 1.0, 0.0))
    slow = (outcome == STAYS) | (outcome == BACK)
    paid[slow] = np.minimum(part, np.maximum(owed - 1.0, 0.0))[slow]
    rolls = np.flatnonzero(outcome == ROLLS)
    bit = (rng.random(len(rolls)) < world.parameters.roll.partial) * rng.uniform(0.1, 0.6, len(rolls))
    paid[rolls] = bit * state.due[rolls]
    state.paid = cents(np.minimum(paid, owed))
    behind = np.isin(outcome, (ENTERS, STAYS, BACK, ROLLS))
    state.arrears = np.where(behind, np.maximum(state.arrears + state.due - state.paid, 0.01), 0.0)


def post(state: State, t: int, world: World, drivers: Drivers, rng: np.random.Generator) -> None:
    """Card interest and spending, then the new balance."""
    a = state.accounts
    live = (state.status == OPEN) & (a.opened < t)
    card = live & (a.product == 0)
    carried = np.maximum(state.balance - state.paid, 0.0)
    state.interest = np.where(card, cents(carried * state.rate / 12), state.interest)
    state.spend = card_spending(state, card, t, world, drivers, carried + state.interest, rng)
    accrued = np.where(
        card,
        np.maximum(state.accrued - state.paid, 0) + state.interest,
        np.maximum(state.accrued + state.interest - state.paid, 0),
    )
    balance = cents(state.balance + state.spend + state.interest - state.paid)
    state.balance = np.where(live, np.maximum(balance, 0.0), state.balance)
    state.accrued = np.where(live, np.minimum(cents(accrued), state.balance), state.accrued)


def card_spending(
    state: State,
    card: np.ndarray,
    t: int,
    world: World,
    drivers: Drivers,
    before: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Spending that keeps a card near its usual use, less in distress, a little while one payment is missed."""
    p, a = world.parameters, state.accounts
    steady = a.utilisation * a.amount * (a.pay_share - state.rate / 12 * (1 - a.pay_share))
    noise = np.exp(p.money.spend_noise * rng.standard_normal(state.n))
    level = np.where(state.missed == 0, 1.0, np.where(state.missed == 1, p.money.spend_overdue, 0.0))
    level = level * np.exp(-p.distress.spend_decay * state.distressed)
    pull = 0.10 * (a.utilisation * a.amount - before)
    wanted = np.maximum(steady + pull, 0.2 * steady) * noise * level * drivers.spend[t]
    spend = np.clip(wanted, 0.0, np.maximum(a.amount - before, 0.0))
    return np.where(card, cents(spend), 0.0)


def settle(state: State, outcome: np.ndarray) -> np.ndarray:
    """Close what was paid in full; returns the indices that left."""
    card = state.accounts.product == 0
    leaves = (outcome == LEAVES) & (state.status == OPEN)
    state.balance[leaves], state.spend[leaves], state.accrued[leaves] = 0.0, 0.0, 0.0
    state.interest[leaves & card] = 0.0
    done = (state.status == OPEN) & ~card & (state.balance < 0.005) & (outcome != 0)
    gone = np.flatnonzero(done | leaves)
    state.status[gone] = np.where(card[gone], CLOSED, PAID_OFF)
    state.missed[gone], state.arrears[gone] = 0, 0.0
    return gone


def apply_relief(state: State, who: np.ndarray, t: int, world: World) -> None:
    """Relief takes hold with the first payment: arrears are added to what is repaid over the longer term."""
    if not len(who):
        return
    a, s = state.accounts, world.parameters.strategies
    deferred = np.isin(a.product[who], (0, 3))
    state.deferred_until[who[deferred]] = t + 2
    extended = who[~deferred]
    state.rate[extended] = np.round(state.rate[extended] * s.relief_rate, 4)
    left = np.maximum(a.term[extended] - (t - a.opened[extended]), 1) + state.extension[extended]
    state.instalment[extended] = cents(annuity(state.balance[extended], state.rate[extended], left))
