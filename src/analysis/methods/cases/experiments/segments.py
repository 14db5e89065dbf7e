"""Effects by segment, drawn towards the effect of all as far as their differences are noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cases.experiments.arms import read_arms
from analysis.methods.cases.experiments.checks import check_experiment, observed
from analysis.methods.cases.experiments.contrast import contrast
from analysis.methods.cases.experiments.design import Registered
from analysis.statistics.shrinkage import shrink

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Rows = npt.NDArray[np.bool_]

FEWEST_CLUSTERS = 10
"""Clusters in each arm below which a segment's own error is not to be relied on."""


def effects_by_segment(
    frame: pd.DataFrame, registered: Registered, outcome: str, segment: pd.Series, arm: str | None = None
) -> pd.DataFrame:
    """Effect of an arm (by default the only treated one) on a registered outcome, in each segment.

    `segment` (same index) was known before the decision; a missing one is `unknown`. Columns: segment, arm,
    control, units, units_control, effect, se, lower, upper (of the segment alone), shrunken, shrunken_lower,
    shrunken_upper (`shrink`: given the effects of all segments), spread (standard deviation of true effects
    between segments, as far as it can be told), p, different_p (of the test that all segments share one effect,
    Cochran's Q). Segments with fewer than ten clusters in an arm have counts only.

    A segment that looks best among many looks better than it is: quote the shrunken effect. Time outcomes are not
    served. Raises what `check_experiment` raises, ParameterError for an outcome that is not registered.
    """
    check_experiment(frame, registered)
    told = registered.outcome(outcome)
    if told.kind == "time":
        raise InputError(f"outcome '{outcome}' is a time; register a share by a month for effects by segment")
    if not segment.index.equals(frame.index):
        raise InputError("the segments have another index than the decisions; put them in the same order")
    known = observed(frame, told)
    label = segment.loc[known.index].astype(object).where(segment.loc[known.index].notna(), "unknown").astype(str)
    values = known[told.column].to_numpy(dtype=float)
    sides, chosen = read_arms(known, registered), _arm(registered, arm)
    places = [sides.arm == registered.arms.index(name) for name in (chosen, registered.control)]
    rows = []
    for name in sorted(label.unique()):
        inside = (label == name).to_numpy()
        row = {"segment": name, "arm": chosen, "control": registered.control}
        rows.append(row | _own(known, values, registered, sides.cluster, (inside & places[0], inside & places[1])))
    return _shrunken(pd.DataFrame(rows), registered.level)


def _arm(registered: Registered, arm: str | None) -> str:
    if arm is None and len(registered.treated) == 1:
        return registered.treated[0]
    if arm not in registered.treated:
        raise InputError(
            f"arm is {arm!r}; name one of {', '.join(registered.treated)} to hold against the control"
        )
    return str(arm)


def _own(
    known: pd.DataFrame, values: Array, registered: Registered, cluster: Codes, sides: tuple[Rows, Rows]
) -> dict[str, object]:
    """Units and effect of one segment by itself; `sides` are its treated and control decisions."""
    units = [int(known.loc[rows, registered.unit].nunique()) for rows in sides]
    row: dict[str, object] = {"units": units[0], "units_control": units[1]}
    if min(np.unique(cluster[rows]).size for rows in sides) < FEWEST_CLUSTERS:
        return row | dict.fromkeys(("effect", "se", "lower", "upper", "p"), np.nan)
    found = contrast(values, sides[0], sides[1], cluster, level=registered.level)
    names = {"effect": found.effect, "se": found.error, "lower": found.lower, "upper": found.upper, "p": found.p}
    return row | names


def _shrunken(table: pd.DataFrame, level: float) -> pd.DataFrame:
    columns = ["shrunken", "shrunken_lower", "shrunken_upper", "spread", "different_p"]
    table = table.assign(**dict.fromkeys(columns, np.nan))
    told = (table["se"] > 0).to_numpy()
    if not told.any():
        return table
    effect, error = (table.loc[told, name].to_numpy(dtype=float) for name in ("effect", "se"))
    found = shrink(effect, error, level)
    limits = np.column_stack([found.value, found.lower, found.upper])
    table.loc[told, columns[:3]] = limits
    return table.assign(spread=found.spread, different_p=_one_effect(effect, error))


def _one_effect(effect: Array, error: Array) -> float:
    """Cochran's Q: chance of effects as different as these if all were one."""
    from scipy.special import chdtrc

    weight = 1 / error**2
    q = (weight * (effect - (weight @ effect) / weight.sum()) ** 2).sum()
    return float(chdtrc(effect.size - 1, q)) if effect.size > 1 else np.nan
