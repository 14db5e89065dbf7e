"""Accounts with known drivers of the event."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd


class Sample(NamedTuple):
    """Features, event (0 or 1), fold of customers, and the event's true probability."""

    features: pd.DataFrame
    event: np.ndarray
    fold: np.ndarray
    truth: np.ndarray


def draw(accounts: int, seed: int, shift: float = 0.0) -> Sample:
    rng = np.random.default_rng(seed)
    debt = rng.normal(0.4 + shift, 0.15, accounts).round(3)
    volatility = rng.lognormal(-1, 0.5, accounts)
    industry = rng.choice(["retail", "farming", "public", "building"], accounts, p=[0.4, 0.2, 0.3, 0.1])
    risk = pd.Series({"retail": 0.0, "farming": 0.5, "public": -0.8, "building": 0.9})
    logit = -2.2 + 4 * (debt - 0.4) + 0.8 * volatility + risk[industry].to_numpy()
    truth = 1 / (1 + np.exp(-logit))
    features = pd.DataFrame(
        {
            "debt_ratio": debt,
            "income_volatility": volatility,
            "industry": industry,
            "age": rng.integers(20, 70, accounts),
        }
    )
    features.loc[rng.random(accounts) < 0.08, "debt_ratio"] = np.nan
    features.loc[rng.random(accounts) < 0.05, "industry"] = None
    event = (rng.random(accounts) < truth).astype(int)
    return Sample(features, event, rng.integers(0, 24, accounts), truth)
