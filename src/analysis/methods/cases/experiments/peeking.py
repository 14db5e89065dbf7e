"""An experiment as it stood at each month's end, and effects by segment, for those who look closer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cases.experiments.design import Outcome
from analysis.methods.cases.experiments.segments import effects_by_segment
from analysis.methods.cases.experiments.sequential import looks
from analysis.methods.cases.experiments.study import Judged


def main_outcome(judged: Judged) -> Outcome | None:
    """The first primary outcome that is a share or money; None where there is none."""
    return next((o for o in judged.registered.outcomes if o.primary and o.kind != "time"), None)


def peek(judged: Judged, probation: int = 1, fewest: int = 10) -> pd.DataFrame:
    """Effect of each treated arm on the main outcome at each month end; columns of `looks`, experiment and arm.

    An outcome is known at the end of its horizon, a sustained cure `probation` − 1 months after that. The sequence
    is narrowest at the clusters drawn so far. Looks that would add fewer than `fewest` clusters to the one before
    are left out. No rows for a broken experiment, or where no look has enough clusters.
    """
    outcome = main_outcome(judged)
    if judged.fault is not None or outcome is None:
        return pd.DataFrame()
    wait = judged.registered.horizon - 1 + (probation - 1 if outcome.column == "cured" else 0)
    known_on = pd.to_datetime(judged.decisions["decided_month"]) + pd.offsets.MonthEnd(wait)
    drawn = judged.decisions[judged.registered.cluster].nunique()
    tables = []
    for arm in judged.registered.treated:
        try:
            found = looks(judged.decisions, judged.registered, outcome.name, known_on, drawn, arm)
        except InputError:
            continue
        kept = _apart(found["clusters"].to_numpy(dtype=float), fewest)
        tables.append(found[kept].assign(experiment=judged.name, arm=arm))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _apart(clusters: np.ndarray, fewest: int) -> list[bool]:
    kept, last = [], -np.inf
    for count in clusters:
        kept.append(bool(count - last >= fewest))
        last = count if kept[-1] else last
    return kept


def crossings(seen: pd.DataFrame) -> dict[str, object]:
    """What peeking would have done: looks, fixed (those at which the usual interval left out zero), changes (times
    that it changed its mind), decided (the look from which the always-valid one has decided; None: not yet).
    """
    out = ((seen["fixed_lower"] > 0) | (seen["fixed_upper"] < 0)).to_numpy()
    first = seen.loc[seen["decided"], "look"]
    return {
        "looks": len(seen),
        "fixed": int(out.sum()),
        "changes": int((out[1:] != out[:-1]).sum()),
        "decided": pd.Timestamp(first.iloc[0]).date() if len(first) else None,
    }


def bands(values: pd.Series, edges: Sequence[float]) -> pd.Series:
    """Bands of a number as text (`<620`, `620–<680`, `>=680`), text as it is; missing stays missing.

    >>> bands(pd.Series([600.0, 620.0, 700.0]), [620, 680]).tolist()
    ['<620', '620–<680', '>=680']
    """
    if not pd.api.types.is_numeric_dtype(values) or not len(edges):
        return values.astype(object)
    cuts = sorted(edges)
    names = [f"<{cuts[0]:g}", *(f"{a:g}–<{b:g}" for a, b in pairwise(cuts)), f">={cuts[-1]:g}"]
    place = np.searchsorted(np.asarray(cuts), values.to_numpy(dtype=float), side="right")
    return pd.Series(np.array(names, dtype=object)[place], index=values.index).where(values.notna())


def by_segment(judged: Judged, segment: pd.Series) -> pd.DataFrame:
    """Effect of each treated arm on the main outcome by segment; columns of `effects_by_segment`, experiment,
    outcome, kind, and had and had_control (units with the event, of a share).
    """
    outcome = main_outcome(judged)
    if judged.fault is not None or outcome is None:
        return pd.DataFrame()
    tables = [
        effects_by_segment(judged.decisions, judged.registered, outcome.name, segment, arm)
        for arm in judged.registered.treated
    ]
    table = pd.concat(tables, ignore_index=True)
    known = judged.decisions[judged.decisions[outcome.column].notna()]
    label = segment.loc[known.index].astype(object).where(segment.loc[known.index].notna(), "unknown").astype(str)
    sums = known[outcome.column].astype(float).groupby([known[judged.registered.arm_col], label]).sum()
    for column, arms in (("had", table["arm"]), ("had_control", table["control"])):
        keys = zip(arms, table["segment"], strict=True)
        table[column] = [sums.get(key, 0.0) if outcome.kind == "binary" else np.nan for key in keys]
    table = table.sort_values("segment", key=lambda names: names.map(_place), kind="stable", ignore_index=True)
    return table.assign(experiment=judged.name, outcome=outcome.name, kind=outcome.kind)


def _place(segment: str) -> tuple[int, str]:
    """Bands from the lowest to the highest, then what is not known."""
    return (
        3 if segment == "unknown" else 2 if segment.startswith(">=") else 0 if segment[0] == "<" else 1,
        segment,
    )
