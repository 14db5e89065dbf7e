"""Learners of a treatment's effect by unit: T-, X- and doubly robust learner, and predictions out of fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.statistics.decision_log import Codes, DecisionLog
from analysis.statistics.outcome_model import fit, held_out, model_frame, predict_mean, refuse_few

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Trial:
    """A treatment against a control in n units, some of which may have had other arms; made by `between`.

    `features` as models read them, `treated` and `control` (n,) who had which arm, `reward` (n,), `probability`
    (n,) of the arm taken, `fold` (n,) numbers of the clusters.
    """

    features: pd.DataFrame
    treated: Rows
    control: Rows
    reward: Array
    probability: Array
    fold: Codes
    treated_arm: str
    control_arm: str

    @classmethod
    def between(cls, log: DecisionLog, features: pd.DataFrame, treated: str, control: str) -> Trial:
        """The comparison of two arms of a randomised log; `features` (same index) were known before the decision.

        Raises InputError for arms never logged, for the same arm twice, and for protected attributes.
        """
        if treated == control:
            raise InputError(f"'{treated}' is both treatment and control; name two arms of {', '.join(log.arms)}")
        log.aligned(features, "the table of features")
        sides = [log.chosen == log.position(arm) for arm in (treated, control)]
        table = model_frame(features)
        return cls(table, sides[0], sides[1], log.reward, log.probability, log.fold, treated, control)

    @property
    def units(self) -> int:
        return len(self.reward)

    def part(self, rows: Rows) -> Trial:
        """The units in `rows` (n,), their folds numbered anew."""
        fold = np.unique(self.fold[rows], return_inverse=True)[1]
        sides = (self.features[rows], self.treated[rows], self.control[rows])
        return Trial(*sides, self.reward[rows], self.probability[rows], fold, self.treated_arm, self.control_arm)


class Learner(Protocol):
    """Learns the effect of a treatment from a trial and predicts it for new units."""

    def fit(self, trial: Trial) -> Self: ...

    def predict(self, features: pd.DataFrame) -> Array: ...


def cross_fitted_uplift(trial: Trial, learner: Learner, splits: int = 5) -> pd.Series:
    """Predicted effect for every unit of a trial, by a learner that has not seen its customers.

    Use these, not the predictions of a learner fitted to the same units, for a Qini curve: a learner ranks what it
    has seen too well. `learner` is refitted for each group of folds. Index and order are the trial's.
    """
    found = np.empty(trial.units)
    for here in held_out(trial.fold, splits):
        found[here] = learner.fit(trial.part(~here)).predict(trial.features[here])
    return pd.Series(found, index=trial.features.index, name="uplift")


class TLearner:
    """Effect as the difference of two models of the reward, one an arm.

    Simple, and right where both models are; but each is smoothed by itself, so that a small effect drowns in the
    difference of their errors. `model` is an unfitted scikit-learn regressor or classifier of numbers; by default
    `outcome_model.default_regressor`. Source: Künzel, Sekhon, Bickel and Yu 2019, PNAS 116, 4156–4165.
    """

    def __init__(self, model: Any | None = None) -> None:
        self.model = model

    def fit(self, trial: Trial) -> Self:
        """Raises InputError where an arm has fewer than 20 units."""
        self.models_ = _arm_models(trial, self.model)
        return self

    def predict(self, features: pd.DataFrame) -> Array:
        """Effect (n,) in units of the reward."""
        return _difference(self.models_, features)


class XLearner:
    """Effects imputed from the other arm's model, then modelled themselves: for arms of unequal size.

    The treated's effects are r − q_control(x), the controls' q_treated(x) − r. A model of each is averaged with
    weight g on the controls' one; g is the share treated of the two arms.
    `model` predicts rewards (see TLearner), `effect_model` (a regressor) effects. Source: Künzel et al. 2019, PNAS
    116, 4156–4165, which leaves g free between 0 and 1.
    """

    def __init__(self, model: Any | None = None, effect_model: Any | None = None) -> None:
        self.model, self.effect_model = model, effect_model

    def fit(self, trial: Trial) -> Self:
        """Raises InputError where an arm has fewer than 20 units."""
        models = _arm_models(trial, self.model)
        t, c, x = trial.treated, trial.control, trial.features
        gained = trial.reward[t] - predict_mean(models[1], x[t])
        missed = predict_mean(models[0], x[c]) - trial.reward[c]
        self.effects_ = (fit(self.effect_model, x[t], gained), fit(self.effect_model, x[c], missed))
        self.share_treated_ = float(t.sum() / (t.sum() + c.sum()))
        return self

    def predict(self, features: pd.DataFrame) -> Array:
        """Effect (n,) in units of the reward."""
        gained, missed = (predict_mean(model, model_frame(features)) for model in self.effects_)
        return self.share_treated_ * missed + (1.0 - self.share_treated_) * gained


class DoublyRobustLearner:
    """A model of doubly robust scores: right where probabilities are, whatever the models of the reward.

    The score of a unit is q_treated − q_control ± (r − q of its arm) ÷ probability of it, plus for the treated and
    minus for controls, with q from models that have not seen its customers. Its mean given x is the effect, so
    any regressor of it will do. `model` predicts rewards (see TLearner), `effect_model` (a regressor) effects.
    Source: Kennedy 2023, Electronic Journal of Statistics 17, 3008–3049.
    """

    def __init__(self, model: Any | None = None, effect_model: Any | None = None, splits: int = 5) -> None:
        self.model, self.effect_model, self.splits = model, effect_model, splits

    def fit(self, trial: Trial) -> Self:
        """Raises InputError where an arm has fewer than 20 units outside a group of folds."""
        self.effect_ = fit(self.effect_model, trial.features, self.scores(trial))
        return self

    def scores(self, trial: Trial) -> Array:
        """Doubly robust scores (n,) of the effect; their mean over a segment is its effect."""
        q = np.empty((trial.units, 2))
        for here in held_out(trial.fold, self.splits):
            models = _arm_models(trial.part(~here), self.model)
            q[here] = np.column_stack([predict_mean(model, trial.features[here]) for model in models])
        for side, rows in enumerate((trial.treated, trial.control)):
            q[rows, side] += (trial.reward[rows] - q[rows, side]) / trial.probability[rows]
        scores: Array = q[:, 0] - q[:, 1]
        return scores

    def predict(self, features: pd.DataFrame) -> Array:
        """Effect (n,) in units of the reward."""
        return predict_mean(self.effect_, model_frame(features))


def _arm_models(trial: Trial, model: Any | None) -> tuple[Any, Any]:
    """Models of the reward under treatment and under control."""
    refuse_few(trial.treated, trial.treated_arm)
    refuse_few(trial.control, trial.control_arm)
    sides = (trial.treated, trial.control)
    treated, control = (fit(model, trial.features[rows], trial.reward[rows]) for rows in sides)
    return treated, control


def _difference(models: tuple[Any, Any], features: pd.DataFrame) -> Array:
    table = model_frame(features)
    return predict_mean(models[0], table) - predict_mean(models[1], table)
