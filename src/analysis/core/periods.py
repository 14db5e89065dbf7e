"""Quarters and month ends."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from analysis.core.errors import ParameterError


def month_end(year: int, month: int) -> date:
    """Last day of a calendar month; `month` may run past 12 or below 1."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, calendar.monthrange(year, month)[1])


def shift_months(day: date, months: int) -> date:
    """Month end that lies `months` after the month of `day` (negative: before)."""
    return month_end(day.year, day.month + months)


def months_between(first: date, last: date) -> list[date]:
    """Month ends from the month of `first` to the month of `last`, both included."""
    count = (last.year - first.year) * 12 + last.month - first.month
    return [shift_months(first, i) for i in range(count + 1)]


def parse_month(text: str) -> date:
    """Month end of `YYYY-MM` (a full date is taken to the end of its month).

    >>> parse_month("2025-02")
    datetime.date(2025, 2, 28)
    """
    match = re.fullmatch(r"(\d{4})-(\d{1,2})(-\d{1,2})?", str(text).strip())
    if not match or not 1 <= int(match[2]) <= 12:
        raise ParameterError(f"'{text}' is not a month; write YYYY-MM, for example 2025-12")
    return month_end(int(match[1]), int(match[2]))


@dataclass(frozen=True, order=True)
class Period:
    """A calendar quarter, written `2025Q4`.

    >>> Period.parse("2025Q4").end
    datetime.date(2025, 12, 31)
    """

    year: int
    quarter: int

    @classmethod
    def parse(cls, text: str | Period) -> Period:
        """Read `2025Q4`, `2025-Q4` or `2025q4`; raises ParameterError for anything else."""
        if isinstance(text, Period):
            return text
        match = re.fullmatch(r"(\d{4})-?[Qq]([1-4])", str(text).strip())
        if not match:
            raise ParameterError(f"'{text}' is not a quarter; write YYYYQn, for example 2025Q4")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Period:
        """Quarter that a day lies in."""
        return cls(day.year, (day.month - 1) // 3 + 1)

    @property
    def start(self) -> date:
        return date(self.year, 3 * self.quarter - 2, 1)

    @property
    def end(self) -> date:
        return month_end(self.year, 3 * self.quarter)

    @property
    def months(self) -> list[date]:
        """The three month ends of the quarter."""
        return months_between(self.start, self.end)

    def shift(self, quarters: int) -> Period:
        index = self.year * 4 + self.quarter - 1 + quarters
        return Period(index // 4, index % 4 + 1)

    @property
    def previous(self) -> Period:
        return self.shift(-1)

    @property
    def year_ago(self) -> Period:
        return self.shift(-4)

    def until(self, last: Period) -> Iterator[Period]:
        """This quarter and all after it up to `last`."""
        period = self
        while period <= last:
            yield period
            period = period.shift(1)

    def __str__(self) -> str:
        return f"{self.year}Q{self.quarter}"
