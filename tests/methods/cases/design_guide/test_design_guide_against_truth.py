"""True effects of a simulated portfolio: conversion from log-odds, segments, and the outcome they are held to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.parameters.cases_interventions import Intervention
from analysis.methods.cases.design_guide.against_truth import COLUMNS, against_truth, rollout_truth
from analysis.methods.cases.quasi_experiments.draws import draw_chosen

# Numbers of a simulated portfolio of 20,000 accounts (seed 7): monthly cure of those one payment behind, and the
# exact mean effect of 0.5 in log-odds on cure within a month.
FIRST = {"hazard": 0.575925, "hazard_of_those_who_can": 0.680325}
EXACT_HALF = 0.082041
DESK = {"log_odds": {"full": 0.25, "months_to_full": 3}, "adopted_in_month_ending": {"north": "2024-10-31"}}


def truth_of(**experiments: object) -> dict[str, object]:
    cells = {"by_missed_payments": {"1": FIRST}}
    segments = {"names": ["high_risk", "low_risk"], "origination_score_edges": [640.0]}
    return {"cure": cells, "segments": segments, "experiments": experiments}


def test_the_conversion_from_log_odds_is_close_to_the_exact_effect() -> None:
    told = {"log_odds": {"full": 0.5, "months_to_full": 1}, "adopted_in_month_ending": {"north": "2024-10-31"}}
    found = rollout_truth(truth_of(desk=told), "desk", "north", pd.Timestamp("2024-12-31"))
    assert found == pytest.approx(EXACT_HALF, rel=0.02)


def test_the_desk_acts_on_a_months_decisions_from_the_month_before_its_adoption_and_rises_over_three() -> None:
    ends = pd.date_range("2024-08-31", periods=6, freq="ME")
    found = [rollout_truth(truth_of(desk=DESK), "desk", "north", month) for month in ends]
    assert found[0] == pytest.approx(0.0, abs=1e-12)
    assert 0 < found[1] < found[2] < found[3] == found[4] == found[5]
    assert rollout_truth(truth_of(desk=DESK), "desk", "south", ends[-1]) == 0.0


def chosen_rows(seed: int, hidden: float = 0.0) -> pd.DataFrame:
    frame = draw_chosen(6000, 0.1, seed, hidden)
    arms = np.where(frame["agent"] == 1, "agent", "robot")
    score = 640 + 50 * frame["score"]
    return frame.assign(arm=arms, back_1=frame["cured"], origination_score=score, cured=0.0)


AGENTS = Intervention(
    name="agents",
    assigned_by="judgement",
    arms=("robot", "agent"),
    outcome="cured",
    options={"covariates": ["score", "log_balance"]},
)


def agents_truth(high: float, low: float) -> dict[str, object]:
    cells = {
        name: {"cured": {"robot": 0.4, "agent": 0.4 + effect}}
        for name, effect in (("high_risk", high), ("low_risk", low))
    }
    return truth_of(lot={"arms": ["robot", "agent"], "outcomes": {"cured_within_1": cells}})


def test_chosen_arms_are_held_to_the_effects_of_the_lot_in_their_own_mix_of_segments() -> None:
    rows = chosen_rows(1)
    (row,) = against_truth([AGENTS], {"agents": rows}, agents_truth(0.2, 0.0)).to_dict("records")
    assert row["truth"] == pytest.approx(0.2 * (rows["origination_score"] < 640).mean())
    assert row["measure"] == "back_1"  # not the registered outcome, which nobody has here
    assert set(COLUMNS) <= set(row)


def test_intervals_hold_the_truth_where_all_is_seen_and_miss_it_where_something_is_hidden() -> None:
    seen = [against_truth([AGENTS], {"agents": chosen_rows(s)}, agents_truth(0.1, 0.1)).iloc[0] for s in range(4)]
    unseen = [
        against_truth([AGENTS], {"agents": chosen_rows(s, 0.8)}, agents_truth(0.1, 0.1)).iloc[0] for s in range(4)
    ]
    assert sum(row["covered"] for row in seen) >= 3
    assert not any(row["covered"] for row in unseen)
    assert not any(row["plain_covered"] for row in seen)


def test_what_the_truth_does_not_hold_is_left_out() -> None:
    assert against_truth([AGENTS], {"agents": chosen_rows(1)}, truth_of()).empty
    assert against_truth([AGENTS], {}, agents_truth(0.1, 0.1)).empty
    later = AGENTS.model_copy(update={"horizon": 3})
    assert against_truth([later], {"agents": chosen_rows(1)}, agents_truth(0.1, 0.1)).empty
