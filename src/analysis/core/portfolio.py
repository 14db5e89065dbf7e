"""What a portfolio says of itself: `portfolio.yml` beside its tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from analysis.core.errors import InputError
from analysis.core.periods import parse_month

FILE = "portfolio.yml"
DEFAULT_CHARGE_OFF_DAYS = 180


class RecordedOutcome(BaseModel):
    """An outcome that the source recorded itself, for portfolios without charge-offs."""

    model_config = ConfigDict(extra="forbid")

    attribute: str
    """Its name in `attributes`; 1 where an account had it, 0 where it hadn't."""
    known_by: date
    """Day by which it was known of all accounts; it may lie after the last month."""


class PortfolioInfo(BaseModel):
    """Facts about a portfolio that its tables do not hold.

    `as_of_month` is the last month end the tables cover. `charge_off_days` gives, by product, the days past due
    at which the lender's rule charges an account off; `default` serves products that are not listed.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str
    currency: str = Field(min_length=1, max_length=8)
    source: str
    simulated: bool
    as_of_month: date
    charge_off_days: dict[str, int] = Field(default_factory=lambda: {"default": DEFAULT_CHARGE_OFF_DAYS})
    breaks: list[date] = Field(default_factory=list)
    """Month ends from which something was recorded differently: a step into such a month is never pooled."""
    outcome: RecordedOutcome | None = None
    """What models may be judged on with hindsight where no charge-off is recorded; no other number looks at it."""
    notes: list[str] = Field(default_factory=list)
    """Sentences a reader must know before any number: what is missing, what was mapped how."""

    @field_validator("as_of_month", mode="before")
    @classmethod
    def _month_end(cls, value: object) -> date:
        return parse_month(str(value))

    @field_validator("breaks", mode="before")
    @classmethod
    def _month_ends(cls, value: object) -> list[date]:
        return [parse_month(str(month)) for month in value] if isinstance(value, (list, tuple)) else []

    def charge_off_after(self, product: str) -> int:
        """Days past due at which an account of that product is charged off."""
        return self.charge_off_days.get(product, self.charge_off_days.get("default", DEFAULT_CHARGE_OFF_DAYS))


def read_portfolio_info(folder: Path) -> PortfolioInfo:
    """Read `portfolio.yml`; raises InputError naming the file and each wrong key."""
    path = folder / FILE
    if not path.is_file():
        raise InputError(
            f"{path} is missing. A portfolio is a folder with {FILE} and its tables as Parquet files."
        )
    try:
        return PortfolioInfo.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(f"{path} cannot be used: {wrong}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not valid YAML: {error}") from None


def write_portfolio_info(info: PortfolioInfo, folder: Path) -> None:
    """Write `portfolio.yml`; the month is written as YYYY-MM."""
    content = info.model_dump(mode="json") | {
        "as_of_month": f"{info.as_of_month:%Y-%m}",
        "breaks": [f"{month:%Y-%m}" for month in info.breaks],
    }
    if info.outcome is None:
        del content["outcome"]
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    (folder / FILE).write_text(text, encoding="utf-8")
