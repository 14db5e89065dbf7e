"""Parameters of a run, and the section each chapter has in them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from analysis.core.parameters.cases import CasesParameters
from analysis.core.parameters.cure import CureParameters
from analysis.core.parameters.delinquency import DelinquencyParameters
from analysis.core.parameters.section import Section
from analysis.core.parameters.segmentation import SegmentationParameters
from analysis.core.parameters.stress import StressParameters
from analysis.core.periods import Period

CHAPTER_SECTIONS: tuple[str, ...] = ("delinquency", "cure", "segmentation", "stress", "cases")
"""Chapters in the order of their notebooks; each is a key of the parameter file."""


class Gates(Section):
    """What must hold before a number is believed; a gate that fails is shown on the first page."""

    stale_after_days: int = Field(45, ge=0)
    """Days that the last month may lie before the period's end."""
    minimum_accounts: int = Field(10, ge=1)
    """Accounts below which a cell is suppressed, and a headline marked as small."""
    minimum_events: int = Field(3, ge=1)
    """Events (or non-events) below which a cell is suppressed."""


class RunParameters(Section):
    """The parameter file, complete with its defaults."""

    period: str
    """Quarter reported on."""
    portfolio: Path
    """Folder with `portfolio.yml` and the tables."""
    engine: str = "duckdb://"
    """Where the panel is aggregated: duckdb://, spark://local[*] or spark://host:7077."""
    language: str = "en"
    """Language of the words."""
    seed: int = Field(20250101, ge=0)
    """Seed of everything that is drawn."""
    level: float = Field(0.95, gt=0.5, lt=1)
    """Confidence level of all intervals."""
    renderer: Literal["auto", "quarto", "embedded"] = "auto"
    jobs: int = Field(2, ge=1, le=64)
    """Chapters run at once."""
    gates: Gates = Field(default_factory=Gates)
    delinquency: DelinquencyParameters = Field(default_factory=DelinquencyParameters)
    cure: CureParameters = Field(default_factory=CureParameters)
    segmentation: SegmentationParameters = Field(default_factory=SegmentationParameters)
    stress: StressParameters = Field(default_factory=StressParameters)
    cases: CasesParameters = Field(default_factory=CasesParameters)

    @field_validator("period")
    @classmethod
    def _quarter(cls, value: str) -> str:
        return str(Period.parse(value))

    @property
    def quarter(self) -> Period:
        return Period.parse(self.period)
