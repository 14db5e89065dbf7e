"""Satellite models: each step of delinquency by what the economy adds to it.

From `cells` over `month_effects`, `bounds` and `regression` to the `fit` of a `satellite`, drawn in `draws`, all
steps at once in `steps`, judged in `backtest`; `as_of` has what was known at an earlier date.
"""

from analysis.methods.stress.satellites import (
    as_of,
    backtest,
    cells,
    drivers,
    fit,
    satellite,
    steps,
)

__all__ = [
    "as_of",
    "backtest",
    "cells",
    "drivers",
    "fit",
    "satellite",
    "steps",
]
