"""Parameters of collections work: contact, strategies and experiments, claims, complaints."""

from __future__ import annotations

from dataclasses import dataclass, field

CHANNELS = ("sms", "robot_call", "agent_call", "app", "email", "letter", "visit", "legal")
AGENCIES = ("in_house", "agency_a", "agency_b", "agency_c", "agency_d")
HOURS = tuple(range(8, 22))
ROUTES = ("litigation", "payment_order", "auction", "sale", "abs", "settlement")


def channel_map(*values: float) -> dict[str, float]:
    return dict(zip(CHANNELS, values, strict=True))


@dataclass(frozen=True)
class Contact:
    """Attempts, answers, and numbers that die."""

    attempts: tuple[float, ...] = (2.2, 3.4, 4.2, 3.8, 3.4, 3.2, 3.0)
    """mean attempts a month at 1, 2, … 7 and more missed payments"""
    attempts_claim: float = 0.5
    """the same after charge-off"""
    inbound: float = 0.03
    """share of contacts that the customer starts"""
    mix_early: dict[str, float] = field(default_factory=lambda: channel_map(0.30, 0, 0.50, 0.15, 0.05, 0, 0, 0))
    """channels at one missed payment; the share under agent_call is robot_call where a robot works the account"""
    mix_middle: dict[str, float] = field(
        default_factory=lambda: channel_map(0.20, 0, 0.65, 0.08, 0.03, 0.04, 0, 0)
    )
    """at two"""
    mix_late: dict[str, float] = field(
        default_factory=lambda: channel_map(0.14, 0, 0.68, 0.02, 0.02, 0.07, 0.03, 0.04)
    )
    """at three and more, and after charge-off"""
    answer: dict[str, float] = field(
        default_factory=lambda: channel_map(-2.7, -1.15, -1.15, -2.3, -3.2, -3.0, 0.2, -2.0)
    )
    """log-odds of right-party contact; who calls is not known before answering, so robot and agent are equal"""
    rural: dict[str, float] = field(
        default_factory=lambda: channel_map(0.10, 0.25, 0.25, -0.55, -0.60, 0.15, 0.30, 0.0)
    )
    """added log-odds outside cities"""
    hour: tuple[float, ...] = (
        -0.35, -0.05, 0.15, 0.10, 0.05, -0.10, -0.25, -0.25, -0.15, 0.05, 0.35, 0.50, 0.40, 0.00,
    )  # fmt: skip
    """log-odds by hour 8 … 21"""
    weekday: tuple[float, ...] = (0.05, 0.08, 0.06, 0.04, 0.0, -0.12, -0.25)
    """log-odds, Monday … Sunday"""
    weekend_morning: float = 0.30
    """added on Saturday and Sunday from 9 to 11"""
    responsiveness: float = 0.6
    """standard deviation of a customer's own log-odds"""
    cause: tuple[float, ...] = (0.25, 0.0, -0.45)
    """added log-odds by cause (forgot, unable, unwilling)"""
    promise: tuple[float, ...] = (0.62, 0.40, 0.14)
    """share of right-party contacts that end in a promise, by cause"""
    refused: tuple[float, ...] = (0.04, 0.10, 0.50)
    hardship: tuple[float, ...] = (0.04, 0.42, 0.08)
    dispute: tuple[float, ...] = (0.03, 0.04, 0.14)
    opt_out: tuple[float, ...] = (0.01, 0.02, 0.05)
    """shares among those that don't; the rest is plain right-party contact"""
    reason_told: float = 0.80
    """probability that the recorded reason is the true cause; the rest is half unknown, half another"""
    skill: float = 0.15
    """standard deviation of agents' skill, log-odds on promise and on cure"""
    dead_at_entry: float = 0.04
    """probability that the mobile number is dead when a spell begins"""
    death: tuple[float, ...] = (0.005, 0.015, 0.05)
    """probability a month that it dies while overdue, by cause"""
    repair_internal: float = 0.10
    repair_external: float = 0.14
    """probability a month that a lost customer is found again, by source"""
    repair_cost_internal: float = 2.0
    repair_cost_external: float = 35.0
    """mean cost, CNY"""
    third_party: float = 0.30
    """share of calls to a lost customer that go to a reference instead"""
    delay_mean: float = 4.0
    """mean days from due date to the first attempt"""


@dataclass(frozen=True)
class Strategies:
    """Decisions on overdue accounts. Effects are log-odds of cure a month, by segment (high, middle, low risk)."""

    agent: tuple[float, ...] = (0.45, 0.25, 0.05)
    """handled by agents instead of a robot, first three months of a spell"""
    script: tuple[float, ...] = (0.05, 0.18, 0.30)
    """wording B against A, first three months"""
    script_promise: float = 0.30
    """log-odds of a promise under wording B"""
    priority: tuple[float, ...] = (0.50, 0.50, 0.50)
    """priority handling, given below the cut-off, first three months"""
    cutoff: float = 640.0
    early_days: tuple[int, int] = (1, 2)
    late_days: tuple[int, int] = (6, 8)
    """days to first contact in the arms of early_contact; the effect is `Cure.delay` a day"""
    effect_months: int = 3
    streams: dict[str, float] = field(
        default_factory=lambda: {
            "robot_vs_agent": 0.25,
            "script_wording": 0.15,
            "early_contact": 0.15,
            "priority_cutoff": 0.15,
        }
    )
    """share of accounts' first spells in the months written that enter each experiment; never two of them"""
    probability: dict[str, float] = field(
        default_factory=lambda: {"robot_vs_agent": 0.5, "script_wording": 0.5, "early_contact": 0.3}
    )
    """probability of the treated arm"""
    handling: tuple[float, float, float] = (-0.5, 0.7, 0.35)
    """log-odds of agents outside experiments: base, high risk, per unit of ln(balance / 10,000)"""
    rollout: dict[str, int] = field(
        default_factory=lambda: {"delta": 24, "east": 21, "south": 18, "north": 15, "central": 12, "southwest": 9}
    )
    """months before the end at which a region adopts the digital desk; others never do"""
    rollout_effect: float = 0.25
    """full effect, reached in three equal monthly steps"""
    flow_arms: tuple[str, ...] = ("robot", "agent", "agent_plan", "robot_then_agent")
    flow_effects: tuple[tuple[float, ...], ...] = (
        (0.00, 0.35, 0.60, 0.20),
        (0.00, 0.22, 0.30, 0.20),
        (0.00, 0.05, 0.00, 0.10),
    )
    """by segment, then arm of the policy at the second missed payment; two months"""
    flow_months: int = 2
    flow_policy: tuple[tuple[float, ...], ...] = (
        (-0.2, 0.3, 0.2, 0.0),
        (0.0, 0.2, 0.0, 0.1),
        (0.5, -0.2, -0.3, 0.0),
    )
    """scores of the logging policy by segment and arm; probabilities are their softmax"""
    agency_effect: tuple[float, ...] = (0.10, 0.25, 0.05, -0.10, -0.25)
    """of each agency from the third missed payment, and on payments after charge-off"""
    agency_share: tuple[float, ...] = (0.30, 0.25, 0.20, 0.15, 0.10)
    relief: float = 0.35
    """probability of relief after hardship was told"""
    relief_effect: float = 0.80
    """until the spell ends"""
    relief_rate: float = 0.85
    """rate after an extension ÷ rate before"""
    cost: dict[str, float] = field(
        default_factory=lambda: {"robot": 1.5, "agent": 14.0, "agent_plan": 18.0, "robot_then_agent": 9.0}
    )
    """CNY a decision"""


@dataclass(frozen=True)
class Claims:
    """After charge-off."""

    pay: float = 0.045
    """probability of a voluntary payment in the first month, decaying as exp(-months / pay_months)"""
    pay_months: float = 14.0
    pay_low: float = 0.03
    pay_high: float = 0.22
    """share of the claim that it brings, uniform"""
    inflation: float = -0.08
    """log change of that probability per point of consumer prices above 2%"""
    unemployment: float = -0.05
    """the same per point of unemployment above 5%"""
    route_unsecured: tuple[float, ...] = (0.15, 0.16, 0.0, 0.0, 0.0, 0.20)
    route_secured: tuple[float, ...] = (0.15, 0.05, 0.65, 0.0, 0.0, 0.05)
    """probability of each route being begun; sale and abs are decided lot by lot"""
    route_wait: float = 3.0
    """mean months from charge-off to the start"""
    duration: tuple[float, ...] = (9.0, 4.0, 7.0, 1.0, 1.0, 2.0)
    """mean months"""
    success: tuple[float, ...] = (0.45, 0.40, 0.85, 1.0, 1.0, 0.55)
    proceeds_low: tuple[float, ...] = (0.15, 0.15, 0.70, 0.03, 0.05, 0.30)
    proceeds_high: tuple[float, ...] = (0.75, 0.55, 0.95, 0.08, 0.11, 0.60)
    """of the claim where successful (auction: of the appraisal)"""
    cost: tuple[float, ...] = (0.06, 0.02, 0.05, 0.005, 0.01, 0.01)
    """of the claim"""
    sale_months: tuple[int, ...] = (6, 12)
    sale_age: int = 10
    """months after charge-off from which a claim can be sold"""
    sale: float = 0.35
    abs: float = 0.10
    """probability of being put into the half-year's lot, of each kind"""
    give_up: int = 36
    """months after charge-off at which the rest is given up and the account closed"""


@dataclass(frozen=True)
class Complaints:
    """Probability that a contacted account complains in the month."""

    base: float = -5.8
    """log-odds at no attempt"""
    attempt: float = 0.08
    """per attempt in the month"""
    agency: tuple[float, ...] = (-0.4, -0.1, 0.0, 0.3, 0.7)
    response_hours: float = 9.0
    """mean hours to the first answer"""
    resolve_days: float = 5.0
    """median days to resolution"""
    categories: tuple[str, ...] = ("frequency", "wording", "third_party", "disputed_amount", "privacy")
    category_share: tuple[float, ...] = (0.38, 0.22, 0.12, 0.18, 0.10)
