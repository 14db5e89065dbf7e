"""Expected value of every arm for an account: what is expected anyway, and a shrunken effect of each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.treatments.decisions import LOSSES, RECOVERY, SUCCESS, VALUE, ValuedDecisions
from analysis.methods.segmentation.treatments.shrinkage import Modifiers, shrunken_effects
from analysis.statistics.decision_log import Codes, DecisionLog
from analysis.statistics.outcome_model import fit, held_out, model_frame, predict_mean, refuse_few
from analysis.statistics.uplift import segment_effects

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]
Route = Literal["success", "money"]
ROUTES = ("success", "money")

LEAST_EXPECTED = 0.05
"""Expected cash below this share of its mean is raised to it before effects are taken as a share of it."""


@dataclass(frozen=True)
class ArmTables:
    """Expectations by account and arm, (n, arms), indexed as the accounts, columns the arms.

    recovery in currency, success a probability; losses (arms rows): cost, complaint_cost, relief_cost of an arm,
    currency a decision.
    """

    recovery: pd.DataFrame
    success: pd.DataFrame
    losses: pd.DataFrame

    @property
    def value(self) -> pd.DataFrame:
        """Recovery less the arm's losses, currency."""
        return self.recovery - self.losses.sum(axis=1)

    @property
    def by_measure(self) -> Mapping[str, pd.DataFrame]:
        """Predictions as `arm_effects` takes them."""
        return {RECOVERY: self.recovery, VALUE: self.value, SUCCESS: self.success}

    def offers(self, account_id: pd.Series) -> pd.DataFrame:
        """A row an account and arm, as `allocation.offers_from_table` takes them; `account_id` has the index."""
        if not account_id.index.equals(self.recovery.index):
            raise InputError("account_id has another index than the values; put its rows in their order")
        tables = []
        for arm in map(str, self.recovery.columns):
            columns = {"recovery": self.recovery[arm], "success": self.success[arm]}
            told = pd.DataFrame({"account_id": account_id, "treatment": arm, **columns})
            tables.append(told.assign(**{name: self.losses[name][arm] for name in LOSSES}))
        return pd.concat(tables, ignore_index=True)


class ArmValues:
    """What each arm is expected to bring for an account, learnt from randomised decisions.

    1. Expected cash q(x) and success s(x) whatever the arm, by gradient-boosted trees over all arms.
    2. What an arm adds: the part of each outcome that these don't explain, weighted by 1 ÷ probability where the
       arm was taken (the doubly robust score), regressed on the `modifiers`. Mean effects are kept as measured;
       how they differ between accounts is drawn towards nothing as far as chance alone would explain it
       (`shrunken_effects`).
    3. Route "success" (default): recovery = q(x) + the arm's effect on success × what success brings (expected
       cash of the cured less that of others). It takes an arm to change cash by changing success alone (a
       surrogate: Prentice 1989, Statistics in Medicine 8, 431–440); `unexplained_effects` holds it to the money.
       Route "money": recovery = q(x) · (1 + the arm's effect as a share of q), without that assumption.
    4. Cost, complaint and relief cost of an arm are its weighted means: they are not modelled by account.

    Why so: money is noisy. On 10 logs of 5,000 decisions with the arms, probabilities and effects that simulated
    portfolios have (benchmarks/treatment_learners.py), the arms picked out of fold realised, of what perfect
    knowledge adds over the reference for all, 76% by either route, 70% by arms' plain means, 59–61% by T-, X- and
    doubly robust learners of trees, and 52% at random; of a queue's best quarter, 77% by route "success", 70% by
    "money", 60–62% by the learners of trees and 44% by means or at random. The simulator's arms act through cure
    alone, so that route "success" is shown at its best there.

    `modifiers` names the few features that effects may hang on, all by default: the fewer, the less is drawn away.
    `model` is the regressor of step 1 (statistics.outcome_model.default_regressor).
    """

    def __init__(
        self, modifiers: Sequence[str] | None = None, route: Route = "success", model: Any | None = None
    ) -> None:
        if route not in ROUTES:
            raise ParameterError(f"route is '{route}'; use one of {', '.join(ROUTES)}")
        self.modifiers, self.route, self.model = modifiers, route, model

    def fit(self, valued: ValuedDecisions, features: pd.DataFrame) -> Self:
        """Learn from decisions; `features` (same index) were known before them.

        Raises InputError for protected attributes, one fold alone, or an arm with fewer than 20 decisions.
        """
        valued.log.aligned(features, "the table of features")
        return self._fit(valued, features, np.ones(valued.log.units, dtype=bool))

    def _fit(self, valued: ValuedDecisions, features: pd.DataFrame, rows: Rows) -> Self:
        log, money, table = valued.log, valued.money[rows], model_frame(features)[rows]
        self.arms_, fold = log.arms, np.unique(log.fold[rows], return_inverse=True)[1]
        weights = arm_weights(log)[rows]
        for place, arm in enumerate(log.arms):
            refuse_few(weights[:, place] > 0, arm)
        self.coding_ = Modifiers(self.modifiers).learn(features[rows])
        design = self.coding_.code(features[rows])
        self.expected_, self.effects_ = {}, {}
        for measure in (SUCCESS, RECOVERY):
            target = money[measure].to_numpy(dtype=float)
            self.expected_[measure] = fit(self.model, table, target)
            if measure == SUCCESS or self.route == "money":
                q = _out_of_fold(self.model, table, target, fold)
                scale = self._scale(q) if measure == RECOVERY else np.ones(len(q))
                scores = weights * ((target - q) / scale)[:, None]
                self.effects_[measure] = [shrunken_effects(design, score) for score in scores.T]
        self.losses_ = _mean_losses(log, money, weights)
        self.stake_ = _stake_models(self.model, table, money) if self.route == "success" else ()
        return self

    def predict(self, features: pd.DataFrame) -> ArmTables:
        """Expectations for any accounts in the situation of the log's."""
        table, design = model_frame(features), self.coding_.code(features)
        q, s = (predict_mean(self.expected_[measure], table) for measure in (RECOVERY, SUCCESS))
        lift = self._effects(SUCCESS, design)
        if self.route == "success":
            stake = self._stake(table)
            recovery = q[:, None] + lift * stake[:, None]
        else:
            recovery = q[:, None] + self._effects(RECOVERY, design) * self._scale(q)[:, None]
        success = np.clip(s[:, None] + lift, 0.0, 1.0)
        recoveries, successes = (
            pd.DataFrame(values, index=features.index, columns=list(self.arms_)) for values in (recovery, success)
        )
        return ArmTables(recoveries, successes, self.losses_)

    def _effects(self, measure: str, design: Array) -> Array:
        return np.column_stack([effect[0] + design @ effect[1:] for effect in self.effects_[measure]])

    def _stake(self, table: pd.DataFrame) -> Array:
        cured, other = (predict_mean(model, table) for model in self.stake_)
        return np.maximum(cured - other, 0.0)

    @staticmethod
    def _scale(q: Array) -> Array:
        return np.maximum(q, max(LEAST_EXPECTED * float(np.abs(q).mean()), 1e-9))


def cross_fitted_values(
    valued: ValuedDecisions, features: pd.DataFrame, learner: ArmValues | None = None, splits: int = 5
) -> ArmTables:
    """Expectations for every unit of the log, by a learner that has not seen its customers.

    Use these to choose arms for the log's own units and to judge the choice: a learner picks too well among what
    it has seen. The learner (default `ArmValues()`) is refitted for each group of folds; what comes back is
    indexed as the log. Losses are those of the whole log. Raises as `ArmValues.fit`.
    """
    valued.log.aligned(features, "the table of features")
    learner = learner or ArmValues()
    groups = held_out(valued.log.fold, splits)
    parts = [learner._fit(valued, features, ~here).predict(features[here]) for here in groups]
    tables = [pd.concat([getattr(part, name) for part in parts]) for name in (RECOVERY, SUCCESS)]
    recovery, success = (_in_order(table, valued.log, splits) for table in tables)
    return ArmTables(recovery, success, _mean_losses(valued.log, valued.money, arm_weights(valued.log)))


def unexplained_effects(
    valued: ValuedDecisions, values: ArmTables, reference: str, level: float = 0.95
) -> pd.DataFrame:
    """The measured effect of each arm on cash less the effect that the values expect; one row an arm.

    `values` are out of fold. Columns: arm, expected (mean effect over all units), difference, lower, upper
    (currency a decision). An interval without 0 says that the expectation is off on average: under route
    "success", that the arm changes cash by more than success, so that route "money" should be used.
    """
    log = valued.log
    predicted = values.recovery[list(log.arms)].to_numpy(dtype=float)
    cash = valued.money[RECOVERY].to_numpy(dtype=float)
    left = replace(log, reward=cash - predicted[np.arange(log.units), log.chosen])
    rows = []
    for arm in (name for name in log.arms if name != reference):
        found = segment_effects(left, arm, reference, level=level).iloc[0]
        expected = float((values.recovery[arm] - values.recovery[reference]).mean())
        rows.append((arm, expected, found["effect"], found["lower"], found["upper"]))
    return pd.DataFrame(rows, columns=["arm", "expected", "difference", "lower", "upper"])


def _in_order(table: pd.DataFrame, log: DecisionLog, splits: int) -> pd.DataFrame:
    """Rows of the groups of folds back in the log's order, whatever its index holds."""
    place = np.concatenate([np.flatnonzero(here) for here in held_out(log.fold, splits)])
    return pd.DataFrame(table.to_numpy()[np.argsort(place)], index=log.index, columns=table.columns)


def arm_weights(log: DecisionLog) -> Array:
    """1 ÷ probability where the arm was taken, else 0; (n, arms)."""
    weights = np.zeros((log.units, len(log.arms)))
    weights[np.arange(log.units), log.chosen] = 1.0 / log.probability
    return weights


def _out_of_fold(model: Any | None, table: pd.DataFrame, target: Array, fold: Codes, splits: int = 3) -> Array:
    found = np.empty(target.size)
    for here in held_out(fold, splits):
        found[here] = predict_mean(fit(model, table[~here], target[~here]), table[here])
    return found


def _mean_losses(log: DecisionLog, money: pd.DataFrame, weights: Array) -> pd.DataFrame:
    means = weights.T @ money[list(LOSSES)].to_numpy(dtype=float) / weights.sum(axis=0)[:, None]
    return pd.DataFrame(means, index=list(log.arms), columns=list(LOSSES))


def _stake_models(model: Any | None, table: pd.DataFrame, money: pd.DataFrame) -> tuple[Any, ...]:
    """Models of the cash of the cured and of the others."""
    cured = money[SUCCESS].to_numpy(dtype=float) == 1
    refuse_few(cured, "cured")
    refuse_few(~cured, "not cured")
    cash = money[RECOVERY].to_numpy(dtype=float)
    return tuple(fit(model, table[side], cash[side]) for side in (cured, ~cured))
