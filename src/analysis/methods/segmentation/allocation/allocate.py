"""One treatment for each account: the allocation worth most within the rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.segmentation.allocation.compile import compile_problem
from analysis.methods.segmentation.allocation.exact import solve_exactly
from analysis.methods.segmentation.allocation.feasibility import check_feasible
from analysis.methods.segmentation.allocation.offers import Offers
from analysis.methods.segmentation.allocation.prices import solve_by_prices
from analysis.methods.segmentation.allocation.problem import Problem, Whole
from analysis.methods.segmentation.allocation.rules import AllocationRules
from analysis.methods.segmentation.allocation.solution import Solution

Method = Literal["auto", "exact", "prices"]
METHODS = ("auto", "exact", "prices")
SMALL = 500
"""Units up to which `auto` solves exactly."""


@dataclass(frozen=True)
class Allocation:
    """One treatment for each account, what it is worth, and the proof of how near the best it is.

    treatment: categorical, indexed as the accounts. value and bound: currency; no allocation is worth more than
    the bound. gap: (bound − value) / |bound|. constraints: constraint, unit, sense, limit (rounded to what whole
    accounts can use), used, price (currency for one unit more of what is limited, or one less of what a floor asks
    for). notes: where the method had to fall back.
    """

    treatment: pd.Series
    value: float
    bound: float
    gap: float
    method: str
    notes: tuple[str, ...]
    constraints: pd.DataFrame
    problem: Problem = field(repr=False)
    solution: Solution = field(repr=False)


def allocate(
    offers: Offers, rules: AllocationRules, method: Method = "auto", tolerance: float = 1e-5, seed: int = 0
) -> Allocation:
    """The allocation that maximises expected value under the rules.

    `exact`: linear programme and branch and bound (HiGHS), for up to some 20,000 accounts. `prices`: near-optimal
    with a proven gap, at most `tolerance` unless a note says otherwise, for any number. `auto`: exact up to 500.
    Allocations of whole accounts only: the bound is of the linear programme, so that a small problem's gap stays
    above 0 where the linear programme divides accounts. Where customers share a contact limit, the bound is over
    their whole combinations of treatments, which is as tight or tighter than with divided accounts.

    Raises ParameterError for unknown names (with the nearest), InputError for constraints that cannot hold
    together, naming them and by how much, and ChapterError where no whole allocation was found.
    """
    if method not in METHODS:
        raise ParameterError(f"method is '{method}'; use one of {', '.join(METHODS)}")
    if not 0 < tolerance < 1:
        raise ParameterError(
            f"tolerance is {tolerance!r}; give a share of the value between 0 and 1, such as 1e-5"
        )
    problem = compile_problem(offers, rules)
    check_feasible(problem)
    exactly = method == "exact" or (method == "auto" and problem.size <= SMALL)
    solution = solve_exactly(problem) if exactly else solve_by_prices(problem, tolerance, seed)
    return Allocation(
        _treatments(problem, solution.options, offers),
        solution.value,
        solution.bound,
        solution.gap,
        solution.method,
        solution.notes,
        constraint_table(problem, solution),
        problem,
        solution,
    )


def _treatments(problem: Problem, options: list[Whole], offers: Offers) -> pd.Series:
    code = np.empty(len(offers), dtype=np.int8)
    for pool, option in zip(problem.pools, options, strict=True):
        for member, given in zip(pool.member, pool.given, strict=True):
            code[member] = given[option]
    named = pd.Categorical.from_codes(code, categories=pd.Index(offers.treatments))  # type: ignore[arg-type]
    return pd.Series(named, index=offers.accounts.index, name="treatment")


def constraint_table(problem: Problem, solution: Solution) -> pd.DataFrame:
    """A row a constraint: constraint, unit, sense, limit, used, price. Floors in accounts asked for and given."""
    sign = np.where(problem.minimum, -1.0, 1.0) if problem.rows else np.zeros(0)
    return pd.DataFrame(
        {
            "constraint": list(problem.names),
            "unit": list(problem.units),
            "sense": ["at least" if one else "at most" for one in problem.minimum],
            "limit": sign * problem.limit + 0.0,
            "used": sign * solution.drawn + 0.0,
            "price": solution.prices,
        }
    )


def treatment_mix(allocation: Allocation, offers: Offers) -> pd.DataFrame:
    """A row a treatment: accounts, share of accounts, value (currency) and value an account."""
    code = allocation.treatment.cat.codes.to_numpy()
    worth = offers.value[code, np.arange(len(code))]
    accounts = np.bincount(code, minlength=len(offers.treatments))
    value = np.bincount(code, weights=worth, minlength=len(offers.treatments))
    return pd.DataFrame(
        {
            "treatment": list(offers.treatments),
            "accounts": accounts,
            "share": accounts / max(len(code), 1),
            "value": value,
            "value_per_account": np.divide(
                value, accounts, out=np.full(len(accounts), np.nan), where=accounts > 0
            ),
        }
    )
