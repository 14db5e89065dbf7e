"""What a method found, before accounts and treatments get their names back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.methods.segmentation.allocation.problem import (
    Array,
    Problem,
    Whole,
    dual_bound,
    total_drawn,
    total_value,
)


@dataclass(frozen=True)
class Solution:
    """options: by pool, of each unit. prices, drawn: (rows,). bound: no allocation is worth more."""

    options: list[Whole]
    prices: Array
    value: float
    drawn: Array
    bound: float
    method: str
    notes: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """(bound − value) / |bound|; 0 where both are 0."""
        return gap_between(self.value, self.bound)


def finished(
    problem: Problem,
    options: list[Whole],
    prices: Array,
    method: str,
    notes: tuple[str, ...] = (),
    bound: float | None = None,
) -> Solution:
    """The solution that a choice and prices make; without `bound`, the one that the prices prove."""
    value, drawn = total_value(problem, options), total_drawn(problem, options)
    bound = dual_bound(problem, prices) if bound is None else bound
    return Solution(options, prices, value, drawn, bound, method, notes)


def gap_between(value: float, bound: float) -> float:
    """Share of the bound that an allocation of that value may fall short by."""
    apart = max(bound - value, 0.0)
    return apart / abs(bound) if bound else (0.0 if apart == 0 else np.inf)
