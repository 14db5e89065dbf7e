"""Roll rates read for a table: changes between two periods, and the step to the next bucket."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.core.states import Buckets
from analysis.statistics.difference import difference
from analysis.statistics.ratio import Interval

STEP = ["dimension", "value", "from_state", "to_state"]
RATE = ["rate", "rate_lower", "rate_upper"]


def with_changes(rolled: pd.DataFrame, now: str, before: str) -> pd.DataFrame:
    """Roll rates of the period `now` with their change on `before`: change, change_lower, change_upper, certain.

    A change is a difference of fractions; it is `certain` when its interval excludes 0. The two quarters are taken
    for independent, which is right for the steps themselves and too wide where a customer's own habit shows in
    both. Missing where `before` has no such step.
    """
    earlier = rolled.loc[rolled["period"] == before, [*STEP, *RATE]]
    table = rolled[rolled["period"] == now].merge(earlier, on=STEP, how="left", suffixes=("", "_before"))
    later, first = (Interval(*(table[f"{name}{end}"].to_numpy(float) for name in RATE)) for end in ("", "_before"))
    moved = difference(later, first)
    certain = (moved.lower > 0) | (moved.upper < 0)
    return table.assign(change=moved.rate, change_lower=moved.lower, change_upper=moved.upper, certain=certain)


def next_steps(rolled: pd.DataFrame, buckets: Buckets, periods: Sequence[str]) -> pd.DataFrame:
    """From each bucket to the one after it, side by side by period; from the last one to charge-off.

    Returns from_state, to_state, and for each period (in the order given, endings "", "_before", "_year_ago")
    rate, rate_lower, rate_upper and from_accounts. Buckets that nobody started from in `periods[0]` are left out.
    """
    ladder = dict(zip(buckets.labels, [*buckets.labels[1:], "charged_off"], strict=True))
    whole = rolled[rolled["dimension"] == "all"]
    steps = whole[whole["from_state"].astype(str).map(ladder) == whole["to_state"].astype(str)]
    kept = ["from_state", "to_state", *RATE, "from_accounts"]
    table = steps.loc[steps["period"] == periods[0], kept]
    for period, ending in zip(periods[1:], ("_before", "_year_ago"), strict=False):
        earlier = steps.loc[steps["period"] == period, ["from_state", *RATE]]
        named = {name: f"{name}{ending}" for name in RATE}
        table = table.merge(earlier.rename(columns=named), on="from_state", how="left")
    return table.sort_values("from_state", ignore_index=True)
