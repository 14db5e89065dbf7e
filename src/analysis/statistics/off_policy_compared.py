"""Several proposed policies on one log: what each gains, and how far any is shown to be better than today's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.statistics.decision_log import DecisionLog, Policy
from analysis.statistics.jackknife import leave_one_out
from analysis.statistics.off_policy import read_outcomes, supported, weights_of
from analysis.statistics.simultaneous import simultaneous_limits

Array = npt.NDArray[np.float64]


def gain_replicates(log: DecisionLog, policy: Policy, outcomes: pd.DataFrame) -> tuple[float, Array]:
    """Doubly robust gain on the decisions as they were taken, and the gain without each fold (folds,)."""
    proposed = supported(log, policy)
    predicted = read_outcomes(log, outcomes)
    residual = log.reward - predicted[np.arange(log.units), log.chosen]
    gains = (proposed * predicted).sum(axis=1) + weights_of(log, proposed) * residual - log.reward
    left = leave_one_out(log.by_fold(gains)) / leave_one_out(log.by_fold(np.ones(log.units)))
    return float(gains.mean()), left


def compare_gains(
    logs: Mapping[str, DecisionLog],
    policies: Mapping[str, Policy],
    outcomes: Mapping[str, pd.DataFrame],
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Gain of each policy in each reward, all of them corrected for having been looked at together.

    `logs` are the same decisions with another reward each, `outcomes` the predictions of it made out of fold.
    Columns: policy, reward, gain (a decision, less the decisions as taken; doubly robust), se, lower, upper (hold
    for all rows at once, `simultaneous_limits`), p (corrected), compared (rows with an error). A policy that is
    today's gains nothing and has no limits. Raises InputError where logs are not of the same decisions, and as
    `policy_value`.
    """
    first = next(iter(logs.values()))
    if any(not log.index.equals(first.index) or not np.array_equal(log.fold, first.fold) for log in logs.values()):
        raise InputError("the logs are of other decisions, or other folds; give the same ones with other rewards")
    keys = [(policy, reward) for reward in logs for policy in policies]
    pairs = [gain_replicates(logs[reward], policies[policy], outcomes[reward]) for policy, reward in keys]
    left = np.column_stack([replicates for _, replicates in pairs])
    found = simultaneous_limits([gain for gain, _ in pairs], left, level, seed)
    table = pd.DataFrame(keys, columns=["policy", "reward"])
    table = table.assign(gain=found.value, se=found.error, lower=found.lower, upper=found.upper, p=found.p)
    return table.assign(compared=int(np.isfinite(found.error).sum()))
