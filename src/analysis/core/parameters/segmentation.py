"""Parameters of the segmentation chapter."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from analysis.core.contract import TABLES
from analysis.core.parameters.cure import Group
from analysis.core.parameters.section import Section

VALUE_WEIGHTS = {"repayment_history": 0.4, "debt_age": 0.3, "product": 0.2, "lender": 0.1}
"""S4's: repayment history 40, age of the debt 30, type of loan 20, lender 10."""

RISK_WEIGHTS = {"bureau_delinquencies": 0.3, "debt_ratio": 0.3, "industry": 0.2, "region": 0.2}
"""S4 names these four and gives no weights: here what is the customer's own counts 60, where they stand 40."""


def refuse_protected(column: str) -> str:
    """The column, unless it is a protected attribute: those serve fairness tests alone."""
    if any(one.name == column and one.protected for table in TABLES.values() for one in table.columns):
        raise ValueError(f"'{column}' is a protected attribute; decide by the circumstance itself")
    return column


class Tiers(Section):
    """How accounts are put into five tiers, 1 the best."""

    value_weights: dict[str, float] = Field(default_factory=lambda: dict(VALUE_WEIGHTS))
    """Weights of the components of value; they sum to one."""
    risk_weights: dict[str, float] = Field(default_factory=lambda: dict(RISK_WEIGHTS))
    """Weights of the components of risk; they sum to one."""
    risk_share: float = Field(0.5, ge=0, le=1)
    """What risk counts in the score beside value."""
    shares: tuple[float, ...] = (0.075, 0.075, 0.45, 0.2, 0.2)
    """Shares of accounts aimed at, tiers 1 to 5, where no cut-offs are given."""
    cutoffs: tuple[float, ...] = ()
    """Four falling scores that part the tiers; then their sizes tell how the portfolio moves."""
    lender_value: dict[str, float] = Field(default_factory=dict)
    """Value of each lender's customers, 0 to 1; without it lenders don't count."""
    product_value: dict[str, float] = Field(default_factory=dict)
    """Value of each product, 0 to 1; empty: the project's own order."""


class Models(Section):
    """What the models of charge-off and cure learn from and are judged on."""

    history_months: int = Field(24, ge=6, le=120)
    """Month ends, up to the last whose outcome is known, whose overdue accounts the models learn from."""
    test_months: int = Field(3, ge=1, le=24)
    """The last of them, kept from the models to judge them on."""
    charge_off_months: int = Field(12, ge=3, le=24)
    """Months within which charge-off is foretold."""
    cure_months: tuple[int, ...] = (3, 6)
    """Months within which a sustained cure is foretold."""
    attribute_months: int = Field(6, ge=0, le=24)
    """Months of history that models read one by one in that case."""
    most_accounts: int = Field(100_000, ge=1_000)
    """Accounts at month ends that models learn from at most; above, whole customers are drawn."""
    least_events: int = Field(50, ge=20)
    """Events, and non-events, below which no model is fitted."""
    champion: Literal["scorecard", "tree", "boosting"] = "scorecard"
    """The model in use, which challengers are held against."""
    capacity: float = Field(0.2, gt=0, lt=1)
    """Share of the overdue accounts that can be worked: where lift and queues are read."""
    score_psi: float = Field(0.25, gt=0)
    """Stability index of the score above which the model is to be refitted."""
    feature_psi: float = Field(0.25, gt=0)
    """The same of a single feature."""
    auc_fall: float = Field(0.03, gt=0, lt=0.5)
    """Fall of AUC since the model was accepted above which it is to be refitted."""
    expected_observed: float = Field(1.25, gt=1)
    """How far the mean prediction may be off, either way."""


class Groups(Section):
    """Groups of accounts that are alike."""

    candidates: tuple[int, ...] = (2, 3, 4, 5, 6, 7, 8)
    """Numbers of groups tried."""
    least_stability: float = Field(0.8, ge=0, le=1)
    """Adjusted Rand index between bootstrap samples that groups must reach to be called stable."""
    resamples: int = Field(20, ge=5, le=500)
    """Bootstrap samples behind it."""
    features: tuple[str, ...] = ()
    """Numbers that accounts are grouped by, where they are known; empty: those of behaviour and contact."""
    least_reasons: int = Field(50, ge=20)
    """Accounts with each recorded cause below which causes are not foretold."""


class Decision(Section):
    """A point at which treatments were tried by chance, and today's accounts that stand at it."""

    experiment: str
    """Its id in `treatments`."""
    control: str
    """The arm that others are held against."""
    treated: str
    """The arm whose place in the queue is scarce: what working the front of a queue is measured by."""
    from_days: int = Field(1, ge=0)
    """Days past due of today's accounts that are about to be decided alike: from …"""
    to_days: int = Field(30, ge=1)
    """… to under so many."""

    @model_validator(mode="after")
    def _range(self) -> Decision:
        if self.from_days >= self.to_days:
            raise ValueError(f"from_days {self.from_days} must be below to_days {self.to_days}")
        return self


class CapacityLimit(Section):
    """So many units of something that treatments draw on."""

    per_1000: float | None = Field(None, ge=0)
    """Units available for each 1,000 accounts decided on, so that the same limit serves portfolios of any size;
    empty: as many as the logged decisions used."""
    unit: str = "units"
    use: dict[str, float]
    """Units that one account takes under each treatment; a treatment left out takes none."""


class FloorLimit(Section):
    """At least so large a share of a group gets one of some treatments."""

    column: str
    """Column of accounts, for example urban; protected attributes are refused."""
    group: str
    share: float = Field(ge=0, le=1)
    treatments: tuple[str, ...]

    _column = field_validator("column")(refuse_protected)


class ForbiddenTreatment(Section):
    """A treatment that accounts must not get."""

    treatment: str
    column: str
    value: str
    reason: str = ""

    _column = field_validator("column")(refuse_protected)


class Treatments(Section):
    """Which treatments are chosen between, what they are worth, and what limits them."""

    decisions: tuple[Decision, ...] = (
        Decision(experiment="flow_policy", control="robot", treated="agent", from_days=1, to_days=30),
    )
    """Logged decisions that the worth of treatments is learnt from."""
    months: int = Field(3, ge=1, le=24)
    """Months over which cash is counted as what a treatment brought."""
    modifiers: tuple[str, ...] = ("origination_score", "balance", "days_past_due", "debt_ratio")
    """The few features that a treatment's effect may hang on; the fewer, the less of it is lost in noise."""
    complaint_cost: float = Field(50.0, ge=0)
    """What a complaint costs, in currency."""
    capacities: dict[str, CapacityLimit] = Field(
        default_factory=lambda: {
            "agent_hours": CapacityLimit(
                unit="hours",
                use={"agent": 0.9, "agent_plan": 1.2, "robot_then_agent": 0.5},
            )
        }
    )
    budget_per_1000: float | None = Field(None, ge=0)
    """Most that treatments may cost for each 1,000 accounts, in currency; empty: no limit."""
    contacts: dict[str, int] = Field(default_factory=dict)
    """Contacts that an account gets under each treatment; with `contact_limit`."""
    contact_limit: int | None = Field(None, ge=0)
    """Most contacts a customer may get over all accounts; empty: no limit."""
    minimum_success: dict[str, float] = Field(default_factory=dict)
    """Treatment → least share of its accounts that are expected to cure."""
    forbidden: tuple[ForbiddenTreatment, ...] = ()
    floors: tuple[FloorLimit, ...] = ()


class SegmentationParameters(Section):
    """Keys of `segmentation:` in the parameter file."""

    entry_days: int = Field(1, ge=1)
    """Days past due from which an account is among those treated."""
    tiers: Tiers = Field(default_factory=Tiers)
    models: Models = Field(default_factory=Models)
    groups: Groups = Field(default_factory=Groups)
    treatments: Treatments = Field(default_factory=Treatments)
    most_accounts: int = Field(2_000_000, ge=1_000)
    """Accounts scored today at most; above, whole customers are drawn."""
    curve_months: int = Field(12, ge=3, le=36)
    """Length of the cure curves by tier."""
    top_share: float = Field(0.1, gt=0, lt=1)
    """Share of accounts whose part of all exposure is told."""
    fairness: tuple[Group, ...] = ("sex", "education", "marital_status", "age")
    """Groups of people whose predictions are compared; never features."""

    @field_validator("fairness")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("name each group once")
        return value
