"""Experiments and league tables drawn from a known truth, to hold estimators against.

An account in arrears may cure in any of six months, or be charged off; what it pays hangs on when it cures and on
what is due. Customers have one to three accounts that share a difficulty and a part of their amounts, so that
accounts are clustered. All arms see the same luck: the potential outcomes of every account are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]

SEGMENTS = ("high_risk", "middle_risk", "low_risk")
MONTHS = 6
BASE = (-1.1, -0.7, -0.3)
"""Log-odds of cure a month by segment, in the first month, in the control arm."""


@dataclass(frozen=True)
class ExperimentTruth:
    """Arms with the log-odds they add to cure by segment in the first three months; control adds nothing.

    `shares` are the arms' probabilities; `by_customer` draws customers instead of accounts; `alike` is the
    standard deviation of customers' difficulty, log-odds.
    """

    log_odds: Mapping[str, tuple[float, float, float]] = field(
        default_factory=lambda: {"robot": (0.0, 0.0, 0.0), "agent": (0.45, 0.25, 0.05)}
    )
    shares: tuple[float, ...] = (0.5, 0.5)
    by_customer: bool = False
    alike: float = 0.8


class DrawnExperiment(NamedTuple):
    """Decisions as logged (a row an account), what was known before, and what each arm would have brought."""

    decisions: pd.DataFrame
    features: pd.DataFrame
    potential: dict[str, pd.DataFrame]


def draw_experiment(truth: ExperimentTruth, customers: int, seed: int) -> DrawnExperiment:
    """Decisions with arm, customer, account_id, segment, cured, paid, duration, exit; follow-up is cut by chance.

    `cured` is cure within three months, `paid` the cash of six; `duration` and `exit` are cut at a month of 3 to 6
    that hangs on nothing, as where decisions were taken over time and the data end on one day.
    """
    rng = np.random.default_rng(seed)
    customer = np.repeat(np.arange(customers), rng.choice([1, 2, 3], customers, p=[0.6, 0.3, 0.1]))
    base = _accounts(truth, customer, customers, rng)
    luck, loss, pays = rng.random((len(base), MONTHS)), rng.random((len(base), MONTHS)), rng.random(len(base))
    potential = {arm: _outcomes(base, np.array(odds), luck, loss, pays) for arm, odds in truth.log_odds.items()}
    drawn = rng.choice(len(truth.shares), len(base), p=truth.shares)
    drawn = rng.choice(len(truth.shares), customers, p=truth.shares)[customer] if truth.by_customer else drawn
    arm, rows = np.array(list(truth.log_odds))[drawn], np.arange(len(base))
    told = np.stack([table.to_numpy() for table in potential.values()])[drawn, rows]
    seen = pd.DataFrame(told, columns=list(next(iter(potential.values()))))
    frame = base[["account_id", "customer", "segment"]].assign(arm=arm).join(_cut(seen, rng))
    features = base[["score", "due", "paid_before", "segment"]].assign(noise=rng.standard_normal(len(base)))
    return DrawnExperiment(frame, features, potential)


def _accounts(
    truth: ExperimentTruth, customer: npt.NDArray[np.int64], customers: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Accounts with what is known before and the difficulty that isn't, but shows in earlier payments."""
    n = customer.size
    hard = rng.standard_normal(customers)[customer]
    score = 650 - 25 * hard + 25 * rng.standard_normal(n)
    due = np.exp(7.5 + 0.8 * rng.standard_normal(customers)[customer] + 0.7 * rng.standard_normal(n))
    return pd.DataFrame(
        {
            "account_id": np.arange(n),
            "customer": customer,
            "difficulty": truth.alike * hard,
            "score": score,
            "segment": np.array(SEGMENTS)[np.digitize(score, (630.0, 670.0))],
            "due": due,
            "paid_before": 1 / (1 + np.exp(hard - 0.5 + 0.5 * rng.standard_normal(n))),
        }
    )


def _outcomes(base: pd.DataFrame, odds: Array, luck: Array, loss: Array, pays: Array) -> pd.DataFrame:
    """What an arm brings: cured within three months, paid, month and kind of exit (1 cured, 2 lost, 0 neither)."""
    place = base["segment"].map({name: i for i, name in enumerate(SEGMENTS)}).to_numpy()
    month = np.arange(MONTHS)
    eta = (np.array(BASE)[place] - base["difficulty"].to_numpy())[:, None] - 0.15 * month
    eta = eta + odds[place][:, None] * (month < MONTHS // 2)
    cures, lost = luck < 1 / (1 + np.exp(-eta)), loss < 0.01 + 0.015 * month
    first, other = (np.where(hit.any(axis=1), hit.argmax(axis=1), MONTHS) for hit in (cures, lost))
    cured, charged = first <= np.minimum(other, MONTHS - 1), (other < first) & (other < MONTHS)
    # Who cures pays every month from then on; of the others a third pays once, a part.
    share = np.where(cured, MONTHS - first, np.where(pays < 1 / 3, pays * 3, 0.0))
    return pd.DataFrame(
        {
            "cured": (cured & (first < MONTHS // 2)).astype(float),
            "paid": base["due"].to_numpy() * share,
            "duration": np.where(cured, first + 1, np.where(charged, other + 1, MONTHS)).astype(float),
            "exit": np.where(cured, 1.0, np.where(charged, 2.0, 0.0)),
        }
    )


def _cut(seen: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Outcomes with exits as they are known when follow-up ends after 3 to 6 months."""
    month, end = seen["duration"].to_numpy(), rng.integers(MONTHS // 2, MONTHS + 1, len(seen))
    kind = np.where(month > end, 0, seen["exit"].to_numpy()).astype(int)
    names = np.array(["open", "cured", "charged_off"])[kind]
    return seen[["cured", "paid"]].assign(duration=np.minimum(month, end), exit=names)


def true_effects(drawn: DrawnExperiment, control: str, cap: float = 0.99) -> pd.DataFrame:
    """Effects over all accounts drawn, from both potential outcomes: one row an arm, one column a measure."""
    pooled = np.concatenate([table["paid"].to_numpy() for table in drawn.potential.values()])
    limit = float(np.quantile(pooled, cap))
    means = pd.DataFrame({arm: _measures(table, limit) for arm, table in drawn.potential.items()}).T
    return (means - means.loc[control]).drop(index=control)


def _measures(table: pd.DataFrame, limit: float) -> dict[str, float]:
    cured = table["exit"] == 1
    return {
        "share": float(table["cured"].mean()),
        "mean": float(table["paid"].mean()),
        "capped_mean": float(table["paid"].clip(upper=limit).mean()),
        "share_above_zero": float((table["paid"] > 0).mean()),
        "share_by_horizon": float(cured.mean()),
        "restricted_mean_months": float(table["duration"].where(cured, MONTHS).mean()),
    }


class DrawnCases(NamedTuple):
    """Cases worked by agents, what was known of them, and by how much each agent is above the average case's."""

    cases: pd.DataFrame
    features: pd.DataFrame
    truth: pd.Series


def draw_cases(agents: int, cases: int, spread: float, seed: int) -> DrawnCases:
    """Cases (agent, customer, promised) of agents whose case mixes differ and who add to the chance of a promise.

    The chance is 0.45 + 0.15 · x plus the agent's own, x from −1 to 1 known before; agents' own are normal with
    standard deviation `spread`, and some agents work ten times as many cases as others.
    """
    rng = np.random.default_rng(seed)
    own, tilt = spread * rng.standard_normal(agents), rng.uniform(-0.5, 0.5, agents)
    weight = np.geomspace(1, 10, agents)
    agent = rng.choice(agents, cases, p=weight / weight.sum())
    customer = rng.integers(0, cases // 2, cases)
    x = np.clip(tilt[agent] + rng.uniform(-0.5, 0.5, cases), -1, 1)
    luck = 0.6 * rng.standard_normal(cases // 2)[customer] + 0.8 * rng.standard_normal(cases)
    promised = _normal(luck) < 0.45 + 0.15 * x + own[agent]
    names = np.array([f"G{i:02d}" for i in range(agents)])
    frame = pd.DataFrame({"agent": names[agent], "customer": customer, "promised": promised.astype(float)})
    truth = pd.Series(own - own[agent].mean(), index=names, name="truth")
    return DrawnCases(frame, pd.DataFrame({"x": x}), truth)


def _normal(values: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(values))
