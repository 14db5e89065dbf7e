"""The months of a block, account by account."""

from __future__ import annotations

import numpy as np

from analysis.data.simulate.clock import LONGEST_ARREARS
from analysis.data.simulate.state import CHARGED_OFF, CLOSED, GONE, OPEN, PAID_OFF, UNBORN, State, World
from analysis.data.simulate.tally import Tally

LOGINS_OVERDUE = 0.6
MONEY = ("balance", "amount_due", "amount_paid", "charged_off_amount", "accrued_interest", "utilisation", "spend")


SUSTAINED_MONTHS, REDEFAULT_DAYS, REDEFAULT_MONTHS = 3, 30, 12
"""Months current that make a cure sustained; days past due that make a re-default, within so many months."""


class Panel:
    """Arrays of accounts × months written; `present` marks the rows that exist."""

    def __init__(self, accounts: int, months: int) -> None:
        shape = (accounts, months)
        self.present = np.zeros(shape, dtype=bool)
        self.days_past_due = np.zeros(shape, dtype=np.int32)
        self.status = np.zeros(shape, dtype=np.int8)
        self.logins = np.zeros(shape, dtype=np.int32)
        self.money = {name: np.zeros(shape) for name in MONEY}

    def record(self, state: State, column: int, t: int, world: World, rng: np.random.Generator) -> None:
        """Write the state at the end of month `t`."""
        here = (state.status != UNBORN) & (state.status != GONE)
        charged = state.status == CHARGED_OFF
        missed = np.minimum(state.missed, LONGEST_ARREARS)
        days = world.clock.behind[t, missed] - state.accounts.due_day
        self.present[:, column] = here
        self.days_past_due[:, column] = np.where(
            (missed > 0) & ~np.isin(state.status, (PAID_OFF, CLOSED)), days, 0
        )
        self.status[:, column] = state.status - OPEN
        card = state.accounts.product == 0
        open_now = state.status == OPEN
        mean = state.accounts.logins * np.exp(-world.parameters.distress.login_decay * state.distressed)
        self.logins[:, column] = rng.poisson(np.where(state.missed > 0, LOGINS_OVERDUE * mean, mean))
        in_month = charged & (state.charged_off_at == t)
        values = (
            state.balance,
            state.due,
            state.paid,
            np.where(in_month, state.balance, 0.0),
            np.where(open_now | in_month, state.accrued, 0.0),
            np.where(card & open_now, np.round(state.balance / state.accounts.amount, 4), np.nan),
            np.where(card & (open_now | in_month), state.spend, np.where(card, 0.0, np.nan)),
        )
        for name, value in zip(MONEY, values, strict=True):
            self.money[name][:, column] = value

    def count_redefaults(self, tally: Tally) -> None:
        """Sustained cures by month, of those followed for REDEFAULT_MONTHS, and how many were late again by then.

        An account that leaves the book before is not late again.
        """
        here = self.present & (self.status == 0)
        late, sound = here & (self.days_past_due > 0), here & (self.days_past_due == 0)
        serious = here & (self.days_past_due >= REDEFAULT_DAYS)
        months = self.present.shape[1]
        sums = np.zeros((months, 2))
        for month in range(SUSTAINED_MONTHS, months - REDEFAULT_MONTHS):
            cured = late[:, month - SUSTAINED_MONTHS] & sound[:, month - SUSTAINED_MONTHS + 1 : month + 1].all(
                axis=1
            )
            again = serious[:, month + 1 : month + REDEFAULT_MONTHS + 1].any(axis=1)
            sums[month] = cured.sum(), (cured & again).sum()
        tally.add("redefault", sums)
