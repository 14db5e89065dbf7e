"""Synthetic control: the library's weights, known effects, placebos in space and time, and bad fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import ParameterError
from analysis.methods.cases.quasi_experiments.draws import draw_one_unit
from analysis.methods.cases.quasi_experiments.interrupted_series import before_after
from analysis.methods.cases.quasi_experiments.study import DesignRefused
from analysis.methods.cases.quasi_experiments.synthetic_control import by_library, synthetic_control
from analysis.methods.cases.quasi_experiments.synthetic_control_weights import (
    conformal_effect,
    constant_effect_p,
    fit_weights,
)

TREATED, START = "region 0", 28


def wide_of(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.pivot(index="month", columns="region", values="rate")


def interval(seed: int, effect: float) -> tuple[float, float, float]:
    wide = wide_of(draw_one_unit(effect, seed))
    return conformal_effect(wide[TREATED].to_numpy(), wide.drop(columns=[TREATED]).to_numpy(), START)


def date_of(frame: pd.DataFrame) -> pd.Timestamp:
    return pd.Timestamp(sorted(frame["month"].unique())[START])


def test_weights_fit_at_least_as_well_as_the_library_s() -> None:
    # Its solver stops at a tolerance; ours must not be beaten, and both must tell the same path.
    for seed in range(3):
        wide = wide_of(draw_one_unit(0.0, seed))
        y, x = wide[TREATED].to_numpy(), wide.drop(columns=[TREATED])
        own, other = fit_weights(y[:START], x.to_numpy()[:START]), by_library(wide, TREATED, START)
        errors = [np.square(y[:START] - x.to_numpy()[:START] @ w).sum() for w in (own, other.to_numpy())]
        assert errors[0] <= errors[1] * (1 + 1e-6)
        assert np.abs(x.to_numpy() @ (own - other.to_numpy())).max() < 0.01


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 9), st.floats(0.01, 100))
def test_weights_lie_on_the_simplex_and_find_a_mean_that_is_there(seed: int, donors: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x, truth = scale * rng.normal(size=(24, donors)), rng.dirichlet(np.ones(donors))
    found = fit_weights(x @ truth, x)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    assert found == pytest.approx(truth, abs=1e-4)


def test_intervals_hold_the_effect_and_placebos_reject_at_their_level() -> None:
    found = np.array([interval(seed, 0.03)[:2] for seed in range(120)])
    none = np.array([interval(500 + seed, 0.0)[2] for seed in range(120)])
    assert ((found[:, 0] <= 0.03) & (found[:, 1] >= 0.03)).mean() >= 0.90
    assert (none <= 0.05).mean() <= 0.10
    assert np.median(found[:, 1] - found[:, 0]) < 0.06


def test_before_and_after_takes_what_befell_all_regions_for_an_effect_of_one() -> None:
    off, shown = [], []
    for seed in range(60):
        frame = draw_one_unit(0.0, seed)
        naive = before_after(frame[frame["region"] == TREATED], "rate", date_of(frame))
        low, high, _ = interval(seed, 0.0)
        off.append((abs(naive.estimate), abs(low + high) / 2))
        shown.append((naive.lower > 0 or naive.upper < 0, low > 0 or high < 0))
    # Nothing was done: shared swings look like an effect unless regions that shared them are taken off.
    assert np.mean(shown, axis=0)[0] > 0.6
    assert np.mean(shown, axis=0)[1] < 0.15
    assert np.median(off, axis=0)[0] > 3 * np.median(off, axis=0)[1]


def test_p_is_even_where_nothing_happened() -> None:
    # Gaps are smaller where donors lie far out, mostly at the end: unmeasured, 2% and not 5% would be rejected.
    p = np.array([interval(seed, 0.0)[2] for seed in range(1000, 1300)])
    assert 0.025 <= (p <= 0.05).mean() <= 0.085
    assert 0.42 <= (p <= 0.5).mean() <= 0.58


def test_a_unit_that_is_one_of_the_donors_leaves_every_block_alike() -> None:
    x = np.random.default_rng(1).normal(size=(30, 5))
    assert constant_effect_p(x[:, 2], x, 20, 0.0) == 1.0


def test_the_effect_is_found_and_the_treated_region_stands_out_among_placebos() -> None:
    frame = draw_one_unit(0.05, 1)
    study = synthetic_control(frame, "rate", TREATED, date_of(frame))
    assert study.verdict == "higher"
    assert study.effect.lower < 0.05 < study.effect.upper
    placebos = study.tables["placebos"]
    assert placebos.attrs["p"] == pytest.approx(1 / 8)
    assert placebos.loc[placebos["treated"], "unit"].tolist() == [TREATED]
    assert study.tables["weights"]["weight"].sum() == pytest.approx(1)


def test_a_region_that_the_others_do_not_track_is_refused_with_the_share_missed() -> None:
    frame = draw_one_unit(0.0, 4, apart=0.05)
    with pytest.raises(DesignRefused, match=r"misses by \d+% of the treated unit's own spread \(80% at most\)"):
        synthetic_control(frame, "rate", TREATED, date_of(frame))


def test_a_break_before_the_date_shows_at_the_false_date() -> None:
    frame = draw_one_unit(0.0, 8)
    early = sorted(frame["month"].unique())[18]
    broken = (frame["region"] == TREATED) & (frame["month"] >= early)
    frame.loc[broken, "rate"] += 0.04
    try:
        assert synthetic_control(frame, "rate", TREATED, date_of(frame)).verdict == "doubtful"
    except DesignRefused as reason:
        assert "misses by" in str(reason)


def test_few_donors_gaps_and_unknown_regions_are_refused() -> None:
    frame = draw_one_unit(0.0, 1)
    few = frame[frame["region"].isin([TREATED, "region 1", "region 2"])]
    with pytest.raises(DesignRefused, match="2 untreated units, 28 months before and 12 after"):
        synthetic_control(few, "rate", TREATED, date_of(frame))
    with pytest.raises(DesignRefused, match="one row for each unit and month"):
        synthetic_control(frame.iloc[1:], "rate", TREATED, date_of(frame))
    with pytest.raises(ParameterError, match="treated is 'west'; units are region 0, region 1"):
        synthetic_control(frame, "rate", "west", date_of(frame))


def test_too_few_months_for_the_level_give_an_unbounded_interval() -> None:
    wide = wide_of(draw_one_unit(0.0, 1)).iloc[10:29]
    y, x = wide[TREATED].to_numpy(), wide.drop(columns=[TREATED]).to_numpy()
    assert conformal_effect(y, x, 16)[:2] == (-np.inf, np.inf)
