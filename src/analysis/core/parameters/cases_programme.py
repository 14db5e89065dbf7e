"""Parameters of programmes, and of claims that are set beside what was measured here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from analysis.core.parameters.section import Section


class ProgrammeKpis(Section):
    """How the measures of a programme are counted. Prices and limits are settings, not law."""

    contact_costs: dict[str, float] = Field(
        default_factory=lambda: {
            "sms": 0.05,
            "app": 0.01,
            "email": 0.01,
            "robot_call": 0.1,
            "agent_call": 1.5,
            "letter": 1.0,
            "visit": 40.0,
            "legal": 80.0,
        }
    )
    """Assumed cost of an attempt by channel, in currency. Leave out what the logged cost of treatments holds."""
    hours: tuple[int, int] = (8, 22)
    """Calls from the first hour to before the second one, by the customer's clock, break no rule."""
    calls_a_day: int = Field(3, ge=1)
    """Calls to a customer in one day beyond this many break the rule."""
    call_channels: tuple[str, ...] = ("agent_call", "robot_call")
    """Channels that count as calls."""

    @model_validator(mode="after")
    def _allowed(self) -> ProgrammeKpis:
        first, until = self.hours
        if not 0 <= first < until <= 24:
            raise ValueError(f"hours are {first} and {until}; give two rising hours from 0 to 24, as [8, 22]")
        negative = sorted(name for name, cost in self.contact_costs.items() if cost < 0)
        if negative:
            raise ValueError(f"contact_costs of {', '.join(negative)} is below 0")
        return self


class Beside(Section):
    """A published claim and the evaluation here that comes nearest to it."""

    claim: str = Field(min_length=1)
    """Id of the claim in the claim files."""
    evidence: str = Field(min_length=1)
    """Name of an experiment or intervention."""
    borne_out_by: Literal["rise", "fall"] | None = None
    """Which effect measured here points the way of the claim; empty: the two can't be compared, only told."""
    same_quantity: bool = False
    """Whether both are about one and the same share, so that a claimed size can be held against the interval."""
    differs: str = Field(min_length=1)
    """In words: how what is measured here differs from what is claimed."""


BESIDE = (
    Beside(
        claim="s1-robot-recovery",
        evidence="robot_vs_agent",
        borne_out_by="fall",
        differs="there all recovery before and after robots came; here accounts cured, agents less robots",
    ),
    Beside(
        claim="w33669-robot-repaid",
        evidence="robot_vs_agent",
        borne_out_by="rise",
        differs="there money repaid after a year; here accounts cured, agents less robots",
    ),
    Beside(
        claim="s1-wording-response",
        evidence="script_wording",
        borne_out_by="rise",
        differs="there responses to a robot; here accounts cured, the new wording less the old",
    ),
    Beside(
        claim="s4-warning-overdue",
        evidence="early_contact",
        borne_out_by="rise",
        differs="there the overdue rate of a book with a warning; here accounts cured, early contact less late",
    ),
    Beside(
        claim="s1-stress-efficiency",
        evidence="priority_cutoff",
        differs="there effort moved to low risk; here weak scores worked first, and told at the cut-off alone",
    ),
)
