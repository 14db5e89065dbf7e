"""Parameters of the cure chapter."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from analysis.core.parameters.section import Section
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets

Product = Literal["card", "instalment", "cash_loan", "mortgage", "auto", "sme"]

Covariate = Literal[
    "product",
    "region",
    "city_tier",
    "urban",
    "industry",
    "lender",
    "origination_channel",
    "origination_model",
    "origination_score",
    "debt_ratio",
    "income_volatility",
    "monthly_income",
    "age",
    "annual_rate",
    "credit_limit",
    "original_amount",
]

Group = Literal["sex", "education", "marital_status", "age"]


class CureParameters(Section):
    """Keys of `cure:` in the parameter file."""

    entry_days: int = Field(1, ge=1)
    """Days past due at which a spell begins: 1 for every delinquency, 30 for serious ones."""
    sustained_months: int = Field(3, ge=1, le=36)
    """Months current in a row before a cure counts; the follow-up of all spells ends that many less one before
    the period does."""
    probation: dict[Product, int] = Field(default_factory=dict)
    """Products for which another number of months counts, for example {mortgage: 6}."""
    restructured_months: int | None = Field(None, ge=1, le=36)
    """Months that count after relief; banks in the EU use 12, and lose so much follow-up. Empty: as for all."""
    states: tuple[int, ...] = (1, 30, 60, 90, 120, 150, 180)
    """First day of each days-past-due bucket after current."""
    history_months: int = Field(36, ge=3, le=240)
    """Months before the end of follow-up in which the spells looked at began."""
    horizons: tuple[int, ...] = (3, 6, 12)
    """Months since entry at which shares are told; the last is the length of the curves."""
    covariates: tuple[Covariate, ...] = (
        "product",
        "origination_score",
        "debt_ratio",
        "income_volatility",
        "urban",
        "origination_channel",
    )
    """What the models know of an account, where the columns exist; numbers enter as quarters of the accounts."""
    latency: Literal["discrete", "piecewise", "weibull", "lognormal", "loglogistic", "gompertz"] = "discrete"
    """Shape of the wait for a cure among those who will have one."""
    least_spells: int = Field(200, ge=30)
    """Spells below which no model is fitted."""
    forecast_months: int = Field(24, ge=3, le=60)
    """Months ahead for which the states of today's delinquent accounts are forecast."""
    basis_months: int = Field(12, ge=3, le=60)
    """Months of steps that forecasts rest on."""
    draws: int = Field(1000, ge=200, le=100_000)
    """Simulated paths behind the forecasts' intervals."""
    recovery_months: int = Field(24, ge=6, le=120)
    """Length of the recovery curve after charge-off."""
    cycle_target: float = Field(-0.20, gt=-1, lt=1)
    """Change of the mean time in collections on the year before that is aimed for: −0.20 is a fifth shorter."""
    test_months: int = Field(18, ge=3, le=60)
    """Months of the latest entries that validation keeps from the models."""
    fairness: tuple[Group, ...] = ("sex", "education", "marital_status", "age")
    """Groups whose predictions are compared; never covariates, but for age, which is asked for there to be one."""

    @field_validator("states")
    @classmethod
    def _edges(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return Buckets(value).edges

    @field_validator("horizons")
    @classmethod
    def _rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or min(value) < 1 or list(value) != sorted(set(value)):
            raise ValueError("give months that rise from 1 on, for example [3, 6, 12]")
        return value

    @property
    def buckets(self) -> Buckets:
        return Buckets(self.states)

    @property
    def rules(self) -> SpellRules:
        probation = {str(product): months for product, months in self.probation.items()}
        return SpellRules(self.entry_days, self.sustained_months, probation, self.restructured_months)

    @property
    def longest(self) -> int:
        """Months of the curves."""
        return self.horizons[-1]
