"""What new delinquents had in common when they were accepted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.statistics.jackknife import fold_counts, jackknife_error, leave_one_out, t_quantile
from analysis.statistics.ratio import ratio

Array = NDArray[np.float64]


def over_represented(
    counts: pd.DataFrame,
    period: str,
    previous: str,
    false_discovery: float = 0.05,
    minimum_accounts: int = 10,
    minimum_events: int = 3,
    level: float = 0.95,
) -> pd.DataFrame:
    """Feature bins by how much more often new delinquents have them than the accounts that could have become one.

    `counts` holds period, feature, bin, bin_order, fold, accounts (not overdue at the quarter's start) and entered
    (of them, in arrears within it). Returns feature, bin, bin_order, accounts, entered, share_of_accounts,
    share_of_entered, lift with limits, p_value, listed, lift_previous, stable; listed bins first, the highest lift
    on top. Bins with fewer than `minimum_accounts` accounts or `minimum_events` entries are left out.

    Lift is share_of_entered ÷ share_of_accounts, which is the bin's entry rate ÷ that of all; above 1 is worse.
    Its limits and two-sided p-value use the jackknife's error of its logarithm over folds of customers. `listed`:
    above 1 and among the finds of Benjamini and Hochberg (1995, JRSS B 57, 289–300) at the given false-discovery
    rate. `stable`: listed, and above 1 in the `previous` quarter too. Features are looked at one by one, so one
    may stand in for another (a channel for the product sold through it); none is a cause.
    """
    now = _lifts(counts[counts["period"] == period], level)
    if now.empty:
        return pd.DataFrame(columns=_COLUMNS)
    before = _lifts(counts[counts["period"] == previous], level)
    before = before.rename(columns={"lift": "lift_previous"})[["feature", "bin", "lift_previous"]]
    now = now[(now["accounts"] >= minimum_accounts) & (now["entered"] >= minimum_events)]
    now = now.merge(before, how="left", on=["feature", "bin"])
    now["listed"] = benjamini_hochberg(now["p_value"].to_numpy(), false_discovery) & (now["lift"] > 1)
    now["stable"] = now["listed"] & (now["lift_previous"] > 1)
    return now.sort_values(["listed", "lift"], ascending=False, ignore_index=True)[_COLUMNS]


_COLUMNS = [
    "feature",
    "bin",
    "bin_order",
    "accounts",
    "entered",
    "share_of_accounts",
    "share_of_entered",
    "lift",
    "lift_lower",
    "lift_upper",
    "p_value",
    "listed",
    "lift_previous",
    "stable",
]


def benjamini_hochberg(p_values: Array, rate: float) -> NDArray[np.bool_]:
    """Which hypotheses are rejected at a false-discovery rate; a missing p-value is never rejected.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5]), 0.05)
    array([ True, False, False, False])
    """
    known = np.isfinite(p_values)
    tested = np.sort(p_values[known])
    passed = np.flatnonzero(tested <= rate * np.arange(1, len(tested) + 1) / max(len(tested), 1))
    if not len(passed):
        return np.zeros(len(p_values), dtype=bool)
    return known & (np.where(known, p_values, np.inf) <= tested[passed[-1]])


def _lifts(counts: pd.DataFrame, level: float) -> pd.DataFrame:
    parts = [_feature_lifts(part, level).assign(feature=name) for name, part in counts.groupby("feature")]
    parts = [part for part in parts if len(part)]
    columns = ["feature", "bin", "accounts", "entered", "lift"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _feature_lifts(part: pd.DataFrame, level: float) -> pd.DataFrame:
    """Lift of each bin of one feature; empty where nobody entered arrears."""
    from scipy.special import stdtr  # where a p-value is drawn

    bins, folds = fold_counts(part, ["bin_order", "bin"], ["accounts", "entered"])
    accounts, entered = folds.sum(axis=0)
    if entered.sum() == 0:
        return pd.DataFrame()
    log_lift = _log_lift(folds.sum(axis=0))
    error = jackknife_error(log_lift, _log_lift(leave_one_out(folds)))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        width = np.exp(t_quantile(level, len(folds)) * error)
        p_value = 2 * stdtr(len(folds) - 1, -np.abs(log_lift / error)) if len(folds) > 1 else np.nan * error
    lift = np.exp(log_lift)
    usable = np.isfinite(error) & (error > 0)
    return bins.assign(
        accounts=accounts.astype("int64"),
        entered=entered.astype("int64"),
        share_of_accounts=accounts / accounts.sum(),
        share_of_entered=entered / entered.sum(),
        lift=lift,
        lift_lower=np.where(usable, lift / width, np.nan),
        lift_upper=np.where(usable, lift * width, np.nan),
        p_value=np.where(usable, p_value, np.nan),
    )


def _log_lift(counts: Array) -> Array:
    """Logarithm of the lift from (…, [accounts, entered], bins); minus infinity where nobody entered."""
    shares = ratio(counts, counts.sum(axis=-1, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(shares[..., 1, :]) - np.log(shares[..., 0, :])
    return np.where(np.isnan(value), -np.inf, value)
