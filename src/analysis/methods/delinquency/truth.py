"""Estimates of a simulated portfolio beside the quantities it was drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

MONTH = 30
"""Days past due that a further missed payment adds, in the buckets of the trade."""

COLUMNS = ["measure", "group", "numerator", "denominator", "rate", "rate_lower", "rate_upper", "truth", "covered"]


def entry_against_truth(entered: pd.DataFrame, truth: Mapping[str, Any]) -> pd.DataFrame:
    """Monthly rates of falling overdue beside the mean hazard that the simulator drew them from.

    `entered`: month, numerator, denominator, rate, rate_lower, rate_upper by accounts. The truth is the expected
    share of accounts at risk; it counts those at risk a little differently (accounts that leave the book in the
    month are not), so a gap of hundredths of a point is definition, not error.
    """
    months = {pd.Timestamp(name): values["hazard"] for name, values in truth["entry"]["by_month"].items()}
    found = entered[entered["month"].isin(list(months))]
    table = found.assign(measure="entered", group=found["month"].dt.strftime("%Y-%m"))
    return _judged(table, [months[month] for month in found["month"]])


def cure_against_truth(rolled: pd.DataFrame, truth: Mapping[str, Any]) -> pd.DataFrame:
    """Monthly cure rates by bucket, over the simulator's whole window, beside the hazards they were drawn from.

    `rolled` are roll rates of one period that holds all months of the window, by the default monthly buckets: with
    dues between the 5th and the 20th an account with k payments missed is in the k-th bucket at a month's end.
    """
    known = truth["cure"]["by_missed_payments"]
    buckets = [f"{MONTH * k or 1}–{MONTH * k + MONTH - 1}" for k in range(len(known))]
    hazards = {bucket: known[str(k + 1)]["hazard"] for k, bucket in enumerate(buckets) if str(k + 1) in known}
    found = rolled[(rolled["to_state"] == "current") & rolled["from_state"].isin(list(hazards))]
    names = found["from_state"].astype(str)
    table = found.assign(
        measure="cure", group=names, numerator=found["accounts"], denominator=found["from_accounts"]
    )
    return _judged(table, [hazards[name] for name in names])


def _judged(table: pd.DataFrame, truth: list[float]) -> pd.DataFrame:
    table = table.assign(truth=truth)
    covered = (table["rate_lower"] <= table["truth"]) & (table["truth"] <= table["rate_upper"])
    return table.assign(covered=covered)[COLUMNS].dropna(subset=["rate", "truth"]).reset_index(drop=True)
