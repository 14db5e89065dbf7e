"""A portfolio whose accounts step through a known Markov chain, and the frames that the panel would make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from analysis.core.periods import shift_months

STATES = ("1–29", "30–59", "probation_1", "cured", "current", "charged_off", "paid_off")
KIND = pd.CategoricalDtype(list(STATES), ordered=True)
FIRST = date(2023, 1, 31)
MATRIX = np.array(
    [
        [0.15, 0.35, 0.47, 0.00, 0.00, 0.00, 0.03],
        [0.05, 0.45, 0.20, 0.00, 0.00, 0.28, 0.02],
        [0.18, 0.02, 0.00, 0.79, 0.00, 0.00, 0.01],
        [0.06, 0.00, 0.00, 0.85, 0.08, 0.00, 0.01],
        [0.04, 0.00, 0.00, 0.00, 0.95, 0.00, 0.01],
        [0.00, 0.00, 0.00, 0.00, 0.00, 1.00, 0.00],
        [0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 1.00],
    ]
)
CASH = np.array([0.20, 0.05, 0.30, 0.25, 0.25, 0.0, 0.0])
"""Cash paid in a month by the state it starts in, as a share of the balance; what is left is owed after it."""


@dataclass(frozen=True)
class World:
    """States of accounts by month end, shape (months, accounts), with the fold, product and balance of each."""

    path: np.ndarray
    fold: np.ndarray
    product: np.ndarray
    balance: np.ndarray

    def drawing(self) -> World:
        """The same accounts, each drawing what it pays, so that balances stay."""
        return replace(self, balance=np.repeat(self.balance[:1], len(self.balance), axis=0))

    def month(self, place: int) -> date:
        return shift_months(FIRST, place)

    def cells(self, last: int | None = None) -> pd.DataFrame:
        """Steps up to the month at `last`, in the columns of the panel's chain_cells."""
        pieces = []
        for place in range(1, len(self.path) if last is None else last + 1):
            start, end = self.path[place - 1], self.path[place]
            owed, later = self.balance[place - 1], self.balance[place]
            table = pd.DataFrame(
                {"from_state": start, "to_state": end, "product": self.product, "fold": self.fold}
            )
            money = {"accounts": 1, "balance": owed, "to_balance": later, "paid": owed * CASH[start]}
            inside = table.assign(**money)[start < STATES.index("charged_off")]
            keys = ["from_state", "to_state", "product", "fold"]
            summed = inside.groupby(keys)[list(money)].sum().reset_index()
            pieces.append(summed.assign(month=pd.Timestamp(self.month(place)), broken=False))
        cells = pd.concat(pieces, ignore_index=True)
        return cells.assign(from_state=named(cells["from_state"]), to_state=named(cells["to_state"]))

    def stock(self, place: int) -> pd.DataFrame:
        """Accounts at the month at `place`, in the columns of the panel's chain_stock."""
        table = pd.DataFrame({"state": self.path[place], "product": self.product, "fold": self.fold})
        counted = table.assign(accounts=1, balance=self.balance[place])
        summed = counted.groupby(["state", "product", "fold"])[["accounts", "balance"]].sum().reset_index()
        return summed.assign(state=named(summed["state"]))

    def fates(self, place: int) -> pd.DataFrame:
        """What became of those in arrears at the month at `place`, with their memory."""
        chosen = self.path[place] < 2
        path, product = self.path[place:, chosen], self.product[chosen]
        memory = np.zeros(chosen.sum(), int)
        pieces = []
        for step, now in enumerate(path):
            if step:
                relapsed = (memory == 1) & (path[step - 1] == STATES.index("cured")) & (now < 3)
                memory = np.where((memory == 0) & np.isin(now, (3, 4)), 1, np.where(relapsed, 2, memory))
            table = pd.DataFrame({"state": now, "memory": memory, "product": product, "accounts": 1})
            summed = table.groupby(["state", "memory", "product"])["accounts"].sum().reset_index()
            month = pd.Timestamp(self.month(place + step))
            pieces.append(summed.assign(state=named(summed["state"]), month=month, cohort="stock"))
        return pd.concat(pieces, ignore_index=True)


def named(codes: pd.Series) -> pd.Categorical:
    return pd.Categorical.from_codes(codes.to_numpy(), dtype=KIND)


def make_world(
    seed: int = 0,
    accounts: int = 4000,
    months: int = 26,
    noise: float = 0.0,
    products: tuple[str, ...] = ("card",),
) -> World:
    """Accounts that step by MATRIX, from a book already in its stride.

    `noise`: standard deviation of a month's shift of the log-odds of falling behind further.
    """
    random = np.random.default_rng(seed)
    before = 6
    now = np.full(accounts, STATES.index("current"))
    path = [now]
    for _ in range(months + before - 1):
        edges = np.cumsum(worse(MATRIX, noise * random.standard_normal()), axis=1)
        now = (random.random(accounts)[:, None] > edges[now]).sum(axis=1).clip(max=len(STATES) - 1)
        path.append(now)
    states = np.stack(path)[before:]
    kept = states[0] < STATES.index("charged_off")
    states = states[:, kept]
    owed = random.lognormal(5, 0.5, kept.sum())
    left = np.cumprod(np.vstack([np.ones(kept.sum()), 1 - CASH[states[:-1]]]), axis=0)
    product = random.choice(products, kept.sum())
    return World(states, random.integers(32, size=kept.sum()), product, owed * left)


def worse(matrix: np.ndarray, shift: float) -> np.ndarray:
    """The matrix with the odds of stepping into a worse state moved by `shift` on the logarithm."""
    moved = matrix.copy()
    for start, end in ((0, 1), (1, 5), (2, 0), (3, 0), (4, 0)):
        odds = matrix[start, end] / (1 - matrix[start, end]) * np.exp(shift)
        share = odds / (1 + odds)
        moved[start] *= (1 - share) / (1 - matrix[start, end])
        moved[start, end] = share
    return moved
