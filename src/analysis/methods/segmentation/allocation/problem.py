"""The allocation as numbers: units, each with options, that draw on limited rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Whole = NDArray[np.intp]
Cell = float | Array
"""What an option draws on a row: the same for all units, or a number for each."""

BLOCK = 65_536
"""Units looked at together: their numbers stay in the processor's cache, and temporary arrays stay small."""


@dataclass(frozen=True)
class Pool:
    """Units with the same options: single accounts, or customers with so many accounts each.

    value: (options, units), −inf where an option must not be chosen. use[row][option]: a Cell. member: the
    accounts of a unit, (accounts a unit, units). given: the treatment of each, (accounts a unit, options).
    """

    value: Array
    use: tuple[tuple[Cell, ...], ...]
    member: Whole
    given: Whole

    @property
    def units(self) -> int:
        return self.value.shape[1]

    def take(self, which: slice | Whole) -> Pool:
        """Some of the units; cells that were the same array stay so."""
        taken: dict[int, Array] = {}

        def part(cell: Cell) -> Cell:
            if isinstance(cell, float):
                return cell
            if id(cell) not in taken:
                taken[id(cell)] = cell[which]
            return taken[id(cell)]

        use = tuple(tuple(part(cell) for cell in row) for row in self.use)
        return Pool(self.value[:, which], use, self.member[:, which], self.given)

    def blocks(self) -> Iterator[tuple[slice, Pool]]:
        for start in range(0, self.units, BLOCK):
            where = slice(start, start + BLOCK)
            yield where, self.take(where)

    def reduced(self, prices: Array) -> Array:
        """Value less what is drawn on each row at its price: (options, units)."""
        left = self.value.copy()
        for price, row in zip(prices, self.use, strict=True):
            if price == 0:
                continue
            for option, cell in enumerate(row):
                if not isinstance(cell, float) or cell != 0:
                    left[option] -= price * cell
        return left

    def drawn(self, option: Whole) -> Array:
        """Total drawn on each row where each unit takes its `option`: (rows,)."""
        counts = np.bincount(option, minlength=len(self.value))
        totals = np.zeros(len(self.use))
        chosen: dict[int, NDArray[np.bool_]] = {}
        for k, row in enumerate(self.use):
            for o, cell in enumerate(row):
                if isinstance(cell, float):
                    totals[k] += cell * counts[o]
                elif counts[o]:
                    where = chosen.setdefault(o, option == o)
                    totals[k] += float(cell[where].sum())
        return totals

    def dense(self) -> Array:
        """What each option draws on each row: (rows, options, units). Only for few units."""
        shape = (len(self.use), *self.value.shape)
        out = np.empty(shape)
        for k, row in enumerate(self.use):
            for o, cell in enumerate(row):
                out[k, o] = cell
        return out


@dataclass(frozen=True)
class Problem:
    """Maximise the value of one option a unit, with drawn ≤ limit for every row.

    Minimum shares and success rates are rows too, with signs turned. `names` and `units` are as people know
    them; `minimum` marks the rows that ask for at least something.
    """

    pools: tuple[Pool, ...]
    limit: Array
    names: tuple[str, ...]
    units: tuple[str, ...]
    minimum: tuple[bool, ...] = ()

    @property
    def size(self) -> int:
        return sum(pool.units for pool in self.pools)

    @property
    def rows(self) -> int:
        return len(self.limit)

    def with_limit(self, limit: Array) -> Problem:
        return replace(self, limit=limit)


def total_value(problem: Problem, options: list[Whole]) -> float:
    """Value of a choice: for each pool the option of each unit."""
    parts = (
        pool.value[option, np.arange(pool.units)].sum()
        for pool, option in zip(problem.pools, options, strict=True)
    )
    return float(sum(parts))


def total_drawn(problem: Problem, options: list[Whole]) -> Array:
    totals = np.zeros(problem.rows)
    for pool, option in zip(problem.pools, options, strict=True):
        totals += pool.drawn(option)
    return totals


def dual_bound(problem: Problem, prices: Array) -> float:
    """No allocation is worth more, whatever the prices ≥ 0: Σ limit·price + Σ best reduced value of a unit.

    Source: Everett (1963), Operations Research 11(3); Geoffrion (1974), Lagrangean relaxation.
    """
    best = float(prices @ problem.limit)
    for pool in problem.pools:
        for _, part in pool.blocks():
            best += float(part.reduced(prices).max(axis=0).sum())
    return best


def sample(problem: Problem, count: int, rng: np.random.Generator) -> Problem:
    """A random share of the units, with limits in proportion."""
    share = count / problem.size
    pools = tuple(
        pool.take(np.sort(rng.choice(pool.units, max(round(pool.units * share), 1), replace=False)))
        for pool in problem.pools
    )
    return replace(problem, pools=pools, limit=problem.limit * share)
