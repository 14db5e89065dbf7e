"""The linear programme, in which a unit may be divided between options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.core.errors import ChapterError
from analysis.methods.segmentation.allocation.problem import Array, Pool, Problem, Whole

DIVIDED = -1
"""Option of a unit that the linear programme divides between several."""


@dataclass(frozen=True)
class Relaxed:
    """Optimum of the linear programme: value, prices (rows,), and by pool the option of each unit or DIVIDED."""

    value: float
    prices: Array
    options: list[Whole]


@dataclass(frozen=True)
class Programme:
    """A pool's equal units taken together. count: units alike; group: of each unit, its place; pool:
    one of each."""

    count: Array
    group: Whole
    pool: Pool

    @property
    def value(self) -> Array:
        return self.pool.value

    @property
    def open(self) -> np.ndarray:
        return np.isfinite(self.value)


def merge_equal(pool: Pool) -> Programme:
    """Units with the same values and uses become one with a count."""
    cells = {id(cell): cell for row in pool.use for cell in row if not isinstance(cell, float)}
    group = np.zeros(pool.units, dtype=np.intp)
    kinds = 1
    for row in (*pool.value, *cells.values()):
        if kinds == pool.units:
            break
        code, levels = pd.factorize(row)
        group, found = pd.factorize(group * len(levels) + code)
        kinds = len(found)
    first = np.empty(kinds, dtype=np.intp)
    first[group[::-1]] = np.arange(pool.units)[::-1]
    return Programme(np.bincount(group, minlength=kinds).astype(float), group, pool.take(first))


def relax(problem: Problem, method: str = "highs-ds") -> Relaxed | None:
    """Optimum of the linear programme by HiGHS; None where it is infeasible.

    Source: Huangfu and Hall (2018), Mathematical Programming Computation 10 (the dual simplex).
    """
    from scipy.optimize import linprog

    parts = [merge_equal(pool) for pool in problem.pools]
    value, draws, belongs, count = matrices(parts, problem.rows)
    unit = value_unit(value)
    found = linprog(
        -value / unit,
        A_ub=draws if problem.rows else None,
        b_ub=problem.limit if problem.rows else None,
        A_eq=belongs,
        b_eq=count,
        method=method,
    )
    if found.status == 2:
        return None
    if found.status != 0:
        raise ChapterError(f"the linear programme of {problem.size:,} units did not end: {found.message}")
    prices = np.maximum(-found.ineqlin.marginals * unit, 0.0) if problem.rows else np.zeros(0)
    return Relaxed(-float(found.fun) * unit, prices, deal_out(parts, found.x))


def value_unit(value: Array) -> float:
    """A power of two near the largest value: HiGHS' tolerances are absolute, and money comes in any currency."""
    most = float(np.abs(value).max(initial=0.0))
    return float(2.0 ** np.round(np.log2(most))) if most > 0 else 1.0


def matrices(parts: list[Programme], rows: int) -> tuple[Array, Any, Any, Array]:
    """Values of the columns, what they draw (rows × columns), the group each belongs to, and groups' counts."""
    from scipy import sparse

    value = np.concatenate([part.value.T[part.open.T] for part in parts])
    draws = np.concatenate([part.pool.dense().transpose(2, 1, 0)[part.open.T] for part in parts]).T
    offsets = np.cumsum([0, *[len(part.count) for part in parts]])
    places = [offset + np.nonzero(part.open.T)[0] for part, offset in zip(parts, offsets, strict=False)]
    place = np.concatenate(places)
    ones = (np.ones(len(place)), (place, np.arange(len(place))))
    belongs = sparse.csr_matrix(ones, shape=(offsets[-1], len(place)))
    return (
        value,
        sparse.csr_matrix(draws.reshape(rows, len(place))),
        belongs,
        np.concatenate([p.count for p in parts]),
    )


def deal_out(parts: list[Programme], amounts: Array) -> list[Whole]:
    """Groups' amounts given out to their units; what is left of a whole unit leaves one divided."""
    options, start = [], 0
    for part in parts:
        spread = np.zeros(part.value.T.shape)
        size = int(part.open.sum())
        spread[part.open.T] = amounts[start : start + size]
        start += size
        whole = np.floor(spread + 1e-7).astype(int)
        options.append(_deal(part, whole))
    return options


def _deal(part: Programme, whole: Whole) -> Whole:
    out = np.full(len(part.group), DIVIDED, dtype=np.intp)
    ordered = np.argsort(part.group, kind="stable")
    starts = np.concatenate([[0], np.cumsum(part.count)[:-1]]).astype(int)
    upto = starts[:, None] + np.cumsum(whole, axis=1)
    rank = np.arange(len(ordered))
    given = (rank[:, None] >= upto[part.group[ordered]]).sum(axis=1)
    out[ordered] = np.where(given < whole.shape[1], given, DIVIDED)
    return out
