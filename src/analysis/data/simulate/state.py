"""What changes from month to month: the state of a block of accounts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analysis.data.simulate.clock import Clock
from analysis.data.simulate.parameters import Parameters
from analysis.data.simulate.population import Accounts, Customers, entry_log_odds, model_of

UNBORN, OPEN, CHARGED_OFF, PAID_OFF, SOLD, CLOSED, GONE = range(7)
"""Life of an account; the middle five are the contract's statuses in its order."""
STATUS_NAMES = ("open", "charged_off", "paid_off", "sold", "closed")


@dataclass
class World:
    """What all blocks share: calendar, parameters, economy, agents."""

    clock: Clock
    parameters: Parameters
    macro: dict[str, np.ndarray]
    skill: np.ndarray
    agent_agency: np.ndarray


@dataclass
class Log:
    """Rows of a table in the making: parts of equal columns, joined at the end."""

    columns: tuple[str, ...]
    parts: list[dict[str, np.ndarray]] = field(default_factory=list)
    rows: int = 0

    def add(self, **columns: np.ndarray | float | int | bool) -> np.ndarray:
        """Append rows; scalars are repeated. Returns the numbers of the rows added."""
        count = max(np.size(column) for column in columns.values() if isinstance(column, np.ndarray))
        self.parts.append({name: np.broadcast_to(column, (count,)) for name, column in columns.items()})
        self.rows += count
        return np.arange(self.rows - count, self.rows)

    def joined(self) -> dict[str, np.ndarray]:
        """All rows, column by column; whole numbers of length zero where nothing was added."""
        if not self.parts:
            return {name: np.zeros(0, dtype=np.int64) for name in self.columns}
        return {name: np.concatenate([part[name] for part in self.parts]) for name in self.columns}


@dataclass
class Trial:
    """Randomised arms of the current spell, and the cure each arm would have brought.

    `effects` holds the log-odds of each arm, `arm` the one drawn (-1: none). `weight[:, a]` is the probability
    of the account's path under arm `a` relative to the arm it had, so that `cured[:, a, h]` adds up to the
    expected share cured within horizon `h` under arm `a`, whichever arm was drawn.
    """

    kind: np.ndarray
    arm: np.ndarray
    start: np.ndarray
    effects: np.ndarray
    weight: np.ndarray
    cured: np.ndarray
    factual: np.ndarray
    months: int

    @classmethod
    def empty(cls, count: int, arms: int, horizons: int, months: int) -> Trial:
        return cls(
            kind=np.full(count, -1, dtype=np.int8),
            arm=np.full(count, -1, dtype=np.int8),
            start=np.zeros(count, dtype=np.int32),
            effects=np.zeros((count, arms)),
            weight=np.ones((count, arms)),
            cured=np.zeros((count, arms, horizons)),
            factual=np.zeros((count, horizons)),
            months=months,
        )


HORIZONS = (1, 3, 6)
"""Months within which a cure is counted in the truth about treatments."""


class State:
    """Arrays over the accounts (or customers, where said) of a block."""

    def __init__(self, accounts: Accounts, customers: Customers, world: World) -> None:
        n, p = len(accounts), world.parameters
        self.n = n
        self.accounts, self.customers = accounts, customers
        self.written = False
        self.status = np.full(n, UNBORN, dtype=np.int8)
        self.entry_base = entry_log_odds(accounts, customers, p.entry)
        self.model = model_of(accounts.opened, world.clock)
        self._ledger(n)
        self._arrears(n)
        self._work(n, world)
        self._contactability(len(customers))

    def _ledger(self, n: int) -> None:
        self.balance, self.interest, self.due, self.paid = (np.zeros(n) for _ in range(4))
        self.spend, self.accrued, self.arrears, self.instalment = (np.zeros(n) for _ in range(4))
        self.arrears_before = np.zeros(n)
        self.written_off, self.recovered = np.zeros(n), np.zeros(n)
        self.rate = self.accounts.rate.copy()
        self.collateral = np.nan_to_num(self.accounts.collateral)

    def _arrears(self, n: int) -> None:
        self.missed = np.zeros(n, dtype=np.int64)
        self.since_cure = np.full(n, 60, dtype=np.int64)
        self.spells = np.zeros(n, dtype=np.int64)
        self.distressed = np.zeros(n, dtype=np.int64)
        self.spell = np.full(n, -1, dtype=np.int64)
        self.spell_month = np.zeros(n, dtype=np.int64)
        self.entered = np.zeros(n, dtype=np.int64)
        self.cause = np.zeros(n, dtype=np.int8)
        self.never = np.zeros(n, dtype=bool)
        self.deferred_until = np.full(n, -1, dtype=np.int64)
        self.charged_off_at = np.full(n, -1, dtype=np.int64)
        self.pay_day = np.zeros(n, dtype=np.int64)

    def _work(self, n: int, world: World) -> None:
        s = world.parameters.strategies
        self.contacted, self.promised = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.skill = np.zeros(n)
        self.delay, self.delay_acting = np.zeros(n), np.zeros(n)
        self.handled = np.zeros(n, dtype=np.int8)
        self.handling_effect = np.zeros(n)
        self.relief = np.zeros(n, dtype=bool)
        self.extension = np.zeros(n, dtype=np.int64)
        self.agency = np.zeros(n, dtype=np.int64)
        self.placed = np.zeros(n, dtype=bool)
        self.used = np.zeros(n, dtype=bool)
        self.script_b = np.zeros(n, dtype=bool)
        self.trial = Trial.empty(n, 2, len(HORIZONS), s.effect_months)
        self.flow = Trial.empty(n, len(s.flow_arms), len(HORIZONS), s.flow_months)
        self.route = np.full(n, -1, dtype=np.int8)
        self.route_start, self.route_end = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
        self.disposal_row = np.full(n, -1, dtype=np.int64)

    def _contactability(self, customers: int) -> None:
        self.dead, self.known_dead = np.zeros(customers, dtype=bool), np.zeros(customers, dtype=bool)
        self.point = np.ones(customers, dtype=np.int64)
        self.points = np.full(customers, 10, dtype=np.int64)

    def renew(self, who: np.ndarray) -> None:
        """Give the places of `who` to new, untouched accounts of the same customers."""
        self.status[who], self.spell[who], self.charged_off_at[who] = UNBORN, -1, -1
        self.rate[who], self.since_cure[who] = self.accounts.rate[who], 60
        self.deferred_until[who], self.route[who], self.disposal_row[who] = -1, -1, -1
        for zero in (self.missed, self.spells, self.distressed, self.accrued, self.arrears, self.agency):
            zero[who] = 0
        for no in (self.never, self.placed, self.relief, self.contacted, self.promised):
            no[who] = False
