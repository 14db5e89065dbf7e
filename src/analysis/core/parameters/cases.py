"""Parameters of the case-study chapter."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from analysis.core.parameters.cases_interventions import INTERVENTIONS, Intervention
from analysis.core.parameters.cases_policies import League, Policies
from analysis.core.parameters.cases_programme import BESIDE, Beside, ProgrammeKpis
from analysis.core.parameters.cases_value import Value
from analysis.core.parameters.section import Section


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
    segment: str = "origination_score"
    """Feature, known the month before, by which effects are told; `edges` cut a number into bands."""
    edges: tuple[float, ...] = (620.0, 680.0)


EXPERIMENTS = (
    Experiment(experiment="robot_vs_agent", control="robot", shares={"robot": 0.5, "agent": 0.5}),
    Experiment(
        experiment="script_wording",
        control="script_a",
        unit="customer",
        shares={"script_a": 0.5, "script_b": 0.5},
    ),
    Experiment(experiment="early_contact", control="late", shares={"late": 0.7, "early": 0.3}),
)


class CasesParameters(Section):
    """Keys of `cases:` in the parameter file."""

    claims: Path = Path("params/claims")
    """Folder of claim files."""
    power: float = Field(0.8, gt=0.5, lt=1)
    """Chance with which an experiment should show an effect that is there."""
    experiments: tuple[Experiment, ...] = EXPERIMENTS
    replications: int = Field(1000, ge=200)
    """Bootstrap draws behind the limits of money and of times."""
    value: Value = Field(default_factory=Value)
    """What lifetime value is reckoned with."""
    interventions: tuple[Intervention, ...] = INTERVENTIONS
    claims_shown: int = Field(30, ge=1, le=60)
    """Claims that don't hold on the page, the gravest first; all are saved."""
    programme: tuple[Path, ...] = (Path("params/programme/platform.yml"), Path("params/programme/strategy.yml"))
    """Programme files; empty: left out."""
    programme_draws: int = Field(10_000, ge=1000)
    """Futures drawn for the probability of each target."""
    kpis: ProgrammeKpis = Field(default_factory=ProgrammeKpis)
    beside: tuple[Beside, ...] = BESIDE
    """Claims and the evaluations that are set beside them."""
    policies: Policies = Policies()
    league: League = League()

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
