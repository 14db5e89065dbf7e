"""What each variable of the economy does to a result, moved alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.stress.reverse.search import Value
from analysis.methods.stress.scenarios.plausibility import Plausibility

Array = npt.NDArray[np.float64]


def tornado(
    value: Value, judged: Plausibility, deviations: float = 2.0, around: Array | None = None
) -> pd.DataFrame:
    """`value` when one variable is moved by ±`deviations` of what history did over as many months, others kept.

    `around`: changes (A·k,) that the others keep, by default none. One row a variable, largest swing first:
    variable, value (unmoved), down, up (moved below, above), swing (|up − down|), share (of the largest swing).
    A variable that no satellite reads has swing 0. Raises ParameterError for deviations of 0 or less.
    """
    if not deviations > 0:
        raise ParameterError(f"deviations is {deviations}; give how far each variable is moved, such as 2")
    size, count = len(judged.variables), len(judged.anchors)
    centre = np.zeros(size * count) if around is None else np.asarray(around, float)
    spread = judged.spread().to_numpy()
    moves = np.zeros((size, count, size))
    for place in range(size):
        moves[place, :, place] = deviations * spread[:, place]
    flat = moves.reshape(size, -1)
    found = value(np.concatenate([centre[None], centre - flat, centre + flat]))
    table = pd.DataFrame(
        {"variable": judged.variables, "value": found[0], "down": found[1 : size + 1], "up": found[size + 1 :]}
    )
    swing = (table["up"] - table["down"]).abs()
    table = table.assign(swing=swing, share=swing / swing.max() if swing.max() > 0 else 0.0)
    return table.sort_values("swing", ascending=False, kind="stable", ignore_index=True)


def tornado_limits(
    drawn: Callable[[Array], Array], table: pd.DataFrame, judged: Plausibility, deviations: float, level: float
) -> pd.DataFrame:
    """`table` (tornado() around no change) with limits of the elasticities: down_lower, down_upper, up_lower,
    up_upper, swing_lower, swing_upper.

    `drawn`: a result by draw (D,) of changes (A·k,). The swing's limits are of its size, so never below 0.
    """
    spread, tails, rows = judged.spread().to_numpy(), [(1 - level) / 2, (1 + level) / 2], []
    for name in table["variable"]:
        move, place = np.zeros_like(spread), judged.variables.index(name)
        move[:, place] = deviations * spread[:, place]
        down, up = drawn(-move.ravel()), drawn(move.ravel())
        row = {}
        for key, values in (("down", down), ("up", up), ("swing", np.abs(up - down))):
            row[f"{key}_lower"], row[f"{key}_upper"] = np.quantile(values, tails)
        rows.append(row)
    return table.join(pd.DataFrame(rows, index=table.index))
