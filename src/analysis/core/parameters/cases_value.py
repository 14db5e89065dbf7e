"""What lifetime value is reckoned with in the case-study chapter: assumptions, none of them measured here."""

from __future__ import annotations

from pydantic import Field, field_validator

from analysis.core.parameters.section import Section


class Losses(Section):
    """Other shares of a balance that may be lost, to see whether an answer hangs on them."""

    loss_given_redefault: float = Field(ge=0, le=1)
    """As in `Value`."""
    loss_never_returned: float = Field(ge=0, le=1)
    """As in `Value`."""


ALTERNATIVES = tuple(
    Losses(loss_given_redefault=again, loss_never_returned=never)
    for again, never in ((0.1, 1.0), (0.6, 1.0), (0.3, 0.0), (0.6, 0.0))
)


class Value(Section):
    """Lifetime value of a decision: all assumed, to be replaced by the lender's own figures."""

    horizons: tuple[int, ...] = (12, 24)
    """Months over which value is counted."""
    first_months: int = Field(3, ge=1)
    """Months whose cash is the first payment that value is held against."""
    annual_rate: float = Field(0.06, ge=0, lt=1)
    """Discount, a year."""
    cost_of_funds: float = Field(0.04, ge=0, lt=1)
    """What carrying a balance costs, a year."""
    contact_cost: dict[str, float] | None = None
    """Channel → currency an attempt, a channel left out costs nothing; empty: contact_costs of `kpis`."""
    complaint_cost: float | None = Field(None, ge=0)
    """Currency a complaint; empty: that of segmentation.treatments."""
    loss_given_redefault: float = Field(0.3, ge=0, le=1)
    """Share of the balance lost when an account falls 30 days past due again within twelve months of its return;
    many of these come back once more."""
    loss_never_returned: float = Field(1.0, ge=0, le=1)
    """Share of the balance lost when an account is charged off or sold without ever having come back; what is
    recovered afterwards counts as cash, so less than 1 counts some of it twice."""
    alternatives: tuple[Losses, ...] = ALTERNATIVES
    """Other losses under which the answers are worked out again; empty: none."""

    @field_validator("horizons")
    @classmethod
    def _rising(cls, horizons: tuple[int, ...]) -> tuple[int, ...]:
        if not horizons or min(horizons) < 1 or list(horizons) != sorted(set(horizons)):
            raise ValueError(f"horizons are {list(horizons)}; give rising numbers of months, for example [12, 24]")
        return horizons

    @field_validator("contact_cost")
    @classmethod
    def _not_negative(cls, costs: dict[str, float] | None) -> dict[str, float] | None:
        wrong = [name for name, cost in (costs or {}).items() if not cost >= 0]
        if costs and wrong:
            raise ValueError(f"contact_cost of {wrong[0]} is {costs[wrong[0]]}; give 0 or more")
        return costs
