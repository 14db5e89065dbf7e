"""One block of whole customers, month by month, from its own random stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.data.simulate import balances, behaviour, complaints, contacts, points, recovery, spells, treatments
from analysis.data.simulate.drivers import Drivers
from analysis.data.simulate.panel import Panel
from analysis.data.simulate.population import (
    Accounts,
    Customers,
    customer_of_account,
    draw_accounts,
    draw_customers,
    model_of,
)
from analysis.data.simulate.state import CLOSED, GONE, OPEN, PAID_OFF, SOLD, UNBORN, Log, State, World
from analysis.data.simulate.tally import Tally

RENEWAL_MONTHS = 3
"""Places left during the burn-in are taken again within this many months; the last at any later time."""


def log(columns: str) -> Log:
    """An empty log with the columns named."""
    return Log(tuple(columns.split()))


class Logs:
    """Everything a block writes apart from its months."""

    def __init__(self) -> None:
        self.attributes = log("account name known value")
        self.points = log("customer number kind source added cost")
        self.deaths = log("customer number day")
        self.contacts = log(
            "account second point channel inbound third agent agency duration outcome reason amount promised "
            "script"
        )
        self.treatments = log(
            "account day treatment spell agency experiment arm randomised probability score cutoff cost deferral "
            "extension rate_after forgiven"
        )
        self.spell_ends = log("spell day")
        self.complaints = log("account contact agency second category responded resolved rating")
        self.disposals = log("account route lot start balance appraisal")
        self.closings = log("row day proceeds cost")


@dataclass
class Block:
    """A simulated block: who, their months, the logs, and the sums that truth is told from."""

    accounts: Accounts
    customers: Customers
    panel: Panel
    logs: Logs
    tally: Tally


class Simulation:
    """The month loop of one block."""

    def __init__(self, size: int, world: World, drivers: Drivers, rng: np.random.Generator) -> None:
        self.world, self.drivers, self.rng = world, drivers, rng
        p = world.parameters
        customer = customer_of_account(rng, size, p.book.accounts_per_customer)
        self.customers = draw_customers(rng, int(customer[-1]) + 1, p)
        self.accounts = draw_accounts(rng, customer, self.customers, p, world.clock)
        self.state = State(self.accounts, self.customers, world)
        self.logs, self.tally = Logs(), Tally()
        self.panel = Panel(size, world.clock.months)
        held = points.application_points(self.accounts, len(self.customers), rng, self.logs.points)
        self.has_email, self.has_reference = held
        self.spells = 0

    def run(self) -> Block:
        for t in range(self.world.clock.total):
            self.month(t)
        running = np.flatnonzero(self.state.spell >= 0)
        for trial, name in ((self.state.trial, "trial"), (self.state.flow, "flow")):
            spells.flush(self.state, trial, running, name, self.world, self.tally)
        self.panel.count_redefaults(self.tally)
        return Block(self.accounts, self.customers, self.panel, self.logs, self.tally)

    def month(self, t: int) -> None:
        """Everything that happens in month `t`, in the order in which it is decided."""
        state, world, drivers, rng = self.state, self.world, self.drivers, self.rng
        written = t >= world.clock.burn_in
        tally = self.tally if written else None
        state.written = written
        self.retire(t)
        self.open(t)
        outcome = np.zeros(state.n, dtype=np.int8)
        missed_before = state.missed.copy()
        balances.charge_due(state, t, world)
        state.arrears_before = state.arrears + state.due
        behaviour.advance_overdue(state, t, world, drivers, rng, outcome, tally)
        entered = behaviour.advance_current(state, t, world, drivers, rng, outcome, tally)
        self.move(t, outcome, entered, tally)
        balances.pay(state, t, world, rng, outcome)
        balances.post(state, t, world, drivers, rng)
        self.finish(t, outcome, tally)
        recovery.work_claims(state, t, world, drivers, rng, self.logs.disposals, self.logs.closings, tally)
        self.decide(t, entered)
        self.contact(t, missed_before, outcome)
        if written:
            self.panel.record(state, t - world.clock.burn_in, t, world, rng)

    def retire(self, t: int) -> None:
        """What ended last month is gone; before the months written its place is taken by a new account."""
        state, clock = self.state, self.world.clock
        ended = np.flatnonzero(np.isin(state.status, (PAID_OFF, SOLD, CLOSED)))
        state.status[ended] = GONE
        if t <= clock.burn_in:
            opens = t + self.rng.integers(0, RENEWAL_MONTHS, len(ended))
            later = clock.burn_in + self.rng.integers(0, clock.months, len(ended))
            opens = np.where(opens >= clock.burn_in, later, opens)
            self.accounts.opened[ended] = opens
            self.accounts.opened_day[ended] = clock.starts[opens] + self.rng.integers(0, 28, len(ended))
            state.model[ended] = model_of(self.accounts.opened[ended], clock)
            state.renew(ended)

    def open(self, t: int) -> None:
        state = self.state
        state.spend[:] = 0.0
        new = np.flatnonzero((state.status == UNBORN) & (self.accounts.opened <= t))
        balances.open_accounts(state, new, t, self.rng)

    def move(self, t: int, outcome: np.ndarray, entered: np.ndarray, tally: Tally | None) -> None:
        """Missed payments by outcome; spells begin."""
        state = self.state
        state.missed[outcome == behaviour.BACK] -= 1
        state.missed[outcome == behaviour.ROLLS] += 1
        points.lose_at_entry(state, entered, self.world, self.rng)
        spells.begin(state, entered, t, self.world, self.rng, self.spells, tally)
        self.spells += len(entered)
        if tally is not None:
            spells.disclose_needs(state, entered, t, self.world, self.rng, self.logs.attributes)
        cured = np.flatnonzero(outcome == behaviour.CURES)
        days = self.world.clock.ends[t] - self.world.clock.starts[t] + 1
        state.pay_day[cured] = self.world.clock.starts[t] + self.rng.integers(0, days, len(cured))
        spells.cure(state, cured, self.rng)

    def finish(self, t: int, outcome: np.ndarray, tally: Tally | None) -> None:
        """Relief takes hold on cure, accounts leave, others are charged off; spells end."""
        state, end = self.state, self.world.clock.ends[t]
        cured = np.flatnonzero(outcome == behaviour.CURES)
        balances.apply_relief(state, cured[state.relief[cured]], t, self.world)
        balances.settle(state, outcome)
        spells.end(state, cured, state.pay_day[cured], self.logs.spell_ends, self.world, tally)
        gone = behaviour.charge_off(state, t, self.world, self.drivers, self.rng)
        spells.end(state, gone, np.full(len(gone), end), self.logs.spell_ends, self.world, tally)
        recovery.charge(state, gone, t, self.world, self.rng)
        log = self.logs.treatments if state.written else None
        treatments.place(state, gone, t, self.world, self.rng, log, after=True)

    def decide(self, t: int, entered: np.ndarray) -> None:
        """Decisions on spells that begin, reach the second, or reach the third missed payment."""
        state, world, rng = self.state, self.world, self.rng
        log = self.logs.treatments if state.written else None
        treatments.decide_at_entry(state, entered, t, world, rng, log)
        overdue = (state.status == OPEN) & (state.spell >= 0)
        second = np.flatnonzero(overdue & (state.missed == 2) & (state.flow.start <= state.entered))
        treatments.decide_flow(state, second, t, world, rng, log)
        third = np.flatnonzero(overdue & (state.missed == 3) & ~state.placed)
        treatments.place(state, third, t, world, rng, log, after=False)

    def contact(self, t: int, missed_before: np.ndarray, outcome: np.ndarray) -> None:
        """Attempts, what they reach, relief and complaints that follow; then numbers die or are found."""
        state, world, rng, logs = self.state, self.world, self.rng, self.logs
        overdue = np.flatnonzero((state.status == OPEN) & (state.missed > 0))
        points.repair(state, overdue, t, world, rng, logs.points, self.tally if state.written else None)
        if state.written:
            self.attempts(t, missed_before, outcome)
        else:
            contacts.stand_in(state, overdue, rng)
            points.discover_unseen(state, overdue, world.clock.ends[t], logs.deaths)
        points.lose(state, overdue, world, rng)

    def attempts(self, t: int, missed_before: np.ndarray, outcome: np.ndarray) -> None:
        state, world, rng, logs = self.state, self.world, self.rng, self.logs
        a, who, number = contacts.attempt(state, missed_before, outcome, t, world, rng)
        contacts.answer(state, a, self.has_reference, world, rng, self.tally)
        agent, skill = contacts.agents(state, a, world, rng)
        contacts.converse(state, a, skill, world, rng)
        contacts.remember(state, a, skill)
        point = contacts.point_numbers(state, a, self.has_email)
        contacts.discover_deaths(state, a, logs.deaths)
        promise, reason = contacts.promises(state, a, t, world, rng), contacts.reasons(state, a, world, rng)
        if not len(a.who):
            return
        rows = contacts.record(state, a, agent, promise, reason, point, rng, logs.contacts)
        told = np.flatnonzero((a.outcome == contacts.HARDSHIP) & (state.missed[a.who] > 0))
        account, first = np.unique(a.who[told], return_index=True)
        treatments.grant_relief(state, account, a.day[told][first], t, world, rng, logs.treatments)
        last = np.cumsum(number) - 1
        reached = number > 0
        second = logs.contacts.parts[-1]["second"]
        complaints.complain(
            state,
            who[reached],
            number[reached],
            rows[last[reached]],
            second[last[reached]],
            world,
            rng,
            logs.complaints,
        )


def simulate_block(size: int, world: World, drivers: Drivers, stream: np.random.SeedSequence) -> Block:
    """Simulate `size` accounts of whole customers from one random stream."""
    return Simulation(size, world, drivers, np.random.default_rng(stream)).run()
