"""Whether a scenario continues a macro history: its paths, as levels from the last actual."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.scenarios import EVERY_INDUSTRY, LIMITS, STEPS, Scenario, VariablePath, is_index


def path_of(scenario: Scenario, variable: str) -> VariablePath | None:
    """The variable's own path, or for an industry without one that of every industry."""
    found = scenario.paths.get(variable)
    return scenario.paths.get(EVERY_INDUSTRY) if found is None and is_index(variable) else found


def levels(variable: str, start: float, path: VariablePath) -> np.ndarray:
    """The path's values as levels, from the last actual."""
    values = np.array(path.values)
    if path.given == "change":
        return start + values
    return start * (1 + values) if path.given == "growth" else values


def require_join(scenario: Scenario, history: pd.DataFrame, months: int) -> None:
    """Raise ParameterError, in one list, unless the scenario can be run from the history's last month.

    `history` is core.macro.macro_history()'s. Refused are a variable of the history without a path, a path without
    history, a level that leaves the allowed range, a jump at the join, and more months than the scenario has.
    """
    problems = list(_wrong(scenario, history, months))
    if problems:
        lines = "\n".join(f"{i:3d}. {line}" for i, line in enumerate(problems, 1))
        raise ParameterError(f"scenario '{scenario.name}' cannot be run from {history.index[-1]:%Y-%m}.\n{lines}")


def _wrong(scenario: Scenario, history: pd.DataFrame, months: int) -> Iterator[str]:
    if not 1 <= months <= scenario.months:
        yield (
            f"{months} months are asked for, its paths have {scenario.months}; ask for 1 to {scenario.months} or "
            "lengthen the paths"
        )
    names = [str(name) for name in history.columns]
    missing = [name for name in names if path_of(scenario, name) is None]
    if missing:
        industries = f" ({EVERY_INDUSTRY} serves all industries)" if any(map(is_index, missing)) else ""
        yield f"no path for {', '.join(missing)}, which the macro history has{industries}"
    strange = [name for name in scenario.paths if name not in names and name != EVERY_INDUSTRY]
    for name in (name for name in strange if not is_index(name)):
        yield f"a path for {name}, which the macro history doesn't have; leave it out, or add its history"
    for name in names:
        path = path_of(scenario, name)
        if path is not None:
            yield from _wrong_levels(scenario, name, path, float(history[name].iloc[-1]))


def _wrong_levels(scenario: Scenario, name: str, path: VariablePath, start: float) -> Iterator[str]:
    reached = levels(name, start, path)
    if not is_index(name):
        low, high = LIMITS[name]
        outside = np.flatnonzero((reached < low) | (reached > high))
        if outside.size:
            place = int(outside[0])
            yield (
                f"{name} reaches {reached[place]:g} at value {place + 1}, from {start:g} now; allowed is "
                f"{low:g} to {high:g}"
            )
            return
    first = np.log(reached[0] / start) if is_index(name) else reached[0] - start
    a_month = abs(float(first)) / scenario.step_months
    most = STEPS[EVERY_INDUSTRY if is_index(name) else name]
    if a_month > most and name not in scenario.allow_jump:
        yield (
            f"{name} jumps at the join: from {start:g} to {reached[0]:g} at value 1, {a_month:.3g} a month where "
            f"{most:g} is allowed. Mend the unit or the start, or name it in allow_jump"
        )
