"""Parameters of the case-study chapter."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from analysis.core.parameters.section import Section

AssignedBy = Literal["cutoff", "rollout", "one_unit", "date", "judgement"]


class RegisteredOutcome(Section):
    """An outcome named before anybody looked."""

    name: str = Field(min_length=1)
    kind: Literal["binary", "money", "time"]
    column: str = Field(min_length=1)
    """Column of the decisions with their outcomes (`panel.decisions`): cured, paid, charged_off, back_1, …"""
    better: Literal["higher", "lower"] = "higher"
    primary: bool = True
    """Primary outcomes decide; the others are told beside them."""


OUTCOMES = (
    RegisteredOutcome(name="cured", kind="binary", column="cured"),
    RegisteredOutcome(name="paid", kind="money", column="paid", primary=False),
    RegisteredOutcome(name="time_to_current", kind="time", column="duration", primary=False),
)


class Experiment(Section):
    """An experiment as it was registered: what was drawn, in what shares, and what it is judged by."""

    experiment: str = Field(min_length=1)
    """Its `experiment_id` in treatments."""
    control: str = Field(min_length=1)
    unit: Literal["account", "customer"] = "account"
    """What was drawn."""
    shares: dict[str, float] = Field(default_factory=dict)
    """Arm → planned share of units; empty: equal ones."""
    horizon: int = Field(3, ge=1, le=24)
    """Months that outcomes take in, from that of the decision on."""
    outcomes: tuple[RegisteredOutcome, ...] = Field(OUTCOMES, min_length=1)
    relevant: float | None = Field(None, gt=0)
    """Smallest effect on the first primary outcome that would change what is done, in its unit."""


class Intervention(Section):
    """Something done without a lot: how it was assigned decides by which design it is judged."""

    name: str = Field(min_length=1)
    experiment: str | None = None
    """Its `experiment_id` in treatments; empty: all decisions that belong to no experiment."""
    assigned_by: AssignedBy
    outcome: str = Field(min_length=1)
    horizon: int = Field(3, ge=1, le=24)
    options: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the design, for example {score: assignment_score, cutoff: 640}."""


EXPERIMENTS = (
    Experiment(experiment="robot_vs_agent", control="robot"),
    Experiment(experiment="script_wording", control="script_a", unit="customer"),
    Experiment(experiment="early_contact", control="late", shares={"late": 0.7, "early": 0.3}),
)


class CasesParameters(Section):
    """Keys of `cases:` in the parameter file."""

    claims: Path = Path("params/claims")
    """Folder of claim files."""
    power: float = Field(0.8, gt=0.5, lt=1)
    """Chance with which an experiment should show an effect that is there."""
    experiments: tuple[Experiment, ...] = EXPERIMENTS
    interventions: tuple[Intervention, ...] = ()
    programme: Path | None = Path("params/programme/platform.yml")
    """Programme file; empty: left out."""

    @model_validator(mode="after")
    def _once(self) -> CasesParameters:
        for kind, names in (
            ("experiments", [one.experiment for one in self.experiments]),
            ("interventions", [one.name for one in self.interventions]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{kind}: {', '.join(twice)} is given more than once")
        return self
