"""Numbers that call for attention, by rule."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from analysis.methods.delinquency.shares import shares

COLUMNS = [
    "rule",
    "where",
    "measure",
    "value",
    "value_lower",
    "value_upper",
    "limit",
    "since",
    "numerator",
    "denominator",
    "beyond_chance",
]
"""Columns of every list of alerts, so that lists can be put together."""

MOVING_RANGE_FACTOR = 1.128
"""d₂ for ranges of two normal observations: mean range ÷ d₂ estimates the standard deviation."""

SHORTEST_BASELINE = 6
"""Months below which control limits mean little."""


def segment_alerts(segments: pd.DataFrame, threshold: float, level: float = 0.95) -> pd.DataFrame:
    """Segments whose 30+ balance rate lies above a threshold in the last month given.

    `segments` are the cells of 30+ balance rates by month: dimension, value, month and the moments of
    `analysis.statistics.ratio`. Where they also say measure and basis, those of overdue_30 by balance are taken;
    the dimension `all` is left out. One row an alert, the highest rate first (see `COLUMNS`): where is "dimension:
    value", value the rate with its limits, limit the threshold, since the first month of the unbroken run above
    it, and beyond_chance whether the lower limit lies above it too. A segment without balance in the last month is
    not listed.
    """
    segments = segments[segments["dimension"] != "all"]
    if "measure" in segments.columns:
        segments = segments[(segments["measure"] == "overdue_30") & (segments["basis"] == "balance")]
    found = shares(segments, level)
    frame = segments.assign(where=segments["dimension"] + ": " + segments["value"].astype(str))
    frame = frame.assign(value=found.rate, value_lower=found.lower, value_upper=found.upper)
    frame = frame.assign(outside=frame["value"] > threshold)
    now = _running(frame, ["where"], "outside")
    now = now.assign(
        rule="segment", measure="rate_30_plus", limit=threshold, beyond_chance=now["value_lower"] > threshold
    )
    return now.sort_values("value", ascending=False, ignore_index=True)[COLUMNS]


def index_alerts(indices: pd.DataFrame, exposure: pd.DataFrame, fall: float) -> pd.DataFrame:
    """Industries whose index fell by `fall` or more over twelve months, with the balance exposed.

    `indices`: industry, month, index, index_year_ago; `exposure`: industry, balance. Value is the change over
    twelve months (negative), limit −fall, since the first month of the unbroken run at or below it, numerator the
    balance of that industry's accounts and denominator the balance of all. An index is not a sample: there is no
    interval.
    """
    change = indices["index"] / indices["index_year_ago"] - 1
    # Indices are published rounded, and 90 ÷ 100 − 1 is a hair above −0.1.
    frame = indices.assign(value=change, outside=change <= -fall + 1e-9, where=indices["industry"])
    now = _running(frame, ["where"], "outside").merge(exposure, how="left", on="industry")
    now = now.assign(
        rule="industry_index",
        measure="index_change_12m",
        limit=-fall,
        numerator=now["balance"].fillna(0.0),
        denominator=exposure["balance"].sum(),
        value_lower=np.nan,
        value_upper=np.nan,
        beyond_chance=None,
    )
    return now.sort_values("value", ignore_index=True)[COLUMNS]


def control_series(rates: pd.DataFrame, basis: str = "balance") -> pd.DataFrame:
    """Monthly rates of the whole portfolio as a series for control charts.

    `rates` holds dimension, month, measure, basis, numerator, denominator, rate, rate_lower, rate_upper; those of
    dimension `all` and the given basis are taken.
    """
    chosen = rates[(rates["dimension"] == "all") & (rates["basis"] == basis)]
    names = {"rate": "value", "rate_lower": "value_lower", "rate_upper": "value_upper"}
    series = chosen[["measure", "month", "numerator", "denominator", *names]].rename(columns=names)
    return series.dropna(subset=["value"]).reset_index(drop=True)


def control_limits(
    series: pd.DataFrame, start: date, sigmas: float = 3.0, baseline_months: int = 12
) -> pd.DataFrame:
    """Control limits of monthly measures from the months before a quarter.

    `series` holds measure, month and value; `start` is the quarter's first day. Returns measure, baseline (months
    used), centre, sigma, lower, upper. The chart is that of individuals: mean ± `sigmas` × mean moving range ÷
    1.128 (Wheeler 1993, Understanding Variation; Montgomery 2013, Introduction to Statistical Quality Control, 7th
    edition, section 6.4). The moving range sees month-to-month noise only, so a slow drift ends up outside, as it
    should; a season does too, which it should not. Measures with fewer than six months before `start` have none.
    """
    before = series[pd.to_datetime(series["month"]) < pd.Timestamp(start)].dropna(subset=["value"])
    rows = []
    for measure, part in before.sort_values("month").groupby("measure", sort=False):
        values = part["value"].to_numpy(dtype=float)[-baseline_months:]
        if len(values) >= SHORTEST_BASELINE:
            centre, sigma = values.mean(), np.abs(np.diff(values)).mean() / MOVING_RANGE_FACTOR
            rows.append((measure, len(values), centre, sigma, centre - sigmas * sigma, centre + sigmas * sigma))
    return pd.DataFrame(rows, columns=["measure", "baseline", "centre", "sigma", "lower", "upper"])


def control_alerts(
    series: pd.DataFrame, start: date, sigmas: float = 3.0, baseline_months: int = 12
) -> pd.DataFrame:
    """Measures outside their control limits in the last month given.

    `series`: measure, month, value and, where known, numerator, denominator, value_lower, value_upper. Limit is
    the one that was crossed, since the first month of the unbroken run on that side. Control limits speak of the
    month-to-month noise, so `beyond_chance` is true.
    """
    limits = control_limits(series, start, sigmas, baseline_months)
    frame = series.merge(limits[["measure", "lower", "upper"]], on="measure")
    frame["side"] = np.sign((frame["value"] > frame["upper"]) * 1 - (frame["value"] < frame["lower"]) * 1)
    frame["where"], found = "portfolio", []
    for side, edge in ((1, "upper"), (-1, "lower")):
        now = _running(frame.assign(outside=frame["side"] == side), ["measure"], "outside")
        found.append(now.assign(limit=now[edge]))
    now = pd.concat(found, ignore_index=True).assign(rule="control_limits", beyond_chance=True)
    return now.reindex(columns=COLUMNS)


def _running(frame: pd.DataFrame, keys: list[str], outside: str) -> pd.DataFrame:
    """Rows of the last month that are outside, with `since`, the first month of the unbroken run up to it."""
    frame = frame.sort_values([*keys, "month"])
    frame = frame[frame["month"].notna()]
    inside = ~frame[outside].astype(bool)
    run = inside.groupby([frame[key] for key in keys]).cumsum()
    since = frame["month"].where(~inside).groupby([*(frame[key] for key in keys), run]).transform("min")
    frame = frame.assign(since=since)
    return frame[(frame["month"] == frame["month"].max()) & frame[outside].astype(bool)].reset_index(drop=True)
