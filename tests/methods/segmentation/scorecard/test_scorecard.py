"""The scorecard: points, reasons, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scorecard_samples import Sample

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.scorecard.card import Scorecard, fit_scorecard, points_table
from analysis.methods.segmentation.scorecard.points import PointsScale
from analysis.methods.segmentation.scorecard.reasons import reason_codes


def test_points_reproduce_the_log_odds_exactly(card: Scorecard, unseen: Sample) -> None:
    by_hand = np.full(len(unseen.features), card.intercept)
    for bins, coefficient in zip(card.bins, card.coefficients, strict=True):
        by_hand += coefficient * bins.woe[bins.slots(unseen.features[bins.feature])]
    score = card.score(unseen.features)
    assert card.scale.log_odds(score) == pytest.approx(by_hand, abs=1e-11)
    assert card.log_odds(unseen.features) == pytest.approx(by_hand, abs=1e-11)
    assert card.probability(unseen.features) == pytest.approx(1 / (1 + np.exp(-by_hand)), abs=1e-12)


def test_the_printed_table_alone_gives_every_accounts_log_odds(card: Scorecard, training: Sample) -> None:
    table = points_table(card).set_index(["feature", "bin"])
    labels = {
        bins.feature: np.array(bins.labels)[bins.slots(training.features[bins.feature])] for bins in card.bins
    }
    exact, whole = (
        sum(table.loc[[(name, label) for label in found], column].to_numpy() for name, found in labels.items())
        for column in ("points", "rounded")
    )
    log_odds = card.log_odds(training.features)
    assert card.scale.log_odds(exact) == pytest.approx(log_odds, abs=1e-11)
    assert np.abs(card.scale.log_odds(whole) - log_odds).max() <= card.scale.rounding_error(len(card.bins))


@settings(max_examples=50, deadline=None)
@given(st.floats(-8, 8), st.floats(0, 1000), st.floats(0.5, 200), st.floats(5, 100))
def test_a_scale_doubles_the_odds_by_its_points_and_inverts(
    odds: float, base: float, to: float, double: float
) -> None:
    scale = PointsScale(base, to, double)
    assert scale.log_odds(scale.score(odds)) == pytest.approx(odds, abs=1e-9)
    assert scale.score(odds - np.log(2)) - scale.score(odds) == pytest.approx(double)
    assert scale.score(-np.log(to)) == pytest.approx(base)


def test_predictions_hold_on_accounts_not_seen(card: Scorecard, training: Sample, unseen: Sample) -> None:
    from sklearn.metrics import roc_auc_score

    # Without a penalty the mean prediction is the training sample's event rate.
    assert card.probability(training.features).mean() == pytest.approx(training.event.mean(), abs=1e-6)
    found = card.probability(unseen.features)
    assert np.corrcoef(found, unseen.truth)[0, 1] > 0.93
    assert roc_auc_score(unseen.event, found) > roc_auc_score(unseen.event, unseen.truth) - 0.02


def test_coefficients_agree_with_the_bins_and_what_repeats_others_is_left_out(training: Sample) -> None:
    rng = np.random.default_rng(0)
    noisy = training.features.income_volatility * np.exp(rng.normal(0, 0.2, len(training.features)))
    features = training.features.assign(copy=noisy, other_copy=training.features.income_volatility**2)
    card = fit_scorecard(features, training.event)
    assert (card.coefficients < 0).all()
    reasons = card.screening.set_index("feature").reason
    assert reasons["age"] == "weak" and "repeats others" in set(reasons)
    assert card.screening.kept.sum() == len(card.bins)


def test_a_feature_that_knows_the_outcome_is_marked(training: Sample) -> None:
    rng = np.random.default_rng(0)
    features = training.features.assign(later=training.event * 2 + rng.normal(0, 0.6, len(training.event)))
    screening = fit_scorecard(features, training.event).screening.set_index("feature")
    assert screening.loc["later", "reason"] == "check for leakage" and screening.loc["later", "iv"] > 0.5


def test_reasons_name_what_cost_most_points(card: Scorecard, training: Sample) -> None:
    features = pd.DataFrame(
        {"debt_ratio": [0.9, 0.0], "income_volatility": [0.3, 0.1], "industry": ["building", "public"]},
        ["bad", "good"],
    )
    best = reason_codes(card, features, top=3, against="best")
    assert best.groupby("account").lost.apply(lambda lost: lost.is_monotonic_decreasing).all()
    highest = (
        card.score(features) + best.groupby("account").lost.sum().reindex(["bad", "good"], fill_value=0).to_numpy()
    )
    # From the best account that could be, every account falls by the points that its reasons tell.
    assert highest[0] == pytest.approx(highest[1])
    average = reason_codes(card, features, top=1)
    assert average.account.tolist() == ["bad"] and average.feature.tolist() == ["debt_ratio"]
    assert reason_codes(card, training.features, top=2)["rank"].max() == 2


@pytest.mark.parametrize("name", ["sex", "sex_female", "Education", "is_married", "marital_status", "gender"])
def test_protected_attributes_are_refused_by_name(name: str, training: Sample) -> None:
    with pytest.raises(ParameterError, match=f"features: {name} may not be used"):
        fit_scorecard(training.features.assign(**{name: training.event}), training.event)


def test_a_name_that_only_contains_such_letters_is_no_protected_attribute() -> None:
    from analysis.methods.segmentation.training.features import refuse_protected

    refuse_protected(["sussex_branch", "reeducational", "unmarketed"])


def test_too_few_events_are_refused_with_their_number(training: Sample) -> None:
    event = np.zeros(len(training.event), dtype=int)
    event[:12] = 1
    with pytest.raises(InputError, match="12 events among 6,000 accounts; a model needs at least 50"):
        fit_scorecard(training.features, event)
    with pytest.raises(InputError, match="12 accounts without the event"):
        fit_scorecard(training.features, 1 - event)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flat": 1.0}, "flat hold one value throughout"),
        ({"empty": np.nan}, "empty hold one value throughout"),
        ({"debt_ratio": np.inf}, "debt_ratio hold one value throughout"),
    ],
)
def test_a_constant_feature_is_refused(change: dict[str, float], message: str, training: Sample) -> None:
    with pytest.raises(InputError, match=message):
        fit_scorecard(training.features.assign(**change), training.event)


def test_infinite_values_odd_events_and_lost_features_are_refused(card: Scorecard, training: Sample) -> None:
    far = training.features.assign(debt_ratio=np.where(training.event, np.inf, 0.1))
    with pytest.raises(InputError, match="debt_ratio hold infinite values"):
        fit_scorecard(far, training.event)
    with pytest.raises(InputError, match="values are neither 0 nor 1"):
        fit_scorecard(training.features, training.event * 2)
    with pytest.raises(InputError, match=r"10 values for 6,000 accounts"):
        fit_scorecard(training.features, training.event[:10])
    with pytest.raises(InputError, match="industry missing; the scorecard was fitted with them"):
        card.score(training.features.drop(columns="industry"))
    with pytest.raises(ParameterError, match="repeated: no feature"):
        fit_scorecard(training.features[[]], training.event)
    with pytest.raises(ParameterError, match="against 'worst'"):
        reason_codes(card, training.features, against="worst")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="base_odds 0"):
        PointsScale(base_odds=0)


def test_features_that_say_nothing_are_refused(training: Sample) -> None:
    with pytest.raises(InputError, match=r"none reaches an information value of 0\.02"):
        fit_scorecard(training.features[["age"]], training.event)
