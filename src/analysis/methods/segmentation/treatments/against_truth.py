"""Measured effects of treatments beside those that a simulated portfolio was drawn with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.uplift import segment_effects

ALL = "all"


def effects_against_truth(
    decisions: pd.DataFrame,
    truth: Mapping[str, Any],
    experiment: str,
    control: str,
    months: int = 1,
    level: float = 0.95,
) -> pd.DataFrame:
    """Effect of each arm on the share back to current within `months`, beside the truth, by segment of risk.

    `decisions` are those of `panel.decisions` with back_<months> (1 or 0, missing where not known yet) and
    origination_score, which the simulator's segments are made of. Measure: share back to current under the arm
    less that under `control`, each weighted by 1 ÷ probability; the truth is the same difference in the
    probabilities that these very accounts were drawn with. Returns segment, arm, units, effect, lower, upper,
    truth, covered. Empty where truth.json doesn't hold the experiment or the months.
    """
    known = truth.get("experiments", {}).get(experiment, {}).get("outcomes", {}).get(f"cured_within_{months}")
    columns = ["segment", "arm", "units", "effect", "lower", "upper", "truth", "covered"]
    outcome = f"back_{months}"
    if not known or outcome not in decisions or "origination_score" not in decisions:
        return pd.DataFrame(columns=columns)
    seen = decisions[decisions[outcome].notna() & decisions["probability"].notna()]
    log = DecisionLog.read(seen.assign(reward=seen[outcome].astype(float)))
    segment = pd.DataFrame({"segment": _segments(seen["origination_score"], truth["segments"])}, index=seen.index)
    tables = []
    for arm in (name for name in log.arms if name != control):
        whole = segment_effects(log, arm, control, level=level).assign(segment=ALL)
        parts = segment_effects(log, arm, control, segment, level=level)
        tables.append(pd.concat([whole, parts], ignore_index=True).assign(arm=arm))
    table = pd.concat(tables, ignore_index=True)
    table["truth"] = [
        known[s]["cured"][arm] - known[s]["cured"][control] if s in known else np.nan
        for s, arm in zip(table["segment"], table["arm"], strict=True)
    ]
    covered = (table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])
    order = {name: place for place, name in enumerate((ALL, *truth["segments"]["names"]))}
    table = table.assign(covered=covered, place=table["segment"].map(order)).sort_values(["arm", "place"])
    return table[columns].dropna(subset=["truth", "effect"]).reset_index(drop=True)


def _segments(score: pd.Series, segments: Mapping[str, Any]) -> list[str]:
    places = np.searchsorted(np.array(segments["origination_score_edges"]), score.to_numpy(float), side="right")
    return [segments["names"][place] for place in places]
