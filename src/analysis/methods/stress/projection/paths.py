"""Stocks and flows month by month, expected or drawn, of accounts and balances together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.methods.stress.projection.book import BASES, Book
from analysis.methods.stress.projection.chance import Chance
from analysis.methods.stress.projection.expected import FLOWS, Mover

Array = npt.NDArray[np.float64]


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
    chance, draws = Chance(movers), len(next(iter(shifts.values()))) if shifts else 1
    stocks = {name: [one.start(draws)] for name, one in movers.items()}
    flows: dict[str, list[Array]] = {name: [] for name in BASES}
    for month in zip(*(one.ratios(shifts, months, kept) for one in movers.values()), strict=True):
        ratios, held = dict(zip(movers, month, strict=True)), {name: each[-1] for name, each in stocks.items()}
        if random is None:
            moved = {name: one.step(held[name], ratios[name]) for name, one in movers.items()}
        else:
            moved = chance.step(held, ratios, random)
        for name, (stock, flow) in moved.items():
            stocks[name].append(stock)
            flows[name].append(flow)
    return {name: _paths(stocks[name], flows[name]) for name in BASES}


def _paths(stocks: list[Array], flows: list[Array]) -> Paths:
    stock, flow = np.stack(stocks), np.stack(flows)
    by_name = {name: np.moveaxis(flow[:, :, place], -1, 0) for place, name in enumerate(FLOWS)}
    return Paths(np.moveaxis(stock, -1, 0), by_name)
