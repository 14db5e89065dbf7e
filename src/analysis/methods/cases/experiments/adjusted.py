"""Effects with less noise: outcomes held against what was already known before the decision."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cases.experiments.arms import read_arms
from analysis.methods.cases.experiments.checks import check_experiment, observed
from analysis.methods.cases.experiments.contrast import contrast
from analysis.methods.cases.experiments.design import Outcome, Registered
from analysis.statistics.outcome_model import fit, held_out, model_frame, predict_mean

Array = npt.NDArray[np.float64]


def adjusted_effects(
    frame: pd.DataFrame,
    features: pd.DataFrame,
    registered: Registered,
    model: Any | None = None,
    splits: int = 5,
) -> pd.DataFrame:
    """Each arm against the control, plain and adjusted for what a model expected of each decision; one row a pair.

    The model (`default_regressor` unless an unfitted scikit-learn regressor is given) predicts the outcome from
    `features` (same index, known before the decision) out of fold: all decisions of a cluster by a model fitted to
    other clusters, arms together and unnamed. Arms are then compared at the same mean prediction (see `contrast`).
    This is CUPED with a learnt covariate: Deng et al. 2013, WSDM, 123–132; Guo et al. 2021, NeurIPS 34, 8637–8648.

    Binary and money outcomes only. Columns: experiment, outcome, arm, control, effect_plain, se_plain,
    lower_plain, upper_plain, effect, se, lower, upper, p, variance_reduction (1 − squared ratio of the errors;
    below zero where the features only add noise), like_more_units (by what factor more units the plain difference
    would need).

    Raises what `check_experiment` raises, and InputError where the features' rows are not those of the decisions.
    """
    check_experiment(frame, registered)
    if not features.index.equals(frame.index):
        raise InputError("the features have another index than the decisions; put their rows in the same order")
    rows = []
    for outcome in (outcome for outcome in registered.outcomes if outcome.kind != "time"):
        known = observed(frame, outcome)
        expected = expected_outcome(known, features.loc[known.index], registered, outcome, model, splits)
        rows += [_row(known, expected, registered, outcome, arm) for arm in registered.treated]
    return pd.DataFrame(rows)


def expected_outcome(
    known: pd.DataFrame,
    features: pd.DataFrame,
    registered: Registered,
    outcome: Outcome,
    model: Any | None = None,
    splits: int = 5,
) -> Array:
    """Prediction (n,) of each decision's outcome by a model that has not seen its cluster, nor any arm."""
    table, y = model_frame(features), known[outcome.column].to_numpy(dtype=float)
    fold = pd.factorize(known[registered.cluster], sort=True)[0]
    made = np.empty(y.size)
    for here in held_out(fold, splits):
        made[here] = predict_mean(fit(model, table[~here], y[~here]), table[here])
    return made


def _row(
    known: pd.DataFrame, expected: Array, registered: Registered, outcome: Outcome, arm: str
) -> dict[str, object]:
    sides = read_arms(known, registered)
    here, base = (sides.arm == registered.arms.index(name) for name in (arm, registered.control))
    y = known[outcome.column].to_numpy(dtype=float)
    plain = contrast(y, here, base, sides.cluster, level=registered.level)
    found = contrast(y, here, base, sides.cluster, expected, registered.level)
    left = (found.error / plain.error) ** 2
    return {
        "experiment": registered.experiment,
        "outcome": outcome.name,
        "arm": arm,
        "control": registered.control,
        "effect_plain": plain.effect,
        "se_plain": plain.error,
        "lower_plain": plain.lower,
        "upper_plain": plain.upper,
        "effect": found.effect,
        "se": found.error,
        "lower": found.lower,
        "upper": found.upper,
        "p": found.p,
        "variance_reduction": 1 - left,
        "like_more_units": 1 / left,
    }
