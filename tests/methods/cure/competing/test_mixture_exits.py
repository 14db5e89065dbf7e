"""MixtureExits as a whole: what must not change the fit, what must, and how often its intervals hold the truth."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.methods.cure import (
    ExitsTruth,
    ExitTruth,
    MixtureCure,
    MixtureExits,
    compress,
    cumulative_incidence,
    draw_exits,
)

Draw = Callable[..., pd.DataFrame]
pytestmark = pytest.mark.filterwarnings("ignore::analysis.methods.cure.IdentificationWarning")

FORMULA = "x1 + x2"
NAMES = ["weibull", "lognormal", "loglogistic", "gompertz", "piecewise", "discrete"]


def fit(frame: pd.DataFrame, latency: Any = "weibull", never: bool = False, **options: Any) -> MixtureExits:
    choices = {name: options.pop(name) for name in ("reference", "breaks") if name in options}
    model = MixtureExits(latency, never=never, **choices)
    return model.fit(frame, "months", "exit", FORMULA, FORMULA, **({"entry_col": "entry"} | options))


def assert_same_exits(first: MixtureExits, second: MixtureExits, rel: float = 1e-6) -> None:
    assert first.log_likelihood_ == pytest.approx(second.log_likelihood_, rel=1e-10)
    np.testing.assert_allclose(first.params_, second.params_, rtol=rel, atol=1e-7)
    np.testing.assert_allclose(first.variance_matrix_, second.variance_matrix_, rtol=1e-4, atol=1e-8)


def test_the_example_of_the_docstring_says_what_it_prints() -> None:
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for example in finder.find(MixtureExits, "MixtureExits"):
        runner.run(example)
    assert runner.tries > 5 and runner.failures == 0


@pytest.mark.parametrize("options", [{}, {"cluster_col": "customer"}, {"robust": True}])
@pytest.mark.parametrize("latency", NAMES)
def test_one_exit_or_never_is_the_mixture_cure_model(spells: Draw, latency: str, options: dict[str, Any]) -> None:
    frame = spells(rows=700)
    frame = frame[frame.event < 2].reset_index(drop=True)
    frame = frame.assign(
        exit=np.where(frame.event == 1, "cured", "open"),
        weight=1.0 + np.arange(len(frame)) % 3,
        customer=np.arange(len(frame)) // 4,
    )
    options = {"weights_col": "weight", "entry_col": "entry"} | options
    cure = MixtureCure(latency).fit(frame, "months", "event", FORMULA, FORMULA, **options)
    exits = fit(frame, latency, never=True, **options)
    assert exits.log_likelihood_ == pytest.approx(cure.log_likelihood_, rel=1e-10)
    np.testing.assert_allclose(exits.params_, cure.params_, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(exits.variance_matrix_, cure.variance_matrix_, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(exits.exit_probabilities_.loc["never"], cure.never_cure_, rtol=1e-6)
    np.testing.assert_allclose(exits.summary.to_numpy(), cure.summary.to_numpy(), rtol=1e-4, atol=1e-4)
    assert pytest.approx((cure.AIC_, cure.BIC_)) == (exits.AIC_, exits.BIC_)
    ours = exits.predict_cumulative_incidence(frame.head(5), [3, 12], "cured", conditional_after=2, interval=True)
    theirs = cure.predict_cumulative_incidence(frame.head(5), [3, 12], conditional_after=2, interval=True)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"robust": True}, {"cluster_col": "customer"}])
@pytest.mark.parametrize("name", ["weibull", "discrete"])
def test_a_weight_counts_as_repeated_spells(exits: Draw, name: str, options: dict[str, Any]) -> None:
    frame = exits(name, rows=500)
    frame = frame.assign(weight=1 + np.arange(len(frame)) % 3, customer=np.arange(len(frame)) // 4)
    repeated = frame.loc[frame.index.repeat(frame.weight)].reset_index(drop=True)
    breaks = {"breaks": [3, 6]} if name == "discrete" else {}
    weighted = fit(frame, name, weights_col="weight", **options, **breaks)
    assert_same_exits(weighted, fit(repeated, name, **options, **breaks))


@pytest.mark.parametrize("name", ["weibull", "discrete"])
def test_cells_of_spells_give_the_fit_of_their_rows(exits: Draw, name: str) -> None:
    frame = exits(name, rows=1500).round({"x1": 0, "x2": 0})
    frame = frame.assign(months=np.ceil(frame.months), entry=np.floor(frame.entry))
    cells = compress(frame, ["x1", "x2", "months", "exit", "entry"])
    assert len(cells) < len(frame)
    breaks = {"breaks": [3, 6]} if name == "discrete" else {}
    assert_same_exits(fit(cells, name, weights_col="weight", **breaks), fit(frame, name, **breaks))


def test_spells_in_another_order_give_the_same_fit(exits: Draw) -> None:
    frame = exits()
    assert_same_exits(fit(frame), fit(frame.sample(frac=1, random_state=1)))


def test_a_large_sample_approached_through_some_rows_gives_the_same_fit(
    exits: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = exits(rows=4000)
    straight = fit(frame)
    monkeypatch.setattr("analysis.methods.cure.mixture.start.MANY", 1500)
    monkeypatch.setattr("analysis.methods.cure.mixture.start.EVERY", 2)
    nearer = fit(frame)
    assert_same_exits(nearer, straight)
    assert nearer.steps_ < straight.steps_


@pytest.mark.parametrize("latency", [name for name in NAMES if name != "discrete"])
def test_the_unit_of_time_changes_no_effect_on_exits(exits: Draw, latency: str) -> None:
    months = exits(rows=1500)
    days = months.assign(months=months.months * 30.4, entry=months.entry * 30.4)
    first, second = fit(months, latency), fit(days, latency)
    seen = (months.exit != "open").sum()
    assert second.log_likelihood_ == pytest.approx(first.log_likelihood_ - seen * np.log(30.4), rel=1e-8)
    for part in ("incidence", "latency"):
        np.testing.assert_allclose(first.params_[part], second.params_[part], rtol=1e-4, atol=1e-5)
    near = first.predict_cumulative_incidence(months.head(3), [6, 12])
    far = second.predict_cumulative_incidence(months.head(3), [6 * 30.4, 12 * 30.4])
    np.testing.assert_allclose(near, far, rtol=1e-5)


def test_a_covariate_of_exits_in_other_units_has_its_effect_in_other_units(exits: Draw) -> None:
    frame = exits(rows=1500)
    first, second = fit(frame), fit(frame.assign(x1=2020 + frame.x1 * 1000))
    assert second.log_likelihood_ == pytest.approx(first.log_likelihood_, rel=1e-9)
    own = first.params_.index[first.params_.index.get_level_values("covariate") == "x1"]
    np.testing.assert_allclose(first.params_[own], second.params_[own] * 1000, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("never", [True, False])
def test_the_reference_is_a_matter_of_words_only(exits: Draw, never: bool) -> None:
    frame = exits("discrete" if never else "weibull", rows=1500)
    latency = "discrete" if never else "weibull"
    first = fit(frame, latency, never, reference="cured")
    second = fit(frame, latency, never, reference="charged_off")
    assert second.log_likelihood_ == pytest.approx(first.log_likelihood_, rel=1e-9)
    np.testing.assert_allclose(
        second.params_["incidence"]["cured"], -first.params_["incidence"]["charged_off"], rtol=1e-4, atol=1e-5
    )
    for bounds in (False, True):
        one, other = (model.predict_exit_probabilities(frame.head(4), bounds) for model in (first, second))
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_each_exit_may_have_its_own_latency() -> None:
    truth = ExitsTruth(
        {
            "charged_off": ExitTruth("weibull", (0.0, 0.0), (0.3,), (-5.0, 0.7)),
            "cured": ExitTruth("lognormal", (0.6, 0.5), (0.4,), (1.2, -0.4)),
        }
    )
    frame = draw_exits(truth, 6000, seed=4)
    latencies = {"cured": "lognormal", "charged_off": "weibull"}
    model = MixtureExits(latencies, reference="charged_off").fit(frame, "months", "exit", "x1", "x1")
    wrong = MixtureExits(reference="charged_off").fit(frame, "months", "exit", "x1", "x1")
    assert model.AIC_ < wrong.AIC_ - 20
    expected = [0.6, 0.5, 0.3, 0.4, -5.0, 0.7, 1.2, -0.4]
    assert (np.abs(model.params_ - expected) < 4 * model.standard_errors_).all()


def test_without_covariates_and_cut_off_exits_take_their_shares() -> None:
    frame = pd.DataFrame({"months": [1.0, 2.0, 3.0, 5.0, 7.0], "exit": ["a", "b", "a", "a", "b"]})
    model = MixtureExits(reference="b").fit(frame, "months", "exit")
    assert model.params_["incidence", "a", "Intercept"] == pytest.approx(np.log(3 / 2), abs=1e-6)
    assert model.exit_probabilities_["estimate"].to_list() == pytest.approx([0.6, 0.4])


def test_delayed_entry_recovers_the_exits_where_ignoring_it_does_not(exit_truths: dict[str, ExitsTruth]) -> None:
    exits = dict(exit_truths["weibull"].exits)
    truth = ExitsTruth(exits, late=0.8, latest_entry=10.0)
    frame = draw_exits(truth, 20_000, seed=5)
    true = [c for name in ("cured", "sold") for c in exits[name].incidence]
    true += [c for e in exits.values() for c in e.latency] + [c for e in exits.values() for c in e.baseline]
    told = fit(frame, reference="charged_off")
    untold = fit(frame, reference="charged_off", entry_col=None)
    assert (np.abs(told.params_ - true) < 4 * told.standard_errors_).all()
    cured = ("incidence", "cured", "Intercept")
    # Early cures are missing among late rows, so the naive fit sees too few who cure.
    assert untold.params_[cured] < 0.8 - 10 * untold.standard_errors_[cured]


def test_an_intercept_only_fit_in_pieces_follows_aalen_johansen(exits: Draw) -> None:
    frame = exits(rows=4000)
    cuts = [1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0]
    model = MixtureExits("piecewise", breaks=cuts).fit(frame, "months", "exit", entry_col="entry")
    curves = cumulative_incidence(frame, "months", "exit", entry_col="entry")
    times = [2, 4, 6, 9, 12, 18, 24]
    for name, curve in curves[curves.exit != "open"].groupby("exit"):
        place = np.searchsorted(curve.time, times, side="right") - 1
        share, error = curve.share.to_numpy()[place], curve.std_error.to_numpy()[place]
        fitted = model.predict_cumulative_incidence(frame.head(1), times, name).iloc[:, 0]
        assert (np.abs(fitted - share) < 2.0 * error + 0.004).all(), name


@pytest.mark.parametrize("name", ["weibull", "discrete"])
def test_intervals_of_exits_cover_about_as_often_as_they_say(
    exit_truths: dict[str, ExitsTruth], name: str
) -> None:
    # A small version of benchmarks/exits_coverage.py, which runs a thousand sets of each model.
    truth, hits = exit_truths[name], []
    truths = list(truth.exits.values())
    free = [e.incidence for e in truths if any(e.incidence)]
    true = np.concatenate([*free, *(e.latency for e in truths), *(e.baseline for e in truths)])
    for seed in range(60):
        frame = draw_exits(truth, 1200, seed=1000 + seed)
        reference = "never" if truth.never else "charged_off"
        model = fit(frame, name, truth.never, reference=reference, breaks=truths[0].breaks or None)
        bounds = model.confidence_intervals_.to_numpy()
        hits.append((bounds[:, 0] <= true) & (true <= bounds[:, 1]))
    assert 0.92 <= np.mean(hits) <= 0.98
    assert np.mean(hits, axis=0).min() > 0.82


def test_clustered_errors_of_exits_grow_where_rows_are_copies(exits: Draw) -> None:
    frame = exits(rows=500)
    copies = pd.concat([frame.assign(customer=np.arange(len(frame)))] * 4, ignore_index=True)
    ratio = fit(copies, cluster_col="customer").standard_errors_ / fit(copies, robust=True).standard_errors_
    # Four exact copies of each row are worth one: errors double, but for the correction of G/(G − 1).
    np.testing.assert_allclose(ratio, 2.0, rtol=1e-2)


def test_the_summary_of_exits_prints_each_exit_with_its_count(
    exits: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = exits()
    model = fit(frame)
    model.print_summary()
    text = capsys.readouterr().out
    assert f"number of 'cured' = {(frame.exit == 'cured').sum()}" in text
    assert f"number still open = {(frame.exit == 'open').sum()}" in text
    assert model.params_.index.names == ["part", "exit", "covariate"]
    assert model.summary.loc[("latency", "sold", "x1"), "coef"] == model.params_["latency", "sold", "x1"]
