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

CLOSED = 1e-9
"""Share of the value within which branch and bound has closed its gap."""


def solve_exactly(problem: Problem, tolerance: float = 0.0, nodes: int = 50_000) -> Solution:
    """The best allocation, its bound and prices from the linear programme.

    Where the linear programme divides units, branch and bound looks for the best whole one, until within
    `tolerance` of its own bound or for so many `nodes`, which unlike a time limit gives the same result anywhere.
    Meant for up to some 20,000 accounts. Raises InputError where no whole allocation keeps the limits,
    ChapterError where none was found in so many nodes.
    """
    relaxed = relax(problem)
    if relaxed is None:
        raise InputError("the constraints cannot hold together")
    options = relaxed.options
    notes: tuple[str, ...] = ()
    if any((option == DIVIDED).any() for option in options):
        options, left = whole_optimum(problem, tolerance, nodes)
        if left > tolerance + CLOSED:
            notes = (f"branch and bound stopped after {nodes:,} nodes, {left:.1e} short of its own bound",)
    return finished(problem, options, relaxed.prices, "exact", notes, bound=relaxed.value)


def whole_optimum(problem: Problem, tolerance: float, nodes: int) -> tuple[list[Whole], float]:
    """Best choice of one option a unit, by branch and bound, and the share by which it may fall short of the best.

    Equal units are taken together. Raises InputError where there is none, ChapterError where none was found in so
    many nodes.
    """
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
        options={"mip_rel_gap": tolerance, "node_limit": nodes},
    )
    if found.x is None:
        if found.status == 2:
            raise InputError(
                "the constraints can only hold together when accounts are divided between treatments; loosen the "
                f"tightest of {', '.join(problem.names)} by one account's worth"
            )
        raise ChapterError(f"no whole allocation was found in {nodes:,} nodes: {found.message}")
    return deal_out(parts, np.round(found.x)), float(found.mip_gap or 0.0)
