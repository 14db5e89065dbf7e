"""Who misses a payment, who cures, who rolls: one month of monthly hazards."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from analysis.core.states import PRODUCTS
from analysis.data.simulate.drivers import Drivers
from analysis.data.simulate.parameters import REGIONS, Distress, Entry
from analysis.data.simulate.state import CHARGED_OFF, HORIZONS, OPEN, State, Trial, World
from analysis.data.simulate.tally import Tally

IDLE, PAYS, ENTERS, CURES, STAYS, BACK, ROLLS, LEAVES = range(8)
"""What an account did in the month; `PAYS` is a current account paying what is due, `LEAVES` pays all."""

SINCE_CURE_MAX = 60
RELAPSE_MONTHS = 12
"""Months current in which the chance of falling back is told."""
SMALLEST_OVERDUE = 500.0
"""Balance below which no one falls behind, CNY."""
DISTRESS_STAYS_AFTER_CURE = 0.3


def seasoning(e: Entry) -> np.ndarray:
    """Log-odds by age of account in months, 0 … 200."""
    ages, values = zip(*e.seasoning, strict=True)
    return np.interp(np.arange(201), ages, values)


def entry_log_odds_now(state: State, t: int, world: World, drivers: Drivers) -> np.ndarray:
    """Log-odds of missing this month's payment, for all accounts, meaningful for current ones."""
    e, a = world.parameters.entry, state.accounts
    age = np.clip(t - a.opened, 0, 200)
    relapse = e.redefault * np.exp(-np.arange(SINCE_CURE_MAX + 1) / e.redefault_months)
    odds = state.entry_base + np.array(list(e.model.values()))[state.model] + seasoning(e)[age]
    odds += drivers.entry[t][state.customers.industry[a.customer]] + relapse[state.since_cure]
    odds += e.distress * np.clip((state.distressed - 1) / 2, 0.0, 1.0)
    odds[a.product == PRODUCTS.index("mortgage")] += drivers.house[t]
    cards = a.product == 0
    odds[cards] += e.utilisation * (np.minimum(state.balance[cards] / a.amount[cards], 1.2) - 0.5)
    return odds


def advance_current(
    state: State,
    t: int,
    world: World,
    drivers: Drivers,
    rng: np.random.Generator,
    outcome: np.ndarray,
    tally: Tally | None,
) -> np.ndarray:
    """Move current accounts on; returns the indices of those that became overdue."""
    p = world.parameters
    current = (state.status == OPEN) & (state.accounts.opened < t) & (state.missed == 0)
    update_distress(state, current, p.distress, rng)
    outcome[current] = PAYS
    exposed = current & (state.due > 0) & (state.balance > SMALLEST_OVERDUE) & (state.deferred_until < t)
    probability = expit(entry_log_odds_now(state, t, world, drivers))
    enters = exposed & (rng.random(state.n) < probability)
    outcome[enters] = ENTERS
    if tally is not None:
        who = np.flatnonzero(exposed)
        cells = (np.full(len(who), t - world.clock.burn_in), state.accounts.product[who])
        tally.count("entry", (world.clock.months, len(PRODUCTS)), cells, probability[who], enters[who])
        recent = np.flatnonzero(current & (state.since_cure < RELAPSE_MONTHS))
        cells = (np.full(len(recent), t - world.clock.burn_in), state.since_cure[recent])
        chance = probability * exposed
        tally.count("relapse", (world.clock.months, RELAPSE_MONTHS), cells, chance[recent], enters[recent])
    leave = leaving_probability(state, world)
    leaves = current & ~enters & (rng.random(state.n) < leave)
    outcome[leaves] = LEAVES
    state.since_cure[current] = np.minimum(state.since_cure[current] + 1, SINCE_CURE_MAX)
    return np.flatnonzero(enters)


def update_distress(state: State, current: np.ndarray, d: Distress, rng: np.random.Generator) -> None:
    """Onset, growth and end of the hidden distress of current accounts."""
    draw = rng.random(state.n)
    onset = d.onset * np.exp(state.customers.frailty[state.accounts.customer])
    in_it = state.distressed > 0
    ends = current & in_it & (draw < d.recovery)
    starts = current & ~in_it & (draw < onset)
    state.distressed[in_it] += 1
    state.distressed[ends] = 0
    state.distressed[starts] = 1


def leaving_probability(state: State, world: World) -> np.ndarray:
    """Probability a month of paying all and leaving, for current accounts."""
    money, hard = world.parameters.money, world.parameters.hardness
    chance = np.array(list(money.prepay.values()))
    chance[0] = money.close
    chance = chance[state.accounts.product]
    if hard.close_selection:
        chance = chance * np.exp(-hard.close_selection * state.accounts.difficulty)
    return chance


def cure_log_odds(state: State, who: np.ndarray, t: int, world: World, drivers: Drivers) -> np.ndarray:
    """Log-odds of cure this month for overdue accounts `who` that can cure, without the arms of trials."""
    p, a = world.parameters, state.accounts
    c, s, customer = p.cure, p.strategies, a.customer[who]
    month = state.spell_month[who] + 1
    early = month <= s.effect_months
    odds = np.array(c.missed)[np.minimum(state.missed[who], 7) - 1]
    odds = odds + np.array(list(c.product.values()))[a.product[who]] + np.array(p.cause.cure)[state.cause[who]]
    odds += drivers.cure[t][state.customers.industry[customer]]
    fixed = (
        c.debt_ratio * (state.customers.debt_ratio[customer] - 0.35)
        + c.income_volatility * (state.customers.income_volatility[customer] - 0.25)
        + c.urban * state.customers.urban[customer]
        + contact_log_odds(state, who, world)
    )
    odds += fixed * (1 - c.fading) ** (month - 1) - c.frailty * a.difficulty[who]
    odds += early * (state.handling_effect[who] + c.delay * state.delay_acting[who])
    odds += s.relief_effect * state.relief[who]
    odds += state.placed[who] * np.array(s.agency_effect)[state.agency[who]]
    return odds + rollout_effect(state, who, t, world)


def contact_log_odds(state: State, who: np.ndarray, world: World) -> np.ndarray:
    """Log-odds that last month's conversation adds: of contact, of a promise, and of the agent's skill."""
    c = world.parameters.cure
    return c.contact * state.contacted[who] + c.promise * state.promised[who] + c.skill * state.skill[who]


def rollout_effect(state: State, who: np.ndarray, t: int, world: World) -> np.ndarray:
    """Log-odds of the digital desk in the customer's region, rising over three months from its adoption."""
    since = t - adoption_month(world)[state.customers.region[state.accounts.customer[who]]]
    return world.parameters.strategies.rollout_effect * np.clip((since + 1) / 3, 0, 1)


def adoption_month(world: World) -> np.ndarray:
    """Month index in which each region adopts the digital desk; far in the future where it never does."""
    book, s = world.parameters.book, world.parameters.strategies
    last = world.clock.total - 1
    return np.array([last - s.rollout[r] + 1 if r in s.rollout else 10**6 for r in REGIONS[: len(book.regions)]])


def active_effect(trial: Trial, who: np.ndarray, t: int) -> np.ndarray:
    """Log-odds that the drawn arm adds this month; zero without a trial or after its months of effect."""
    arm = trial.arm[who]
    active = (trial.kind[who] >= 0) & (t - trial.start[who] <= trial.months)
    return np.where(active, trial.effects[who, np.maximum(arm, 0)], 0.0)


def follow_trial(
    trial: Trial, who: np.ndarray, t: int, odds: np.ndarray, can_cure: np.ndarray, cured: np.ndarray
) -> None:
    """Add this month's expected cures under every arm; `odds` are those of the arms really drawn."""
    inside = (trial.kind[who] >= 0) & (t - trial.start[who] <= HORIZONS[-1])
    who, odds, can_cure, cured = who[inside], odds[inside], can_cure[inside], cured[inside]
    if not len(who):
        return
    month = t - trial.start[who]
    active = (month <= trial.months)[:, None]
    other = odds - active_effect(trial, who, t)
    chance = expit(other[:, None] + active * trial.effects[who]) * can_cure[:, None]
    real = expit(odds) * can_cure
    counted = month[:, None] <= np.array(HORIZONS)
    trial.cured[who] += (trial.weight[who] * chance)[:, :, None] * counted[:, None, :]
    trial.weight[who] *= (1 - chance) / (1 - real)[:, None]
    trial.factual[who] += cured[:, None] * counted


def advance_overdue(
    state: State,
    t: int,
    world: World,
    drivers: Drivers,
    rng: np.random.Generator,
    outcome: np.ndarray,
    tally: Tally | None,
) -> None:
    """Cure, stay, roll back or roll forward for accounts overdue at the month's start."""
    who = np.flatnonzero((state.status == OPEN) & (state.missed > 0))
    odds = cure_log_odds(state, who, t, world, drivers)
    odds += active_effect(state.trial, who, t) + active_effect(state.flow, who, t)
    can = ~state.never[who]
    chance = expit(odds) * can
    cured = rng.random(len(who)) < chance
    if tally is not None:
        cells = (state.accounts.product[who], np.minimum(state.missed[who], 8) - 1)
        tally.count("cure", (len(PRODUCTS), 8), cells, can, chance, cured)
        tally.count("cure_by_month", (24,), (np.minimum(state.spell_month[who], 23),), can, chance, cured)
        spoken = who[can & state.contacted[who]]
        effect = contact_log_odds(state, spoken, world)
        none = np.zeros(len(spoken), dtype=int)
        tally.count("contacted", (1,), (none,), effect, state.promised[spoken])
    follow_trial(state.trial, who, t, odds, can, cured)
    follow_trial(state.flow, who, t, odds, can, cured)
    outcome[who] = ROLLS
    partial_payments(state, who, world, drivers.roll[t], rng, outcome)
    outcome[who[cured]] = CURES
    state.spell_month[who] += 1


def partial_payments(
    state: State, who: np.ndarray, world: World, macro: float, rng: np.random.Generator, outcome: np.ndarray
) -> None:
    """Of those overdue, mark who pays one instalment and who pays two."""
    r, never = world.parameters.roll, state.never[who]
    shift = np.exp(macro + r.contact * state.contacted[who])
    stay = np.where(never, r.stay_never, r.stay) * shift
    back = np.where(never | (state.missed[who] < 2), 0.0, r.back) * shift
    total = 1 + stay / (1 - r.stay) + back / (1 - r.back)
    draw = rng.random(len(who)) * total
    outcome[who[draw < stay / (1 - r.stay)]] = STAYS
    rolled = (draw >= stay / (1 - r.stay)) & (draw < total - 1)
    outcome[who[rolled]] = BACK


def charge_off(state: State, t: int, world: World, drivers: Drivers, rng: np.random.Generator) -> np.ndarray:
    """Indices charged off this month: by days past due, or early by death, fraud or bankruptcy."""
    r, clock = world.parameters.roll, world.clock
    who = np.flatnonzero((state.status == OPEN) & (state.missed > 0))
    days = clock.behind[t, state.missed[who]] - state.accounts.due_day[who]
    limit = np.array(list(world.parameters.book.charge_off_days.values()))[state.accounts.product[who]]
    chance = expit(r.early_charge_off + drivers.early[t]) * (state.missed[who] >= 2)
    gone = who[(days >= limit) | (rng.random(len(who)) < chance)]
    state.status[gone] = CHARGED_OFF
    state.charged_off_at[gone] = t
    return gone
