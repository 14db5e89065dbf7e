"""Ranking, calibration and why accuracy is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from scorecard_samples import Sample, draw
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.validation.performance import calibration_groups, validate_model
from analysis.statistics.base_rate import accuracy_against_no


def measures(predicted: np.ndarray, event: np.ndarray, fold: np.ndarray, capacity: float = 0.1) -> pd.DataFrame:
    return validate_model(predicted, event, fold, capacity).set_index("measure")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 3))
def test_auc_ks_and_pr_auc_are_those_of_scikit_learn_and_scipy_ties_or_not(seed: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    event = np.append([0, 1], rng.integers(0, 2, 60))
    predicted = np.round(np.clip(0.5 + 0.2 * event + rng.normal(0, 0.3, 62), 0, 1), digits)
    found = measures(predicted, event, rng.integers(0, 10, 62)).value
    assert found["auc"] == pytest.approx(roc_auc_score(event, predicted))
    assert found["pr_auc"] == pytest.approx(average_precision_score(event, predicted))
    one_sided = ks_2samp(predicted[event == 1], predicted[event == 0], alternative="less").statistic
    assert found["ks"] == pytest.approx(one_sided)
    assert found["brier"] == pytest.approx(brier_score_loss(event, predicted))


def test_lift_at_capacity_is_the_event_rate_of_those_worked_over_that_of_all() -> None:
    predicted = np.linspace(0.99, 0.0, 100)
    event = np.zeros(100, dtype=int)
    event[[0, 1, 2, 5, 20, 60, 61, 80, 90, 99]] = 1
    found = measures(predicted, event, np.arange(100) % 10, capacity=0.1).value
    assert (found["precision"], found["captured"]) == (pytest.approx(0.4), pytest.approx(0.4))
    assert found["lift"] == pytest.approx(4.0)


def test_equal_predictions_at_the_edge_share_the_places_left() -> None:
    found = measures(np.full(50, 0.3), np.repeat([1, 0], 25), np.arange(50) % 5).value
    assert found["lift"] == pytest.approx(1.0) and found["auc"] == pytest.approx(0.5) and found["ks"] == 0
    assert np.isnan(found["calibration_slope"]) and found["expected_observed"] == pytest.approx(0.6)


def test_the_interval_of_auc_is_as_wide_as_delongs(training: Sample) -> None:
    found = measures(training.truth, training.event, training.fold).loc["auc"]
    half = (found.upper - found.lower) / 2
    # DeLong, DeLong and Clarke-Pearson (1988): variances of the placements in both outcomes.
    ones, others = training.truth[training.event == 1], training.truth[training.event == 0]
    v1 = np.searchsorted(np.sort(others), ones) / others.size
    v0 = 1 - np.searchsorted(np.sort(ones), others) / ones.size
    delong = np.sqrt(v1.var(ddof=1) / ones.size + v0.var(ddof=1) / others.size)
    assert half == pytest.approx(2.07 * delong, rel=0.35)


def test_the_interval_of_auc_holds_the_truth_in_most_samples() -> None:
    large = draw(200_000, 99)
    truth, hits = roc_auc_score(large.event, large.truth), 0
    for seed in range(120):
        sample = draw(1500, seed)
        row = measures(sample.truth, sample.event, sample.fold).loc["auc"]
        hits += row.lower <= truth <= row.upper
    assert hits >= 106


def test_true_probabilities_are_calibrated_and_stretched_ones_are_not(training: Sample) -> None:
    found = measures(training.truth, training.event, training.fold)
    right = pd.Series({"expected_observed": 1.0, "calibration_intercept": 0.0, "calibration_slope": 1.0})
    assert found.lower[right.index].le(right).all() and found.upper[right.index].ge(right).all()
    logit = np.log(training.truth / (1 - training.truth))
    stretched = 1 / (1 + np.exp(-2 * logit))
    assert measures(stretched, training.event, training.fold).loc["calibration_slope", "value"] == pytest.approx(
        found.loc["calibration_slope", "value"] / 2, rel=1e-6
    )


def test_groups_of_like_prediction_hold_the_observed_share(training: Sample) -> None:
    table = calibration_groups(training.truth, training.event, training.fold)
    assert table.accounts.sum() == 6000 and table.events.sum() == training.event.sum()
    assert ((table.lower <= table.predicted) & (table.predicted <= table.upper)).sum() >= 8
    assert table.predicted.is_monotonic_increasing and len(table) == 10


def test_s4s_accuracy_of_85_percent_is_worse_than_always_saying_no() -> None:
    # Source S4, 004_89a0927f7bdd01e5.txt: 85% "accuracy" of a warning model; 3.8% of consumer loans past due.
    found = accuracy_against_no(0.038, 0.85)
    assert found.always_no == pytest.approx(0.962) and found.gain == pytest.approx(-0.112)
    # Catching every default at that accuracy, 15% of accounts are warned of in vain: 3.8 ÷ 18.8 are true.
    assert found.best_precision == pytest.approx(0.038 / 0.188)


@settings(max_examples=300, deadline=None)
@given(st.floats(0.01, 0.6), st.floats(0, 1), st.floats(0, 1))
def test_no_model_of_that_accuracy_is_more_precise_than_said(
    p: float, sensitivity: float, specificity: float
) -> None:
    accuracy = p * sensitivity + (1 - p) * specificity
    if 0 < accuracy < 1 and sensitivity > 1e-6:
        caught, false_alarms = p * sensitivity, (1 - specificity) * (1 - p)
        assert caught / (caught + false_alarms) <= accuracy_against_no(p, accuracy).best_precision + 1e-9


@pytest.mark.parametrize("accuracy", [0.02, 0.3, 0.7, 0.8, 0.95])
def test_the_best_precision_is_that_of_a_model_that_could_be(accuracy: float) -> None:
    found = accuracy_against_no(0.2, accuracy)
    caught = 0.2 * found.best_sensitivity
    false_alarms = caught / found.best_precision - caught
    assert 1 - (0.2 - caught) - false_alarms == pytest.approx(accuracy) and false_alarms <= 0.8 + 1e-12


def test_accuracy_is_refused_with_the_reason_and_unknown_measures_too(training: Sample) -> None:
    with pytest.raises(ParameterError, match=r"always saying no is 96\.2% accurate"):
        validate_model(training.truth, training.event, training.fold, measures=["accuracy"])
    with pytest.raises(ParameterError, match="measures: f1 unknown; allowed are auc, ks"):
        validate_model(training.truth, training.event, training.fold, measures=["f1"])


def test_scores_in_place_of_probabilities_are_refused(training: Sample) -> None:
    with pytest.raises(InputError, match="pass probabilities of the event, not scores"):
        validate_model(600 * training.truth, training.event, training.fold)
    with pytest.raises(ParameterError, match="capacity is 0"):
        validate_model(training.truth, training.event, training.fold, capacity=0)
    with pytest.raises(InputError, match="fold: 5 values for 6,000 accounts"):
        validate_model(training.truth, training.event, training.fold[:5])
