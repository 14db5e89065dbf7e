"""Parameters of the stress chapter."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from analysis.core.parameters.section import Section
from analysis.core.states import Buckets

Step = Literal["entry", "cure", "better", "stay", "charge_off", "recovery"]
Driver = Literal["unemployment", "gdp", "inflation", "policy_rate", "house_price", "industry"]
AssetClass = Literal["residential_mortgage", "qualifying_revolving", "other_retail"]

CLASSES: dict[str, AssetClass] = {"mortgage": "residential_mortgage", "card": "qualifying_revolving"}

DRIVERS: dict[Step, tuple[Driver, ...]] = {
    "entry": ("unemployment", "gdp", "industry"),
    "cure": ("unemployment", "industry"),
    "better": ("unemployment",),
    "stay": ("unemployment",),
    "charge_off": ("unemployment",),
    "recovery": ("unemployment", "inflation"),
}


class PublishedElasticity(Section):
    """An elasticity from elsewhere, used where there are fewer than 24 months to fit one on."""

    elasticity: float
    """Change of the step's log-odds (of recovery: logarithm) for each point of the driver."""
    error: float = Field(0.0, ge=0)
    """Its standard error."""
    lag: int = Field(2, ge=0, le=12)
    """Months after which the driver acts."""
    source: str = Field(min_length=1)
    """Where it stands; printed beside it."""


US_CARDS = PublishedElasticity(
    elasticity=0.095,
    error=0.021,
    lag=0,
    source="FRED, DRCCLACBS on UNRATE, yearly changes 1991-2019: US card loans past due, taken for entry",
)
"""Worked out in docs/stress.md."""
PUBLISHED: dict[Step, dict[Driver, PublishedElasticity]] = {"entry": {"unemployment": US_CARDS}}


class Satellites(Section):
    """How the steps between states answer to the economy."""

    drivers: dict[Step, tuple[Driver, ...]] = Field(default_factory=lambda: dict(DRIVERS))
    """What each step may answer to; few, as a short history tells few apart."""
    published: dict[Step, dict[Driver, PublishedElasticity]] = Field(default_factory=lambda: dict(PUBLISHED))
    """Elasticities from elsewhere; the chapter marks all that rests on them as an assumption."""
    shrinkage: float | None = Field(0.3, gt=0)
    """How far elasticities are thought to lie from zero before the data speak: a standard deviation, in log-odds a
    unit of the driver. It matters where data say little. US mortgages past due rose by about 0.2 a point of
    unemployment from 2006 to 2009 (Dettling and Lambie-Hanson, FEDS Notes, 4 March 2021, figure 1): 0.3 is wide.
    Empty: none."""
    horizons: tuple[int, ...] = (1, 3, 6)
    """Months ahead at which the backtest judges them."""


class Losses(Section):
    """Expected credit loss and the loss distribution."""

    provision: float | None = Field(None, ge=0)
    """Recorded allowance at the period's end, in currency; empty: adequacy is left out."""
    relative_rise: float = Field(2.0, gt=1)
    """Stage 2 from this ratio of the lifetime PD now to that at opening."""
    stage_2_days: int = Field(30, ge=1, le=31)
    stage_3_days: int = Field(90, ge=31, le=90)
    """Days past due of default; a bucket must begin there."""
    conversion: float = Field(0.10, ge=0, le=1)
    """Share of an undrawn limit drawn by the time of default. 10% is the Basel framework's figure for commitments
    that can be cancelled at any time (CRE20.100): an assumption about this portfolio."""
    collection_cost: float = Field(0.0, ge=0, lt=1)
    """Cost of collecting, per unit recovered."""
    life_months: int = Field(120, ge=12, le=360)
    """Longest life looked at; beyond the scenario roll rates go back to those of the basis months."""
    asset_class: dict[str, AssetClass] = Field(default_factory=lambda: dict(CLASSES))
    """Basel's class of each product, which its asset correlation follows from; others are other retail."""
    levels: tuple[float, ...] = (0.95, 0.99, 0.999)
    """Levels of value at risk and expected shortfall."""
    scenarios: int = Field(20_000, ge=5_000, le=1_000_000)
    """Years drawn for them."""

    @field_validator("provision")
    @classmethod
    def _set_aside(cls, value: float | None) -> float | None:
        if value == 0:
            raise ValueError(
                "provision is 0: with nothing set aside every scenario exhausts it. Give the amount on the books, "
                "or null to leave its adequacy out"
            )
        return value


class Work(Section):
    """Work that an account of a bucket makes in a month: assumptions."""

    from_days: int = Field(ge=0)
    """First days past due that it holds for."""
    attempts: float = Field(ge=0)
    """Outbound attempts an account and month."""
    minutes: float = Field(ge=0)
    """Minutes an attempt, all its handling."""
    inbound_calls: float = Field(ge=0)
    """Calls an account makes to us in a month."""
    inbound_minutes: float = Field(ge=0)


WORK = (
    Work(from_days=0, attempts=0.0, minutes=0.0, inbound_calls=0.01, inbound_minutes=4.0),
    Work(from_days=1, attempts=3.0, minutes=2.5, inbound_calls=0.15, inbound_minutes=5.0),
    Work(from_days=30, attempts=6.0, minutes=3.5, inbound_calls=0.25, inbound_minutes=7.0),
    Work(from_days=90, attempts=4.0, minutes=5.0, inbound_calls=0.15, inbound_minutes=9.0),
)


class Capacity(Section):
    """The call centre. All of it is assumed: nothing here is measured by this chapter."""

    work: tuple[Work, ...] = WORK
    agents: float | None = Field(None, gt=0)
    """Agents on the payroll; empty: as many as today's book needs, so that overload is told against today."""
    slack: float = Field(0.05, ge=0, le=1)
    """What overtime adds to agents' hours; a month is short where need exceeds agents by more."""
    paid_hours: float = Field(160.0, gt=0)
    """Of an agent in a month."""
    shrinkage: float = Field(0.30, ge=0, lt=1)
    """Share of paid time away from work."""
    occupancy: float = Field(0.85, gt=0, le=1)
    """Share of time at work that outbound agents spend on attempts."""
    service_level: float = Field(0.80, gt=0, lt=1)
    service_seconds: float = Field(20.0, gt=0)
    """Calls to be answered within so many seconds, and their share."""
    patience_seconds: float | None = Field(180.0, gt=0)
    """Mean time a caller waits before giving up; empty: nobody gives up (Erlang C)."""
    open_days: int = Field(22, ge=1, le=31)
    """Days a month."""
    profile: tuple[float, ...] = (2, 3, 5, 6, 7, 7, 6, 5, 4, 4, 5, 6, 6, 6, 5, 5, 4, 4, 3, 3)
    """How a day's calls fall on its half-hours, in parts."""
    cure_elasticity: float = Field(0.2, ge=0)
    """Per cent by which worked cures fall where contacts fall by one per cent."""
    unaided: float = Field(0.5, ge=0, le=1)
    """Share of cures that would come without any contact."""
    hour_cost: float = Field(1.0, ge=0)
    """Cost of a paid hour. All costs are told in this unit unless you give currency."""
    seat_cost: float = Field(16.0, ge=0)
    """Infrastructure of an agent and month."""
    remote_saving: float = Field(0.3, ge=0, le=1)
    """Share of that saved by an agent at home."""
    robot_cost: float = Field(0.02, ge=0)
    """Cost of an attempt made by a robot."""
    options: dict[str, dict[str, float]] = Field(
        default_factory=lambda: {
            "a third remote": {"remote_share": 0.33},
            "a third by robots": {"robot_share": 0.33, "robot_handover": 0.3},
        }
    )
    """Other ways to run it: changed fields of `methods.stress.capacity.call_centre.Centre`."""

    @field_validator("work")
    @classmethod
    def _rising(cls, value: tuple[Work, ...]) -> tuple[Work, ...]:
        days = [one.from_days for one in value]
        if not days or days[0] != 0 or days != sorted(set(days)):
            raise ValueError("give work from 0 days past due on, each from_days above the one before")
        return value

    @field_validator("profile")
    @classmethod
    def _parts(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or len(value) > 48 or min(value) < 0 or sum(value) <= 0:
            raise ValueError("give up to 48 parts of 0 or more, one a half-hour, not all of them 0")
        return value


class Reverse(Section):
    """What would break us."""

    months: int | None = Field(None, ge=6, le=36)
    """Months over which losses are added up; empty: 24, but 12 where a provision is given, since most of a
    provision is for twelve months."""
    multiple: float = Field(2.0, gt=1)
    """Without a provision: the net loss that counts as broken, as a multiple of the first scenario's."""
    deviations: float = Field(2.0, gt=0)
    """How far the tornado moves each variable, in standard deviations of history."""


class Claim(Section):
    """A printed claim on recovery under inflation."""

    inflation: float = Field(0.05, gt=0, lt=1)
    """Inflation above which it speaks."""
    cut: float = Field(0.15, gt=0, lt=1)
    """By what it says recovery falls."""
    products: tuple[str, ...] = ("cash_loan", "instalment")
    """Products that stand for personal loans."""


class StressParameters(Section):
    """Keys of `stress:` in the parameter file."""

    scenarios: Path = Path("params/scenarios")
    """Folder of scenario files; their weights sum to 1."""
    baseline: str = "baseline"
    """Scenario that others are held against."""
    severe: str = "severe"
    """Scenario whose arrears are a headline."""
    macro: Path | None = None
    """CSV that replaces the portfolio's macro table."""
    states: tuple[int, ...] = (1, 30, 60, 90, 120, 150, 180)
    """First day of each days-past-due bucket after current."""
    months: int = Field(36, ge=12, le=36)
    """Months ahead; at most what the shortest scenario has."""
    basis_months: int = Field(12, ge=3, le=60)
    """Months whose roll rates the economy moves."""
    draws: int = Field(120, ge=50, le=5_000)
    """Draws behind the fans."""
    recovery_months: int = Field(24, ge=6, le=60)
    """Length of the recovery curve after charge-off."""
    satellites: Satellites = Field(default_factory=Satellites)
    losses: Losses = Field(default_factory=Losses)
    capacity: Capacity = Field(default_factory=Capacity)
    reverse: Reverse = Field(default_factory=Reverse)
    claim: Claim = Field(default_factory=Claim)
    history_folder: Path | None = None
    """Folder with the public series DRCCLACBS, UNRATE and, if there, RCCCBNCOPCT as CSV; empty: left out."""

    @field_validator("states")
    @classmethod
    def _edges(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return Buckets(value).edges

    @model_validator(mode="after")
    def _default_bucket(self) -> StressParameters:
        if self.losses.stage_3_days not in self.states:
            raise ValueError(
                f"states must have a bucket from {self.losses.stage_3_days} days, where default begins"
            )
        return self

    @property
    def loss_months(self) -> int:
        """Months over which reverse stress adds up losses."""
        return self.reverse.months or (24 if self.losses.provision is None else 12)

    @property
    def buckets(self) -> Buckets:
        return Buckets(self.states)
