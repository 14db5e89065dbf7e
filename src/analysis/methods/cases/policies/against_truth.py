"""Estimated values of proposed policies beside those that a simulated portfolio was drawn with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods.cases.policies.evaluation import predicted
from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.off_policy_compared import gain_replicates
from analysis.statistics.simultaneous import simultaneous_limits

COLUMNS = ("arm", "segment", "measure", "estimate", "lower", "upper", "truth", "covered")
MONTHS = 1
"""Months after that of the decision, in which arms of the simulator act."""


def policies_against_truth(
    decisions: pd.DataFrame,
    features: pd.DataFrame,
    proposed: Mapping[str, pd.DataFrame],
    truth: Mapping[str, Any],
    experiment: str,
    learnt_from: Sequence[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """Gain of each policy in the share back to current a month after the decision's, beside the true gain.

    `decisions` with back_1, `features` and tables of `decide` have the same index. The truth is the mean of the
    probabilities that accounts of a segment of risk were drawn with, by arm; so a policy is told of only where it
    gives one arm to each whole segment. The decisions as taken have the truth of their own arms. Limits are each
    row's own. Columns: arm (the policy), segment, measure, estimate, lower, upper, truth, covered; empty where the
    truth doesn't hold the experiment.
    """
    known = truth.get("experiments", {}).get(experiment, {}).get("outcomes", {}).get(f"cured_within_{MONTHS}")
    outcome = f"back_{MONTHS}"
    if not known or outcome not in decisions or "origination_score" not in features:
        return pd.DataFrame(columns=list(COLUMNS))
    there = decisions[outcome].notna() & decisions["probability"].notna() & features["origination_score"].notna()
    seen, table = decisions[there], features[there]
    log = DecisionLog.read(seen.assign(reward=seen[outcome].astype(float)))
    outcomes = predicted(log, table, learnt_from)
    segment = _segments(table["origination_score"], truth["segments"])
    chance = pd.DataFrame({name: cell["cured"] for name, cell in known.items() if name != "all"})
    today = _true(chance, seen["arm"], segment)
    rows = []
    for name, one in proposed.items():
        arm = one["arm"].loc[seen.index]
        if (arm.groupby(segment).nunique() > 1).any():
            continue
        gain, left = gain_replicates(log, arm, outcomes)
        found = simultaneous_limits([gain], left[:, None], level)
        lower, upper, true = float(found.lower[0]), float(found.upper[0]), _true(chance, arm, segment) - today
        rows.append((name, "all", "gain in share back", gain, lower, upper, true, lower <= true <= upper))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _true(chance: pd.DataFrame, arm: pd.Series, segment: pd.Series) -> float:
    """Mean true chance, each decision by its arm (rows of `chance`) and segment (columns)."""
    counts = pd.crosstab(arm.to_numpy(), segment.to_numpy())
    known = chance.reindex(index=counts.index, columns=counts.columns)
    return float((known.to_numpy() * counts.to_numpy()).sum() / counts.to_numpy().sum())


def _segments(score: pd.Series, segments: Mapping[str, Any]) -> pd.Series:
    places = np.searchsorted(np.array(segments["origination_score_edges"]), score.to_numpy(float), side="right")
    return pd.Series([segments["names"][place] for place in places], index=score.index)
