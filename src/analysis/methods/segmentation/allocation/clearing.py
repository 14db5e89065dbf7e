"""Prices at which demand meets capacity, one row at a time."""

from __future__ import annotations

import numpy as np

from analysis.methods.segmentation.allocation.problem import Array, Cell, Pool, Problem

Lines = tuple[Array, Array]
"""Best reduced value by level of use, without the row's price (levels, units), and the use itself."""


def clear(
    problem: Problem,
    start: Array,
    most: Array,
    least: Array | None = None,
    settled: float = 1e-4,
    sweeps: int = 30,
) -> Array:
    """Each row's price in turn set so that what is drawn meets the limit, given the others, until none moves.

    start, most, least: (rows,), the first prices and the range that they may move in. settled: a sweep that moves
    no price by more than this share ends the search. A sweep lowers the dual bound or leaves it; it can
    stall short of the least bound where several rows bind at the same unit, so that what comes out is a start for
    the linear programme, not an optimum. Source: Bertsekas (2016), Nonlinear Programming, §6.3.
    """
    prices = start.copy()
    least = np.zeros(len(prices)) if least is None else least
    reduced = [pool.reduced(prices) for pool in problem.pools]
    levels = [[_levels(row) for row in pool.use] for pool in problem.pools]
    change = np.zeros(len(prices))
    for sweep in range(sweeps):
        moved, before, last = 0.0, prices.copy(), change
        for k in range(problem.rows):
            lines = [_lines(left, by_row[k], prices[k]) for left, by_row in zip(reduced, levels, strict=True)]
            price = min(
                max(clearing_price(lines, problem.limit[k], prices[k], most[k], settled / 2), least[k]), most[k]
            )
            step = price - prices[k]
            if step != 0:
                _reprice(problem.pools, reduced, k, step)
                prices[k] = price
                moved = max(moved, abs(step) / max(price, price - step))
        if moved < settled:
            break
        change = prices - before
        if sweep % 3 == 2:
            ahead = np.clip(prices + change * _geometric(change, last), least, most)
            ahead = np.where((prices > 0) & (ahead > 0), ahead, prices)
            for k in range(problem.rows):
                _reprice(problem.pools, reduced, k, ahead[k] - prices[k])
            prices = ahead
    return prices


def _geometric(change: Array, last: Array) -> float:
    """How often `change` is still to come if changes shrink on as from `last` to it: Aitken's extrapolation."""
    before = float(last @ last)
    ratio = float(change @ last) / before if before > 0 else 0.0
    return ratio / (1 - ratio) if 0 < ratio < 0.95 else 0.0


def _reprice(pools: tuple[Pool, ...], reduced: list[Array], k: int, step: float) -> None:
    for pool, left in zip(pools, reduced, strict=True):
        for option, cell in enumerate(pool.use[k]):
            if not isinstance(cell, float) or cell != 0:
                left[option] -= step * cell


def _levels(row: tuple[Cell, ...]) -> list[tuple[Cell, list[int]]]:
    """Options of a row that draw the same, together."""
    found: dict[object, tuple[Cell, list[int]]] = {}
    for option, cell in enumerate(row):
        key = cell if isinstance(cell, float) else ("array", id(cell))
        found.setdefault(key, (cell, []))[1].append(option)
    return list(found.values())


def _lines(left: Array, levels: list[tuple[Cell, list[int]]], price: float) -> Lines:
    best, use = np.empty((len(levels), left.shape[1])), np.empty((len(levels), left.shape[1]))
    for place, (cell, options) in enumerate(levels):
        best[place] = left[options[0]]
        for option in options[1:]:
            np.maximum(best[place], left[option], out=best[place])
        use[place] = cell
        if price != 0:
            best[place] += price * use[place]
    return best, use


def clearing_price(lines: list[Lines], limit: float, start: float, most: float, near: float = 1e-9) -> float:
    """Least price in [0, most] at which units that each take their best line draw no more than `limit`."""
    lines = [line for line in lines if line[0].shape[1]]
    if all(len(best) <= 2 for best, _ in lines):
        return min(_by_crossings(lines, limit), most)
    return _by_bracket(lines, limit, start, most, near)


def _by_crossings(lines: list[Lines], limit: float) -> float:
    """Two levels of use: a unit changes at one price, and the limit falls between two of these."""
    changes, steps = [], []
    for best, use in lines:
        if len(best) == 1:
            limit -= float(use.sum())
            continue
        step = use[1] - use[0]
        limit -= float(np.minimum(use[0], use[1]).sum())
        counts = step != 0
        step = step[counts]
        changes.append((best[1] - best[0])[counts] / step)
        steps.append(np.abs(step))
    if not changes:
        return 0.0 if limit >= 0 else np.inf
    change, step = np.concatenate(changes), np.concatenate(steps)
    positive = change > 0
    change, step = change[positive], step[positive]
    if limit < 0:
        return np.inf
    if step.sum() <= limit:
        return 0.0
    order = np.argsort(-change)
    first_left_out = int(np.searchsorted(np.cumsum(step[order]), limit, side="right"))
    return float(change[order[min(first_left_out, len(order) - 1)]])


def _by_bracket(lines: list[Lines], limit: float, start: float, most: float, near: float) -> float:
    """Any levels of use: a bracket around `start`, narrowed on the units alone that still change within it."""
    low, high = _bracket(lines, limit, start, most)
    if low == high:
        return low
    drawn_low, drawn_high = [_drawn(line, low) for line in lines], [_drawn(line, high) for line in lines]
    while high - low > near * high:
        keep = [a != b for a, b in zip(drawn_low, drawn_high, strict=True)]
        limit -= sum(float(drawn[~kept].sum()) for drawn, kept in zip(drawn_high, keep, strict=True))
        lines = [(best[:, kept], use[:, kept]) for (best, use), kept in zip(lines, keep, strict=True)]
        drawn_low = [drawn[kept] for drawn, kept in zip(drawn_low, keep, strict=True)]
        drawn_high = [drawn[kept] for drawn, kept in zip(drawn_high, keep, strict=True)]
        if sum(len(part) for part in drawn_low) <= 1:
            break
        middle = _between(low, high, _total(drawn_low) - limit, _total(drawn_high) - limit)
        drawn = [_drawn(line, middle) for line in lines]
        if _total(drawn) <= limit:
            high, drawn_high = middle, drawn
        else:
            low, drawn_low = middle, drawn
    return high


def _bracket(lines: list[Lines], limit: float, start: float, most: float) -> tuple[float, float]:
    """Prices around `start` at which too much is drawn, and not; the same twice at the ends 0 and `most`."""

    def fits(price: float) -> bool:
        return _total([_drawn(line, price) for line in lines]) <= limit

    step = 0.01 * start if start > 0 else most * 2.0**-20
    if fits(start):
        high = start
        while True:
            low = max(high - step, 0.0)
            if high == 0 or not fits(low):
                return (low, high) if high else (0.0, 0.0)
            high, step = low, step * 8
    low = start
    while True:
        high = min(low + step, most)
        if low == most or fits(high):
            return (low, high)
        low, step = high, step * 8


def _total(drawn: list[Array]) -> float:
    return sum(float(part.sum()) for part in drawn)


def _between(low: float, high: float, over_low: float, over_high: float) -> float:
    """Where a straight line meets the limit, kept off the ends, so that the bracket shrinks from both sides."""
    share = over_low / (over_low - over_high) if over_low > over_high else 0.5
    return low + (high - low) * min(max(share, 0.05), 0.95)


def _drawn(line: Lines, price: float) -> Array:
    """What each unit draws when it takes its best line; of equal ones the first, which draws least."""
    best, use = line
    top, drawn = best[0] - price * use[0], use[0].copy()
    for other, level in zip(best[1:], use[1:], strict=True):
        left = other - price * level
        better = left > top
        np.copyto(drawn, level, where=better)
        np.maximum(top, left, out=top)
    return drawn
