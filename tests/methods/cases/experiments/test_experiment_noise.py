"""Less noise: adjustment for what was known before, and effects of segments drawn to that of all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from experiment_cases import CURED, NOTHING, PAID, TIME, registered
from sklearn.linear_model import LinearRegression

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.experiments.adjusted import adjusted_effects, expected_outcome
from analysis.methods.cases.experiments.contrast import contrast
from analysis.methods.cases.experiments.draws import SEGMENTS, ExperimentTruth, draw_experiment, true_effects
from analysis.methods.cases.experiments.segments import effects_by_segment

TRUTH = ExperimentTruth()


def numbers(features: pd.DataFrame) -> pd.DataFrame:
    return features[["score", "due", "paid_before", "noise"]]


def test_a_contrast_without_clusters_is_the_difference_of_means_with_welchs_error():
    rng = np.random.default_rng(1)
    y, treated = rng.exponential(2, 500), rng.random(500) < 0.4
    found = contrast(y, treated, ~treated, np.arange(500))
    sides = y[treated], y[~treated]
    error = np.sqrt(sum(side.var() / side.size for side in sides))
    assert found.effect == pytest.approx(sides[0].mean() - sides[1].mean())
    assert found.error == pytest.approx(error, rel=2e-3)


def test_a_contrast_with_a_prediction_is_the_regression_with_interactions_and_clusters():
    # Lin 2013: ordinary least squares on arm, centred covariate and their product; errors by cluster.
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(2)
    cluster, g = np.repeat(np.arange(150), 4), rng.standard_normal(600)
    treated = rng.random(600) < 0.5
    y = 1 + 0.5 * treated + (1 + 0.5 * treated) * g + rng.standard_normal(150)[cluster]
    found = contrast(y, treated, ~treated, cluster, g)
    design = np.column_stack([np.ones(600), treated, g - g.mean(), treated * (g - g.mean())])
    fitted = api.OLS(y, design).fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False})
    assert found.effect == pytest.approx(fitted.params[1])
    # That regression takes the covariate's mean for known; the error here doesn't.
    variance = fitted.bse[1] ** 2 * 150 / 149
    assert found.error == pytest.approx(np.sqrt(variance), rel=0.06)


def test_adjustment_is_unbiased_narrower_and_covers():
    true = true_effects(draw_experiment(TRUTH, 150_000, 99), "robot").loc["agent"]
    asked, rows = registered(CURED, PAID, ratio_alpha=1e-6), []
    for seed in range(60):
        drawn = draw_experiment(TRUTH, 300, 2000 + seed)
        features = numbers(drawn.features)
        rows.append(adjusted_effects(drawn.decisions, features, asked, LinearRegression(), 2))
    found = pd.concat(rows).groupby("outcome")
    for name, measure in (("cured", "share"), ("paid", "mean")):
        table, truth = found.get_group(name), true[measure]
        error = (table["effect"] - truth).to_numpy()
        assert abs(error.mean()) < 3 * error.std() / np.sqrt(60)
        assert error.std() < (table["effect_plain"] - truth).std()
        assert 0.86 <= ((table["lower"] <= truth) & (truth <= table["upper"])).mean() <= 1.0
        assert table["se"].mean() == pytest.approx(error.std(), rel=0.3)
    assert found["variance_reduction"].mean()["paid"] > 0.4 > found["variance_reduction"].mean()["cured"] > 0.05


def test_features_of_noise_neither_help_nor_move_the_effect_far():
    drawn = draw_experiment(TRUTH, 600, 5)
    found = adjusted_effects(
        drawn.decisions, drawn.features[["noise"]], registered(PAID), LinearRegression()
    ).iloc[0]
    assert found["variance_reduction"] == pytest.approx(0.0, abs=0.03)
    assert abs(found["effect"] - found["effect_plain"]) < 0.3 * found["se"]


def test_no_decision_is_predicted_by_a_model_that_saw_its_customer():
    """A feature that names the customer, and an outcome that is the customer's: nothing of it can be learnt."""
    drawn = draw_experiment(TRUTH, 400, 6)
    own = np.random.default_rng(1).standard_normal(400)[drawn.decisions["customer"]]
    frame = drawn.decisions.assign(paid=own)
    features = pd.get_dummies(frame["customer"].astype(str), dtype=float)
    made = expected_outcome(frame, features, registered(PAID), PAID, LinearRegression())
    assert abs(np.corrcoef(made, own)[0, 1]) < 0.15


def test_the_features_rows_are_those_of_the_decisions():
    drawn = draw_experiment(TRUTH, 100, 1)
    with pytest.raises(InputError, match="the features have another index than the decisions"):
        adjusted_effects(drawn.decisions, drawn.features.iloc[::-1], registered(PAID))


def test_protected_attributes_adjust_nothing():
    drawn = draw_experiment(TRUTH, 100, 1)
    with pytest.raises(InputError, match="sex cannot be a feature"):
        adjusted_effects(drawn.decisions, drawn.features.assign(sex="f"), registered(PAID))


def test_segments_are_the_contrasts_of_their_decisions_drawn_to_each_other():
    frame = draw_experiment(TRUTH, 1500, 7).decisions
    found = effects_by_segment(frame, registered(), "cured", frame["segment"]).set_index("segment")
    for name in SEGMENTS:
        own = frame[frame["segment"] == name].groupby("arm")["cured"].mean()
        assert found.loc[name, "effect"] == pytest.approx(own["agent"] - own["robot"])
    middle = (found["effect"] / found["se"] ** 2).sum() / (1 / found["se"] ** 2).sum()
    outward = (found["effect"] - middle).abs()
    assert ((found["shrunken"] - middle).abs() <= outward + 1e-3).all()
    assert found["units"].sum() + found["units_control"].sum() == len(frame)


def test_the_best_of_many_segments_without_any_difference_is_drawn_back():
    frame = draw_experiment(ExperimentTruth({"robot": NOTHING, "agent": NOTHING}), 2000, 8).decisions
    lot = pd.Series(np.random.default_rng(1).integers(0, 20, len(frame)).astype(str), frame.index)
    found = effects_by_segment(frame, registered(), "cured", lot)
    best = found.loc[found["effect"].idxmax()]
    assert best["shrunken"] < 0.5 * best["effect"]
    assert not (found["shrunken_lower"] > 0).any()
    assert found["different_p"].iloc[0] > 0.01


def test_small_segments_have_counts_only_and_missing_ones_are_unknown():
    frame = draw_experiment(TRUTH, 300, 9).decisions
    label = frame["segment"].astype(object)
    label.iloc[:8] = None
    found = effects_by_segment(frame, registered(), "cured", label).set_index("segment")
    assert found.loc["unknown", ["units", "units_control"]].sum() == 8
    assert found.loc["unknown", ["effect", "shrunken"]].isna().all()
    assert found.drop(index="unknown")["shrunken"].notna().all()


def test_an_outcome_shopped_for_among_segments_is_refused():
    frame = draw_experiment(TRUTH, 100, 1).decisions
    with pytest.raises(ParameterError, match="'paid' is not registered"):
        effects_by_segment(frame, registered(), "paid", frame["segment"])
    with pytest.raises(InputError, match="'time' is a time"):
        effects_by_segment(frame, registered(TIME), "time", frame["segment"])
    with pytest.raises(InputError, match="arm is 'letter'; name one of agent"):
        effects_by_segment(frame, registered(), "cured", frame["segment"], "letter")
