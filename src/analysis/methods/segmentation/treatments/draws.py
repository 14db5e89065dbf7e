"""Logs of randomised decisions with known effects, to hold estimates of treatment values to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]

SEGMENTS = ("high_risk", "middle_risk", "low_risk")


@dataclass(frozen=True)
class LogTruth:
    """What a log is drawn from: who is treated how, and what that does to cure, cash and complaints.

    policy, effects: (segments, arms), scores of the logging policy (its probabilities are their softmax) and
    log-odds that an arm adds to cure a month, for `effect_months`. cost: currency a decision, by arm. complaints:
    probability by arm. base: log-odds of cure by month after the decision, as many as the horizon has. never:
    share of accounts that cannot cure. shares: of segments. frailty: standard deviation of a customer's own
    log-odds. due: median and log standard deviation of the amount due, currency. revolving: share of accounts
    whose cure brings `multiples[1]` times the amount due, against `multiples[0]`. partial: the same where the
    account doesn't cure. spread: log standard deviation of cash.
    """

    arms: tuple[str, ...]
    policy: tuple[tuple[float, ...], ...]
    effects: tuple[tuple[float, ...], ...]
    cost: tuple[float, ...]
    complaints: tuple[float, ...]
    effect_months: int = 2
    base: tuple[float, ...] = (-0.42, -0.85, -1.25)
    never: float = 0.3
    shares: tuple[float, ...] = (0.38, 0.47, 0.15)
    frailty: float = 0.4
    due: tuple[float, float] = (800.0, 0.5)
    revolving: float = 0.6
    multiples: tuple[float, float] = (4.0, 9.0)
    partial: float = 0.3
    spread: float = 0.6


@dataclass(frozen=True)
class DrawnLog:
    """n decisions, what was known before them, and the truth: probabilities, cure and value by arm, (n, arms)."""

    decisions: pd.DataFrame
    features: pd.DataFrame
    probabilities: pd.DataFrame
    success: pd.DataFrame
    value: pd.DataFrame


def draw_log(truth: LogTruth, customers: int, seed: int, complaint_cost: float = 0.0) -> DrawnLog:
    """Two accounts a customer, decided about independently; a customer's accounts share a frailty and a fold.

    `decisions` has arm, probability, fold, paid, cost, complaints, cured, attempts, as the decisions of an
    experiment have. `value` is expected cash less the arm's cost and `complaint_cost` × its complaints, given all
    that the account was drawn with.
    """
    rng = np.random.default_rng(seed)
    customer = np.repeat(np.arange(customers), 2)
    units = customer.size
    segment = rng.choice(len(truth.shares), units, p=np.array(truth.shares))
    strain = rng.standard_normal(units)
    due = truth.due[0] * np.exp(truth.due[1] * rng.standard_normal(units))
    revolving = rng.random(units) < truth.revolving
    odds = truth.frailty * rng.standard_normal(customers)[customer] - 0.4 * strain
    cured = cure_probabilities(truth, segment, odds)
    multiple = np.where(revolving, truth.multiples[1], truth.multiples[0])
    gross = due[:, None] * (cured * multiple[:, None] + (1 - cured) * truth.partial)
    spent = np.array(truth.cost) + complaint_cost * np.array(truth.complaints)
    shares = _softmax(np.array(truth.policy))[segment]
    arm = (rng.random(units)[:, None] > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
    came = rng.random(units) < cured[np.arange(units), arm]
    noise = np.exp(truth.spread * rng.standard_normal(units) - truth.spread**2 / 2)
    decisions = pd.DataFrame(
        {
            "arm": np.array(truth.arms)[arm],
            "probability": shares[np.arange(units), arm],
            "fold": customer % 32,
            "paid": due * np.where(came, multiple, truth.partial) * noise,
            "cost": np.array(truth.cost)[arm],
            "complaints": (rng.random(units) < np.array(truth.complaints)[arm]).astype(float),
            "cured": came.astype(float),
            "attempts": rng.poisson(3.0, units).astype(float),
        }
    )
    known = {"segment": np.array(SEGMENTS)[segment], "amount_due": due, "revolving": revolving, "strain": strain}
    tables = (pd.DataFrame(table, columns=list(truth.arms)) for table in (shares, cured, gross - spent))
    return DrawnLog(decisions, pd.DataFrame(known), *tables)


def cure_probabilities(truth: LogTruth, segment: npt.NDArray[np.int64], odds: Sequence[float] | Array) -> Array:
    """Probability of cure within the horizon under each arm, (n, arms), of accounts with log-odds of their own."""
    own, effect = np.asarray(odds, dtype=float)[:, None], np.array(truth.effects)[segment]
    still = np.ones_like(effect)
    for month, base in enumerate(truth.base):
        still *= 1 / (1 + np.exp(base + own + effect * (month < truth.effect_months)))
    return np.asarray((1 - truth.never) * (1 - still), dtype=float)


def _softmax(scores: Array) -> Array:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=float)
