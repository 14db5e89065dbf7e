"""The numbers by which accounts are grouped: how late, how much, how they pay, what came of contacts."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.segmentation.groups.preparation import TRIM, varying_features

BEHAVIOUR = (
    "days_past_due",
    "balance",
    "on_time_share",
    "times_overdue_12m",
    "paid_share_3m",
    "right_party_3m",
    "promises_3m",
    "months_since_right_party",
    "unreachable",
    "refused",
)
"""Few on purpose: each says something of its own, and k-means weighs all alike."""

REFUSING = ("refused", "dispute", "opt_out")
"""Outcomes of a contact that turn the collector away."""

NEVER = 12
"""Months since a conversation at which it counts as long past; never reached counts the same."""


def behaviour_numbers(
    features: pd.DataFrame, names: Sequence[str] = BEHAVIOUR, never: int = NEVER, trim: float = TRIM
) -> pd.DataFrame:
    """Those of `names` that the account features have and that vary, as numbers, on the same index.

    refused is 1 where the last contact's outcome (`last_outcome`) was refused, dispute or opt_out, missing where
    the log had not begun. months_since_right_party is at most `never`, also where there never was a conversation.
    Features that hold one value once winsorised by `trim` are left out. Raises InputError where none is left.
    """
    found = features[[name for name in names if name in features.columns]].copy()
    if "last_outcome" in features and "refused" in names:
        outcome = features["last_outcome"]
        known = outcome.notna() & (outcome != "unknown")
        found["refused"] = outcome.isin(REFUSING).astype(float).where(known)
    if "months_since_right_party" in found:
        found["months_since_right_party"] = found["months_since_right_party"].fillna(never).clip(upper=never)
    kept = varying_features(found, trim)
    if not kept:
        raise InputError(
            f"features: none of {', '.join(names)} is there and varies; accounts can't be grouped by them"
        )
    return found[kept].astype(float)
