"""Logged decisions that the parameters name: misspelt ones, too few, and why no model was judged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters.segmentation import Decision, Treatments
from analysis.methods.segmentation.champion_challenger.contest import why_none
from analysis.methods.segmentation.training.samples import part_by_time
from analysis.methods.segmentation.treatments.decisions import (
    refuse_few_decisions,
    refuse_misspelt,
    value_decisions,
)

LOGGED = pd.DataFrame({"experiment": ["calls_2025", "letters"], "arms": [("agent", "robot"), ("none", "letter")]})


def named(
    experiment: str, control: str = "robot", treated: str = "agent"
) -> tuple[Decision, pd.DataFrame, Treatments]:
    point = Decision(experiment=experiment, control=control, treated=treated)
    return point, LOGGED, Treatments(decisions=(point,))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (named("calls_2052"), "names the experiment 'calls_2052', which is unknown; did you mean 'calls_2025'"),
        (
            named("calls_2025", control="robto"),
            "control names the arm 'robto', which is unknown; did you mean 'robot'",
        ),
        (
            named("calls_2025", treated="agnet"),
            "treated names the arm 'agnet', which is unknown; did you mean 'agent'",
        ),
    ],
)
def test_misspelt_experiments_and_arms_are_refused_with_the_nearest(
    given: tuple[Decision, pd.DataFrame, Treatments], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        refuse_misspelt(*given)


def test_right_names_pass_and_so_do_defaults_that_a_portfolio_has_not() -> None:
    refuse_misspelt(*named("calls_2025"))
    refuse_misspelt(Treatments().decisions[0], LOGGED, Treatments())
    refuse_misspelt(*named("anything")[:1], LOGGED[:0], named("anything")[2])


def test_few_decisions_are_refused_without_their_number() -> None:
    frame = pd.DataFrame({"arm": ["a", "b"] * 20, "probability": 0.5, "fold": range(40), "paid": 1.0, "cured": 0})
    valued = value_decisions(frame)
    with pytest.raises(InputError, match="Fewer than 100 decisions of calls are over") as caught:
        refuse_few_decisions(valued, "calls")
    assert "40" not in str(caught.value)
    refuse_few_decisions(valued, "calls", least=40)


@pytest.mark.parametrize(("events", "why"), [(10, "few_events"), (195, "few_others"), (100, "unsuited")])
def test_why_no_model_was_judged_counts_nobody(events: int, why: str) -> None:
    frame = pd.DataFrame(
        {"month": pd.Timestamp("2025-01-31"), "event": np.arange(200) < events, "x": np.arange(200)}
    )
    sample = part_by_time(frame.astype({"event": float}), "event", ["x"], 3, 1)
    assert why_none(sample) == why
    assert why_none(None) == "unknown"
