"""Person-months of overdue accounts, drawn from known competing hazards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

EXITS = ("cured", "charged_off", "sold")
PRODUCTS = ("card", "auto", "cash_loan")
LATER = 5
"""Last month of a spell that is followed."""


def true_hazards(months: pd.DataFrame) -> np.ndarray:
    """Hazards of the three exits, (n, 3): cures fade with time and unemployment, charge-offs come late."""
    auto = (months["product"] == "auto").to_numpy(dtype=float)
    k, u = months["k"].to_numpy(dtype=float), months["unemployment"].to_numpy(dtype=float)
    eta = np.column_stack([-0.4 - 0.3 * k + 0.5 * auto - 0.2 * u, -3.4 + 0.5 * k + 0.1 * u, -3.6 + 0.6 * auto])
    odds = np.exp(eta)
    hazards: np.ndarray = odds / (1.0 + odds.sum(axis=1, keepdims=True))
    return hazards


def draw(customers: int, seed: int, alike: float = 0.0) -> pd.DataFrame:
    """Three spells a customer, one row a month at risk; a share `alike` of customers repeat one spell's fate."""
    rng = np.random.default_rng(seed)
    spells = 3 * customers
    customer = np.repeat(np.arange(customers), 3)
    base = pd.DataFrame(
        {
            "customer": customer,
            "fold": customer % 32,
            "product": rng.choice(PRODUCTS, customers)[customer],
            "unemployment": rng.choice([4.0, 5.0, 6.0], customers)[customer],
        }
    )
    shared = np.repeat(rng.random(customers) < alike, 3)
    running, rows = np.ones(spells, dtype=bool), []
    for k in range(1, LATER + 1):
        own, common = rng.random(spells), np.repeat(rng.random(customers), 3)
        months = base.assign(k=k)
        edges = np.cumsum(true_hazards(months), axis=1)
        fate = (np.where(shared, common, own)[:, None] > edges).sum(axis=1)
        counts = {name: ((fate == j) & running).astype(int) for j, name in enumerate(EXITS)}
        rows.append(months.assign(at_risk=1, fate=fate, **counts)[running])
        running &= fate == len(EXITS)
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="session")
def person_months() -> Callable[..., pd.DataFrame]:
    """`draw`: person-months by number of customers, seed, and share of customers whose spells end alike."""
    return draw


@pytest.fixture(scope="session")
def hazard_truth() -> Callable[[pd.DataFrame], np.ndarray]:
    return true_hazards


@pytest.fixture(scope="session")
def months() -> pd.DataFrame:
    return draw(900, seed=5)


@pytest.fixture(scope="session")
def cells(months: pd.DataFrame) -> pd.DataFrame:
    """The same months as an engine would give them: counts by covariates and fold."""
    by = ["product", "unemployment", "k", "fold"]
    return months.groupby(by, as_index=False)[["at_risk", *EXITS]].sum()
