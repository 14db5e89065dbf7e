"""Stocks and flows month by month, expected or drawn, of accounts and balances together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.methods.stress.projection.book import BASES, Book
from analysis.methods.stress.projection.expected import FLOWS, Mover

Array = npt.NDArray[np.float64]

Stocks = Mapping[str, Array]
"""By basis: stocks of (G, S, D), draws last."""


@dataclass(frozen=True)
class Paths:
    """One basis over H months, D draws, G groups, S states: `stock` (D, H + 1, G, S), today first, and by name of
    FLOWS what was charged off, cured (overdue to current) and entered arrears in each month, (D, H, G)."""

    stock: Array
    flows: dict[str, Array]


def run(
    book: Book,
    shifts: Mapping[str, Array],
    months: int,
    random: np.random.Generator | None = None,
    kept: Array | None = None,
) -> dict[str, Paths]:
    """Paths by basis under log-odds by step, (D, H), with only the share `kept` (D, H) of cures if given.

    Without `random` each path is the expectation given its log-odds. With it accounts are drawn: to a state each
    multinomially, new ones by Poisson; balances go with their accounts, so that differences between balances
    within a state add no noise of their own and intervals of balances are somewhat narrow.
    """
    movers = {name: Mover(getattr(book, name), book.buckets) for name in BASES}
    draws = len(next(iter(shifts.values()))) if shifts else 1
    stocks = {name: [one.start(draws)] for name, one in movers.items()}
    flows: dict[str, list[Array]] = {name: [] for name in BASES}
    for month in zip(*(one.ratios(shifts, months, kept) for one in movers.values()), strict=True):
        ratios, held = dict(zip(movers, month, strict=True)), {name: each[-1] for name, each in stocks.items()}
        if random is None:
            moved = {name: one.step(held[name], ratios[name]) for name, one in movers.items()}
        else:
            moved = _by_chance(movers, held, ratios, random)
        for name, (stock, flow) in moved.items():
            stocks[name].append(stock)
            flows[name].append(flow)
    return {name: _paths(stocks[name], flows[name]) for name in BASES}


def _paths(stocks: list[Array], flows: list[Array]) -> Paths:
    stock, flow = np.stack(stocks), np.stack(flows)
    by_name = {name: np.moveaxis(flow[:, :, place], -1, 0) for place, name in enumerate(FLOWS)}
    return Paths(np.moveaxis(stock, -1, 0), by_name)


def _by_chance(
    movers: Mapping[str, Mover], held: Stocks, ratios: Stocks, random: np.random.Generator
) -> dict[str, tuple[Array, Array]]:
    """Mover.step() of both bases with accounts drawn, and balances in proportion to them. What has left the
    buckets moves by no chance."""
    inside = movers["accounts"].inside
    rates = {name: one.rates(ratios[name]) for name, one in movers.items()}
    drawn = _drawn(held["accounts"][:, :inside], rates["accounts"], random)
    luck = _ratio(drawn, held["accounts"][:, :inside, None] * rates["accounts"])
    new = np.broadcast_to(movers["accounts"].inflow, held["accounts"].shape)
    by_draw = random.poisson(np.moveaxis(np.maximum(new, 0.0), -1, 0)).astype(float)
    arrived = np.moveaxis(by_draw, 0, -1) + np.minimum(new, 0.0)
    went = {"accounts": drawn, "balance": held["balance"][:, :inside, None] * rates["balance"] * luck}
    came = {
        "accounts": arrived,
        "balance": movers["balance"].inflow * np.where(new > 0, _ratio(arrived, new), 1.0),
    }
    return {name: one.arrived(held[name], went[name], came[name]) for name, one in movers.items()}


def _drawn(accounts: Array, chances: Array, random: np.random.Generator) -> Array:
    """Accounts of buckets (G, B, D) drawn to states by their `chances` (G, B, S, D)."""
    left = np.maximum(1.0 - chances.sum(axis=2, keepdims=True), 0.0)
    every = np.moveaxis(np.concatenate([chances, left], axis=2), -1, 0)
    every = every / every.sum(axis=-1, keepdims=True)
    counts = np.moveaxis(np.rint(accounts).astype(np.int64), -1, 0)
    return np.ascontiguousarray(np.moveaxis(random.multinomial(counts, every)[..., :-1], 0, -1), dtype=float)


def _ratio(drawn: Array, expected: Array) -> Array:
    return np.divide(drawn, expected, out=np.ones_like(expected, dtype=float), where=expected > 0)
