"""Scorecard and challengers against each other on accounts that they have not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scorecard_samples import Sample

from analysis.core.errors import InputError
from analysis.methods.segmentation.champion_challenger.contest import (
    Contest,
    contest,
    entrants,
    judge_later,
    judge_others,
    put_to_use,
)
from analysis.methods.segmentation.scorecard.card import Scorecard
from analysis.methods.segmentation.training.features import informative
from analysis.methods.segmentation.training.samples import part_by_time


@pytest.fixture(scope="module")
def later(training: Sample, unseen: Sample) -> Contest:
    learnt, judged = (training.features, training.event), (unseen.features, unseen.event)
    return judge_later(entrants(), learnt, judged, unseen.fold, "scorecard", capacity=0.2)


def test_each_model_is_measured_and_predicts_each_judged_account(later: Contest, unseen: Sample) -> None:
    assert set(later.validation["model"]) == set(later.predictions) == {"scorecard", "tree", "boosting"}
    assert all(p.shape == (len(unseen.features),) for p in later.predictions.values())
    roles = later.verdicts.drop_duplicates("model").set_index("model")["role"]
    assert roles["scorecard"] == "champion" and roles["boosting"] == "challenger"
    lift = later.validation.query("measure == 'lift'")
    assert (lift["capacity"] == 0.2).all()


def test_what_models_learnt_cannot_come_from_the_accounts_that_judge_them(
    training: Sample, unseen: Sample
) -> None:
    learnt = (training.features, training.event)
    flipped = judge_later(entrants(), learnt, (unseen.features, 1 - unseen.event), unseen.fold, "scorecard")
    straight = judge_later(entrants(), learnt, (unseen.features, unseen.event), unseen.fold, "scorecard")
    for name in flipped.predictions:
        assert np.array_equal(flipped.predictions[name], straight.predictions[name])
    auc = [
        c.validation.query("measure == 'auc' and model == 'scorecard'")["value"].item()
        for c in (flipped, straight)
    ]
    assert auc[0] == pytest.approx(1 - auc[1])


def test_customers_are_judged_by_models_of_other_customers(training: Sample) -> None:
    rng = np.random.default_rng(5)
    # One feature names the customer; it can only help a model that has seen the customer's outcome.
    telling = pd.DataFrame({"customer": rng.permutation(len(training.event)).astype(float)})
    event = rng.integers(0, 2, len(telling))
    fits = {"boosting": entrants()["boosting"]}
    found = judge_others(fits, telling, event, training.fold, "boosting")
    assert found.validation.query("measure == 'auc'")["value"].item() == pytest.approx(0.5, abs=0.03)


def test_one_outcome_among_the_judged_is_refused_with_the_count(training: Sample, unseen: Sample) -> None:
    learnt = (training.features, training.event)
    with pytest.raises(InputError, match=r"0 of the 50 accounts to be judged.*Keep more months"):
        judge_later(
            {"tree": entrants()["tree"]},
            learnt,
            (unseen.features.head(50), np.zeros(50)),
            unseen.fold[:50],
            "tree",
        )


def test_features_that_do_not_vary_are_named_and_left_out() -> None:
    frame = pd.DataFrame({"a": [1, 2], "flat": ["x", "x"], "empty": [None, None]})
    kept, flat = informative(frame)
    assert list(kept) == ["a"] and flat == ["flat", "empty"]


def test_what_is_put_to_use_has_learnt_from_the_judged_accounts_too(training: Sample) -> None:
    months = pd.Series(pd.date_range("2023-01-31", periods=20, freq="ME")).repeat(300).to_numpy()
    labelled = training.features.assign(month=months, lost=training.event, fold=training.fold)
    sample = part_by_time(labelled, "lost", list(training.features), 6, 3)
    model = put_to_use(sample, "scorecard")
    assert sample.later and isinstance(model, Scorecard)
    assert {int(bins.counts.sum()) for bins in model.bins} == {len(labelled)}
    found = contest(sample, "scorecard")
    assert found.validation["accounts"].eq(900).all()
