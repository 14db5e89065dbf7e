"""Challengers, the champion's table, drift and the refit trigger."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scorecard_samples import Sample, draw
from sklearn.metrics import roc_auc_score

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.champion_challenger.challengers import fit_boosting, fit_tree, predict_held_out
from analysis.methods.segmentation.champion_challenger.champion import champion_table
from analysis.methods.segmentation.scorecard.card import Scorecard, fit_scorecard
from analysis.methods.segmentation.validation.drift import drift
from analysis.methods.segmentation.validation.performance import validate_model
from analysis.methods.segmentation.validation.refit import RefitLimits, refit_triggers


def test_the_same_accounts_have_not_drifted_and_shifted_ones_have(training: Sample, card: Scorecard) -> None:
    same = drift(training.features, training.features, bins=card.bins)
    assert same.psi.to_numpy() == pytest.approx(0.0) and same.before.eq(6000).all()
    moved = draw(6000, 7, shift=0.15)
    scores = (card.score(training.features), card.score(moved.features))
    table = drift(training.features, moved.features, scores).set_index("feature")
    assert table.loc["debt_ratio", "psi"] > 0.25 and table.loc["score", "psi"] > 0.1
    assert (table.loc[["age", "industry", "income_volatility"], "psi"] < 0.02).all()


def test_missing_values_that_grow_are_drift() -> None:
    before = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0] * 50, "y": ["a", None] * 100})
    after = before.assign(x=before.x.where(before.x < 3), y=None)
    table = drift(before, after).set_index("feature")
    assert table.loc["x", "psi"] > 0.25 and table.loc["y", "psi"] > 0.25


def test_samples_with_different_features_are_refused() -> None:
    with pytest.raises(InputError, match="differing: y"):
        drift(pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [1.0], "y": [2.0]}))


def test_both_challengers_rank_better_than_chance_and_know_missing_values(
    training: Sample, unseen: Sample
) -> None:
    for fit in (fit_tree, fit_boosting):
        model = fit(training.features, training.event)
        found = model.probability(unseen.features)
        assert roc_auc_score(unseen.event, found) > 0.66 and ((found >= 0) & (found <= 1)).all()
        novel = unseen.features.assign(industry="mining").head(5)
        assert np.isfinite(model.probability(novel)).all()
        with pytest.raises(InputError, match="age missing; the model was fitted with them"):
            model.probability(unseen.features.drop(columns="age"))


def test_challengers_refuse_what_the_scorecard_refuses(training: Sample) -> None:
    with pytest.raises(ParameterError, match="sex may not be used"):
        fit_boosting(training.features.assign(sex="f"), training.event)
    with pytest.raises(InputError, match="flat hold one value"):
        fit_tree(training.features.assign(flat=1), training.event)


def test_no_account_is_predicted_by_a_model_that_saw_it(training: Sample) -> None:
    # A feature that names the account: a model that saw it would know its outcome.
    seen: list[set[int]] = []

    class Remembers:
        def __init__(self, own: pd.DataFrame) -> None:
            self.own = set(own.index)

        def probability(self, features: pd.DataFrame) -> np.ndarray:
            seen.append(self.own & set(features.index))
            return np.full(len(features), 0.5)

    found = predict_held_out(lambda x, y: Remembers(x), training.features, training.event, training.fold % 4)
    assert len(seen) == 4 and not any(seen) and (found == 0.5).all()
    with pytest.raises(InputError, match="one part only"):
        predict_held_out(lambda x, y: Remembers(x), training.features, training.event, np.zeros(6000))


def test_the_truth_beats_a_noisy_champion_and_noise_is_worse(unseen: Sample) -> None:
    rng = np.random.default_rng(0)
    logit = np.log(unseen.truth / (1 - unseen.truth))
    champion = 1 / (1 + np.exp(-(logit + rng.normal(0, 0.6, logit.size))))
    predictions = {"champion": champion, "truth": unseen.truth, "noise": rng.random(logit.size)}
    table = champion_table(predictions, unseen.event, unseen.fold, "champion").set_index(["model", "measure"])
    assert table.loc[("truth", "auc"), "verdict"] == "better" and table.loc[("noise", "auc"), "verdict"] == "worse"
    assert table.loc["champion", "difference"].isna().all() and table.loc["champion", "verdict"].eq("").all()
    own, other = table.loc[("truth", "auc"), "value"], table.loc[("champion", "auc"), "value"]
    assert table.loc[("truth", "auc"), "difference"] == pytest.approx(own - other)
    brier = champion_table(predictions, unseen.event, unseen.fold, "champion", deciding="brier")
    assert brier[(brier.model == "noise") & (brier.measure == "brier")].verdict.item() == "worse"


def test_a_copy_of_the_champion_is_not_told_apart(unseen: Sample) -> None:
    table = champion_table({"a": unseen.truth, "b": unseen.truth}, unseen.event, unseen.fold, "a")
    assert table[(table.model == "b") & (table.measure == "auc")].verdict.item() == "not told apart"


def test_a_champion_that_is_not_there_and_accuracy_are_refused(unseen: Sample) -> None:
    with pytest.raises(ParameterError, match="champion 'x' is not among the models: a"):
        champion_table({"a": unseen.truth}, unseen.event, unseen.fold, "x")
    with pytest.raises(ParameterError, match="accuracy may not be used"):
        champion_table({"a": unseen.truth}, unseen.event, unseen.fold, "a", deciding="accuracy")
    with pytest.raises(ParameterError, match="calibration_slope can't decide"):
        champion_table({"a": unseen.truth}, unseen.event, unseen.fold, "a", deciding="calibration_slope")


def test_a_refit_is_asked_for_when_accounts_move_and_not_before(training: Sample, card: Scorecard) -> None:
    accepted = validate_model(card.probability(training.features), training.event, training.fold)

    def triggers(sample: Sample) -> pd.DataFrame:
        now = validate_model(card.probability(sample.features), sample.event, sample.fold)
        scores = (card.score(training.features), card.score(sample.features))
        table = refit_triggers(drift(training.features, sample.features, scores), accepted, now)
        return table.set_index(["rule", "subject"])

    calm = triggers(draw(6000, 12))
    assert not (calm.exceeded & calm.told).any()
    moved = triggers(draw(6000, 12, shift=0.25))
    assert moved.loc[("psi", "debt_ratio"), ["exceeded", "told"]].all()
    assert not moved.loc[("psi", "age"), "exceeded"]


def test_a_model_that_promises_too_much_or_ranks_worse_triggers(unseen: Sample) -> None:
    accepted = validate_model(unseen.truth, unseen.event, unseen.fold)
    nothing = pd.DataFrame({"feature": [], "psi": [], "chance": []})
    high = validate_model(np.clip(unseen.truth * 1.6, 0, 1), unseen.event, unseen.fold)
    table = refit_triggers(nothing, accepted, high).set_index("rule")
    assert table.loc["calibration", ["exceeded", "told"]].all() and not table.loc["auc_fall", "exceeded"]
    noise = validate_model(np.random.default_rng(0).random(6000), unseen.event, unseen.fold)
    assert refit_triggers(nothing, accepted, noise).set_index("rule").loc["auc_fall", ["exceeded", "told"]].all()
    lenient = refit_triggers(nothing, accepted, noise, RefitLimits(auc_fall=0.5)).set_index("rule")
    assert not lenient.loc["auc_fall", "exceeded"]
    with pytest.raises(InputError, match="auc is not in the table"):
        refit_triggers(nothing, accepted.iloc[1:], noise)


def test_the_scorecard_and_a_challenger_stand_side_by_side(training: Sample, unseen: Sample) -> None:
    models = {
        "scorecard": fit_scorecard(training.features, training.event),
        "tree": fit_tree(training.features, training.event),
    }
    predictions = {name: model.probability(unseen.features) for name, model in models.items()}
    table = champion_table(predictions, unseen.event, unseen.fold, "scorecard")
    assert table[(table.model == "tree") & (table.measure == "auc")].verdict.item() == "worse"
