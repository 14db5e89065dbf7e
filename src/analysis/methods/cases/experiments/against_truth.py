"""Measured effects of experiments beside those that a simulated portfolio was drawn with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods.cases.experiments.contrast import contrast
from analysis.methods.cases.experiments.study import Judged

ALL = "all"
COLUMNS = ("part", "what", "arm", "segment", "measure", "estimate", "lower", "upper", "truth", "covered", "units")


def effects_against_truth(
    judged: Judged, score: pd.Series | None, truth: Mapping[str, Any], fewest: int = 10
) -> pd.DataFrame:
    """Effect of each arm on the share back to current within k months, beside the truth, for all and by segment.

    truth.json's cured_within_<k> is column back_<k> of the decisions. `score` (index of the decisions) is the
    origination score that its segments are made of; None leaves them out. Columns: part, what (the experiment),
    arm, segment, measure (back_<k>), estimate, lower, upper, truth, covered, units (of the smaller arm). Cells
    with fewer than `fewest` clusters in an arm are left out. Empty for an experiment that is broken, or not in the
    truth.
    """
    known = truth.get("experiments", {}).get(judged.name, {}).get("outcomes", {})
    rows: list[dict[str, object]] = []
    if judged.fault is None:
        segment = _segments(judged.decisions, score, truth)
        for name, outcomes in known.items():
            column = f"back_{name.rsplit('_', 1)[-1]}"
            if column in judged.decisions:
                rows += _of_months(judged, segment, column, outcomes, fewest)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_months(
    judged: Judged, segment: pd.Series, column: str, outcomes: Mapping[str, Any], fewest: int
) -> list[dict[str, object]]:
    frame, asked, rows = judged.decisions, judged.registered, []
    seen = frame[frame[column].notna()]
    label = segment.loc[seen.index].to_numpy()
    values, cluster = seen[column].to_numpy(dtype=float), pd.factorize(seen[asked.cluster], sort=True)[0]
    for name, cell in outcomes.items():
        inside = np.ones(len(seen), dtype=bool) if name == ALL else label == name
        for arm in asked.treated:
            sides = [inside & (seen[asked.arm_col] == side).to_numpy() for side in (arm, asked.control)]
            if min(np.unique(cluster[side]).size for side in sides) < fewest or arm not in cell["cured"]:
                continue
            found = contrast(values, sides[0], sides[1], cluster, level=asked.level)
            true = cell["cured"][arm] - cell["cured"][asked.control]
            row: dict[str, object] = {"part": "experiments", "what": judged.name, "arm": arm, "segment": name}
            row |= {"measure": column, "estimate": found.effect, "lower": found.lower, "upper": found.upper}
            row |= {"truth": true, "covered": bool(found.lower <= true <= found.upper)}
            rows.append(row | {"units": min(int(side.sum()) for side in sides)})
    return rows


def _segments(frame: pd.DataFrame, score: pd.Series | None, truth: Mapping[str, Any]) -> pd.Series:
    """Names of the simulator's segments; none where the score is not known."""
    if score is None:
        return pd.Series("", index=frame.index)
    edges, names = truth["segments"]["origination_score_edges"], truth["segments"]["names"]
    place = np.searchsorted(np.array(edges), score.to_numpy(dtype=float), side="right")
    return pd.Series(np.array(names, dtype=object)[place], index=frame.index).where(score.notna(), "")
