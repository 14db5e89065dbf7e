"""From rules and offers to rows and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.allocation.customers import pools_of
from analysis.methods.segmentation.allocation.names import known
from analysis.methods.segmentation.allocation.offers import Array, Offers
from analysis.methods.segmentation.allocation.problem import Cell, Problem
from analysis.methods.segmentation.allocation.rules import AllocationRules, Budget, Floor, MinimumSuccess

ROUNDING = 1e-9
"""Ten accounts at a tenth are one account, not 1.0000000000000002 of them."""

Row = tuple[str, str, float, tuple[Cell, ...]]
"""Name, unit, limit, and what each treatment draws."""


def compile_problem(offers: Offers, rules: AllocationRules) -> Problem:
    """Rows and units of an allocation.

    Raises ParameterError for unknown treatments, columns and groups (with the nearest), InputError where an
    account may get no treatment at all or something that the rules need is missing.
    """
    known("rules.nothing", "treatment", rules.nothing, offers.treatments)
    rows = [_capacity(one.name, one.unit, one.available, one.use, offers) for one in rules.capacities]
    rows += [_budget(rules.budget, offers)] if rules.budget else []
    rows += [_success(one, offers) for one in rules.success]
    rows += [_floor(one, offers, rules.nothing) for one in rules.floors]
    pools = pools_of(offers, _allowed(offers, rules), tuple(row[3] for row in rows), rules.contacts)
    names, units, limits = zip(*[row[:3] for row in rows], strict=True) if rows else ((), (), ())
    minimum = (False,) * (len(rows) - len(rules.floors)) + (True,) * len(rules.floors)
    return Problem(pools, np.array(limits, dtype=float), tuple(names), tuple(units), minimum)


def _by_treatment(where: str, numbers: Mapping[str, float], treatments: Sequence[str]) -> tuple[Cell, ...]:
    for name in numbers:
        known(where, "treatment", name, treatments)
    return tuple(float(numbers.get(name, 0.0)) for name in treatments)


def _capacity(name: str, unit: str, limit: float, use: Mapping[str, float], offers: Offers) -> Row:
    cells = _by_treatment(f"capacity '{name}'", use, offers.treatments)
    return name, unit, usable(limit, [cell for cell in cells if isinstance(cell, float)]), cells


def usable(limit: float, uses: Sequence[float]) -> float:
    """What whole accounts can use of a limit: its multiples of the greatest common divisor of their uses.

    >>> usable(100.0, [12.0, 60.0])
    96.0
    """
    exact = [Fraction(use).limit_denominator(1_000_000) for use in uses if use]
    if not exact:
        return limit
    below = lcm(*[use.denominator for use in exact])
    step = Fraction(gcd(*[int(use * below) for use in exact]), below)
    if any(
        abs(float(use) - given) > ROUNDING * given for use, given in zip(exact, filter(None, uses), strict=True)
    ):
        return limit
    return float(int(limit / float(step) + ROUNDING) * step)


def _budget(budget: Budget, offers: Offers) -> Row:
    if budget.cost is not None:
        return _capacity("budget", "currency", budget.available, budget.cost, offers)
    if offers.cost is None:
        raise InputError(
            "the budget needs costs, and the offers have none; give the column cost, or Budget(cost=…)"
        )
    cells = tuple(row if row.any() else 0.0 for row in offers.cost)
    return "budget", "currency", budget.available, cells


def _success(rule: MinimumSuccess, offers: Offers) -> Row:
    name = f"minimum success of '{rule.treatment}'"
    known(name, "treatment", rule.treatment, offers.treatments)
    if offers.success is None:
        raise InputError(f"{name} needs the column success, and the offers have none")
    place = offers.treatments.index(rule.treatment)
    cells: list[Cell] = [0.0] * len(offers.treatments)
    cells[place] = rule.rate - offers.success[place]
    return name, "successes", 0.0, tuple(cells)


def _floor(floor: Floor, offers: Offers, nothing: str) -> Row:
    name = f"floor for {floor.label}"
    inside = members(name, floor.column, floor.group, offers)
    counted = [known(name, "treatment", one, offers.treatments) for one in floor.treatments]
    counted = counted or [one for one in offers.treatments if one != nothing]
    needed = -inside.astype(float)
    cells = tuple(needed if one in counted else 0.0 for one in offers.treatments)
    return name, "accounts", -float(np.ceil(floor.share * int(inside.sum()) - ROUNDING)), cells


def members(where: str, column: str, group: object, offers: Offers) -> NDArray[np.bool_]:
    """Accounts whose `column` equals `group`; raises ParameterError where either is unknown."""
    known(where, "column", column, offers.accounts.columns)
    inside = (offers.accounts[column] == group).to_numpy(bool)
    if not inside.any() and str(group).isdigit():
        # A parameter file writes "1" where a flag is held as a number.
        inside = (pd.to_numeric(offers.accounts[column], errors="coerce") == float(str(group))).to_numpy(bool)
    if not inside.any():
        levels = offers.accounts[column].dropna().unique()
        known(where, f"value of {column}", str(group), [str(level) for level in levels[:1000]])
        kind = type(levels[0]).__name__
        raise ParameterError(f"{where}: no account has {group!r} in {column}; its values are of type {kind}")
    return inside


def _allowed(offers: Offers, rules: AllocationRules) -> Array:
    """Values with −inf where compliance forbids; the offers' own array where nothing is forbidden."""
    value = offers.value
    empty = np.isnan(value)
    if np.isposinf(value).any():
        raise InputError(
            "an offer has an infinite value; give finite values, or leave the pair empty to forbid it"
        )
    if not empty.any() and not rules.forbidden:
        return value
    for one in rules.forbidden:
        where = f"forbidding '{one.treatment}'"
        known(where, "treatment", one.treatment, offers.treatments)
        empty[offers.treatments.index(one.treatment)] |= members(where, one.column, one.value, offers)
    return np.where(empty, -np.inf, value)
