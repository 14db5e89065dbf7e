"""Every number the simulated portfolio is drawn from, with its unit.

"log-odds" are additions to the logit of a monthly probability. Rates are fractions, money is in CNY, time is in
months unless said otherwise. Mappings by product follow `analysis.core.states.PRODUCTS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from analysis.core.errors import ParameterError
from analysis.core.states import PRODUCTS
from analysis.data.simulate.parameters_work import Claims, Complaints, Contact, Strategies

BLOCK_ACCOUNTS = 10_000
"""Accounts drawn from one random stream. Part of the definition of a portfolio: changing it changes the draws."""

BURN_IN = 24
"""Months simulated before the first one written, so that the book starts in its usual state."""

REGIONS = ("north", "northeast", "east", "delta", "central", "south", "southwest", "northwest")
INDUSTRIES = (
    "manufacturing",
    "construction",
    "retail",
    "catering",
    "transport",
    "technology",
    "public_services",
    "agriculture",
)
CAUSES = ("forgot", "unable", "unwilling")
SEGMENTS = ("high_risk", "middle_risk", "low_risk")
"""Segments of treatment effects, by origination score: below 620, below 680, and the rest."""
SEGMENT_EDGES = (620.0, 680.0)


def product_map(*values: float) -> dict[str, float]:
    return dict(zip(PRODUCTS, values, strict=True))


@dataclass(frozen=True)
class Book:
    """What is lent, to whom, on what terms."""

    share: dict[str, float] = field(default_factory=lambda: product_map(0.525, 0.275, 0.085, 0.015, 0.047, 0.053))
    """share of accounts"""
    opened_in_window: dict[str, float] = field(
        default_factory=lambda: product_map(0.21, 0.42, 0.52, 0.16, 0.34, 0.38)
    )
    """share of accounts opened within the months written, evenly over them"""
    amount: dict[str, float] = field(
        default_factory=lambda: product_map(25_800, 31_800, 14_000, 108_000, 50_500, 41_500)
    )
    """median limit (card) or amount lent, CNY"""
    amount_spread: dict[str, float] = field(
        default_factory=lambda: product_map(0.36, 0.33, 0.35, 0.25, 0.28, 0.33)
    )
    """standard deviation of the logarithm of that amount"""
    rate_low: dict[str, float] = field(default_factory=lambda: product_map(0.15, 0.11, 0.18, 0.036, 0.05, 0.07))
    rate_high: dict[str, float] = field(default_factory=lambda: product_map(0.1825, 0.20, 0.24, 0.056, 0.10, 0.14))
    """contract rate a year, uniform between the two"""
    terms: dict[str, tuple[int, ...]] = field(
        default_factory=lambda: {
            "card": (60,),
            "instalment": (36, 48, 60),
            "cash_loan": (24, 36),
            "mortgage": (180, 240, 300),
            "auto": (36, 48, 60),
            "sme": (36, 48, 60),
        }
    )
    """contract lengths, equally likely; a card's is the life of the plastic and is not written"""
    charge_off_days: dict[str, int] = field(
        default_factory=lambda: {k: int(v) for k, v in product_map(180, 120, 120, 360, 120, 120).items()}
    )
    secured: tuple[str, ...] = ("mortgage", "auto")
    accounts_per_customer: tuple[float, ...] = (0.80, 0.16, 0.04)
    """share of customers with one, two, three accounts"""
    first_due_day: int = 5
    last_due_day: int = 20
    """days of the month on which payments fall due; within these limits buckets count missed payments"""
    urban: float = 0.68
    regions: tuple[float, ...] = (0.13, 0.07, 0.18, 0.17, 0.15, 0.14, 0.10, 0.06)
    industries: tuple[float, ...] = (0.20, 0.12, 0.17, 0.09, 0.11, 0.12, 0.13, 0.06)


@dataclass(frozen=True)
class Entry:
    """A current account missing its payment, as log-odds a month."""

    base: dict[str, float] = field(default_factory=lambda: product_map(-4.04, -3.84, -3.58, -5.12, -4.25, -4.10))
    score: float = -0.40
    """per 50 points of origination score above 650"""
    debt_ratio: float = 0.9
    """per 1.0 above 0.35"""
    income_volatility: float = 1.0
    """per 1.0 above 0.25"""
    job_change: float = 0.12
    """per change of employer above 0.8 in two years"""
    rural: float = 0.10
    utilisation: float = 0.7
    """cards, per 1.0 above 0.5"""
    frailty: float = 0.40
    """standard deviation of a customer's own log-odds, shared by all their accounts"""
    region: tuple[float, ...] = (0.0, 0.18, -0.10, -0.15, 0.05, 0.0, 0.10, 0.15)
    channel: dict[str, float] = field(
        default_factory=lambda: {"branch": -0.15, "app": 0.0, "partner": 0.22, "telesales": 0.12}
    )
    model: dict[str, float] = field(default_factory=lambda: {"m1": 0.05, "m2": -0.12, "m3": 0.19})
    """what a scoring model lets in beyond its score"""
    seasoning: tuple[tuple[int, float], ...] = ((1, -0.55), (6, -0.05), (12, 0.15), (24, 0.05), (60, -0.15))
    """(age of account in months, log-odds), straight lines between"""
    distress: float = 2.6
    """in distress, where spending and logins already fall: none in its first month, half, then full"""
    redefault: float = 1.35
    """just after a cure; decays as exp(-months / redefault_months)"""
    redefault_months: float = 5.0
    unemployment: float = 0.20
    """per point of unemployment above 5%, two months before"""
    gdp: float = -0.035
    """per point of yearly growth above 5%, two months before"""
    industry: float = -0.22
    """per 10% yearly rise of the customer's industry index, a month before"""
    house_price: float = -0.35
    """mortgages, per 10% yearly rise, a month before"""
    season: dict[int, float] = field(default_factory=lambda: {1: 0.05, 2: 0.10, 6: -0.03, 10: 0.03, 12: 0.0})
    """by month of the year"""


@dataclass(frozen=True)
class Distress:
    """The hidden state before many delinquencies."""

    onset: float = 0.011
    """probability a month for a current account of an average customer"""
    recovery: float = 0.15
    """probability a month of leaving it while current"""
    spend_decay: float = 0.40
    """spending is multiplied by exp(-this × months in distress)"""
    login_decay: float = 0.45
    disclosed: float = 0.5
    """probability that a need (unemployment, illness, legal dispute) is made known when a spell begins in it"""


@dataclass(frozen=True)
class Cause:
    """Why a payment was missed: shares of (forgot, unable, unwilling), and what follows from it."""

    shares: tuple[float, ...] = (0.62, 0.23, 0.15)
    shares_in_distress: tuple[float, ...] = (0.10, 0.72, 0.18)
    never: tuple[float, ...] = (-1.9, 0.0, 0.75)
    """log-odds of never curing"""
    cure: tuple[float, ...] = (0.35, -0.25, -0.15)
    """log-odds of cure a month of those who can"""


@dataclass(frozen=True)
class NeverCure:
    """Whether a spell can end in cure at all: drawn once, when the spell begins. Log-odds of *never*."""

    base: dict[str, float] = field(default_factory=lambda: product_map(-1.6, -1.55, -1.4, -2.6, -2.1, -1.8))
    debt_ratio: float = 1.2
    income_volatility: float = 1.4
    lost_contact: float = 0.6
    score: float = -0.25
    spells: float = 0.10
    """per earlier spell of the account, up to five"""


@dataclass(frozen=True)
class Cure:
    """Becoming current within the month, for spells that can; log-odds by missed payments at the month's start.

    What last month's work did (contact, promise, treatment) acts on this month's cure.
    """

    missed: tuple[float, ...] = (0.33, -0.42, -0.85, -1.25, -1.5, -1.7, -1.8)
    """1, 2, … 7 and more missed payments"""
    product: dict[str, float] = field(default_factory=lambda: product_map(0.0, 0.0, -0.1, 0.25, 0.15, 0.05))
    debt_ratio: float = -0.6
    income_volatility: float = -0.5
    urban: float = 0.05
    contact: float = 0.38
    """right-party contact last month"""
    promise: float = 0.30
    """on top, where the contact ended in a promise"""
    skill: float = 1.0
    """per unit of the agent's skill, where the contact was with an agent"""
    delay: float = -0.035
    """per day from due date to first contact, in the first three months of a spell"""
    unemployment: float = -0.12
    gdp: float = 0.02
    industry: float = 0.10
    """macro terms in the units of `Entry`"""
    fading: float = 0.0
    """share of a covariate's effect lost a month into the spell (0: proportional odds)"""
    frailty: float = 0.0
    """standard deviation of an account's own log-odds"""


@dataclass(frozen=True)
class Roll:
    """Overdue accounts that do not cure: pay one instalment (stay), two (roll back), or none (roll forward)."""

    stay: float = 0.15
    """probability, spells that can cure"""
    back: float = 0.05
    stay_never: float = 0.05
    """probability, spells that can never cure; they do not roll back"""
    contact: float = 0.30
    """log-odds on staying or rolling back after right-party contact last month"""
    unemployment: float = -0.10
    """log-odds on staying or rolling back, per point"""
    partial: float = 0.12
    """probability that an account rolling forward pays a part of one instalment"""
    early_charge_off: float = -5.2
    """log-odds a month of charge-off ahead of the rule (death, fraud, bankruptcy), from two missed payments"""
    early_unemployment: float = 0.20
    """log-odds per point"""


@dataclass(frozen=True)
class Money:
    """Payments and spending."""

    transactor: float = 0.25
    """share of cards paid in full each month"""
    pay_low: float = 0.08
    pay_high: float = 0.45
    """share of last balance that other cards pay, uniform between the two"""
    utilisation_mean: float = 0.58
    utilisation_spread: float = 0.17
    minimum_share: float = 0.05
    minimum_amount: float = 100.0
    spend_noise: float = 0.25
    """standard deviation of the logarithm of monthly spending"""
    spend_overdue: float = 0.25
    """spending while one payment is missed, against normal; none from the second"""
    spend_season: dict[int, float] = field(default_factory=lambda: {1: 1.08, 2: 0.95, 6: 1.06, 11: 1.15, 12: 1.05})
    prepay: dict[str, float] = field(default_factory=lambda: product_map(0.0, 0.004, 0.006, 0.0025, 0.004, 0.004))
    """probability a month that a current loan is paid off early"""
    close: float = 0.0016
    """probability a month that a current card is paid and closed"""
    logins: float = 6.0
    """mean logins a month"""


@dataclass(frozen=True)
class Hardness:
    """What the `hard` variant breaks; all zero in the standard one."""

    agent_confounding: float = 0.0
    """log-odds of being handled by agents per unit of hidden difficulty, outside the experiments"""
    sale_selection: float = 0.0
    """log-odds of sale per unit of hidden difficulty"""
    close_selection: float = 0.0
    """log-odds of closing or prepaying per unit of hidden difficulty"""
    never_frailty: float = 0.0
    """log-odds of never curing per unit of hidden difficulty"""


@dataclass(frozen=True)
class Parameters:
    """All of them. `standard()` and `hard()` are the two portfolios in use."""

    variant: str = "standard"
    book: Book = field(default_factory=Book)
    entry: Entry = field(default_factory=Entry)
    distress: Distress = field(default_factory=Distress)
    cause: Cause = field(default_factory=Cause)
    never: NeverCure = field(default_factory=NeverCure)
    cure: Cure = field(default_factory=Cure)
    roll: Roll = field(default_factory=Roll)
    money: Money = field(default_factory=Money)
    contact: Contact = field(default_factory=Contact)
    strategies: Strategies = field(default_factory=Strategies)
    claims: Claims = field(default_factory=Claims)
    complaints: Complaints = field(default_factory=Complaints)
    hardness: Hardness = field(default_factory=Hardness)


BROKEN = {
    "standard": (),
    "hard": (
        "proportional odds: the effects of covariates on cure fade as a spell grows older",
        "homogeneity: accounts differ in cure by a hidden term, which also moves never-cure",
        "ignorable treatment: outside the experiments hard cases get agents, with unrecorded probability",
        "independent censoring: closing, prepayment and sale depend on the hidden term",
    ),
}
"""Assumptions that each variant breaks, as `truth.json` tells them."""


def parameters(variant: str) -> Parameters:
    """Parameters of `standard` or `hard`; raises ParameterError for another name."""
    if variant == "standard":
        return Parameters()
    if variant == "hard":
        plain = Parameters(variant="hard")
        return replace(
            plain,
            cure=replace(plain.cure, fading=0.35, frailty=0.9),
            hardness=Hardness(1.1, 1.0, 0.7, 0.5),
        )
    raise ParameterError(f"variant '{variant}' is unknown; allowed are standard and hard")
