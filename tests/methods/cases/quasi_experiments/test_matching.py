"""Weighting and matching: known effects where all is seen, and how it shows where something is hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.quasi_experiments.draws import draw_chosen
from analysis.methods.cases.quasi_experiments.matching import weighted_comparison
from analysis.methods.cases.quasi_experiments.matching_models import encoded
from analysis.methods.cases.quasi_experiments.matching_pairs import matched_pairs
from analysis.methods.cases.quasi_experiments.study import DesignRefused, Study

SEEN = ["score", "log_balance"]


def study_of(frame: pd.DataFrame, **more: object) -> Study:
    return weighted_comparison(frame, "cured", "agent", SEEN, cluster="customer", **more)  # type: ignore[arg-type]


def test_the_effect_is_found_where_the_raw_difference_is_biased() -> None:
    studies = [study_of(draw_chosen(3000, 0.06, seed)) for seed in range(25)]
    raw = [study.tables["estimators"]["estimate"].iloc[0] for study in studies]
    held = [study.effect.lower <= 0.06 <= study.effect.upper for study in studies]
    assert np.mean([study.effect.estimate for study in studies]) == pytest.approx(0.06, abs=0.015)
    assert sum(held) >= 21
    assert np.mean(raw) < 0.02


def test_no_effect_is_shown_at_no_more_than_the_nominal_rate() -> None:
    shown = [study_of(draw_chosen(1500, 0.0, seed)).effect.p < 0.05 for seed in range(40)]
    assert np.mean(shown) <= 0.15


def test_what_choosers_sensed_biases_the_effect_and_an_outcome_before_the_decision_shows_it() -> None:
    frame = draw_chosen(8000, 0.06, 1, hidden=0.8)
    study = study_of(frame, placebo_outcome="cured_before")
    assert study.effect.upper < 0.06
    assert study.verdict == "doubtful"
    assert "'cured_before', which came before the decision, differs by -" in " ".join(study.failed)


def test_an_outcome_before_the_decision_is_even_where_nothing_is_hidden() -> None:
    passed = [
        study_of(draw_chosen(2000, 0.06, seed), placebo_outcome="cured_before").checks[-1].passed
        for seed in range(12)
    ]
    assert sum(passed) >= 10


def test_an_outcome_before_is_judged_among_those_of_whom_there_is_one() -> None:
    frame = draw_chosen(8000, 0.06, 1, hidden=0.8)
    seen = frame["cured_before"].where(frame.index % 2 == 0)
    study = study_of(frame.assign(before=seen), placebo_outcome="before")
    (check,) = [check for check in study.checks if check.name == "outcome before"]
    assert not check.passed
    assert "among 4,000" in check.says
    few = frame["cured_before"].where(frame.index < 120)
    names = [check.name for check in study_of(frame.assign(before=few), placebo_outcome="before").checks]
    assert "outcome before" not in names


def test_a_weak_effect_that_a_seen_covariate_could_explain_is_doubtful() -> None:
    study = study_of(draw_chosen(12_000, 0.04, 2))
    (check,) = [check for check in study.checks if check.name == "hidden confounding"]
    assert not check.passed
    assert "a hidden confounder as strong as '" in check.says
    strong = study_of(draw_chosen(12_000, 0.20, 2))
    assert strong.verdict == "higher"
    assert (
        strong.tables["sensitivity"]["e_value_limit"].iloc[0]
        > study.tables["sensitivity"]["e_value_limit"].iloc[0]
    )


def test_weighting_balances_what_was_seen() -> None:
    balance = study_of(draw_chosen(5000, 0.0, 3)).tables["balance"].set_index("covariate")
    assert balance["before"].abs().max() > 0.3
    assert balance["after"].abs().max() < 0.05


def test_arms_that_hold_different_accounts_are_refused() -> None:
    frame = draw_chosen(3000, 0.0, 4)
    frame["agent"] = (frame["score"] < 0).astype(int)
    with pytest.raises(DesignRefused, match=r"have a chance under 2% of the other arm"):
        study_of(frame)


def test_treatments_that_are_not_zero_or_one_and_no_covariates_are_refused() -> None:
    frame = draw_chosen(500, 0.0, 5)
    with pytest.raises(InputError, match="'agent' holds"):
        study_of(frame.assign(agent=2))
    with pytest.raises(ParameterError, match="covariates are none"):
        weighted_comparison(frame, "cured", "agent", [])
    with pytest.raises(InputError, match="'cured' is missing in 10 of 500"):
        study_of(frame.assign(cured=frame["cured"].where(frame.index >= 10)))


def test_texts_and_gaps_are_coded() -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan, 3.0, 4.0], "b": ["x", "y", "z", "x"]})
    assert encoded(frame, ["a", "b"]).columns.tolist() == ["a", "a missing", "b_y", "b_z"]


def test_pairs_use_each_account_once_and_stay_within_the_caliper() -> None:
    rng = np.random.default_rng(1)
    propensity, arm = rng.uniform(0.1, 0.9, 400), (rng.random(400) < 0.4).astype(float)
    pairs = matched_pairs(propensity, arm)
    odds = np.log(propensity / (1 - propensity))
    assert len(np.unique(pairs)) == pairs.size
    assert (arm[pairs[:, 0]] == 1).all()
    assert (arm[pairs[:, 1]] == 0).all()
    assert np.abs(odds[pairs[:, 0]] - odds[pairs[:, 1]]).max() <= 0.2 * odds.std()
    assert len(pairs) > 120
