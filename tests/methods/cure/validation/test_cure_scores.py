"""Discrimination and accuracy, against scikit-survival and against what they must be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.methods.cure.validation import Outcomes, Split, followed, predictive_scores, split_by_entry
from analysis.methods.cure.validation.pairs import auc_pairs, concordance_pairs, won_share
from analysis.methods.cure.validation.scores import brier_losses, scored_horizons

metrics = pytest.importorskip("sksurv.metrics")


def structured(outcomes: Outcomes) -> np.ndarray:
    from sksurv.util import Surv

    return Surv.from_arrays(outcomes.cured, outcomes.time)


@pytest.fixture(scope="module")
def outcomes(portfolio: Callable[..., pd.DataFrame]) -> Outcomes:
    return Outcomes.of(split_by_entry(portfolio(1500, charged_off=0.4), 20, 41).test, 12)


@pytest.fixture(scope="module")
def guess(outcomes: Outcomes) -> np.ndarray:
    """Predictions that know something, with ties."""
    rng = np.random.default_rng(2)
    return np.round(np.clip(0.4 + 0.2 * outcomes.cured + rng.normal(0, 0.2, outcomes.time.size), 0.01, 0.99), 2)


@pytest.mark.parametrize("horizon", [3, 6, 12])
def test_concordance_is_scikit_survivals(outcomes: Outcomes, guess: np.ndarray, horizon: int) -> None:
    target = structured(outcomes)
    expected = metrics.concordance_index_ipcw(target, target, guess, tau=horizon + 0.25)[0]
    assert won_share(concordance_pairs(outcomes, guess, horizon))[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("horizon", [3, 6, 12])
def test_auc_from_pairs_is_scikit_survivals(outcomes: Outcomes, guess: np.ndarray, horizon: int) -> None:
    target = structured(outcomes)
    expected = metrics.cumulative_dynamic_auc(target, target, guess, [horizon])[0][0]
    assert won_share(auc_pairs(outcomes, guess, horizon))[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("horizon", [3, 6, 12])
def test_the_mean_loss_is_scikit_survivals_brier_score(
    outcomes: Outcomes, guess: np.ndarray, horizon: int
) -> None:
    target = structured(outcomes)
    expected = metrics.brier_score(target, target, 1.0 - guess[:, None], [horizon])[1][0]
    assert brier_losses(outcomes, guess, horizon).mean() == pytest.approx(expected, abs=1e-12)


def test_the_brier_score_is_the_published_one_of_the_breast_cancer_study() -> None:
    """Brier score at 1825 days in scikit-survival's documentation of `brier_score`: 0.20881843 (GBSG2, Cox).

    Theirs weighs a death on the day of a withdrawal by the chance of staying beyond it, ours of staying until it.
    """
    from sksurv.datasets import load_gbsg2
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.preprocessing import OneHotEncoder

    x, y = load_gbsg2()
    x["tgrade"] = x["tgrade"].map(len).astype(int)
    covariates = OneHotEncoder().fit_transform(x)
    fitted = CoxPHSurvivalAnalysis(ties="efron").fit(covariates, y)
    predicted = 1.0 - np.array([curve(1825) for curve in fitted.predict_survival_function(covariates)])
    ones = np.ones(len(y))
    time = y["time"] + 0.5 * ~y["cens"]
    found = brier_losses(Outcomes(time, y["cens"], 0 * ones, ones, np.zeros(len(y), int)), predicted, 1825).mean()
    assert found == pytest.approx(0.20881843, abs=2e-4)


def test_a_perfect_forecast_has_no_brier_loss_and_wins_every_pair(split: Split) -> None:
    outcomes = Outcomes.of(split.test, 12)
    curve = np.column_stack([outcomes.known_cured(month) for month in range(1, 13)]).astype(float)
    found = {
        (s.metric, s.horizon): float(s.estimate.value) for s in predictive_scores(outcomes, curve, [3, 6, 12])
    }
    for horizon in (3, 6, 12):
        assert found["auc", horizon] == 1.0
        assert found["brier", horizon] == pytest.approx(0.0, abs=1e-12)
        assert found["integrated_brier", horizon] == pytest.approx(0.0, abs=1e-12)


def test_a_random_forecast_ranks_as_a_coin_does(split: Split) -> None:
    outcomes = Outcomes.of(split.test, 12)
    curve = np.random.default_rng(4).random((outcomes.time.size, 12))
    for score in predictive_scores(outcomes, curve, [6, 12]):
        if score.metric in ("auc", "concordance"):
            assert score.estimate.lower < 0.5 < score.estimate.upper
            assert score.estimate.value == pytest.approx(0.5, abs=0.03)


def test_one_forecast_for_all_ranks_nobody(split: Split) -> None:
    outcomes = Outcomes.of(split.test, 12)
    found = [s for s in predictive_scores(outcomes, np.full((outcomes.time.size, 12), 0.3), [6])]
    assert {float(s.estimate.value) for s in found if s.metric in ("auc", "concordance")} == {0.5}


def test_leaving_a_fold_out_of_the_pairs_is_leaving_its_spells_out(outcomes: Outcomes, guess: np.ndarray) -> None:
    _, replicates = won_share(auc_pairs(outcomes, guess, 6))
    case = np.where(outcomes.known_cured(6), outcomes.inverse_weights(6), 0.0)
    keep = outcomes.fold != 3
    won = np.sign(guess[keep][:, None] - guess[keep][None, :]) / 2 + 0.5
    both = np.outer(case[keep], (outcomes.time > 6)[keep])
    assert replicates[3] == pytest.approx((won * both).sum() / both.sum(), abs=1e-12)


def test_weights_are_repeated_spells(portfolio: Callable[..., pd.DataFrame]) -> None:
    cells = followed(portfolio(300, charged_off=0.5), 41).assign(spells=lambda df: 1 + df.index % 3)
    predicted = np.random.default_rng(1).random(300)
    whole = Outcomes.of(cells, 12)
    rows = whole.rows(np.repeat(np.arange(300), cells.spells))
    again = np.repeat(predicted, cells.spells)
    for pairs in (auc_pairs, concordance_pairs):
        weighted, repeated = (won_share(pairs(o, p, 6))[0] for o, p in ((whole, predicted), (rows, again)))
        assert weighted == pytest.approx(repeated, abs=1e-12)


def test_a_charged_off_spell_stays_in_the_comparison_to_the_horizon() -> None:
    rows = {
        "began": 0,
        "entry": 0,
        "duration": [2, 3],
        "exit": ["charged_off", "cured"],
        "fold": [0, 1],
        "spells": 1,
    }
    outcomes = Outcomes.of(followed(pd.DataFrame(rows), 20), 12)
    assert outcomes.time.tolist() == [12.5, 3.0]
    assert won_share(auc_pairs(outcomes, np.array([0.1, 0.9]), 6))[0] == 1.0


def test_a_horizon_that_hardly_anyone_was_followed_to_is_not_scored(split: Split) -> None:
    assert scored_horizons(Outcomes.of(split.test, 12), [3, 6, 12]) == [3, 6, 12]
    assert scored_horizons(Outcomes.of(split.test[split.test.began > 32], 12), [3, 6, 12]) == [3, 6]


def test_without_scikit_survival_only_its_scores_are_missing(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.methods.cure.validation.scores.find_spec", lambda name: None)
    outcomes = Outcomes.of(split.test, 12)
    curve = np.random.default_rng(4).random((outcomes.time.size, 12))
    assert {score.metric for score in predictive_scores(outcomes, curve, [6])} == {"concordance"}
