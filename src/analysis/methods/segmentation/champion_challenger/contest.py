"""Scorecard and challengers learnt from the same accounts and judged on others: later ones, or other customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.segmentation.champion_challenger.challengers import (
    Model,
    fit_boosting,
    fit_tree,
    predict_held_out,
)
from analysis.methods.segmentation.champion_challenger.champion import champion_table
from analysis.methods.segmentation.scorecard.card import fit_scorecard
from analysis.methods.segmentation.training.features import LEAST_EVENTS, check_event, informative
from analysis.methods.segmentation.training.samples import Sample
from analysis.methods.segmentation.validation.performance import calibration_groups, validate_model

Array = npt.NDArray[np.float64]
Fit = Callable[[pd.DataFrame, npt.NDArray[np.int64]], Model]

PARTS = 5
"""Parts that customers' folds are put into where each is predicted from the others."""


@dataclass(frozen=True)
class Contest:
    """Models and how they did on accounts that they had not seen.

    validation: model and the columns of `validate_model`. verdicts: `champion_table`. calibration: model and the
    columns of `calibration_groups`. predictions: model → probability of each judged account. models: fitted to
    everything that they were allowed to learn from; none where each customer is judged by the others.
    """

    models: Mapping[str, Model]
    predictions: Mapping[str, Array]
    validation: pd.DataFrame
    verdicts: pd.DataFrame
    calibration: pd.DataFrame


def entrants(least_events: int = LEAST_EVENTS, seed: int = 0) -> dict[str, Fit]:
    """Who competes: the scorecard, a decision tree, gradient boosting."""
    settings: dict[str, Any] = {"least_events": least_events}
    return {
        "scorecard": partial(fit_scorecard, **settings),
        "tree": partial(fit_tree, seed=seed, **settings),
        "boosting": partial(fit_boosting, seed=seed, **settings),
    }


def contest(
    sample: Sample,
    champion: str,
    capacity: float = 0.1,
    level: float = 0.95,
    least_events: int = LEAST_EVENTS,
    seed: int = 0,
) -> Contest:
    """Scorecard and challengers on a sample: judged on its later accounts, or on other customers without any.

    The sample needs `fold`, each account's random group of customers. Raises InputError for too few events.
    """
    fits = entrants(least_events, seed)
    judged, names = sample.judged, sample.features
    held = (judged[names], judged[sample.event])
    if not sample.later:
        return judge_others(fits, *held, judged["fold"], champion, capacity, level)
    learnt = (sample.learnt[names], sample.learnt[sample.event])
    return judge_later(fits, learnt, held, judged["fold"], champion, capacity, level)


def why_none(sample: Sample | None, least_events: int = LEAST_EVENTS) -> str:
    """Why no contest can be held on a sample (None: no outcome is known), in a word that counts nobody.

    unknown, few_events, few_others (accounts without the event), or unsuited: the events would do, what models
    learn from or are judged on would not.
    """
    if sample is None:
        return "unknown"
    events = check_event(sample.learnt[sample.event], len(sample.learnt))
    if events.sum() < least_events:
        return "few_events"
    return "few_others" if events.size - events.sum() < least_events else "unsuited"


def put_to_use(sample: Sample, name: str, least_events: int = LEAST_EVENTS, seed: int = 0) -> Model:
    """The model `name`, fitted to every account whose outcome is known, the judged ones too.

    What the contest tells of it holds for the model as it was without them; with more and later accounts it should
    do no worse.
    """
    features = informative(sample.known[sample.features])[0]
    return entrants(least_events, seed)[name](features, check_event(sample.known[sample.event], len(features)))


def predict_other_customers(
    sample: Sample, name: str, at: pd.DataFrame, least_events: int = LEAST_EVENTS, seed: int = 0
) -> Array:
    """Probability for each of the accounts `at`, by a model that has learnt from other customers only.

    `at` has the sample's features and `fold`, by which a customer is the same in both. For scores that are to be
    judged on these accounts afterwards. Raises InputError for too few events among the others.
    """
    part, own = sample.known["fold"].to_numpy() % PARTS, at["fold"].to_numpy() % PARTS
    found = np.full(len(at), np.nan)
    for number in np.unique(own):
        others = replace(sample, known=sample.known[part != number])
        model = put_to_use(others, name, least_events, seed)
        found[own == number] = model.probability(at[own == number])
    return found


def as_accepted(
    sample: Sample, name: str, capacity: float = 0.1, level: float = 0.95, least_events: int = LEAST_EVENTS
) -> pd.DataFrame:
    """`validate_model`'s table of the model when it was accepted: on what it learnt from, each customer predicted
    from the others. What it does later is held against this (`refit_triggers`)."""
    learnt, fit = sample.learnt, entrants(least_events)[name]
    outcome = check_event(learnt[sample.event], len(learnt))
    predicted = predict_held_out(fit, learnt[sample.features], outcome, learnt["fold"].to_numpy() % PARTS)
    return validate_model(predicted, outcome, learnt["fold"], capacity, level=level)


def judge_later(
    fits: Mapping[str, Fit],
    learnt: tuple[pd.DataFrame, npt.ArrayLike],
    judged: tuple[pd.DataFrame, npt.ArrayLike],
    fold: npt.ArrayLike,
    champion: str,
    capacity: float = 0.1,
    level: float = 0.95,
) -> Contest:
    """Models fitted to the accounts `learnt` (features, event) and held against the later ones `judged`.

    `fold` is the random group of customers of each judged account. Outcomes learnt from should have been known
    when the judged accounts were scored: leave the window of the event between the two. Raises what the fits
    raise: InputError for too few events, a constant feature.
    """
    features, event = learnt
    models = {name: fit(features, check_event(event, len(features))) for name, fit in fits.items()}
    predictions = {name: model.probability(judged[0]) for name, model in models.items()}
    return _judged(models, predictions, judged[1], fold, champion, capacity, level)


def judge_others(
    fits: Mapping[str, Fit],
    features: pd.DataFrame,
    event: npt.ArrayLike,
    fold: npt.ArrayLike,
    champion: str,
    capacity: float = 0.1,
    level: float = 0.95,
) -> Contest:
    """The same where all accounts are of one time: each part of the customers is predicted from the other four.

    It tells of other customers, not of another time: drift between then and now is not in it.
    """
    outcome = check_event(event, len(features))
    part = np.asarray(fold) % PARTS
    predictions = {name: predict_held_out(fit, features, outcome, part) for name, fit in fits.items()}
    return _judged({}, predictions, outcome, fold, champion, capacity, level)


def _judged(
    models: Mapping[str, Model],
    predictions: Mapping[str, Array],
    event: npt.ArrayLike,
    fold: npt.ArrayLike,
    champion: str,
    capacity: float,
    level: float,
) -> Contest:
    outcome = check_event(event, np.size(fold))
    _refuse_one_outcome(outcome)
    measured = [
        validate_model(predicted, outcome, fold, capacity, level=level).assign(model=name)
        for name, predicted in predictions.items()
    ]
    grouped = [
        calibration_groups(predicted, outcome, fold, level=level).assign(model=name)
        for name, predicted in predictions.items()
    ]
    verdicts = champion_table(predictions, outcome, fold, champion, capacity=capacity, level=level)
    validation = pd.concat(measured, ignore_index=True)
    return Contest(models, predictions, validation, verdicts, pd.concat(grouped, ignore_index=True))


def _refuse_one_outcome(event: npt.NDArray[np.int64]) -> None:
    if event.size == 0 or event.min() == event.max():
        raise InputError(
            f"event: {int(event.sum()):,} of the {event.size:,} accounts to be judged have it; without both "
            "outcomes no model can be judged. Keep more months for the test."
        )
