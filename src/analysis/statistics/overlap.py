"""How far a log of decisions carries a proposed policy: weights, support, and whether probabilities hold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.statistics.decision_log import DecisionLog, Policy, read_policy
from analysis.statistics.jackknife import leave_one_out, symmetric_limits
from analysis.statistics.off_policy import effective_size, weights_of

Array = npt.NDArray[np.float64]


def overlap(
    log: DecisionLog, policy: Policy, strata: pd.DataFrame | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Diagnostics of the weights that a policy gives to the log; one row.

    units, matched            decisions, and those whose arm the policy could have chosen
    effective_size, _share    (Σw)² ÷ Σw², and it ÷ units; a low share means a wide interval
    largest_weight            the largest w, as a multiple of their mean
    top_share                 share of all weight held by the largest 1% (at least one unit). Near .01 at best;
                              where it is large, the estimate rests on few and its interval is too narrow
    smallest_probability      of the arms taken, over all units
    mean_weight, _lower, _upper  Σw ÷ n by folds. It is 1 in expectation: an interval without 1 says that recorded
                              probabilities are wrong, or that the policy leaves their support
    unsupported               share of units to whom the policy gives an arm that could not have been logged
    support_from              how that is known: "recorded" probabilities of all arms; "strata": the arm was never
                              taken in the unit's stratum, which may be chance in a small one; else "unknown"

    `strata` (same index) has the columns within which decisions were drawn. Raises InputError as `policy_value`
    does, but not for unsupported units, which it counts.
    """
    proposed = read_policy(log, policy)
    weights = weights_of(log, proposed)
    total = log.by_fold(weights)
    sizes = log.by_fold(np.ones(log.units))
    mean = symmetric_limits(weights.mean(), leave_one_out(total) / leave_one_out(sizes), level)
    share, source = _unsupported(log, proposed, strata)
    row = {
        "units": log.units,
        "matched": int((weights > 0).sum()),
        "effective_size": effective_size(weights),
        "effective_share": effective_size(weights) / log.units,
        "largest_weight": float(weights.max() / weights.mean()),
        "top_share": top_share(weights),
        "smallest_probability": float(log.probability.min()),
        "mean_weight": float(mean.value),
        "mean_weight_lower": float(mean.lower),
        "mean_weight_upper": float(mean.upper),
        "unsupported": share,
        "support_from": source,
    }
    return pd.DataFrame([row])


def arm_overlap(log: DecisionLog, policy: Policy | None = None, level: float = 0.95) -> pd.DataFrame:
    """What the log holds of each arm; one row an arm.

    arm, units, share (of decisions), proposed (share that the policy gives it; missing without one),
    smallest_probability (where taken), and mean_inverse with limits: Σ 1 ÷ probability over the units that took
    it, ÷ all units. That is 1 in expectation for an arm that everyone could have received: above 1, recorded
    probabilities are too small; below 1, they are too large or some units could not receive it.
    """
    proposed = None if policy is None else read_policy(log, policy).mean(axis=0)
    sizes = log.by_fold(np.ones(log.units))
    rows = []
    for place, arm in enumerate(log.arms):
        taken = log.chosen == place
        inverse = np.where(taken, 1.0 / log.probability, 0.0)
        left = leave_one_out(log.by_fold(inverse)) / leave_one_out(sizes)
        mean = symmetric_limits(inverse.mean(), left, level)
        rows.append(
            {
                "arm": arm,
                "units": int(taken.sum()),
                "share": float(taken.mean()),
                "proposed": np.nan if proposed is None else float(proposed[place]),
                "smallest_probability": float(log.probability[taken].min()),
                "mean_inverse": float(mean.value),
                "lower": float(mean.lower),
                "upper": float(mean.upper),
            }
        )
    return pd.DataFrame(rows)


def top_share(weights: Array, share: float = 0.01) -> float:
    """Share of all weight that the largest hundredth of the weights holds, at least one of them."""
    count = max(1, int(np.ceil(share * weights.size)))
    largest = np.partition(weights, weights.size - count)[-count:]
    return float(largest.sum() / weights.sum())


def _unsupported(log: DecisionLog, proposed: Array, strata: pd.DataFrame | None) -> tuple[float, str]:
    """Share of units that the policy gives an arm without support, and how that is known."""
    if log.recorded is not None:
        return float(((proposed > 0) & (log.recorded <= 0)).any(axis=1).mean()), "recorded"
    if strata is None:
        return float("nan"), "unknown"
    log.aligned(strata, "the table of strata")
    stratum = strata.groupby(list(strata.columns), dropna=False, observed=True).ngroup().to_numpy()
    seen = np.zeros((stratum.max() + 1, len(log.arms)), dtype=bool)
    seen[stratum, log.chosen] = True
    return float(((proposed > 0) & ~seen[stratum]).any(axis=1).mean()), "strata"
