"""Whether all constraints can hold together; if not, which one cannot, and by how much."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.core.errors import ChapterError, InputError
from analysis.methods.segmentation.allocation.problem import Array, Pool, Problem
from analysis.methods.segmentation.allocation.relaxation import Programme, matrices, merge_equal

MOST_KINDS = 2_000
"""Kinds of unit (equal in what they draw) that the linear programme is given at most."""
STEPS = (0.01, 0.1, 1.0)
"""Share of the largest use to which uses are rounded where there are more kinds."""
NEGLIGIBLE = 1e-7

Marks = NDArray[np.bool_]


def check_feasible(problem: Problem) -> None:
    """Raises InputError where no allocation, divided accounts included, can keep all rows; names the shortfalls.

    The shortfalls named are those of the allocation that falls short by least, each row measured against its own
    size. Nothing needs solving where an option that draws on nothing is open to all and no row asks for a minimum.
    """
    if (problem.limit >= 0).all() and all(_idle_open(pool) for pool in problem.pools):
        return
    parts = [merge_equal(_without_value(pool)) for pool in problem.pools]
    about = ""
    for step in STEPS:
        if sum(len(part.count) for part in parts) <= MOST_KINDS:
            break
        about = "at least "
        parts = [merge_equal(_rounded(_without_value(pool), step)) for pool in problem.pools]
    _refuse_shortfall(problem, parts, about)


def refuse_nearest(problem: Problem) -> None:
    """Raises InputError with what a few units, with what others leave them, cannot keep."""
    _refuse_shortfall(problem, [merge_equal(_without_value(pool)) for pool in problem.pools], "about ")


def _refuse_shortfall(problem: Problem, parts: list[Programme], about: str) -> None:
    short, price = _least_shortfall(problem, parts)
    missed = short > NEGLIGIBLE * np.maximum(np.abs(problem.limit), 1.0)
    if missed.any():
        raise InputError("\n".join(_explain(problem, short, missed, (price > 1e-12) & ~missed, about)))


def _idle_open(pool: Pool) -> bool:
    """Some option is open to every unit and draws nothing, or less, on every row."""
    for option in range(len(pool.value)):
        cells = [row[option] for row in pool.use]
        if np.isfinite(pool.value[option]).all() and all(np.max(cell) <= 0 for cell in cells):
            return True
    return False


def _without_value(pool: Pool) -> Pool:
    return Pool(np.where(np.isfinite(pool.value), 0.0, -np.inf), pool.use, pool.member, pool.given)


def _rounded(pool: Pool, share: float) -> Pool:
    """Uses rounded down to steps of a share of the largest: fewer kinds, and no shortfall that isn't there."""

    def down(cell: float | Array) -> float | Array:
        if isinstance(cell, float):
            return cell
        step = max(float(np.abs(cell).max()), 1e-300) * share
        return np.asarray(np.floor(cell / step) * step)

    done: dict[int, float | Array] = {}
    use = tuple(tuple(done.setdefault(id(cell), down(cell)) for cell in row) for row in pool.use)
    return Pool(pool.value, use, pool.member, pool.given)


def _least_shortfall(problem: Problem, parts: list[Programme]) -> tuple[Array, Array]:
    """Shortfall of each row, and the price that it has in making the shortfalls least."""
    from scipy import sparse
    from scipy.optimize import linprog

    value, draws, belongs, count = matrices(parts, problem.rows)
    size = np.maximum(np.abs(problem.limit), 1.0)
    slack = sparse.identity(problem.rows, format="csr")
    found = linprog(
        np.concatenate([np.zeros_like(value), 1.0 / size]),
        A_ub=sparse.hstack([draws, -slack], format="csr"),
        b_ub=problem.limit,
        A_eq=sparse.hstack([belongs, sparse.csr_matrix((len(count), problem.rows))], format="csr"),
        b_eq=count,
        method="highs-ds",
    )
    if found.status != 0:
        raise ChapterError(f"whether the constraints can hold together could not be found out: {found.message}")
    return found.x[len(value) :], -found.ineqlin.marginals


def _explain(problem: Problem, short: Array, missed: Marks, against: Marks, about: str) -> list[str]:
    lines = ["the constraints cannot hold together; the allocation that comes nearest falls short of:"]
    for k in np.flatnonzero(missed):
        unit, limit = problem.units[k], problem.limit[k]
        had = f"{abs(limit):,.6g} {unit} {'asked for' if problem.minimum[k] else 'available'}, "
        if unit == "successes":
            had = "expected "
        lines.append(f"- {problem.names[k]}: {had}short by {about}{short[k]:,.6g} {unit}")
    if against.any():
        lines.append(f"What stands against it: {', '.join(problem.names[k] for k in np.flatnonzero(against))}.")
    lines.append("Raise what is available, lower the floor, or allow these accounts more treatments.")
    return lines
