"""Attempts to reach overdue customers, and what comes of them.

What is reached in one month acts on cure in the next: `state.contacted`, `promised` and `skill` are set here for
the coming month and depend on no outcome of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from analysis.data.simulate.behaviour import CURES, ENTERS
from analysis.data.simulate.parameters_work import CHANNELS, HOURS, Contact
from analysis.data.simulate.points import EMAIL, REFERENCE
from analysis.data.simulate.spells import due_date
from analysis.data.simulate.state import CHARGED_OFF, OPEN, Log, State, World
from analysis.data.simulate.tally import Tally

OUTCOMES = (
    "no_answer",
    "invalid_number",
    "third_party",
    "right_party",
    "promise",
    "refused",
    "hardship",
    "dispute",
    "opt_out",
)
NO_ANSWER, INVALID, THIRD, RIGHT, PROMISE, REFUSED, HARDSHIP = range(7)
REASONS = ("forgot", "unable", "unwilling", "unknown")
SMS, ROBOT, AGENT, APP, EMAIL_CHANNEL, LETTER, VISIT, LEGAL = range(len(CHANNELS))
HOUR_WEIGHTS = (0.4, 1.1, 1.2, 1.0, 0.6, 0.7, 1.1, 1.0, 1.0, 1.0, 1.1, 1.2, 0.9, 0.5)
"""How often attempts are made at each hour 8 … 21."""
ANSWERED_BY_ANOTHER = 0.03
WEEKEND_MOVED = 0.5
"""Share of weekend attempts on accounts with two or more missed payments that are moved to the Friday before."""
AFTER_PAYDAY = 0.8
"""Share of promises for a day of this month that are put off to the first ten days of the next, after payday."""
BURN_IN_REACHED, BURN_IN_PROMISED = 0.5, 0.45
"""Stand-ins for contact before the months written, when no attempts are simulated."""


@dataclass
class Attempts:
    """One entry an attempt; `who` is the account."""

    who: np.ndarray
    day: np.ndarray
    hour: np.ndarray
    channel: np.ndarray
    inbound: np.ndarray
    third: np.ndarray
    right: np.ndarray
    outcome: np.ndarray


def stand_in(state: State, who: np.ndarray, rng: np.random.Generator) -> None:
    """Contact during the burn-in: reached and promised by fixed probabilities."""
    state.contacted[:], state.promised[:], state.skill[:] = False, False, 0.0
    state.contacted[who] = rng.random(len(who)) < BURN_IN_REACHED
    state.promised[who] = state.contacted[who] & (rng.random(len(who)) < BURN_IN_PROMISED)


def worked(
    state: State, missed_before: np.ndarray, outcome: np.ndarray, t: int, world: World, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Accounts worked this month, the first and last day of work on each, and how many attempts are made."""
    c, clock = world.parameters.contact, world.clock
    claim = (state.status == CHARGED_OFF) & (state.charged_off_at < t)
    who = np.flatnonzero((state.missed > 0) & (state.status == OPEN) | (outcome == CURES) | claim)
    enters, cures = outcome[who] == ENTERS, outcome[who] == CURES
    first = np.where(enters, due_date(state, who, t, world) + state.delay[who].astype(int), clock.starts[t])
    last = np.where(cures, state.pay_day[who] - 1, clock.ends[t])
    bucket = np.clip(np.where(cures, missed_before[who], state.missed[who]), 1, 7)
    mean = np.where(claim[who], c.attempts_claim, np.array(c.attempts)[bucket - 1])
    open_days = np.where(enters, clock.ends[t] - due_date(state, who, t, world), last - first + 1)
    number = rng.poisson(mean * np.clip(open_days / 30, 0, 1)) + enters
    number[first > last] = 0
    return who, first, last, number


def attempt(
    state: State, missed_before: np.ndarray, outcome: np.ndarray, t: int, world: World, rng: np.random.Generator
) -> tuple[Attempts, np.ndarray, np.ndarray]:
    """Attempts of a month, with the accounts worked and the number of attempts on each."""
    who, first, last, number = worked(state, missed_before, outcome, t, world, rng)
    row = np.repeat(np.arange(len(who)), number)
    opening = np.concatenate([[True], row[1:] != row[:-1]])[: len(row)] & (outcome[who[row]] == ENTERS)
    span = (last - first + 1)[row]
    day = first[row] + np.where(opening, 0, np.floor(rng.random(len(row)) * span).astype(int))
    hard = np.maximum(missed_before, state.missed)[who[row]] >= 2
    weekday = (day + 3) % 7
    moved = hard & (weekday >= 5) & (rng.random(len(row)) < WEEKEND_MOVED)
    day = np.where(moved, np.maximum(day - (weekday - 4), first[row]), day)
    edges = np.cumsum(HOUR_WEIGHTS) / np.sum(HOUR_WEIGHTS)
    hour = np.searchsorted(edges, rng.random(len(row)), side="right")
    account = who[row]
    channel = channels(state, account, missed_before, world.parameters.contact, rng)
    inbound = rng.random(len(row)) < world.parameters.contact.inbound
    channel[inbound] = AGENT
    blank = np.zeros(len(row), dtype=bool)
    return Attempts(account, day, hour, channel, inbound, blank, blank, np.zeros(len(row), int)), who, number


def channels(
    state: State, account: np.ndarray, missed_before: np.ndarray, c: Contact, rng: np.random.Generator
) -> np.ndarray:
    """Channel of each attempt by stage; robots stand in for agents where a robot works the account."""
    mixes = np.array([list(mix.values()) for mix in (c.mix_early, c.mix_middle, c.mix_late)])
    stage = np.clip(np.maximum(state.missed, missed_before)[account], 1, 3) - 1
    edges = np.cumsum(mixes, axis=1)[stage, :-1]
    channel = (rng.random(len(account))[:, None] > edges).sum(axis=1)
    by_robot = (channel == AGENT) & (state.handled[account] == 0)
    return np.where(by_robot, ROBOT, channel)


def answer(
    state: State, a: Attempts, has_reference: np.ndarray, world: World, rng: np.random.Generator, tally: Tally
) -> None:
    """Who is reached: dead numbers, third parties, and the right party by channel, hour, day and customer."""
    c, customer = world.parameters.contact, state.accounts.customer[a.who]
    needs_number = a.channel <= AGENT
    dead = needs_number & state.dead[customer] & ~a.inbound
    lost = dead & state.known_dead[customer] & (a.channel != SMS) & has_reference[customer]
    a.third = lost & (rng.random(len(a.who)) < c.third_party)
    weekday, urban = (a.day + 3) % 7, state.customers.urban[customer]
    odds = response_log_odds(c, a.channel, a.hour, weekday, urban)
    odds += state.customers.responsiveness[customer] + np.array(c.cause)[state.cause[a.who]]
    chance = expit(odds)
    reachable = ~dead & ~a.inbound
    a.right = np.where(reachable, rng.random(len(a.who)) < chance, a.inbound)
    a.outcome = np.where(dead, INVALID, NO_ANSWER)
    another = reachable & ~a.right & (a.channel <= AGENT) & (rng.random(len(a.who)) < ANSWERED_BY_ANOTHER)
    a.outcome[another | a.third] = THIRD
    shape = (len(CHANNELS), 2, len(HOURS), 7)
    cells = (a.channel[reachable], urban[reachable].astype(int), a.hour[reachable], weekday[reachable])
    tally.count("response", shape, cells, chance[reachable], a.right[reachable])


def response_log_odds(
    c: Contact, channel: np.ndarray, hour: np.ndarray, weekday: np.ndarray, urban: np.ndarray
) -> np.ndarray:
    """Log-odds of right-party contact for an average customer; `hour` counts from 8 o'clock, Monday is 0."""
    morning = (weekday >= 5) & (hour >= 1) & (hour <= 3)
    return (
        np.array(list(c.answer.values()))[channel]
        + np.array(list(c.rural.values()))[channel] * ~urban
        + np.array(c.hour)[hour]
        + np.array(c.weekday)[weekday]
        + c.weekend_morning * morning
    )


def converse(state: State, a: Attempts, skill: np.ndarray, world: World, rng: np.random.Generator) -> None:
    """What right-party contacts end in, by cause, agent and wording."""
    c, row = world.parameters.contact, np.flatnonzero(a.right)
    account, cause = a.who[row], state.cause[a.who[row]]
    shift = skill[row] + world.parameters.strategies.script_promise * state.script_b[account]
    promised = rng.random(len(row)) < expit(logit(np.array(c.promise))[cause] + shift)
    others = np.cumsum(np.stack([c.refused, c.hardship, c.dispute, c.opt_out]), axis=0)[:, cause]
    draw = rng.random(len(row))
    rest = np.where(draw < others[-1], REFUSED + (draw > others[:-1]).sum(axis=0), RIGHT)
    a.outcome[row] = np.where(promised, PROMISE, rest)


def agents(state: State, a: Attempts, world: World, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Agent of each attempt (-1: none), drawn from the roster of the account's agency, and the skill."""
    agency = state.agency[a.who]
    first = np.searchsorted(world.agent_agency, np.arange(world.agent_agency.max() + 2))
    size = np.diff(first)[agency]
    agent = first[agency] + np.floor(rng.random(len(agency)) * size).astype(int)
    personal = np.isin(a.channel, (AGENT, VISIT))
    return np.where(personal, agent, -1), np.where(personal, world.skill[agent], 0.0)


def promises(
    state: State, a: Attempts, t: int, world: World, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Amount and day of each promise (blank and -1 elsewhere): the arrears or half of them, most after payday."""
    made = a.outcome == PROMISE
    claim = state.status[a.who] == CHARGED_OFF
    owed = np.where(claim, 0.1 * state.balance[a.who], np.maximum(state.arrears_before[a.who], state.due[a.who]))
    share = np.where(rng.random(len(a.who)) < 0.7, 1.0, 0.5)
    amount = np.where(made, np.maximum(np.floor(owed * share), 1.0), np.nan)
    day, end = a.day + rng.integers(2, 15, len(a.who)), world.clock.ends[t]
    payday = end + rng.integers(1, 11, len(a.who))
    waits = (day <= end) & (rng.random(len(a.who)) < AFTER_PAYDAY)
    return amount, np.where(made, np.where(waits, payday, day), -1)


def reasons(state: State, a: Attempts, world: World, rng: np.random.Generator) -> np.ndarray:
    """Recorded reason: the true cause more often than not, and only where people talked; else -1."""
    draw, told = rng.random(len(a.who)), world.parameters.contact.reason_told
    cause = state.cause[a.who]
    other = (cause + rng.integers(1, 3, len(a.who))) % 3
    reason = np.where(draw < told, cause, np.where(draw < (1 + told) / 2, 3, other))
    talked = a.right & np.isin(a.channel, (ROBOT, AGENT, VISIT))
    return np.where(talked, reason, -1)


def remember(state: State, a: Attempts, skill: np.ndarray) -> None:
    """What this month's contact means for the next: reached, promised, and by whom."""
    state.contacted[:], state.promised[:], state.skill[:] = False, False, 0.0
    state.contacted[a.who[a.right]] = True
    state.promised[a.who[a.outcome == PROMISE]] = True
    state.skill[a.who[a.right]] = skill[a.right]


def point_numbers(state: State, a: Attempts, has_email: np.ndarray) -> np.ndarray:
    """Number of the contact point used within its customer, or -1 (app, and addresses that are not held)."""
    customer = state.accounts.customer[a.who]
    number = np.where(a.channel <= AGENT, state.point[customer], -1)
    number[a.third] = REFERENCE
    return np.where((a.channel == EMAIL_CHANNEL) & has_email[customer], EMAIL, number)


def discover_deaths(state: State, a: Attempts, log: Log) -> None:
    """An invalid number is known to be dead from the first day it was tried."""
    row = np.flatnonzero((a.outcome == INVALID) & ~state.known_dead[state.accounts.customer[a.who]])
    if len(row):
        customer, day = state.accounts.customer[a.who[row]], a.day[row]
        order = np.lexsort((day, customer))
        first, index = np.unique(customer[order], return_index=True)
        log.add(customer=first, number=state.point[first], day=day[order][index])
        state.known_dead[first] = True


def record(
    state: State,
    a: Attempts,
    agent: np.ndarray,
    promise: tuple[np.ndarray, np.ndarray],
    reason: np.ndarray,
    number: np.ndarray,
    rng: np.random.Generator,
    log: Log,
) -> np.ndarray:
    """Write the month's attempts; returns their row numbers."""
    count = len(a.who)
    second = (a.hour + HOURS[0]) * 3600 + rng.integers(0, 3600, count)
    spoken = a.right & np.isin(a.channel, (ROBOT, AGENT, VISIT))
    duration = np.where(spoken, np.rint(np.exp(4.6 + 0.6 * rng.standard_normal(count))), 0.0)
    return log.add(
        account=a.who.astype(np.int32),
        second=a.day * 86_400 + second,
        point=number.astype(np.int32),
        channel=a.channel.astype(np.int8),
        inbound=a.inbound,
        third=a.third,
        agent=agent.astype(np.int32),
        agency=state.agency[a.who].astype(np.int8),
        duration=duration,
        outcome=a.outcome.astype(np.int8),
        reason=reason.astype(np.int8),
        amount=promise[0],
        promised=promise[1].astype(np.int32),
        script=state.script_b[a.who],
    )
