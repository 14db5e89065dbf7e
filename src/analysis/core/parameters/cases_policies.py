"""Parameters of the case-study chapter: policies to be judged on a log of decisions, and league tables."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from analysis.core.parameters.section import Section


class PolicyRule(Section):
    """Accounts that a column picks out, and the arm they get; a missing value is picked out by none."""

    column: str = Field(min_length=1)
    """A feature known before the decision (`panel.account_features.features_at`)."""
    below: float | None = None
    at_least: float | None = None
    equals: str | None = None
    arm: str = Field(min_length=1)

    @model_validator(mode="after")
    def _a_test(self) -> PolicyRule:
        bounds = self.below is not None or self.at_least is not None
        if bounds == (self.equals is not None):
            raise ValueError(f"rule on {self.column}: give below, at_least or both, or else equals")
        if self.below is not None and self.at_least is not None and self.at_least >= self.below:
            raise ValueError(
                f"rule on {self.column}: at_least {self.at_least:g} is not under below {self.below:g}"
            )
        return self


class ProposedPolicy(Section):
    """A policy: the first rule that picks an account out gives its arm, `otherwise` is for the rest."""

    name: str = Field(min_length=1)
    arms: tuple[PolicyRule, ...] = ()
    otherwise: str = Field(min_length=1)


PROPOSALS = (
    ProposedPolicy(name="always_agent", otherwise="agent"),
    ProposedPolicy(
        name="agent_for_high_risk",
        arms=(PolicyRule(column="origination_score", below=620, arm="agent"),),
        otherwise="robot",
    ),
    ProposedPolicy(
        name="plan_for_high_risk",
        arms=(PolicyRule(column="origination_score", below=620, arm="agent_plan"),),
        otherwise="robot",
    ),
)


class Policies(Section):
    """Policies proposed, and the logged decisions they are judged on."""

    experiment: str = Field("flow_policy", min_length=1)
    """Its `experiment_id` in treatments; every decision needs the probability of its arm."""
    horizon: int = Field(3, ge=1, le=24)
    """Months that cures and cash are counted in, from that of the decision on."""
    complaint_cost: float = Field(50.0, ge=0)
    """What a complaint costs, in currency."""
    least: int = Field(100, ge=20)
    """Fewest decisions with a known outcome."""
    learnt_from: tuple[str, ...] = (
        "origination_score",
        "days_past_due",
        "balance",
        "amount_due",
        "debt_ratio",
        "times_overdue_12m",
        "paid_share_3m",
    )
    """The few numbers that outcomes are predicted from, to narrow intervals; absent ones are passed."""
    proposals: tuple[ProposedPolicy, ...] = PROPOSALS

    @model_validator(mode="after")
    def _once(self) -> Policies:
        names = [one.name for one in self.proposals]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"proposals: {', '.join(twice)} is given more than once")
        if "as_decided" in names:
            raise ValueError("proposals: as_decided is what the others are held against; use another name")
        return self


OUTCOMES_OF = {
    "agency": ("back", "collected"),
    "agent": ("promise",),
    "channel": ("right_party", "promise"),
    "script": ("right_party", "promise"),
}
"""What each kind of entity can be compared by."""


class LeagueTable(Section):
    """One league table: whom it compares, and by what."""

    of: Literal["agency", "agent", "channel", "script"]
    outcome: Literal["back", "collected", "promise", "right_party"]
    """back: current again within the horizon; collected: cash of the horizon ÷ balance placed, at most 1; promise:
    of conversations with the debtor; right_party: attempts of ours that reached the debtor."""
    placements: tuple[str, ...] = ()
    """Names in treatments.treatment of the placements that count; empty: all with an agency."""

    @model_validator(mode="after")
    def _fits(self) -> LeagueTable:
        allowed = OUTCOMES_OF[self.of]
        if self.outcome not in allowed:
            raise ValueError(f"league of {self.of}: outcome {self.outcome}; it can be {' or '.join(allowed)}")
        if self.placements and self.of != "agency":
            raise ValueError(f"league of {self.of}: placements are for agencies alone")
        return self

    @property
    def key(self) -> str:
        return f"{self.of}_{self.outcome}"


LEAGUES = (
    LeagueTable(of="agency", outcome="back", placements=("placement",)),
    LeagueTable(of="agency", outcome="collected"),
    LeagueTable(of="agent", outcome="promise"),
    LeagueTable(of="channel", outcome="right_party"),
    LeagueTable(of="script", outcome="promise"),
)


class League(Section):
    """League tables, and the cases they rest on."""

    tables: tuple[LeagueTable, ...] = LEAGUES
    months: int = Field(24, ge=1, le=120)
    """Months of placements and contacts, up to the period's end."""
    horizon: int = Field(3, ge=1, le=24)
    """Months that a placement is given, that in which it was made included."""
    most_cases: int = Field(25_000, ge=1000)
    """Cases of a table; of more a sample of customers is taken."""
    fewest: int = Field(30, ge=2)
    """Customers of an agency, agent, channel or script below which it has no place in the table."""

    @model_validator(mode="after")
    def _once(self) -> League:
        keys = [one.key for one in self.tables]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"tables: {', '.join(twice)} is given more than once")
        return self
