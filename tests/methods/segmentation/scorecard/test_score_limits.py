"""Limits of a scorecard's probabilities cover the truth about as often as they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scorecard_samples import Sample

from analysis.core.errors import InputError
from analysis.methods.segmentation.scorecard.card import Scorecard, fit_scorecard
from analysis.methods.segmentation.scorecard.confidence_limits import cards_without_folds, probability_limits


def additive(accounts: int, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Features of few values whose true log-odds are a sum: a scorecard can be exactly right about them."""
    features = pd.DataFrame(
        {
            "bureau_delinquencies": rng.choice([0.0, 1.0, 2.0, 3.0], accounts, p=[0.4, 0.3, 0.2, 0.1]),
            "industry": rng.choice(["retail", "farming", "public"], accounts, p=[0.4, 0.3, 0.3]),
            "secured": rng.integers(0, 2, accounts).astype(float),
        }
    )
    industry = features.industry.map({"retail": 0.0, "farming": 0.6, "public": -0.8}).to_numpy()
    logit = -2 + 0.5 * features.bureau_delinquencies + industry + 0.6 * features.secured
    truth = (1 / (1 + np.exp(-logit))).to_numpy()
    return features, truth, (rng.random(accounts) < truth).astype(int)


def test_95_percent_limits_cover_the_true_probability_in_90_to_99_percent() -> None:
    # 60 draws of 3,000 accounts gave 94.2% (standard error 1.5).
    covered = []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        features, _, event = additive(3000, rng)
        at, truth, _ = additive(300, rng)
        card = fit_scorecard(features, event)
        found = probability_limits(card, features, event, rng.integers(0, 32, 3000), at)
        covered.append(((found.p_lower <= truth) & (truth <= found.p_upper)).mean())
    assert 0.90 < np.mean(covered) < 0.99


def test_customers_with_many_accounts_widen_the_limits() -> None:
    rng = np.random.default_rng(2)
    features, _, event = additive(2000, rng)
    fold = rng.integers(0, 32, 2000)
    card = fit_scorecard(features, event)
    once = probability_limits(card, features, event, fold, features)
    again, twice = pd.concat([features] * 4, ignore_index=True), np.tile(event, 4)
    repeated = probability_limits(fit_scorecard(again, twice), again, twice, np.tile(fold, 4), features)
    np.testing.assert_allclose(repeated, once, rtol=0.02)
    spread = rng.integers(0, 32, 8000)
    apart = probability_limits(fit_scorecard(again, twice), again, twice, spread, features)
    assert (apart.p_upper - apart.p_lower).mean() < 0.7 * (once.p_upper - once.p_lower).mean()


def test_limits_enclose_the_scorecards_own_probability(card: Scorecard, training: Sample, unseen: Sample) -> None:
    found = probability_limits(card, training.features, training.event, training.fold, unseen.features)
    np.testing.assert_allclose(found.p, card.probability(unseen.features))
    assert (found.p_lower < found.p).all() and (found.p < found.p_upper).all()
    assert (found.p_lower > 0).all() and (found.p_upper < 1).all()
    wider = probability_limits(card, training.features, training.event, training.fold, unseen.features, 0.99)
    assert (wider.p_lower < found.p_lower).all() and (wider.p_upper > found.p_upper).all()


def test_a_card_without_a_fold_is_the_one_fitted_to_the_others() -> None:
    rng = np.random.default_rng(1)
    features, _, event = additive(4000, rng)
    fold = rng.integers(0, 12, 4000)
    card = fit_scorecard(features, event)
    others = list(cards_without_folds(card, features, event, fold))
    assert len(others) == 12
    for number in (0, 7):
        rows = fold != number
        refitted = fit_scorecard(features[rows], event[rows])
        np.testing.assert_allclose(others[number].probability(features), refitted.probability(features), rtol=1e-5)


def test_more_accounts_narrow_the_limits() -> None:
    width = {}
    for accounts in (2000, 18_000):
        rng = np.random.default_rng(4)
        features, _, event = additive(accounts, rng)
        card = fit_scorecard(features, event)
        found = probability_limits(card, features, event, rng.integers(0, 32, accounts), features[:500])
        width[accounts] = np.log(found.p_upper / found.p_lower).mean()
    assert width[18_000] == pytest.approx(width[2000] / 3, rel=0.35)


def test_too_few_folds_and_wrong_lengths_are_refused(card: Scorecard, training: Sample) -> None:
    with pytest.raises(InputError, match="3 folds of customers; limits of a scorecard need at least 10"):
        probability_limits(card, training.features, training.event, training.fold % 3, training.features)
    with pytest.raises(InputError, match="5 values for 6,000 accounts"):
        probability_limits(card, training.features, training.event, training.fold[:5], training.features)
    with pytest.raises(InputError, match="industry missing"):
        lacking = training.features.drop(columns="industry")
        probability_limits(card, training.features, training.event, training.fold, lacking)
