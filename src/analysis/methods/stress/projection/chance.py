"""Stocks and flows of a month in which accounts are drawn, and balances go with them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from analysis.methods.stress.projection.expected import FLOWS, Mover

Array = npt.NDArray[np.float64]
ByBasis = Mapping[str, Array]


class Chance:
    """Mover.step() by chance, of accounts and balance together.

    Only the P pairs of bucket and state are worked on that any group steps between: a bucket reaches few states.
    """

    def __init__(self, movers: Mapping[str, Mover]) -> None:
        self.movers, one = movers, movers["accounts"]
        inside, (_, states) = one.inside, one.basis.stock.shape[:2]
        live = np.any([(each.basis.matrix[:, :inside] != 0).any(axis=0) for each in movers.values()], axis=0)
        self.row, self.column = np.nonzero(live)
        self.shape, self.kind = (inside, states), one.tilt.kind[self.row, self.column]
        self.matrix = {name: each.basis.matrix[:, self.row, self.column, None] for name, each in movers.items()}
        self.into = np.concatenate([self.column == np.arange(states)[:, None], self._flows(one)]).astype(float)

    def step(self, held: ByBasis, ratios: ByBasis, random: np.random.Generator) -> dict[str, tuple[Array, Array]]:
        """By basis the stock (G, S, D) a month later and FLOWS (G, 3, D) of stocks `held` under ratios by kind.

        Accounts are drawn to states multinomially, new ones by Poisson. What has left the buckets moves by no
        chance.
        """
        chances = {name: self.matrix[name] * ratios[name][:, self.row, self.kind] for name in held}
        went = {name: held[name][:, self.row] * chances[name] for name in held}
        drawn = self._drawn(held["accounts"], chances["accounts"], random)
        new, inflow = _arrived(self.movers["accounts"].inflow, held["accounts"].shape, random)
        came = {
            "accounts": (drawn, new),
            "balance": (
                went["balance"] * _ratio(drawn, went["accounts"]),
                self.movers["balance"].inflow * np.where(inflow > 0, _ratio(new, inflow), 1.0),
            ),
        }
        return {name: self._moved(self.movers[name], held[name], *came[name]) for name in held}

    def _drawn(self, accounts: Array, chances: Array, random: np.random.Generator) -> Array:
        """Accounts (G, S, D) drawn along pairs by their chances (G, P, D)."""
        inside, states = self.shape
        groups, _, draws = accounts.shape
        every = np.zeros((draws, groups, inside, states + 1))
        every[:, :, self.row, self.column] = np.moveaxis(chances, -1, 0)
        total = every.sum(axis=-1)
        every[..., -1] = np.maximum(1.0 - total, 0.0)
        every /= np.maximum(total, 1.0)[..., None]
        counts = np.ascontiguousarray(np.moveaxis(np.rint(accounts[:, :inside]), -1, 0), dtype=np.int64)
        drawn = random.multinomial(counts, every)[:, :, self.row, self.column]
        return np.ascontiguousarray(np.moveaxis(drawn, 0, -1), dtype=float)

    def _moved(self, mover: Mover, held: Array, went: Array, new: Array) -> tuple[Array, Array]:
        came = self.into @ went
        states = self.shape[1]
        stock = came[:, :states] + mover.rest @ held[:, mover.inside :] + new
        return np.maximum(stock, 0.0), np.asarray(came[:, states:])

    def _flows(self, mover: Mover) -> npt.NDArray[np.bool_]:
        """Which pairs add to each of FLOWS, (3, P)."""
        inside = mover.inside
        found = {
            "charged_off": self.column == mover.gone,
            "cured": (self.row > 0) & (self.column == 0),
            "entered": (self.row == 0) & (self.column > 0) & (self.column < inside),
        }
        return np.stack([found[name] for name in FLOWS])


def _arrived(inflow: Array, shape: tuple[int, ...], random: np.random.Generator) -> tuple[Array, Array]:
    """New accounts drawn and expected, (G, S, D); what is expected below 0 leaves by no chance."""
    expected = np.broadcast_to(inflow, shape)
    by_draw = random.poisson(np.moveaxis(np.maximum(expected, 0.0), -1, 0)).astype(float)
    return np.moveaxis(by_draw, 0, -1) + np.minimum(expected, 0.0), expected


def _ratio(drawn: Array, expected: Array) -> Array:
    return np.divide(drawn, expected, out=np.ones_like(expected, dtype=float), where=expected > 0)
