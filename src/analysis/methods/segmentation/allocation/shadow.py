"""What one more unit of a limited thing is worth, and for how long."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.segmentation.allocation.allocate import Allocation
from analysis.methods.segmentation.allocation.clearing import clear
from analysis.methods.segmentation.allocation.core import Centre, centre_at, core_within
from analysis.methods.segmentation.allocation.exact import solve_exactly
from analysis.methods.segmentation.allocation.feasibility import check_feasible
from analysis.methods.segmentation.allocation.names import known
from analysis.methods.segmentation.allocation.prices import price_scale, solve_by_prices
from analysis.methods.segmentation.allocation.problem import Array, Problem


def shadow_prices(allocation: Allocation, within: float = 0.05) -> pd.DataFrame:
    """The constraints with their prices and how far these reach.

    Measure `price`: currency that one more unit adds to the value (of a floor: that one account less adds); higher
    means scarcer. It holds at the margin: `lower` and `upper` are the limits between which it stays within the
    share `within`, the other limits kept and their prices cleared anew. Outside, use value_of_capacity(). A price
    of 0 holds from what is used upwards without end. Of few accounts the limits move in steps of an account.

    Columns: constraint, unit, sense, limit, used, price, lower, upper. Raises ParameterError for `within` outside
    (0, 1).
    """
    if not 0 < within < 1:
        raise ParameterError(f"within is {within!r}; give a share between 0 and 1, such as 0.05")
    problem, prices = allocation.problem, allocation.solution.prices
    steps = np.maximum(prices, 0.02 * price_scale(problem)) if problem.rows else prices
    centre = centre_at(problem, prices, steps)
    limits = [_reach(problem, centre, steps, k, within) for k in range(problem.rows)]
    table = allocation.constraints.copy()
    sign = np.where(table["sense"] == "at least", -1.0, 1.0)
    ends = np.sort(np.array(limits).reshape(-1, 2) * sign[:, None], axis=1)
    # The limit itself lies between the ends, whatever whole accounts do to what is drawn beside it.
    table["lower"] = np.minimum(ends[:, 0], table["limit"])
    table["upper"] = np.maximum(ends[:, 1], table["limit"])
    return table


def _reach(problem: Problem, centre: Centre, steps: Array, k: int, within: float) -> tuple[float, float]:
    """Limits of row k at which its price would be higher, and lower, by the share `within`."""
    if centre.prices[k] == 0:
        return float(min(centre.drawn[k], problem.limit[k])), np.inf
    dearer, cheaper = (_drawn_at(problem, centre, steps, k, 1 + move) for move in (within, -within))
    return dearer, cheaper


def _drawn_at(problem: Problem, centre: Centre, steps: Array, k: int, factor: float) -> float:
    """What is drawn on row k when its price is kept at `factor` times what it is, and the others clear."""
    core = core_within(problem, centre, 4 * abs(factor - 1))
    least, most = np.zeros(problem.rows), 1e4 * np.maximum(price_scale(problem), centre.prices)
    start = centre.prices.copy()
    start[k] = least[k] = most[k] = centre.prices[k] * factor
    prices = clear(core.problem, start, most, least, settled=1e-5)
    here = centre_at(core.problem, prices, steps)
    return float(problem.limit[k] - core.problem.limit[k] + here.drawn[k])


def value_of_capacity(
    allocation: Allocation, constraint: str, multiples: tuple[float, ...] = (0.8, 0.9, 1.0, 1.1, 1.2)
) -> pd.DataFrame:
    """The best value and the price at other limits of one constraint, by solving again for each multiple.

    Columns: multiple, limit, value, bound, price. Price falls, or stays, as a capacity grows. Raises
    ParameterError for an unknown constraint, with the nearest, InputError for a limit that cannot be kept.
    """
    problem = allocation.problem
    k = problem.names.index(known("value_of_capacity", "constraint", constraint, problem.names))
    rows = []
    for multiple in multiples:
        limit = problem.limit.copy()
        limit[k] *= multiple
        changed = problem.with_limit(limit)
        check_feasible(changed)
        found = solve_exactly(changed) if allocation.method == "exact" else solve_by_prices(changed)
        rows.append((multiple, abs(limit[k]), found.value, found.bound, found.prices[k]))
    return pd.DataFrame(rows, columns=["multiple", "limit", "value", "bound", "price"])
