"""Parameters of the delinquency chapter."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from analysis.core.parameters.section import Section
from analysis.core.periods import Period, months_between, parse_month, shift_months
from analysis.core.states import Buckets

Dimension = Literal[
    "product",
    "region",
    "age_of_account",
    "origination_channel",
    "origination_model",
    "opened_quarter",
    "agency",
    "method",
    "strategy",
]


class Window(Section):
    """Months that the chapter looks at, both included."""

    start: date
    end: date

    @field_validator("start", "end", mode="before")
    @classmethod
    def _month_end(cls, value: object) -> date:
        return parse_month(str(value))


class Alerts(Section):
    """When a number calls for attention."""

    share_30_plus: float = Field(0.05, gt=0, lt=1)
    """30+ balance rate above which a segment is listed."""
    index_fall: float = Field(0.10, gt=0, lt=1)
    """Fall of an industry index over twelve months that is listed."""
    sigmas: float = Field(3.0, gt=0)
    """Half-width of control limits, in standard deviations of the month-to-month differences."""
    baseline_months: int = Field(12, ge=6)
    """Months before the quarter from which control limits are drawn."""
    listed: int = Field(20, ge=1, le=60)
    """Alerts printed at most; all of them are saved."""


class DelinquencyParameters(Section):
    """Keys of `delinquency:` in the parameter file."""

    window: Window | None = None
    """Months to look at; empty: `history_months` up to the period's end."""
    history_months: int = Field(36, ge=1, le=240)
    """Length of the series where no window is given."""
    states: tuple[int, ...] = (1, 30, 60, 90, 120, 150, 180)
    """First day of each days-past-due bucket after current."""
    dimensions: tuple[Dimension, ...] = (
        "product",
        "region",
        "age_of_account",
        "origination_channel",
        "origination_model",
        "opened_quarter",
        "agency",
        "method",
        "strategy",
    )
    """What rates are broken down by, where the columns exist."""
    sustained_months: int = Field(3, ge=1, le=12)
    """Months current before a cure counts as sustained."""
    redefault_days: int = Field(30, ge=1)
    """Days past due that make a re-default after a cure."""
    redefault_within: int = Field(12, ge=1, le=36)
    """Months after a cure in which a re-default counts."""
    recovery_months: int = Field(12, ge=1, le=60)
    """Months after charge-off over which the recovery rate is taken."""
    vintage_months: int = Field(24, ge=3, le=120)
    """Longest age shown on vintage curves, in months on book."""
    vintage_cohorts: int = Field(8, ge=1, le=40)
    """Opening quarters shown on vintage curves."""
    forecast_months: int = Field(12, ge=1, le=36)
    """Horizon of the flow-rate forecast."""
    forecast_basis: int = Field(12, ge=3, le=60)
    """Months of roll rates that the forecast rests on."""
    forecast_least: int = Field(6, ge=2)
    """Months of roll rates below which no forecast is made."""
    forecast_draws: int = Field(2000, ge=200, le=100_000)
    """Simulated paths behind the forecast's interval."""
    kept_grace_days: int = Field(3, ge=0, le=31)
    """Days after the promised day within which a payment still keeps the promise."""
    contacts_counted: int = Field(3, ge=1, le=10)
    """Up to which contact the days from due date are shown."""
    contact_days_shown: int = Field(60, ge=7, le=365)
    """Days since the due date to which the curves of contact are drawn."""
    heat_minimum: int = Field(10, ge=1)
    """Attempts below which a cell of a heat map stays blank."""
    origination_top: int = Field(10, ge=1, le=50)
    """Origination features listed at most."""
    false_discovery: float = Field(0.05, gt=0, lt=0.5)
    """Share of false finds accepted in that list (Benjamini–Hochberg)."""
    mix_dimension: Dimension = "product"
    """Groups between which the mix effect is drawn."""
    alerts: Alerts = Field(default_factory=Alerts)

    @field_validator("states")
    @classmethod
    def _edges(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return Buckets(value).edges

    @property
    def buckets(self) -> Buckets:
        return Buckets(self.states)

    @property
    def forecast_buckets(self) -> Buckets:
        """The states, with an edge at 30 days, since that is the rate which is forecast."""
        return Buckets(tuple(sorted({*self.states, 30})))

    def window_until(self, last: date) -> tuple[date, date]:
        """First and last month end looked at, given the last one that the data can serve."""
        if self.window is None:
            return shift_months(last, 1 - self.history_months), last
        return self.window.start, min(self.window.end, last)

    def pooled(self, period: Period) -> dict[str, list[date]]:
        """Months that roll rates are pooled over: the quarter, the one before, a year ago, and a window if given.

        Months name the step *into* them, so a window's first month, which begins the first step, is left out.
        """
        quarters = {str(q): q.months for q in (period, period.previous, period.year_ago)}
        if self.window is None:
            return quarters
        months = months_between(self.window.start, self.window.end)
        return quarters | {f"{self.window.start:%Y-%m}–{self.window.end:%Y-%m}": months[1:]}
