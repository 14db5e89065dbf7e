"""Interventions that nobody drew by lot, and how each was assigned."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from analysis.core.parameters.section import Section

AssignedBy = Literal["cutoff", "rollout", "one_unit", "date", "judgement"]


class Intervention(Section):
    """Something done without a lot: how it was assigned decides by which design it is judged."""

    name: str = Field(min_length=1)
    experiment: str | None = None
    """Its `experiment_id` in treatments; empty: decisions of no experiment, their treatment as the arm."""
    assigned_by: AssignedBy
    arms: tuple[str, str]
    """What it is held against, then what is judged; decisions for anything else are left out."""
    outcome: str = Field(pattern=r"^(cured|charged_off|paid_off|back_\d+)$")
    """Column of the decisions with their outcomes (`panel.decisions`), one that an account has or has not."""
    horizon: int = Field(2, ge=1, le=24)
    """Months that the outcome takes in, from that of the decision on."""
    unit: str = "region"
    """Column of accounts by which it was rolled out (rollout, one_unit and date)."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the design, for example {score: assignment_score, cutoff: 640}."""

    @model_validator(mode="after")
    def _told(self) -> Intervention:
        kind, _, months = self.outcome.partition("back_")
        if not kind and int(months) >= self.horizon:
            raise ValueError(
                f"{self.name}: outcome {self.outcome} looks {months} months beyond the decision's, the horizon "
                f"takes in {self.horizon} with it; give a horizon of {int(months) + 1}, or back_{self.horizon - 1}"
            )
        if self.assigned_by == "cutoff" and not {"score", "cutoff"} <= set(self.options):
            raise ValueError(f"{self.name}: assigned by cutoff; options must hold score and cutoff")
        if self.assigned_by == "judgement" and not self.options.get("covariates"):
            raise ValueError(f"{self.name}: assigned by judgement; options must hold covariates known before")
        return self


DESK: dict[str, Any] = {"experiment": "digital_desk", "arms": ("not_adopted", "adopted"), "outcome": "cured"}
KNOWN_BEFORE = ("origination_score", "log_balance", "months_on_book", "debt_ratio", "income_volatility")
INTERVENTIONS = (
    Intervention(
        name="priority_cutoff",
        experiment="priority_cutoff",
        assigned_by="cutoff",
        arms=("standard", "priority"),
        outcome="cured",
        options={
            "score": "assignment_score",
            "cutoff": 640.0,
            "treated": "below",
            "covariates": ["origination_score", "debt_ratio", "months_on_book"],
        },
    ),
    Intervention(name="digital_desk", assigned_by="rollout", **DESK),
    Intervention(name="digital_desk_one_region", assigned_by="one_unit", **DESK),
    Intervention(
        name="digital_desk_one_date", assigned_by="date", options={"harmonics": 0, "ramp": False}, **DESK
    ),
    Intervention(
        name="agents_by_judgement",
        assigned_by="judgement",
        arms=("robot", "agent"),
        outcome="cured",
        options={
            "covariates": [*KNOWN_BEFORE, "monthly_income", "age", "product", "region"],
            "placebo_outcome": "rolled_before",
        },
    ),
)
