"""Measured effects beside what a simulated portfolio was drawn with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.segmentation.treatments.against_truth import effects_against_truth

TRUTH = {
    "segments": {"names": ["high_risk", "low_risk"], "origination_score_edges": [600.0]},
    "experiments": {
        "trial": {
            "outcomes": {
                "cured_within_1": {
                    "all": {"cured": {"robot": 0.3, "agent": 0.45}},
                    "high_risk": {"cured": {"robot": 0.2, "agent": 0.4}},
                    "low_risk": {"cured": {"robot": 0.4, "agent": 0.5}},
                }
            }
        }
    },
}


def decisions(count: int = 8000, seed: int = 2) -> pd.DataFrame:
    """Decisions drawn with exactly the chances that the truth tells; half of the accounts at high risk."""
    rng = np.random.default_rng(seed)
    agent, high = rng.random(count) < 0.5, rng.random(count) < 0.5
    chance = np.where(high, np.where(agent, 0.4, 0.2), np.where(agent, 0.5, 0.4))
    return pd.DataFrame(
        {
            "arm": np.where(agent, "agent", "robot"),
            "probability": 0.5,
            "fold": rng.integers(0, 32, count),
            "back_1": (rng.random(count) < chance).astype(float),
            "origination_score": np.where(high, 550.0, 650.0),
        }
    )


def test_effects_drawn_from_the_truth_are_told_beside_it_and_held() -> None:
    table = effects_against_truth(decisions(), TRUTH, "trial", "robot")
    assert table["segment"].tolist() == ["all", "high_risk", "low_risk"]
    assert table["truth"].tolist() == pytest.approx([0.15, 0.2, 0.1])
    assert table["covered"].all() and (table["upper"] - table["lower"]).max() < 0.12


def test_an_effect_that_is_not_there_is_seen_to_be_missing() -> None:
    table = effects_against_truth(
        decisions().assign(back_1=0.0).assign(back_1=lambda f: f.index % 2), TRUTH, "trial", "robot"
    )
    assert not table.set_index("segment").loc["all", "covered"]


def test_decisions_not_known_yet_take_no_part_and_an_unknown_experiment_tells_nothing() -> None:
    some = decisions().assign(back_1=lambda f: f["back_1"].where(f.index < 4000))
    assert effects_against_truth(some, TRUTH, "trial", "robot")["units"].iloc[0] == 4000
    assert effects_against_truth(some, TRUTH, "another", "robot").empty
