"""The rivals, and the table in which they are compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.methods.cure import cumulative_incidence
from analysis.methods.cure.validation import (
    Mixture,
    MixtureOfExits,
    Split,
    Validation,
    plain_rivals,
    split_by_entry,
    validate,
)
from analysis.methods.cure.validation.rivals import AalenJohansen, CoxWithoutCure, LogisticByHorizon


@pytest.fixture(scope="module")
def validation(split: Split, true_model: Any) -> Validation:
    pytest.importorskip("sksurv")
    return validate(split, [true_model, Mixture("x1", "x1"), *plain_rivals("x1")])


def value(validation: Validation, model: str, metric: str, horizon: int) -> float:
    table = validation.table
    row = table[(table.model == model) & (table.metric == metric) & (table.horizon == horizon)]
    return float(row.value.iloc[0])


@pytest.mark.parametrize("rival", ["cox", "aalen_johansen"])
@pytest.mark.parametrize("horizon", [3, 6, 12])
def test_the_true_model_is_the_most_accurate(validation: Validation, rival: str, horizon: int) -> None:
    for metric in ("brier", "integrated_brier"):
        assert value(validation, "truth", metric, horizon) < value(validation, rival, metric, horizon)


def test_a_cure_model_comes_close_to_the_truth_and_cox_does_not(validation: Validation) -> None:
    own, cox = (validation.curves[name] for name in ("mixture_cure", "cox"))
    miss = [np.abs(curve - validation.curves["truth"]).mean() for curve in (own, cox)]
    assert miss[0] < 0.02 < miss[1]


def test_models_without_covariates_rank_nobody(validation: Validation) -> None:
    assert value(validation, "aalen_johansen", "auc", 6) == 0.5
    assert value(validation, "mixture_cure", "auc", 12) > 0.6


def test_the_table_has_each_metric_once_and_counts_its_spells(validation: Validation, split: Split) -> None:
    table = validation.table
    assert list(table.columns) == ["model", "horizon", "metric", "value", "lower", "upper", "rows", "events"]
    assert not table.duplicated(["model", "horizon", "metric"]).any()
    assert (table.rows == len(split.test)).all()
    cured = ((split.test.exit == "cured") & (split.test.duration <= 6)).sum()
    assert (table[table.horizon == 6].events == cured).all()
    limited = table.dropna(subset=["lower", "upper"])
    assert ((limited.lower <= limited.value) & (limited.value <= limited.upper)).all()


def test_the_logistic_is_judged_at_its_own_horizons_only(validation: Validation) -> None:
    own = validation.table[validation.table.model == "logistic"]
    assert set(own.horizon) == {6, 12} and "integrated_brier" not in set(own.metric)
    assert "logistic makes no forecast at 3 months." in validation.notes


def test_predicted_incidence_is_a_probability_that_never_falls(validation: Validation) -> None:
    for name in ("mixture_cure", "cox", "aalen_johansen"):
        curve = validation.curves[name]
        assert (curve >= 0).all() and (curve <= 1).all() and (np.diff(curve, axis=1) >= -1e-12).all()


def test_drawing_fewer_spells_is_said_and_keeps_the_scores_near(
    split: Split, true_model: Any, validation: Validation
) -> None:
    small = validate(split, [true_model], limit=1500)
    assert any("computed on 1,500 spells drawn from" in note for note in small.notes)
    assert value(small, "truth", "auc", 6) == pytest.approx(value(validation, "truth", "auc", 6), abs=0.03)
    assert value(small, "truth", "expected_observed", 6) == value(validation, "truth", "expected_observed", 6)


def test_cells_score_as_the_spells_they_stand_for(split: Split, true_model: Any) -> None:
    keys = ["x1", "began", "entry", "duration", "exit", "fold", "follow_up"]
    cells = split.test.groupby(keys, as_index=False).agg(spells=("spells", "sum"))
    assert len(cells) < len(split.test)
    packed = validate(dataclasses.replace(split, test=cells), [true_model]).table
    single = validate(split, [true_model]).table
    pd.testing.assert_frame_equal(packed, single, rtol=1e-9)


def test_without_covariate_effects_cox_is_aalen_johansen(portfolio: Callable[..., pd.DataFrame]) -> None:
    noise = np.random.default_rng(8).normal(size=3000)
    train = split_by_entry(portfolio(3000, charged_off=0.6), 30, 41).train
    train = train.assign(noise=noise[: len(train)])
    cox = CoxWithoutCure("noise").fit(train).predict(train.assign(noise=train.noise.mean()), 12)[0]
    plain = AalenJohansen().fit(train).predict(train, 12)[0]
    assert cox == pytest.approx(plain, abs=0.01)


def test_aalen_johansen_carries_its_last_share_on(split: Split) -> None:
    table = cumulative_incidence(split.train, "duration", "exit", "entry", "spells")
    cured = table[table.exit == "cured"]
    curve = AalenJohansen().fit(split.train).predict(split.test.head(2), 60)
    assert curve[1, 59] == cured.share.iloc[-1] and curve[0, 2] == cured[cured.time == 3].share.iloc[0]


def test_the_logistic_learns_only_from_spells_followed_to_its_horizon(split: Split) -> None:
    short = split.train.follow_up < 12
    assert short.sum() > 200
    turned = split.train.assign(exit=split.train.exit.where(~short, "open"))
    curves = [LogisticByHorizon("x1", (12,)).fit(frame).predict(split.test, 12) for frame in (split.train, turned)]
    assert np.array_equal(curves[0][:, 11], curves[1][:, 11])
    followed_at_all = split.train[short].assign(exit="open")
    assert np.isnan(LogisticByHorizon("x1", (12,)).fit(followed_at_all).predict(split.test, 12)).all()


@pytest.mark.parametrize(
    ("model", "near"), [(AalenJohansen(), 1e-12), (Mixture("x1", "x1"), 0.02), (CoxWithoutCure("x1"), 0.05)]
)
def test_the_same_spells_again_from_month_two_on_change_little(split: Split, model: Any, near: float) -> None:
    late = split.train[split.train.duration > 2].assign(entry=2)
    train = pd.concat([split.train, late], ignore_index=True)
    plain, more = (model.fit(frame).predict(split.test, 12) for frame in (split.train, train))
    # Cox's single ratio now leans to the later months, as hazards here are not proportional.
    assert np.abs(plain - more).max() < near


def test_a_mixture_over_exits_learns_from_exits_in_competition(
    portfolio: Callable[..., pd.DataFrame], true_model: Any
) -> None:
    parts = split_by_entry(portfolio(5000, charged_off=1.0), 25, 41)
    curve = MixtureOfExits("x1", "x1").fit(parts.train).predict(parts.test, 12)
    assert (np.diff(curve, axis=1) >= -1e-12).all() and curve.max() <= 1.0
    assert np.abs(curve - true_model.predict(parts.test, 12)).max() < 0.06


def test_what_a_fit_warns_of_is_noted(split: Split, validation: Validation) -> None:
    assert any(note.startswith("mixture_cure: follow-up too short for a plateau") for note in validation.notes)


def test_a_cut_too_near_the_end_is_refused(portfolio: Callable[..., pd.DataFrame], true_model: Any) -> None:
    spells = portfolio(600)
    late = split_by_entry(spells[(spells.began < 20) | (spells.began > 34)], 25, 41)
    with pytest.raises(InputError, match=r"no horizon of \[12\] months can be judged.*choose an earlier cut"):
        validate(late, [true_model], horizons=[12])
