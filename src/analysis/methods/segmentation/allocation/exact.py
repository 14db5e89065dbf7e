"""Exact solution of small problems by HiGHS."""

from __future__ import annotations

import numpy as np

from analysis.core.errors import ChapterError, InputError
from analysis.methods.segmentation.allocation.problem import Problem, Whole
from analysis.methods.segmentation.allocation.relaxation import (
    DIVIDED,
    deal_out,
    matrices,
    merge_equal,
    relax,
    value_unit,
)
from analysis.methods.segmentation.allocation.solution import Solution, finished


def solve_exactly(problem: Problem, tolerance: float = 0.0, seconds: float = 60.0) -> Solution:
    """The best allocation, its bound and prices from the linear programme.

    Where the linear programme divides units, branch and bound looks for the best whole one, until within
    `tolerance` of its own bound or for `seconds` at most. Meant for up to some 20,000 accounts.
    Raises InputError where no whole allocation keeps the limits, ChapterError where none was found in time.
    """
    relaxed = relax(problem)
    if relaxed is None:
        raise InputError("the constraints cannot hold together")
    options, notes = relaxed.options, ()
    if any((option == DIVIDED).any() for option in options):
        options = whole_optimum(problem, tolerance, seconds)
    return finished(problem, options, relaxed.prices, "exact", notes, bound=relaxed.value)


def whole_optimum(problem: Problem, tolerance: float, seconds: float) -> list[Whole]:
    """Best choice of one option a unit, by branch and bound; equal units are taken together."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    parts = [merge_equal(pool) for pool in problem.pools]
    value, draws, belongs, count = matrices(parts, problem.rows)
    constraints = [LinearConstraint(belongs, count, count)]
    if problem.rows:
        constraints.append(LinearConstraint(draws, -np.inf, problem.limit))
    found = milp(
        -value / value_unit(value),
        integrality=np.ones(len(value)),
        bounds=Bounds(0, np.inf),
        constraints=constraints,
        options={"mip_rel_gap": tolerance, "time_limit": seconds},
    )
    if found.x is None:
        if found.status == 2:
            raise InputError(
                "the constraints can only hold together when accounts are divided between treatments; loosen the "
                f"tightest of {', '.join(problem.names)} by one account's worth"
            )
        raise ChapterError(f"no whole allocation was found in {seconds:g} seconds: {found.message}")
    return deal_out(parts, np.round(found.x))
