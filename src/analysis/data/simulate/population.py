"""Customers and their accounts: what is fixed before the months begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from analysis.core.states import PRODUCTS
from analysis.data.simulate.clock import Clock
from analysis.data.simulate.parameters import Book, Entry, Parameters

CHANNELS = ("branch", "app", "partner", "telesales")
MODELS = ("m1", "m2", "m3")
MODEL_SINCE = (0, -60, -24)
"""Months relative to the end from which each scoring model accepted accounts (the first: since ever)."""
LENDERS = ("parent_bank", "consumer_finance", "platform_partner")
CITY_TIERS = ("tier_1", "tier_2", "tier_3", "tier_4")
EDUCATIONS = ("secondary", "college", "bachelor", "postgraduate")
MARITAL = ("single", "married", "divorced")


@dataclass
class Customers:
    """One entry a customer; `frailty` and `responsiveness` are hidden."""

    region: np.ndarray
    city_tier: np.ndarray
    urban: np.ndarray
    industry: np.ndarray
    age: np.ndarray
    sex: np.ndarray
    education: np.ndarray
    marital: np.ndarray
    income: np.ndarray
    income_volatility: np.ndarray
    job_changes: np.ndarray
    debt_ratio: np.ndarray
    frailty: np.ndarray
    responsiveness: np.ndarray
    script: np.ndarray

    def __len__(self) -> int:
        return len(self.region)


@dataclass
class Accounts:
    """One entry an account; `opened` is the month index of opening (negative: before the burn-in).

    `difficulty` is hidden: the account's own term in cure, treatment and exits of the hard variant.
    """

    customer: np.ndarray
    product: np.ndarray
    opened: np.ndarray
    opened_day: np.ndarray
    due_day: np.ndarray
    amount: np.ndarray
    rate: np.ndarray
    term: np.ndarray
    score: np.ndarray
    channel: np.ndarray
    lender: np.ndarray
    collateral: np.ndarray
    difficulty: np.ndarray
    utilisation: np.ndarray
    pay_share: np.ndarray
    logins: np.ndarray

    def __len__(self) -> int:
        return len(self.product)


def choose(rng: np.random.Generator, shares: tuple[float, ...], count: int) -> np.ndarray:
    """`count` draws of an index with the given probabilities."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(edges, rng.random(count), side="right").astype(np.int16)


def even_normal(rng: np.random.Generator, count: int) -> np.ndarray:
    """Standard normal draws, one in each of `count` equally likely slices, in random order."""
    return ndtri((rng.permutation(count) + rng.random(count)) / count)


def planned(rng: np.random.Generator, shares: np.ndarray, count: int) -> np.ndarray:
    """Indices in random order whose counts follow the shares as closely as whole numbers can."""
    edges = np.rint(np.cumsum(shares) / shares.sum() * count).astype(int)
    return rng.permutation(np.repeat(np.arange(len(shares)), np.diff(edges, prepend=0))).astype(np.int16)


def customer_of_account(rng: np.random.Generator, accounts: int, sizes: tuple[float, ...]) -> np.ndarray:
    """Customer index of each account, rising; the last customer takes what is left."""
    held = choose(rng, sizes, accounts) + 1
    return np.repeat(np.arange(accounts), held)[:accounts]


def draw_customers(rng: np.random.Generator, count: int, p: Parameters) -> Customers:
    urban = rng.random(count) < p.book.urban
    industry = choose(rng, p.book.industries, count)
    volatility = np.clip(0.25 + 0.10 * rng.standard_normal(count) + 0.06 * np.isin(industry, (1, 3, 7)), 0.02, 0.9)
    education = choose(rng, (0.30, 0.32, 0.32, 0.06), count)
    age = np.clip(np.rint(37 + 10.5 * rng.standard_normal(count)), 20, 68).astype(np.int16)
    income = np.exp(8.9 + 0.12 * education + 0.18 * urban + 0.42 * rng.standard_normal(count))
    return Customers(
        region=choose(rng, p.book.regions, count),
        city_tier=np.where(urban, choose(rng, (0.28, 0.42, 0.30), count), 3).astype(np.int16),
        urban=urban,
        industry=industry,
        age=age,
        sex=rng.integers(0, 2, count),
        education=education,
        marital=np.where(age < 27, choose(rng, (0.85, 0.14, 0.01), count), choose(rng, (0.2, 0.7, 0.1), count)),
        income=np.round(income, -2),
        income_volatility=np.round(volatility, 3),
        job_changes=np.minimum(rng.poisson(np.where(age < 30, 1.2, 0.65)), 8).astype(np.int16),
        debt_ratio=np.round(np.clip(0.35 + 0.14 * rng.standard_normal(count), 0.0, 0.95), 3),
        frailty=p.entry.frailty * even_normal(rng, count),
        responsiveness=p.contact.responsiveness * rng.standard_normal(count),
        script=rng.random(count) < p.strategies.probability["script_wording"],
    )


def hidden_risk(customers: Customers, rng: np.random.Generator) -> np.ndarray:
    """Standardised risk that a scoring model sees in part, plus its error."""
    seen = (
        2.4 * (customers.debt_ratio - 0.35)
        + 2.6 * (customers.income_volatility - 0.25)
        + 0.25 * (customers.job_changes - 0.8)
    )
    return 0.75 * seen + 0.8 * rng.standard_normal(len(customers))


def opening_months(
    rng: np.random.Generator, product: np.ndarray, term: np.ndarray, book: Book, clock: Clock
) -> np.ndarray:
    """Month index of opening: evenly over the months written, or before the burn-in with a settled age."""
    count = len(product)
    share = np.array([book.opened_in_window[name] for name in PRODUCTS])[product]
    fresh = rng.random(count) < share
    new = clock.burn_in + (rng.random(count) * clock.months).astype(int)
    card_age = 1 + np.minimum(rng.exponential(45, count), 160)
    age = np.where(product == 0, card_age, 1 + rng.random(count) * (term - 2)).astype(int)
    return np.where(fresh, new, -age)


def draw_accounts(
    rng: np.random.Generator, customer: np.ndarray, customers: Customers, p: Parameters, clock: Clock
) -> Accounts:
    book, count = p.book, len(customer)
    product = planned(rng, np.array(list(book.share.values())), count)
    low, high = (np.array(list(m.values()))[product] for m in (book.rate_low, book.rate_high))
    spread = np.array(list(book.amount_spread.values()))[product]
    amount = np.array(list(book.amount.values()))[product] * np.exp(spread * even_within(rng, product))
    term = draw_terms(rng, product, book)
    opened = opening_months(rng, product, term, book, clock)
    secured = np.isin(product, [PRODUCTS.index(name) for name in book.secured])
    score = np.clip(np.rint(650 - 50 * hidden_risk(customers, rng)[customer]), 400, 850)
    spread_in = p.money.utilisation_mean + p.money.utilisation_spread * rng.standard_normal(count)
    pays_in_full = rng.random(count) < p.money.transactor
    pay = np.where(pays_in_full, 1.0, p.money.pay_low + (p.money.pay_high - p.money.pay_low) * rng.random(count))
    return Accounts(
        customer=customer,
        product=product,
        opened=opened,
        opened_day=opening_day(rng, opened, clock),
        due_day=rng.integers(book.first_due_day, book.last_due_day + 1, count),
        amount=np.round(amount, -2),
        rate=np.round(low + (high - low) * rng.random(count), 4),
        term=term,
        score=score,
        channel=choose(rng, (0.25, 0.40, 0.22, 0.13), count),
        lender=choose(rng, (0.55, 0.30, 0.15), count),
        collateral=np.where(secured, np.round(amount * (1.25 + 0.5 * rng.random(count)), -2), np.nan),
        difficulty=rng.standard_normal(count),
        utilisation=np.clip(spread_in - 0.25 * pays_in_full, 0.08, 0.97),
        pay_share=pay,
        logins=p.money.logins * rng.gamma(2.5, 1 / 2.5, count),
    )


def even_within(rng: np.random.Generator, product: np.ndarray) -> np.ndarray:
    """Even normal draws within each product, so that small products have their full spread of amounts."""
    draws = np.empty(len(product))
    for code in range(len(PRODUCTS)):
        where = np.flatnonzero(product == code)
        draws[where] = even_normal(rng, len(where))
    return draws


def draw_terms(rng: np.random.Generator, product: np.ndarray, book: Book) -> np.ndarray:
    term = np.empty(len(product), dtype=np.int64)
    for code, name in enumerate(PRODUCTS):
        where = np.flatnonzero(product == code)
        term[where] = rng.choice(np.array(book.terms[name]), len(where))
    return term


def opening_day(rng: np.random.Generator, opened: np.ndarray, clock: Clock) -> np.ndarray:
    """Day number of opening; months before the calendar of the simulation count 30.4 days."""
    inside = np.maximum(opened, 0)
    start = clock.starts[inside] + np.rint((opened - inside) * 30.4375).astype(int)
    return start + rng.integers(0, 28, len(opened))


def model_of(opened: np.ndarray, clock: Clock) -> np.ndarray:
    """Scoring model in use in the month of opening."""
    until_end = opened - (clock.total - 1)
    return np.searchsorted(np.array(MODEL_SINCE[1:]), until_end, side="right").astype(np.int16)


def entry_log_odds(accounts: Accounts, customers: Customers, e: Entry) -> np.ndarray:
    """The part of an account's entry log-odds that does not change with time (scoring model apart)."""
    who = accounts.customer
    return (
        np.array(list(e.base.values()))[accounts.product]
        + e.score * (accounts.score - 650) / 50
        + e.debt_ratio * (customers.debt_ratio[who] - 0.35)
        + e.income_volatility * (customers.income_volatility[who] - 0.25)
        + e.job_change * (customers.job_changes[who] - 0.8)
        + e.rural * ~customers.urban[who]
        + np.array(e.region)[customers.region[who]]
        + np.array(list(e.channel.values()))[accounts.channel]
        + customers.frailty[who]
    )
