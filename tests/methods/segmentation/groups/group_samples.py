"""Accounts of planted groups, and accounts without any."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd


class Planted(NamedTuple):
    """Features, each account's true group, and its fold of customers."""

    features: pd.DataFrame
    truth: np.ndarray
    fold: np.ndarray


def planted(accounts: int = 900, seed: int = 0) -> Planted:
    """Four kinds of accounts, well apart, in columns of account features."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, accounts, p=[0.4, 0.3, 0.2, 0.1])
    centre = pd.DataFrame(
        {
            "days_past_due": [12.0, 15.0, 120.0, 60.0],
            "right_party_3m": [6.0, 0.5, 0.5, 3.0],
            "promises_3m": [4.0, 0.2, 0.2, 1.0],
            "on_time_share": [0.5, 0.9, 0.5, 0.6],
            "paid_share_3m": [0.6, 0.4, 0.05, 0.4],
            "balance": [800.0, 800.0, 800.0, 40_000.0],
        }
    )
    spread = [4.0, 0.4, 0.3, 0.05, 0.1]
    found = centre.iloc[truth].reset_index(drop=True)
    for name, sd in zip(centre.columns[:5], spread, strict=True):
        found[name] += rng.normal(0, sd, accounts)
    found["balance"] *= rng.lognormal(0, 0.3, accounts)
    return Planted(found, truth, rng.integers(0, 16, accounts))


def cloud(accounts: int = 900, features: int = 6, seed: int = 0) -> Planted:
    """One round cloud: nothing to find."""
    rng = np.random.default_rng(seed)
    names = [f"x{i}" for i in range(features)]
    values = pd.DataFrame(rng.normal(size=(accounts, features)), columns=names)
    return Planted(values, np.zeros(accounts, dtype=int), rng.integers(0, 16, accounts))
