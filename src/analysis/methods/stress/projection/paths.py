"""Stocks and flows month by month, expected or drawn, of accounts and balances together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.core.states import Buckets
from analysis.methods.stress.projection.book import BASES, Basis, Book
from analysis.methods.stress.projection.expected import Mover

Array = npt.NDArray[np.float64]

FLOWS = ("charged_off", "cured", "entered")


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
    bases = {name: getattr(book, name) for name in BASES}
    if random is None:
        return {name: _expected(basis, book.buckets, shifts, months, kept) for name, basis in bases.items()}
    draws = len(next(iter(shifts.values()))) if shifts else 1
    movers = {name: Mover(basis, book.buckets) for name, basis in bases.items()}
    stocks = {name: [np.repeat(basis.stock[None], draws, axis=0)] for name, basis in bases.items()}
    flows: dict[str, dict[str, list[Array]]] = {name: {flow: [] for flow in FLOWS} for name in bases}
    for ratios in zip(*(one.ratios(shifts, months, kept) for one in movers.values()), strict=True):
        by_kind = dict(zip(movers, ratios, strict=True))
        moved = {name: _moved(stocks[name][-1], bases[name], movers[name], by_kind[name]) for name in bases}
        fresh = {name: np.broadcast_to(basis.inflow, stocks[name][-1].shape) for name, basis in bases.items()}
        moved, fresh = _drawn(stocks["accounts"][-1], moved, fresh, len(book.buckets.labels), random)
        for name in bases:
            stocks[name].append(np.maximum(moved[name].sum(axis=-2) + fresh[name], 0.0))
            for flow, value in _flows(moved[name], book.buckets).items():
                flows[name][flow].append(value)
    return {
        name: Paths(np.stack(stocks[name], 1), {flow: np.stack(each, 1) for flow, each in flows[name].items()})
        for name in bases
    }


def _expected(
    basis: Basis, buckets: Buckets, shifts: Mapping[str, Array], months: int, kept: Array | None
) -> Paths:
    mover = Mover(basis, buckets)
    draws = len(next(iter(shifts.values()))) if shifts else 1
    stocks, flows = [np.repeat(basis.stock[None], draws, axis=0)], []
    for ratios in mover.ratios(shifts, months, kept):
        weighted = mover.weighted(stocks[-1], ratios)
        flows.append(mover.flows(weighted))
        stocks.append(mover.moved(stocks[-1], weighted) + basis.inflow)
    return Paths(np.stack(stocks, 1), {name: np.stack([one[name] for one in flows], 1) for name in FLOWS})


def _moved(stock: Array, basis: Basis, mover: Mover, kinds: Array) -> Array:
    """What goes from state to state in a month, (D, G, S, S)."""
    return np.asarray(stock[..., None] * (basis.matrix * mover.tilt.spread(kinds)))


def _drawn(
    accounts: Array,
    moved: Mapping[str, Array],
    fresh: Mapping[str, Array],
    inside: int,
    random: np.random.Generator,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Accounts drawn, and balances in proportion to them. What has left the `inside` states moves by no chance."""
    expected, held = moved["accounts"], accounts[:, :, :inside, None]
    counts = np.rint(held[..., 0]).astype(np.int64)
    share = np.divide(expected[:, :, :inside], held, out=np.zeros_like(expected[:, :, :inside]), where=held > 0)
    left = np.maximum(1.0 - share.sum(axis=-1, keepdims=True), 0.0)
    chances = np.concatenate([share, left], axis=-1)
    chances /= chances.sum(axis=-1, keepdims=True)
    drawn: Array = expected.copy()
    drawn[:, :, :inside] = random.multinomial(counts, chances)[..., :-1]
    new = fresh["accounts"]
    arrived = np.asarray(random.poisson(np.maximum(new, 0.0)) + np.minimum(new, 0.0), float)
    return (
        {"accounts": drawn, "balance": moved["balance"] * _ratio(drawn, expected)},
        {"accounts": arrived, "balance": fresh["balance"] * np.where(new > 0, _ratio(arrived, new), 1.0)},
    )


def _ratio(drawn: Array, expected: Array) -> Array:
    return np.divide(drawn, expected, out=np.ones_like(expected, dtype=float), where=expected > 0)


def _flows(moved: Array, buckets: Buckets) -> dict[str, Array]:
    inside = len(buckets.labels)
    gone = buckets.states.index("charged_off")
    return {
        "charged_off": moved[..., :inside, gone].sum(axis=-1),
        "cured": moved[..., 1:inside, 0].sum(axis=-1),
        "entered": moved[..., 0, 1:inside].sum(axis=-1),
    }
