"""Warnings where the data don't identify the model, each with its cause."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.methods.cure import IdentificationWarning, MixtureCure, Truth, draw_spells, sufficient_follow_up
from analysis.methods.cure.mixture.sample import read_times
from analysis.methods.cure.mixture.start import plateau

Draw = Callable[..., pd.DataFrame]

pytestmark = pytest.mark.filterwarnings("ignore::analysis.methods.cure.IdentificationWarning")

SHORT = Truth("weibull", (0.5, 0.8), (0.0,), (-3.5, 0.2), follow_up=(3.0, 8.0))
LONG = Truth("weibull", (0.5, 0.8), (0.0,), (-1.5, 0.2), follow_up=(20.0, 60.0))


def follow_up(months: list[float], event: list[int]) -> object:
    frame = pd.DataFrame({"months": months, "event": event})
    return sufficient_follow_up(read_times(frame, "months", "event", None, None, None))


def test_the_follow_up_test_is_maller_and_zhous() -> None:
    # Last event 6, last time 10: events in (2, 6] are those at 3, 5 and 6, so p = (1 − 3/8)^8.
    found = follow_up([1, 2, 3, 5, 6, 8, 9, 10], [1, 1, 1, 1, 1, 0, 0, 0])
    assert found.late_events == 3 and found.p_value == pytest.approx((1 - 3 / 8) ** 8)  # type: ignore[attr-defined]
    assert found.sufficient  # type: ignore[attr-defined]


def test_an_event_at_the_very_end_means_no_plateau_was_seen() -> None:
    found = follow_up([1, 2, 3, 4], [1, 1, 0, 1])
    assert found.p_value == 1.0 and not found.sufficient  # type: ignore[attr-defined]


def test_known_never_rows_take_no_part_in_the_follow_up_test() -> None:
    short = follow_up([1, 2, 3, 4], [1, 1, 0, 1])
    assert follow_up([1, 2, 3, 4, 90], [1, 1, 0, 1, 2]) == short


def test_long_follow_up_passes_in_silence() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", IdentificationWarning)
        model = MixtureCure().fit(draw_spells(LONG, 1500, seed=1), "months", "event", "x1", "x1")
    assert model.follow_up_.sufficient and model.follow_up_.tail < 0.01


def test_short_follow_up_is_called_by_its_name() -> None:
    with pytest.warns(IdentificationWarning) as caught:
        MixtureCure().fit(draw_spells(SHORT, 1500, seed=1), "months", "event", "x1", "x1")
    text = " ".join(str(w.message) for w in caught)
    assert "the latency tail is never seen" in text
    assert "follow-up too short for a plateau" in text


@pytest.mark.parametrize("part", ["incidence", "latency"])
def test_separation_names_the_covariate(part: str) -> None:
    frame = draw_spells(LONG, 800, seed=1)
    group = np.arange(len(frame)) % 10 == 0
    frame = frame.assign(hopeless=group.astype(float), event=np.where(group, 0, frame.event))
    formulas = ("hopeless", "1") if part == "incidence" else ("1", "hopeless")
    with pytest.warns(IdentificationWarning, match=rf"separation: hopeless \({part}\) runs to infinity"):
        MixtureCure().fit(frame, "months", "event", *formulas)


def test_covariates_that_separate_only_together_are_named() -> None:
    frame = draw_spells(LONG, 800, seed=1)
    rng = np.random.default_rng(1)
    u = rng.normal(size=len(frame))
    gap = np.where(frame.event == 1, 0.5, -0.5) + rng.uniform(-0.4, 0.4, len(frame))
    with pytest.warns(IdentificationWarning) as caught:
        MixtureCure().fit(frame.assign(u=u, v=gap - u), "months", "event", "u + v")
    text = " ".join(str(w.message) for w in caught)
    assert "separation: u, v (incidence) run to infinity, because together" in text
    assert "border" not in text


def test_a_fraction_at_its_border_is_called_that() -> None:
    # The hazard of those left rises month by month, 20, 30, 40%: the opposite of a plateau.
    cured, left = [200.0, 240.0, 224.0], 336.0
    frame = pd.DataFrame({"months": [1, 2, 3, 3], "event": [1, 1, 1, 0], "weight": [*cured, left]})
    with pytest.warns(IdentificationWarning, match="the never-cure fraction is at its border: Intercept"):
        model = MixtureCure("piecewise", breaks=[1]).fit(frame, "months", "event", weights_col="weight")
    assert model.never_cure_["estimate"] < 0.001


def test_a_falling_hazard_runs_gompertz_to_its_border() -> None:
    truth = Truth("lognormal", (0.5,), (), (1.0, 0.3), resolved=0.9)
    with pytest.warns(IdentificationWarning, match="the baseline runs to its border: ln_shape"):
        MixtureCure("gompertz").fit(draw_spells(truth, 800, seed=2), "months", "event")


def test_warnings_point_at_the_line_that_fits() -> None:
    with pytest.warns(IdentificationWarning) as caught:
        MixtureCure().fit(draw_spells(SHORT, 1500, seed=1), "months", "event")
    assert {w.filename for w in caught if w.category is IdentificationWarning} == {__file__}


def test_the_plateau_keeps_known_never_rows_at_risk_and_late_ones_out() -> None:
    frame = pd.DataFrame({"months": [1, 2, 3, 2], "event": [1, 2, 1, 0], "entry": [0, 0, 2, 0]})
    times = read_times(frame, "months", "event", "entry", None, None)
    # Month 1: one of three at risk cures (the third row enters later). Month 3: one of two, row two being kept.
    assert plateau(times) == pytest.approx(1 - (2 / 3) * (1 / 2))
