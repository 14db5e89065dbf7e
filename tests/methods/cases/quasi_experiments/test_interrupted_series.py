"""Segmented regression of one series: known effects, false dates, seasons, and what it can't see."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ParameterError
from analysis.methods.cases.quasi_experiments.draws import draw_series
from analysis.methods.cases.quasi_experiments.interrupted_series import (
    before_after,
    interrupted_series,
    newey_west,
)
from analysis.methods.cases.quasi_experiments.interrupted_series_fit import fit_segments, segmented_design
from analysis.methods.cases.quasi_experiments.study import DesignRefused

START = pd.Timestamp("2023-01-31")


def fitted(seed: int, effect: float, correlation: float = 0.4) -> tuple[float, float, float]:
    frame = draw_series(effect, seed, correlation=correlation)
    design = segmented_design(frame["month"].dt.month.to_numpy(), 36, 1, True)
    found = fit_segments(frame["rate"].to_numpy(), design, 36, True)
    return found.estimate, found.quantile(0.025), found.quantile(0.975)


def test_intervals_hold_the_effect_at_their_level_and_placebos_reject_at_theirs() -> None:
    found = np.array([fitted(seed, 0.03) for seed in range(100)])
    none = np.array([fitted(500 + seed, 0.0) for seed in range(100)])
    assert found[:, 0].mean() == pytest.approx(0.03, abs=0.004)
    assert ((found[:, 1] <= 0.03) & (found[:, 2] >= 0.03)).mean() >= 0.90
    assert ((none[:, 1] > 0) | (none[:, 2] < 0)).mean() <= 0.11


def test_newey_west_errors_are_too_small_in_a_short_series() -> None:
    held = []
    for seed in range(100):
        frame = draw_series(0.03, seed, correlation=0.6)
        found = newey_west(frame, "rate", "month", 36, 1, True).iloc[0]
        held.append(abs(found["estimate"] - 0.03) <= 1.96 * found["standard_error"])
    assert np.mean(held) < 0.90


def test_least_squares_with_the_library_gives_the_same_estimate_without_autocorrelation() -> None:
    frame = draw_series(0.03, 1, correlation=0.0)
    other = newey_west(frame, "rate", "month", 36, 1, True).iloc[0]["estimate"]
    assert fitted(1, 0.03, 0.0)[0] == pytest.approx(other, abs=0.01)


def test_before_and_after_takes_the_trend_for_an_effect() -> None:
    for seed in range(10):
        naive = before_after(draw_series(0.0, seed), "rate", START)
        assert naive.lower > 0.03


def test_before_and_after_is_the_interval_of_welch() -> None:
    stats = pytest.importorskip("scipy.stats")
    frame = draw_series(0.02, 1)
    late = frame["month"] >= START
    other = stats.ttest_ind(frame["rate"][late], frame["rate"][~late], equal_var=False)
    found, bounds = before_after(frame, "rate", START), other.confidence_interval(0.95)
    assert (found.lower, found.upper, found.p) == pytest.approx((bounds.low, bounds.high, other.pvalue))


def test_another_change_at_the_date_is_taken_for_the_effect_and_the_assumption_says_so() -> None:
    study = interrupted_series(draw_series(0.0, 3, other=0.06), "rate", START)
    assert study.effect.lower > 0
    assert "nothing else changed at the date" in study.assumption


def test_a_break_before_the_date_shows_at_false_dates() -> None:
    frame = draw_series(0.0, 4, months=84, start=60)
    frame.loc[30:, "rate"] += 0.12
    study = interrupted_series(frame, "rate", frame["month"].iloc[60])
    assert study.verdict == "doubtful"
    assert "false dates is +0.1" in " ".join(study.failed)


def test_leaving_out_the_season_where_there_is_one_leaves_months_that_hang_together() -> None:
    frame = draw_series(0.0, 5, correlation=0.0)
    frame["rate"] += 0.06 * np.sin(2 * np.pi * frame["month"].dt.month / 12)
    without = interrupted_series(frame, "rate", START, harmonics=0)
    (check,) = [check for check in without.checks if check.name == "autocorrelation"]
    assert not check.passed
    assert interrupted_series(frame, "rate", START).sound


def test_the_path_holds_the_effect_between_fit_and_counterfactual() -> None:
    study = interrupted_series(draw_series(0.05, 6), "rate", START)
    after = study.tables["path"].query("month >= @START")
    assert (after["fitted"] - after["counterfactual"]).mean() == pytest.approx(study.effect.estimate, abs=1e-6)


def test_short_series_gaps_and_wrong_seasons_are_refused() -> None:
    frame = draw_series(0.0, 1)
    with pytest.raises(DesignRefused, match="20 months before the date and 40 from it on; 24 and 4 are needed"):
        interrupted_series(frame, "rate", frame["month"].iloc[20])
    with pytest.raises(DesignRefused, match="not one after the other at 2020-07"):
        interrupted_series(frame.drop(index=5), "rate", START)
    with pytest.raises(ParameterError, match="harmonics is 7; allowed are 0"):
        interrupted_series(frame, "rate", START, harmonics=7)
