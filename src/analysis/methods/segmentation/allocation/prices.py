"""Allocation by prices: market-clearing prices, a small linear programme at the margin, a proven gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.core.errors import ChapterError, InputError
from analysis.methods.segmentation.allocation.clearing import clear
from analysis.methods.segmentation.allocation.core import Centre, Core, centre_at, core_at, core_of
from analysis.methods.segmentation.allocation.exact import whole_optimum
from analysis.methods.segmentation.allocation.feasibility import refuse_nearest
from analysis.methods.segmentation.allocation.problem import (
    Array,
    Problem,
    Whole,
    sample,
    total_drawn,
    total_value,
)
from analysis.methods.segmentation.allocation.relaxation import DIVIDED, Relaxed, relax
from analysis.methods.segmentation.allocation.repair import draft_of, improve
from analysis.methods.segmentation.allocation.solution import Solution, finished, gap_between

FIRST = 1024
"""Units of the sample on which prices are first sought; up to four times as many where there are many."""
MARGINAL = 120
"""Units of the first linear programme; four times as many each time it doesn't close the gap."""
MOST_MARGINAL = 32_000
NEAR = 300
"""Units that the whole allocation may be mended with."""
SHARE_OF_TOLERANCE = 0.1
"""Part of the tolerance that prices may use up; the rest is for whole accounts."""


@dataclass(frozen=True)
class Divided:
    """The best allocation so far, some units divided: others' options, the core, its optimum, the value."""

    options: list[Whole]
    core: Core
    relaxed: Relaxed
    value: float


def solve_by_prices(problem: Problem, tolerance: float = 1e-5, seed: int = 0, nodes: int = 500) -> Solution:
    """Near-optimal allocation of many units with a bound that proves how near.

    1. Prices clear each row in turn, on a sample, then on the units whose choice is open near those prices.
    2. A linear programme over the units at the margin gives exact prices, and divides at most as many units as
       there are rows. Where the bound that the prices prove is not met, it is solved again with four times the
       units; that is noted.
    3. Divided units are made whole, and changes of one or two units fill what is left of the limits; where the gap
       is still over `tolerance` (a share of the bound), branch and bound over the units at the margin is tried for
       so many `nodes`; that is noted, and the gap reached is reported.

    The bound holds whatever the prices. Source: Balas and Zemel (1980), Operations Research 28(5), for the core.
    """
    scale = price_scale(problem)
    prices = _cleared(problem, scale, np.random.default_rng(seed))
    centre, divided, notes = _closed(problem, prices, scale, tolerance * SHARE_OF_TOLERANCE)
    options, more = _whole(problem, centre, divided, tolerance, nodes)
    return finished(problem, options, centre.prices, "prices", (*notes, *more), centre.bound)


def price_scale(problem: Problem) -> Array:
    """A price that matters, for each row: how values differ within a unit, by what an option draws on the row."""
    scale = np.zeros(problem.rows)
    for pool in problem.pools:
        few = pool.take(slice(0, FIRST))
        value = np.where(np.isfinite(few.value), few.value, np.nan)
        spread = float(np.mean(np.nanmax(value, axis=0) - np.nanmin(value, axis=0)))
        use = np.abs(few.dense())
        drawn = use.sum(axis=(1, 2)) / np.maximum((use > 0).sum(axis=(1, 2)), 1)
        scale = np.maximum(scale, spread / np.where(drawn > 0, drawn, 1.0))
    return np.where(scale > 0, scale, 1.0)


def _cleared(problem: Problem, scale: Array, rng: np.random.Generator) -> Array:
    most = 1e4 * scale
    first = min(max(FIRST, problem.size // 50), 4 * FIRST)
    small = sample(problem, first, rng) if problem.size > 4 * first else problem
    prices = clear(small, np.zeros(problem.rows), most, settled=3e-3 if small is not problem else 1e-5)
    if small is problem:
        return prices
    count = max(2 * FIRST, problem.size // 20)
    for _ in range(8):
        steps = _steps(prices, scale)
        core = core_of(problem, centre_at(problem, prices, steps), count)
        reach = core.width * steps
        least, upto = np.maximum(prices - reach, 0.0), np.minimum(prices + reach, most)
        new = clear(core.problem, prices, upto, least, settled=min(10 / problem.size, 1e-3))
        inside = np.abs(new - prices) < 0.999 * reach
        prices = new
        if (inside | (prices == 0)).all():
            break
        count = min(2 * count, problem.size)
    return prices


def _steps(prices: Array, scale: Array) -> Array:
    """How far prices are thought to move, relatively: a row without a price may yet get a small one."""
    return np.maximum(prices, 0.2 * scale)


def _closed(
    problem: Problem, prices: Array, scale: Array, enough: float
) -> tuple[Centre, Divided, tuple[str, ...]]:
    """The best centre and divided allocation; ends when their gap is at most `enough`, or the core is all."""
    best = centre_at(problem, prices, _steps(prices, scale))
    divided, count, steps = None, MARGINAL, 0
    while True:
        core = core_of(problem, best, count)
        relaxed = relax(core.problem)
        steps += 1
        improved = False
        if relaxed is not None:
            value = core.rest + relaxed.value
            if divided is None or value > divided.value:
                divided = Divided(best.options, core, relaxed, value)
            centre = centre_at(problem, relaxed.prices, _steps(relaxed.prices, scale))
            improved = centre.bound < best.bound
            best = centre if improved else best
        if divided is not None and gap_between(divided.value, best.bound) <= enough:
            break
        if count >= min(problem.size, MOST_MARGINAL):
            break
        count = count * 2 if improved else count * 4
    if divided is None:
        refuse_nearest(core_of(problem, best, FIRST).problem)
        raise ChapterError(f"no allocation was found near the prices, with {count:,} units left open")
    notes = () if steps == 1 else (_stalled(steps, core.problem.size, gap_between(divided.value, best.bound)),)
    return best, divided, notes


def _stalled(steps: int, units: int, gap: float) -> str:
    return (
        f"clearing prices stalled; {steps} linear programmes, the last of {units:,} units, brought the gap of the "
        f"prices to {gap:.1e}"
    )


def _whole(
    problem: Problem, centre: Centre, divided: Divided, tolerance: float, nodes: int
) -> tuple[list[Whole], tuple[str, ...]]:
    """One option a unit, from the divided allocation and the units nearest to the margin."""
    options, open_units = _assigned(divided)
    where = _near(centre, open_units)
    core = core_at(problem, options, where, 0.0)
    inside = [option[places] for option, places in zip(options, where, strict=True)]
    marks = [np.isin(places, left) for places, left in zip(where, open_units, strict=True)]
    start = [np.where(mark, DIVIDED, option) for option, mark in zip(inside, marks, strict=True)]
    draft = draft_of(core.problem, start, centre.prices)
    enough = centre.bound - tolerance * abs(centre.bound) - core.rest
    improve(draft, centre.prices, enough)
    notes: tuple[str, ...] = ()
    found = _by_pool(draft.taken, where)
    if not draft.keeps or draft.worth < enough:
        found, notes = _branched(core.problem, found, draft.keeps, enough, centre.bound - core.rest, nodes)
    for option, places, new in zip(options, where, found, strict=True):
        option[places] = new
    return options, notes


def _assigned(divided: Divided) -> tuple[list[Whole], list[Whole]]:
    """Options of the whole, divided units at the one they had; and where the divided ones are."""
    options, left = [option.copy() for option in divided.options], []
    for option, places, new in zip(options, divided.core.where, divided.relaxed.options, strict=True):
        split = new == DIVIDED
        option[places[~split]] = new[~split]
        left.append(places[split])
    return options, left


def _near(centre: Centre, open_units: list[Whole]) -> list[Whole]:
    """Units nearest to the margin, NEAR of them in all, and the divided ones."""
    margins = np.concatenate(centre.margin)
    nearest = np.argpartition(margins, min(NEAR, len(margins)) - 1)[:NEAR]
    offsets = np.cumsum([0, *[len(margin) for margin in centre.margin]])
    return [
        np.union1d(nearest[(nearest >= low) & (nearest < high)] - low, left)
        for low, high, left in zip(offsets[:-1], offsets[1:], open_units, strict=True)
    ]


def _by_pool(taken: Whole, where: list[Whole]) -> list[Whole]:
    return np.split(taken, np.cumsum([len(places) for places in where])[:-1])


def _branched(
    problem: Problem, found: list[Whole], keeps: bool, enough: float, bound: float, nodes: int
) -> tuple[list[Whole], tuple[str, ...]]:
    """The better of the draft and what branch and bound finds over the same units; worth `enough` is enough."""
    try:
        other, _ = whole_optimum(problem, 0.9 * gap_between(enough, bound), nodes)
    except (ChapterError, InputError):
        if not keeps:
            raise
        return found, ("whole accounts leave a gap that branch and bound did not narrow",)
    within = (total_drawn(problem, other) <= problem.limit + 1e-9 * np.maximum(np.abs(problem.limit), 1.0)).all()
    if not keeps or (within and total_value(problem, other) > total_value(problem, found)):
        return other, ("branch and bound over the units at the margin made the allocation whole",)
    return found, ("whole accounts leave a gap that branch and bound over the units at the margin did not narrow",)
