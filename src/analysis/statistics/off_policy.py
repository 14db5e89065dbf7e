"""What a proposed policy would have brought, from decisions logged with their probabilities."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.decision_log import DecisionLog, Policy, read_policy
from analysis.statistics.jackknife import leave_one_out, symmetric_limits

Array = npt.NDArray[np.float64]

ESTIMATORS = ("inverse_propensity", "self_normalised", "doubly_robust")


class Terms(NamedTuple):
    """Per-unit numerators and denominators (n,) of an estimate Σ numerator ÷ Σ denominator."""

    numerator: Array
    denominator: Array


def policy_value(
    log: DecisionLog,
    policy: Policy,
    outcomes: pd.DataFrame | None = None,
    level: float = 0.95,
    allow_unsupported: float = 0.0,
) -> pd.DataFrame:
    """Mean reward per unit, had the policy decided; one row an estimator.

    With weights w = π(arm taken) ÷ probability it was taken with, r the reward and q the outcome model:

    inverse_propensity   Σ w·r ÷ n. Unbiased where probabilities are right; the widest interval, and it moves when
                         a constant is added to rewards (Horvitz and Thompson 1952, JASA 47, 663–685)
    self_normalised      Σ w·r ÷ Σ w. Slightly biased in small samples, steadier; moves with rewards exactly
                         (Swaminathan and Joachims 2015, NeurIPS 28, 3231–3239)
    doubly_robust        Σ [Σ_a π(a)·q(a) + w·(r − q(arm taken))] ÷ n. Right where either probabilities or the
                         outcome model are (Dudík, Langford and Li 2011, ICML 28, 1097–1104). Left out where no
                         `outcomes` (n, arms; same index) are given; see `cross_fitted_outcomes`

    Columns: estimator, value, se, lower, upper, units, folds, effective_size (Σw)² ÷ Σw² (Kish 1965): how many
    decisions drawn by the policy itself would say as much. Limits leave out one fold at a time, outcome model
    held; they are missing with one fold and too narrow where few units carry the weight (see `overlap`).

    Not an answer where units influence each other, or where the policy would exhaust a capacity that the log's
    policy did not. Raises InputError where a proposed arm was never logged, where no unit received an arm that the
    policy gives it, and, if all arms' probabilities are recorded, where more than the share `allow_unsupported` of
    units is given an arm of probability zero.

    >>> arms, rewards = ["agent", "agent", "robot", "robot"], [10.0, 20.0, 4.0, 8.0]
    >>> columns = {"arm": arms, "reward": rewards, "probability": [0.5, 0.25, 0.5, 0.75], "fold": [0, 1, 0, 1]}
    >>> found = policy_value(DecisionLog.read(pd.DataFrame(columns)), "agent")
    >>> found[["estimator", "value", "se", "effective_size"]].round(2)
                estimator  value     se  effective_size
    0  inverse_propensity  25.00  15.00             1.8
    1     self_normalised  16.67   5.27             1.8
    """
    proposed = supported(log, policy, allow_unsupported)
    weights = weights_of(log, proposed)
    rows = [
        _row(log, name, [_terms(log, name, proposed, weights, predicted)], weights, level)
        for name, predicted in _chosen_estimators(log, outcomes)
    ]
    return pd.DataFrame(rows)


def policy_gain(
    log: DecisionLog,
    policy: Policy,
    against: Policy | None = None,
    outcomes: pd.DataFrame | None = None,
    level: float = 0.95,
    allow_unsupported: float = 0.0,
) -> pd.DataFrame:
    """Mean reward per unit of a policy less that of another, or of the decisions as they were taken.

    Columns, estimators, and errors as in `policy_value`, with `value` the difference; both sides share the folds,
    so that the interval is that of the difference itself. `effective_size` is the proposed policy's.
    """
    proposed = supported(log, policy, allow_unsupported)
    weights = weights_of(log, proposed)
    other = None if against is None else supported(log, against, allow_unsupported)
    rows = []
    for name, predicted in _chosen_estimators(log, outcomes):
        side = Terms(log.reward, np.ones(log.units))
        if other is not None:
            side = _terms(log, name, other, weights_of(log, other), predicted)
        rows.append(_row(log, name, [_terms(log, name, proposed, weights, predicted), side], weights, level))
    return pd.DataFrame(rows)


def robust_scores(log: DecisionLog, outcomes: pd.DataFrame) -> Array:
    """Doubly robust scores (n, arms): q(a), plus (r − q(a)) ÷ probability where a was taken.

    Their mean over units is the doubly robust value of always taking arm a (Robins, Rotnitzky and Zhao 1994, JASA
    89, 846–866); their mean within a segment is its value there. Raises InputError for predictions that don't fit.
    """
    scores = read_outcomes(log, outcomes).copy()
    rows = np.arange(log.units)
    scores[rows, log.chosen] += (log.reward - scores[rows, log.chosen]) / log.probability
    return scores


def weights_of(log: DecisionLog, proposed: Array) -> Array:
    """π(arm taken) ÷ probability of it, (n,); raises InputError where all are zero."""
    weights: Array = proposed[np.arange(log.units), log.chosen] / log.probability
    if not weights.any():
        raise InputError(
            f"none of {log.units:,} units received an arm that the policy gives it, so the log says nothing about "
            "the policy; it needs decisions drawn at random"
        )
    return weights


def supported(log: DecisionLog, policy: Policy, allow_unsupported: float = 0.0) -> Array:
    """The policy as probabilities (n, arms); raises InputError where too many units are without support."""
    if not 0 <= allow_unsupported <= 1:
        raise ParameterError(f"allow_unsupported is {allow_unsupported}; it is a share of units, between 0 and 1")
    proposed = read_policy(log, policy)
    if log.recorded is None:
        return proposed
    outside = (proposed > 0) & (log.recorded <= 0)
    share = outside.any(axis=1).mean()
    if share > allow_unsupported:
        names = ", ".join(
            f"'{arm}' ({count:,} of {log.units:,})"
            for arm, count in zip(log.arms, outside.sum(axis=0), strict=True)
            if count
        )
        raise InputError(
            f"{share:.1%} of units are given an arm that they could not have received when logged: {names}. Keep "
            "today's arm for them, judge the others alone, or set allow_unsupported and say so."
        )
    return proposed


def read_outcomes(log: DecisionLog, outcomes: pd.DataFrame) -> Array:
    """Predicted rewards (n, arms) in the order of the log's arms; raises InputError for what is absent."""
    log.aligned(outcomes, "the table of predicted outcomes")
    absent = [arm for arm in log.arms if arm not in outcomes.columns]
    if absent:
        raise InputError(f"the table of predicted outcomes has no column for {', '.join(absent)}")
    values: Array = outcomes[list(log.arms)].to_numpy(dtype=float)
    if not np.isfinite(values).all():
        count = int((~np.isfinite(values)).any(axis=1).sum())
        raise InputError(f"predicted outcomes are missing or infinite for {count:,} of {log.units:,} units")
    return values


def _chosen_estimators(log: DecisionLog, outcomes: pd.DataFrame | None) -> list[tuple[str, Array]]:
    """Estimators that can be computed, with the predictions (n, arms) they use."""
    if outcomes is None:
        return [(name, np.empty((0, 0))) for name in ESTIMATORS[:2]]
    predicted = read_outcomes(log, outcomes)
    return [(name, predicted) for name in ESTIMATORS]


def _terms(log: DecisionLog, estimator: str, proposed: Array, weights: Array, predicted: Array) -> Terms:
    ones = np.ones(log.units)
    if estimator == "inverse_propensity":
        return Terms(weights * log.reward, ones)
    if estimator == "self_normalised":
        return Terms(weights * log.reward, weights)
    residual = log.reward - predicted[np.arange(log.units), log.chosen]
    return Terms((proposed * predicted).sum(axis=1) + weights * residual, ones)


def _row(log: DecisionLog, estimator: str, sides: list[Terms], weights: Array, level: float) -> dict[str, object]:
    """A row of the table: the first side, less the second if there is one."""
    signs = (1.0, -1.0)
    folds = [(log.by_fold(side.numerator), log.by_fold(side.denominator)) for side in sides]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = sum(sign * y.sum() / x.sum() for sign, (y, x) in zip(signs, folds, strict=False))
        left = sum(sign * leave_one_out(y) / leave_one_out(x) for sign, (y, x) in zip(signs, folds, strict=False))
    limits = symmetric_limits(np.asarray(value), np.asarray(left), level)
    return {
        "estimator": estimator,
        "value": float(value),
        "se": float(limits.error),
        "lower": float(limits.lower),
        "upper": float(limits.upper),
        "units": log.units,
        "folds": log.folds,
        "effective_size": effective_size(weights),
    }


def effective_size(weights: Array) -> float:
    """(Σw)² ÷ Σw²: equal weights that would say as much (Kish 1965, Survey Sampling, section 11.7)."""
    return float(weights.sum() ** 2 / (weights**2).sum())
