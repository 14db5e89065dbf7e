"""Cures by bucket: the column of the roll-rate matrix that leads back to current."""

from __future__ import annotations

import pandas as pd

from analysis.core.states import Buckets


def cure_by_bucket(roll_rates: pd.DataFrame, buckets: Buckets, basis: str = "accounts") -> pd.DataFrame:
    """Monthly cure rate of each delinquent bucket with its interval.

    Numerator: accounts (or balance) of the bucket found current a month later; denominator: all that were in it.
    Accounts that paid off are no cures. Takes roll_rates(), returns dimension, value, period, bucket, numerator,
    denominator, rate, rate_lower, rate_upper; higher is better.
    """
    delinquent = roll_rates["from_state"].isin(buckets.labels[1:])
    cured = roll_rates[delinquent & (roll_rates["to_state"] == buckets.labels[0])]
    prefix = "" if basis == "accounts" else "balance_"
    columns = {"from_state": "bucket", basis: "numerator", f"from_{basis}": "denominator"}
    columns |= {f"{prefix}rate{limit}": f"rate{limit}" for limit in ("", "_lower", "_upper")}
    return cured[["dimension", "value", "period", *columns]].rename(columns=columns).reset_index(drop=True)


def cured_of_entries(curves: pd.DataFrame, since: int, basis: str = "accounts") -> pd.DataFrame:
    """Share of those that fell behind in a quarter and were current again within `since` months.

    Takes the vintage curves of entries into delinquency; returns their rows for measure `ever_cured` at that
    month, oldest quarter first. Higher is better.
    """
    chosen = (curves["measure"] == "ever_cured") & (curves["since"] == since) & (curves["basis"] == basis)
    return curves[chosen].sort_values(["dimension", "value", "cohort"], ignore_index=True)
