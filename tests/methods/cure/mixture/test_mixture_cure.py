"""MixtureCure as a whole: what must not change the fit, what must, and what it refuses to hide."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.methods.cure import MixtureCure, Truth, compress, draw_spells

Draw = Callable[..., pd.DataFrame]
pytestmark = pytest.mark.filterwarnings("ignore::analysis.methods.cure.IdentificationWarning")

FORMULA = "x1 + x2"
NAMES = ["weibull", "lognormal", "loglogistic", "gompertz", "piecewise", "discrete"]


def fit(frame: pd.DataFrame, latency: str = "weibull", **options: object) -> MixtureCure:
    late = {} if latency == "cox" else {"entry_col": "entry"}
    return MixtureCure(latency).fit(frame, "months", "event", FORMULA, FORMULA, **(late | options))  # type: ignore[arg-type]


def assert_same(first: MixtureCure, second: MixtureCure, rel: float = 1e-6) -> None:
    assert first.log_likelihood_ == pytest.approx(second.log_likelihood_, rel=1e-10)
    np.testing.assert_allclose(first.params_, second.params_, rtol=rel, atol=1e-7)
    np.testing.assert_allclose(first.variance_matrix_, second.variance_matrix_, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("options", [{}, {"robust": True}, {"cluster_col": "customer"}])
@pytest.mark.parametrize("latency", ["weibull", "discrete"])
def test_a_weight_counts_as_repeated_rows(spells: Draw, latency: str, options: dict[str, object]) -> None:
    frame = spells(rows=400)
    frame = frame.assign(weight=1 + np.arange(len(frame)) % 3, customer=np.arange(len(frame)) // 4)
    repeated = frame.loc[frame.index.repeat(frame.weight)].reset_index(drop=True)
    assert_same(fit(frame, latency, weights_col="weight", **options), fit(repeated, latency, **options))


def test_a_weight_counts_as_repeated_rows_for_cox_too(spells: Draw) -> None:
    frame = spells(rows=300).assign(weight=lambda f: 1 + np.arange(len(f)) % 3)
    repeated = frame.loc[frame.index.repeat(frame.weight)].reset_index(drop=True)
    assert_same(fit(frame, "cox", weights_col="weight"), fit(repeated, "cox"), rel=1e-4)


@pytest.mark.parametrize("latency", NAMES)
def test_cells_give_the_fit_of_their_rows(spells: Draw, latency: str) -> None:
    frame = spells(rows=900).round({"x1": 0, "x2": 0})
    cells = compress(frame, ["x1", "x2", "months", "event", "entry"])
    assert len(cells) < len(frame)
    assert_same(fit(cells, latency, weights_col="weight"), fit(frame, latency))


def test_rows_in_another_order_give_the_same_fit(spells: Draw) -> None:
    frame = spells()
    assert_same(fit(frame), fit(frame.sample(frac=1, random_state=1)))


@pytest.mark.parametrize("latency", ["weibull", "lognormal", "loglogistic", "gompertz", "piecewise", "cox"])
def test_the_unit_of_time_changes_no_covariate_effect(spells: Draw, latency: str) -> None:
    months = spells(whole=False)
    days = months.assign(months=months.months * 30.4, entry=months.entry * 30.4)
    first, second = fit(months, latency), fit(days, latency)
    for part in ("incidence", "latency"):
        np.testing.assert_allclose(first.params_[part], second.params_[part], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(first.standard_errors_[part], second.standard_errors_[part], rtol=1e-3)


@pytest.mark.parametrize("latency", NAMES)
def test_a_covariate_in_other_units_has_its_effect_in_other_units(spells: Draw, latency: str) -> None:
    frame = spells()
    moved = frame.assign(x1=2020 + frame.x1 * 1000)
    first, second = fit(frame, latency), fit(moved, latency)
    assert second.log_likelihood_ == pytest.approx(first.log_likelihood_, rel=1e-9)
    for part in ("incidence", "latency"):
        assert second.params_[part, "x1"] * 1000 == pytest.approx(first.params_[part, "x1"], rel=1e-4)
        assert second.params_[part, "x2"] == pytest.approx(first.params_[part, "x2"], rel=1e-4)


def test_delayed_entry_recovers_the_truth_where_ignoring_it_does_not() -> None:
    truth = Truth("weibull", (0.5, 0.8), (0.4,), (-2.2, 0.2), late=0.8, latest_entry=10)
    frame = draw_spells(truth, 12_000, seed=5)
    told = MixtureCure().fit(frame, "months", "event", "x1", "x1", entry_col="entry")
    untold = MixtureCure().fit(frame, "months", "event", "x1", "x1")
    never = 1 - truth.probability(frame[["x1"]].to_numpy()).mean()
    assert told.never_cure_["lower"] < never < told.never_cure_["upper"]
    # Early cures are missing among late rows, so the naive fit sees too many who never cure.
    assert untold.never_cure_["lower"] > never + 0.05


def test_late_known_never_rows_are_conditioned_on_entry_too() -> None:
    truth = Truth("weibull", (0.5,), (), (-2.2, 0.2), late=1.0, latest_entry=10, resolved=1.0)
    frame = draw_spells(truth, 6000, seed=6)
    model = MixtureCure().fit(frame, "months", "event", entry_col="entry")
    assert (frame.event == 2).mean() > 1 - truth.probability(np.empty((1, 0)))[0] + 0.1
    assert model.confidence_intervals_.loc[("incidence", "Intercept")].between(0.2, 0.8).all()
    assert model.params_["incidence", "Intercept"] == pytest.approx(0.5, abs=0.15)


def test_known_never_rows_carry_nothing_of_timing(spells: Draw) -> None:
    frame = spells().assign(entry=0.0)
    moved = frame.assign(months=np.where(frame.event == 2, frame.months + 7, frame.months))
    assert_same(fit(frame), fit(moved))


def test_intervals_cover_about_as_often_as_they_say(truths: dict[str, Truth]) -> None:
    # A small version of benchmarks/cure_coverage.py, which runs a thousand sets of each model.
    hits: list[bool] = []
    never_hits: list[bool] = []
    for name, truth in truths.items():
        for seed in range(25):
            frame = draw_spells(truth, 800, seed=1000 + seed)
            model = MixtureCure(name, breaks=truth.breaks or None)
            model.fit(frame, "months", "event", FORMULA, FORMULA, entry_col="entry")
            bounds = model.confidence_intervals_.to_numpy()
            true = np.array([*truth.incidence, *truth.latency, *truth.baseline])
            hits += list((bounds[:, 0] <= true) & (true <= bounds[:, 1]))
            never = 1 - truth.probability(frame[["x1", "x2"]].to_numpy()).mean()
            never_hits.append(bool(model.never_cure_["lower"] <= never <= model.never_cure_["upper"]))
    assert 0.92 <= np.mean(hits) <= 0.98
    assert np.mean(never_hits) >= 0.88


def test_clustered_errors_grow_where_accounts_of_a_customer_are_alike(spells: Draw) -> None:
    frame = spells(rows=300)
    copies = pd.concat([frame.assign(customer=np.arange(len(frame)))] * 4, ignore_index=True)
    plain, clustered = fit(copies, robust=True), fit(copies, cluster_col="customer")
    ratio = clustered.standard_errors_ / plain.standard_errors_
    # Four exact copies of each row are worth one: errors double, but for the correction of G/(G − 1).
    np.testing.assert_allclose(ratio, 2.0, rtol=1e-2)


def test_robust_errors_agree_with_the_model_where_the_model_is_true(spells: Draw) -> None:
    frame = spells(rows=6000, whole=False)
    ratio = fit(frame, robust=True).standard_errors_ / fit(frame).standard_errors_
    assert ratio.between(0.9, 1.1).all()


def test_the_summary_has_lifelines_columns(spells: Draw) -> None:
    from lifelines import WeibullAFTFitter

    frame = spells()
    reference = WeibullAFTFitter().fit(
        frame.assign(event=frame.event == 1)[["months", "event", "x1"]], "months", "event"
    )
    model = fit(frame)
    assert list(model.summary.columns) == list(reference.summary.columns)
    row = model.summary.loc[("incidence", "x1")]
    assert row["coef lower 95%"] == pytest.approx(row["coef"] - 1.959964 * row["se(coef)"], rel=1e-6)
    assert row["-log2(p)"] == pytest.approx(-np.log2(row["p"]), rel=1e-6)


def test_parameters_are_named_by_part_and_covariate(spells: Draw) -> None:
    frame = spells().assign(product=lambda f: np.where(f.x1 > 0, "card", "auto"))
    model = MixtureCure("piecewise", breaks=[3, 8]).fit(frame, "months", "event", "C(product)", "x2")
    assert list(model.params_.index) == [
        ("incidence", "Intercept"),
        ("incidence", "C(product)[T.card]"),
        ("latency", "x2"),
        ("baseline", "ln_hazard (0, 3]"),
        ("baseline", "ln_hazard (3, 8]"),
        ("baseline", "ln_hazard (8, ∞)"),
    ]
    assert list(model.variance_matrix_.columns) == list(model.params_.index)


def test_information_criteria_count_parameters_and_weights(spells: Draw) -> None:
    frame = spells().assign(weight=2.0)
    model = fit(frame, weights_col="weight")
    assert pytest.approx(-2 * model.log_likelihood_ + 2 * 7) == model.AIC_
    assert pytest.approx(-2 * model.log_likelihood_ + 7 * np.log(2 * len(frame))) == model.BIC_


def test_the_example_of_the_docstring_runs_on_a_frame_of_ones_own(
    spells: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = spells()[["months", "event", "x1"]].assign(balance=lambda f: np.exp(f.x1))
    frame = frame.assign(product=np.where(frame.index % 3 == 0, "card", "auto"), customer_id=frame.index // 2)
    lines = [line.strip() for line in (MixtureCure.__doc__ or "").splitlines()]
    example = [line.removeprefix(">>> ") for line in lines if line.startswith(">>> ")]
    assert len(example) > 3
    exec("\n".join(example), {"MixtureCure": MixtureCure, "spells": frame})
    assert "C(product)[T.card]" in capsys.readouterr().out


def test_print_summary_says_what_was_fitted(spells: Draw, capsys: pytest.CaptureFixture[str]) -> None:
    fit(spells()).print_summary()
    text = capsys.readouterr().out
    for part in ("latency weibull, link logit", "number known never", "ln_gamma", "never-cure fraction", "AIC"):
        assert part in text


def test_a_large_sample_reaches_the_same_maximum_through_its_subsample() -> None:
    truth = Truth("weibull", (0.5, 0.8), (0.4,), (-2.2, 0.2))
    frame = draw_spells(truth, 90_000, seed=9, levels=(-1.0, 0.0, 1.0)).assign(months=lambda f: np.ceil(f.months))
    cells = compress(frame, ["x1", "months", "event"])
    rows = MixtureCure().fit(frame, "months", "event", "x1", "x1")
    assert len(cells) < 1000
    assert_same(rows, MixtureCure().fit(cells, "months", "event", "x1", "x1", weights_col="weight"))


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets a small sample be approached through every second of its rows."""

    def lower() -> None:
        monkeypatch.setattr("analysis.methods.cure.mixture.start.MANY", 1000)
        monkeypatch.setattr("analysis.methods.cure.mixture.start.EVERY", 2)

    return lower


@pytest.mark.parametrize("latency", NAMES)
def test_some_rows_first_give_the_same_fit_in_fewer_steps(
    spells: Draw, few_are_many: Callable[[], None], latency: str
) -> None:
    frame = spells("discrete" if latency == "discrete" else "weibull", rows=4000)
    straight = fit(frame, latency)
    few_are_many()
    nearer = fit(frame, latency)
    assert_same(nearer, straight)
    assert nearer.steps_ < straight.steps_


def test_a_piece_without_events_among_some_rows_is_fitted_on_all(few_are_many: Callable[[], None]) -> None:
    truth = Truth("weibull", (0.5, 0.8), (0.4,), (-2.2, 0.2), follow_up=(24.0, 36.0))
    frame = draw_spells(truth, 2000, seed=4).sort_values("event", kind="stable").reset_index(drop=True)
    in_piece = frame.event.eq(1) & (frame.months > 12)
    frame.loc[in_piece & (frame.index % 2 == 0), "months"] = 11.0
    model = MixtureCure("piecewise", breaks=[4, 12])
    straight = model.fit(frame, "months", "event", "x1", "x1")
    few_are_many()
    again = MixtureCure("piecewise", breaks=[4, 12]).fit(frame, "months", "event", "x1", "x1")
    assert_same(again, straight)
    assert again.steps_ == straight.steps_


@pytest.mark.parametrize(("link", "outlier"), [("logit", 1e4), ("cloglog", -1e4)])
def test_an_outlier_that_some_rows_miss_does_not_lead_the_fit_astray(
    few_are_many: Callable[[], None], link: str, outlier: float
) -> None:
    truth = Truth("weibull", (0.5, 0.8), (0.4,), (-2.2, 0.2))
    frame = draw_spells(truth, 3000, seed=4).assign(months=lambda f: np.ceil(f.months))
    frame = frame.sort_values("event", kind="stable").reset_index(drop=True)
    frame.loc[2999, "x1"] = outlier
    straight = MixtureCure(link=link).fit(frame, "months", "event", "x1", "x1")
    few_are_many()
    again = MixtureCure(link=link).fit(frame, "months", "event", "x1", "x1")
    assert straight.converged_ and again.converged_
    assert again.log_likelihood_ == pytest.approx(straight.log_likelihood_, rel=1e-10)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_without_covariates_the_link_changes_nothing_but_its_scale(spells: Draw, link: str) -> None:
    frame = spells()
    model = MixtureCure(link=link).fit(frame, "months", "event", entry_col="entry")
    logit = MixtureCure().fit(frame, "months", "event", entry_col="entry")
    assert model.log_likelihood_ == pytest.approx(logit.log_likelihood_, rel=1e-10)
    assert model.never_cure_["estimate"] == pytest.approx(logit.never_cure_["estimate"], abs=1e-6)
