"""Drawn data with a known effect for each design, whole or with its assumption broken, to hold the methods
against."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

Array = npt.NDArray[np.float64]
CUTOFF = 640.0
ADOPTED = (24, 21, 18, 15, 12, 9, 99, 99)
"""Place of the month that each of eight regions adopted in, 99 for never."""


def draw_cutoff(rows: int, effect: float, seed: int, moved: float = 0.0) -> pd.DataFrame:
    """Accounts with a score in whole numbers, treated below 640: score, taken, cured, risk (known before).

    Cure rises with the score along a curve, so the raw difference is biased. `moved`: share of the better accounts
    within 15 points above the cut-off whose score somebody set below it.
    """
    rng = np.random.default_rng(seed)
    quality = rng.normal(650, 55, rows)
    score = np.rint(quality + rng.normal(0, 12, rows))
    near = (score >= CUTOFF) & (score < CUTOFF + 15) & (rng.random(rows) < moved)
    score[near] -= 15
    taken = (score < CUTOFF).astype(float)
    chance = 0.25 + 0.5 * expit((quality - 640) / 60) + effect * taken
    risk = -(quality - 650) / 55 + rng.normal(0, 1, rows)
    return pd.DataFrame(
        {"score": score, "taken": taken, "cured": (rng.random(rows) < chance).astype(float), "risk": risk}
    )


def draw_rollout(
    effect: float, seed: int, months: int = 36, drift: float = 0.0, noise: float = 0.02
) -> pd.DataFrame:
    """Regions by months: region, month, rate, adopted (missing: never).

    All move together along a random walk, and adoption dates are handed out by lot. `drift`: what the rate of
    regions rises by a month, the sooner they adopt the more: parallel trends broken.
    """
    rng = np.random.default_rng(seed)
    start = rng.permutation(np.array(ADOPTED)) if drift == 0 else np.array(ADOPTED)
    level, common = rng.normal(0.5, 0.05, len(start)), np.cumsum(rng.normal(0.002, 0.01, months))
    lean = drift * np.clip((30 - start) / 30, 0, 1)
    time = np.arange(months)
    rate = level[:, None] + common + lean[:, None] * time + rng.normal(0, noise, (len(start), months))
    rate += effect * (time >= start[:, None])
    ends = pd.date_range("2022-01-31", periods=months, freq="ME")
    adopted = [ends[place] if place < months else pd.NaT for place in start]
    regions = [f"region {i}" for i in range(len(start))]
    return pd.DataFrame(
        {
            "region": np.repeat(regions, months),
            "month": np.tile(ends.to_numpy(), len(start)),
            "rate": rate.ravel(),
            "adopted": pd.to_datetime(np.repeat(pd.Series(adopted).to_numpy(), months)),
        }
    )


def draw_series(
    effect: float, seed: int, months: int = 60, start: int = 36, correlation: float = 0.4, other: float = 0.0
) -> pd.DataFrame:
    """One series with trend, season and autocorrelation: month, rate. `other`: a change nobody told of, same
    date."""
    rng = np.random.default_rng(seed)
    shocks, noise = rng.normal(0, 0.01, months + 50), np.zeros(months + 50)
    for t in range(1, months + 50):
        noise[t] = correlation * noise[t - 1] + shocks[t]
    ends, time = pd.date_range("2020-01-31", periods=months, freq="ME"), np.arange(months)
    season = 0.02 * np.sin(2 * np.pi * ends.month.to_numpy() / 12)
    rate = 0.3 + 0.002 * time + season + noise[50:] + (effect + other) * (time >= start)
    return pd.DataFrame({"month": ends, "rate": rate})


def draw_one_unit(
    effect: float, seed: int, months: int = 40, start: int = 28, donors: int = 7, apart: float = 0.0
) -> pd.DataFrame:
    """Regions that share two factors; region 0 is treated from `start` on: region, month, rate.

    Region 0 is a weighted mean of the others but for noise. `apart`: size of a factor that region 0 alone follows,
    so that no mean of the others tracks it.
    """
    rng = np.random.default_rng(seed)
    factors = np.cumsum(rng.normal(0, 0.012, (months, 2)), axis=0)
    rates = 0.5 + factors @ rng.dirichlet([1.0, 1.0], donors).T
    own = rates @ rng.dirichlet(np.ones(donors)) + apart * np.cumsum(rng.normal(0, 1, months))
    panel = np.column_stack([own, rates]) + rng.normal(0, 0.006, (months, donors + 1))
    panel[start:, 0] += effect
    ends = pd.date_range("2021-01-31", periods=months, freq="ME")
    return pd.DataFrame(
        {
            "region": np.repeat([f"region {i}" for i in range(donors + 1)], months),
            "month": np.tile(ends.to_numpy(), donors + 1),
            "rate": panel.T.ravel(),
        }
    )


def draw_chosen(rows: int, effect: float, seed: int, hidden: float = 0.0) -> pd.DataFrame:
    """Accounts whose agents were chosen: agent, cured, cured_before, score, balance, segment, customer.

    Agents get low scores and large balances, which cure less, so the raw difference is too low. `hidden`:
    strength, in log odds, of what the choosers sensed and no column holds (the harder, the sooner an agent).
    """
    rng = np.random.default_rng(seed)
    score, balance, sensed = rng.normal(0, 1, rows), rng.normal(9, 0.7, rows), rng.normal(0, 1, rows)
    agent = rng.random(rows) < expit(-0.3 - 0.5 * score + 0.5 * (balance - 9) + hidden * sensed)
    base = 0.15 + 0.65 * expit(0.4 + 0.5 * score - 0.3 * (balance - 9) - hidden * sensed)
    draws = rng.random((2, rows))
    return pd.DataFrame(
        {
            "agent": agent.astype(int),
            "cured": (draws[0] < base + effect * agent).astype(float),
            "cured_before": (draws[1] < base).astype(float),
            "score": score,
            "balance": np.exp(balance),
            "log_balance": balance,
            "segment": np.where(score < -0.5, "high_risk", np.where(score < 0.7, "middle_risk", "low_risk")),
            "customer": rng.integers(0, int(rows * 0.8), rows),
        }
    )
