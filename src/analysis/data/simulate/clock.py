"""The calendar of a simulation: month indices, month ends as day numbers, days past due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.core.periods import shift_months

EPOCH = date(1970, 1, 1)
LONGEST_ARREARS = 72
"""Missed payments that are told apart; older claims keep counting from there."""


def day_number(day: date) -> int:
    """Days since 1970-01-01, as Parquet counts dates."""
    return (day - EPOCH).days


@dataclass(frozen=True)
class Clock:
    """Months 0 … total-1; the first `burn_in` are not written.

    `ends[t]` is the day number of a month's last day, `starts[t]` of its first, `year_month[t]` the calendar
    month 1–12. `behind[t, m]` counts the days from the end of month t-m to the end of month t.
    """

    burn_in: int
    total: int
    ends: np.ndarray
    starts: np.ndarray
    year_month: np.ndarray
    behind: np.ndarray

    @property
    def months(self) -> int:
        return self.total - self.burn_in


def make_clock(end: date, months: int, burn_in: int) -> Clock:
    """Clock whose last month is that of `end`."""
    total = months + burn_in
    before = LONGEST_ARREARS + 1
    days = [shift_months(end, i) for i in range(1 - total - before, 1)]
    ends = np.array([day_number(day) for day in days], dtype=np.int64)
    index = np.arange(total) + before
    behind = ends[index][:, None] - ends[index[:, None] - np.arange(LONGEST_ARREARS + 1)]
    calendar_month = np.array([day.month for day in days])
    return Clock(burn_in, total, ends[before:], ends[index - 1] + 1, calendar_month[before:], behind)
