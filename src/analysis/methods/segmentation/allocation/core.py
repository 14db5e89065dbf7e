"""The core: the few units whose choice is still open near given prices."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.methods.segmentation.allocation.problem import (
    Array,
    Pool,
    Problem,
    Whole,
    total_drawn,
    total_value,
)


@dataclass(frozen=True)
class Centre:
    """Choices at some prices. options: by pool, of each unit; margin: by pool, how far prices may move, as a share
    of `scale`, before the unit chooses otherwise; value, drawn (rows,) and bound: of the whole."""

    prices: Array
    options: list[Whole]
    margin: list[Array]
    value: float
    drawn: Array
    bound: float


@dataclass(frozen=True)
class Core:
    """The units with the least margins, as a problem of their own with what the others leave of the limits.

    where: by pool, places of the core's units. width: the largest margin among them. rest: value of the others.
    """

    problem: Problem
    where: list[Whole]
    width: float
    rest: float


def centre_at(problem: Problem, prices: Array, scale: Array) -> Centre:
    """The best choice of each unit at `prices`, the bound they prove, and each unit's margin."""
    options, margins, best = [], [], float(prices @ problem.limit)
    for pool in problem.pools:
        option, margin = np.empty(pool.units, dtype=np.intp), np.empty(pool.units)
        for where, part in pool.blocks():
            option[where], margin[where], worth = _choose(part, prices, scale)
            best += worth
        options.append(option)
        margins.append(margin)
    value, drawn = total_value(problem, options), total_drawn(problem, options)
    return Centre(prices, options, margins, value, drawn, best)


def _choose(part: Pool, prices: Array, scale: Array) -> tuple[Whole, Array, float]:
    left = part.reduced(prices)
    option = left.argmax(axis=0)
    best = np.take_along_axis(left, option[None, :], axis=0)
    away = _distance(part, option, scale)
    np.subtract(best, left, out=left)
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is the choice itself: nan, passed over
        np.divide(left, away, out=left)
    left[option, np.arange(part.units)] = np.inf
    return option, np.fmin.reduce(left, axis=0), float(best.sum())


def _distance(part: Pool, option: Whole, scale: Array) -> Array:
    """How much an option can gain on the choice when prices move by `scale`: (options, units)."""
    options = len(part.value)
    fixed = np.zeros((options, options))
    away = None
    for k, row in enumerate(part.use):
        if all(isinstance(cell, float) for cell in row):
            level = np.array(row, dtype=float)
            fixed += scale[k] * np.abs(level[:, None] - level[None, :])
            continue
        use = np.array([np.broadcast_to(cell, part.units) for cell in row])
        moved = scale[k] * np.abs(use - np.take_along_axis(use, option[None, :], axis=0))
        away = moved if away is None else away + moved
    shared = np.take(fixed, option, axis=1)
    return shared if away is None else away + shared


def core_of(problem: Problem, centre: Centre, count: int) -> Core:
    """The core of about `count` units; more where margins are tied."""
    margins = np.concatenate(centre.margin)
    count = min(count, len(margins))
    return core_within(problem, centre, float(np.partition(margins, count - 1)[count - 1]))


def core_within(problem: Problem, centre: Centre, width: float) -> Core:
    """The core of all units whose margin is at most `width`."""
    where = [np.flatnonzero(margin <= width) for margin in centre.margin]
    return core_at(problem, centre.options, where, width)


def core_at(problem: Problem, options: list[Whole], where: list[Whole], width: float) -> Core:
    """The units at `where`, with what is left of the limits when the others keep their `options`."""
    pools = tuple(pool.take(places) for pool, places in zip(problem.pools, where, strict=True))
    small = replace(problem, pools=pools)
    inside = [option[places] for option, places in zip(options, where, strict=True)]
    left = problem.limit - (total_drawn(problem, options) - total_drawn(small, inside))
    rest = total_value(problem, options) - total_value(small, inside)
    return Core(small.with_limit(left), where, width, rest)
