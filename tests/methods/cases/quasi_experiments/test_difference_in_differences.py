"""Staggered adoption with few units: known effects, placebos, trends that differ, and panels that bear nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.cases.quasi_experiments.difference_in_differences import (
    difference_in_differences,
    event_study,
    randomised_effect,
    sun_abraham,
    two_stage,
)
from analysis.methods.cases.quasi_experiments.difference_in_differences_panel import (
    adoption_panel,
    orders,
    rollout_panel,
)
from analysis.methods.cases.quasi_experiments.draws import draw_rollout
from analysis.methods.cases.quasi_experiments.interrupted_series import before_after
from analysis.methods.cases.quasi_experiments.study import DesignRefused


def effect_of(frame: pd.DataFrame, draws: int = 499) -> tuple[float, float, float, float]:
    found = randomised_effect(adoption_panel(frame, "rate", "region", "month", "adopted"), orders(8, draws, 1))
    return found.estimate, found.lower, found.upper, found.p


def test_the_imputed_effect_is_that_of_the_two_stage_library() -> None:
    frame = draw_rollout(0.05, 1)
    assert effect_of(frame)[0] == pytest.approx(two_stage(frame, "rate")[0], abs=1e-6)


def test_cohort_estimates_of_the_library_agree_with_the_event_study() -> None:
    frame = draw_rollout(0.05, 2, noise=0.002)
    own = difference_in_differences(frame, "rate").tables["event_study"].set_index("months_since")["estimate"]
    other = sun_abraham(frame, "rate").set_index("months_since")["estimate"]
    lags = [lag for lag in range(9) if lag in other.index]
    assert np.abs(own.loc[lags].mean() - other.loc[lags].mean()) < 0.006


def test_intervals_hold_the_effect_at_their_level_and_placebos_reject_at_theirs() -> None:
    found = np.array([effect_of(draw_rollout(0.03, seed)) for seed in range(150)])
    held = ((found[:, 1] <= 0.03) & (found[:, 2] >= 0.03)).mean()
    none = np.array([effect_of(draw_rollout(0.0, 1000 + seed))[3] for seed in range(150)])
    assert 0.90 <= held <= 0.99
    assert found[:, 0].mean() == pytest.approx(0.03, abs=0.003)
    assert (none <= 0.05).mean() <= 0.10


def test_before_and_after_takes_the_common_drift_for_an_effect() -> None:
    naive = []
    for seed in range(40):
        frame = draw_rollout(0.0, seed)
        region = frame[frame["adopted"].notna()].groupby("region").first().index[0]
        rows = frame[frame["region"] == region]
        found = before_after(rows, "rate", rows["adopted"].iloc[0])
        naive.append((found.estimate, found.lower > 0 or found.upper < 0))
    # Regions rise by 0.2 points a month whatever is done: the plain difference shows an effect that is not there.
    assert np.mean([estimate for estimate, _ in naive]) > 0.02
    assert np.mean([shown for _, shown in naive]) > 0.5


def test_regions_that_drift_apart_show_a_pretrend_and_the_effect_is_doubtful() -> None:
    verdicts = [
        difference_in_differences(draw_rollout(0.0, seed, drift=0.012, noise=0.01), "rate").verdict
        for seed in range(10)
    ]
    assert verdicts.count("doubtful") >= 8


def test_the_pretrend_test_keeps_its_level_where_trends_are_parallel() -> None:
    order = orders(8, 299, 1)
    panels = (
        adoption_panel(draw_rollout(0.05, seed), "rate", "region", "month", "adopted") for seed in range(250)
    )
    p = np.array([event_study(panel, order)[1] for panel in panels])
    assert 0.02 <= (p <= 0.05).mean() <= 0.085
    assert 0.42 <= (p <= 0.5).mean() <= 0.58


def test_the_event_study_starts_at_nothing_and_reaches_the_effect() -> None:
    study = difference_in_differences(draw_rollout(0.06, 4, noise=0.005), "rate")
    events = study.tables["event_study"]
    assert events.loc[events["before"], "estimate"].abs().max() < 0.02
    assert events.loc[~events["before"], "estimate"].mean() == pytest.approx(0.06, abs=0.01)
    assert study.verdict == "higher"


def test_an_effect_that_grows_biases_the_two_way_coefficient_but_not_the_imputed_one() -> None:
    frame = draw_rollout(0.0, 5, noise=0.001)
    since = (frame["month"].dt.year - frame["adopted"].dt.year) * 12
    since = since + frame["month"].dt.month - frame["adopted"].dt.month
    grown = (0.004 * since.where(since >= 0)).fillna(0.0)
    study = difference_in_differences(frame.assign(rate=frame["rate"] + grown), "rate", draws=99)
    truth = grown[since >= 0].mean()
    plain = study.tables["estimators"].set_index("estimator").loc["two-way fixed effects", "estimate"]
    assert study.effect.estimate == pytest.approx(truth, abs=0.003)
    assert abs(plain - truth) > 0.01


def test_few_units_gaps_and_nothing_untreated_are_refused() -> None:
    frame = draw_rollout(0.0, 1)
    named = frame.groupby("region")["adopted"].first()
    three = [*named.dropna().index[:2], named[named.isna()].index[0]]
    with pytest.raises(DesignRefused, match=r"in 6 ways, so the smallest p is 0\.17; 20 ways are needed"):
        difference_in_differences(frame[frame["region"].isin(three)], "rate")
    with pytest.raises(DesignRefused, match="one row for each unit and month"):
        difference_in_differences(frame.iloc[1:], "rate")
    with pytest.raises(DesignRefused, match="no unit adopted"):
        difference_in_differences(frame.assign(adopted=pd.NaT), "rate")
    with pytest.raises(DesignRefused, match="2 months before the first adoption"):
        difference_in_differences(frame[frame["month"] > sorted(frame["month"].unique())[6]], "rate")


def test_without_a_unit_never_treated_the_months_after_the_last_adoption_are_left_out() -> None:
    frame = draw_rollout(0.05, 3)
    panel = adoption_panel(frame.dropna(subset=["adopted"]), "rate", "region", "month", "adopted")
    assert panel.y.shape == (6, 24)


def test_decisions_become_rates_by_region_with_the_first_month_of_the_new_arm() -> None:
    frame = draw_rollout(0.0, 1).rename(columns={"month": "decided_month", "rate": "cured"})
    arms = np.where(frame["decided_month"] >= frame["adopted"], "adopted", "not_adopted")
    drawn = pd.concat([frame.drop(columns="adopted").assign(arm=arms)] * 3)
    panel = rollout_panel(drawn, "cured", "adopted")
    pd.testing.assert_series_equal(panel["adopted"], frame["adopted"], check_names=False)
    assert panel["cured"].to_numpy() == pytest.approx(frame["cured"].to_numpy())
    assert (panel["decisions"] == 3).all()
    last = drawn["decided_month"] == drawn["decided_month"].max()
    back = drawn.assign(arm=drawn["arm"].mask(last, "not_adopted"))
    with pytest.raises(DesignRefused, match="18 decisions of units that had adopted are not 'adopted'"):
        rollout_panel(back, "cured", "adopted")


def test_an_outcome_that_never_happens_is_refused() -> None:
    with pytest.raises(DesignRefused, match="'rate' is 0 in all 288 rows, so nothing can be told"):
        difference_in_differences(draw_rollout(0.0, 1).assign(rate=0.0), "rate")
