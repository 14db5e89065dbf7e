"""An economy, and rolls drawn from known elasticities, for the tests of scenarios, satellites and projections."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.core.scenarios import Scenario
from analysis.core.states import Buckets
from analysis.methods.stress.scenarios.macro import macro_history

SHARED = Path(__file__).parents[4] / "shared" / "data"
BUCKETS = Buckets((1, 30, 60, 90))


@pytest.fixture(scope="session")
def history() -> pd.DataFrame:
    """120 months of an economy that moves, up to December 2025."""
    random = np.random.default_rng(11)
    months = pd.date_range("2016-01-31", periods=120, freq="ME")
    cycle = np.sin(2 * np.pi * np.arange(120) / 50)

    def walk(spread: float) -> np.ndarray:
        noise = np.zeros(120)
        for t in range(1, 120):
            noise[t] = 0.8 * noise[t - 1] + random.normal(0, spread)
        return noise

    macro = pd.DataFrame(
        {
            "month": months,
            "unemployment_rate": 0.055 + 0.01 * cycle + walk(0.0008),
            "gdp_yoy": 0.03 - 0.02 * cycle + walk(0.003),
            "cpi_yoy": 0.02 + walk(0.002),
            "policy_rate": 0.02 + walk(0.0008),
            "house_price_yoy": 0.03 - 0.02 * np.roll(cycle, 5) + walk(0.004),
            "industry_index_retail": 100 * np.exp(0.002 * np.arange(120) - 0.05 * cycle + walk(0.01)),
            "industry_index_transport": 100 * np.exp(0.001 * np.arange(120) - 0.04 * cycle + walk(0.01)),
        }
    )
    return macro_history(macro)


@pytest.fixture(scope="session")
def make_scenario() -> Callable[..., Scenario]:
    """A scenario of 36 months that worsens everything `size`-fold within a year and a half, then stays."""

    def made(size: float = 1.0, name: str = "own", **changes: object) -> Scenario:
        ramp = np.minimum(np.arange(1, 13) / 6, 1.0) * size
        rises = {"unemployment_rate": 0.02, "gdp_yoy": -0.04, "cpi_yoy": 0.01, "policy_rate": 0.01,
                 "house_price_yoy": -0.05}  # fmt: skip
        paths: dict[str, object] = {
            key: {"given": "change", "values": tuple((rise * ramp).tolist())} for key, rise in rises.items()
        }
        paths["industry_index"] = {"given": "growth", "values": tuple((-0.1 * ramp).tolist())}
        return Scenario.model_validate({"name": name, "title": "Own", "paths": paths} | changes)

    return made


@pytest.fixture(scope="session")
def panel() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stock and rolls of two products over 30 months to December 2025, in the columns of the panel's functions."""
    random, states = np.random.default_rng(5), list(BUCKETS.states)
    months = pd.date_range("2023-07-31", periods=30, freq="ME")
    chance = {
        "current": {"current": 0.955, "1–29": 0.035, "paid_off": 0.006, "closed": 0.004},
        "1–29": {"current": 0.55, "1–29": 0.15, "30–59": 0.295, "paid_off": 0.005},
        "30–59": {"current": 0.3, "1–29": 0.05, "30–59": 0.12, "60–89": 0.525, "charged_off": 0.005},
        "60–89": {"current": 0.15, "30–59": 0.05, "60–89": 0.1, "90+": 0.69, "charged_off": 0.01},
        "90+": {"current": 0.05, "60–89": 0.05, "90+": 0.4, "charged_off": 0.5},
        "charged_off": {"charged_off": 1.0},
    }
    stocks, rolls = [], []
    for product, size in (("card", 8000), ("auto", 1500)):
        held = dict.fromkeys(states, 0) | {"current": size, "1–29": size // 20, "30–59": size // 50}
        for month in months:
            after = dict.fromkeys(states, 0)
            for state, count in held.items():
                targets = chance.get(state, {})
                drawn = random.multinomial(count, list(targets.values())) if targets else []
                for target, number in zip(targets, drawn, strict=False):
                    after[target] += int(number)
                    if number:
                        rolls.append((product, month, state, target, int(number), count, 120.0))
            after["current"] += size // 100
            held = after
            stocks += [(product, month, state, count, 100.0 * count) for state, count in held.items() if count]
    return _stock(stocks, states), _rolls(rolls, states)


def _kind(states: list[str]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(states, ordered=True)


def _stock(rows: list[tuple], states: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["value", "month", "state", "accounts", "balance"])
    return table.assign(dimension="product", state=table["state"].astype(_kind(states)))


def _rolls(rows: list[tuple], states: list[str]) -> pd.DataFrame:
    columns = ["value", "month", "from_state", "to_state", "accounts", "from_accounts", "money"]
    table = pd.DataFrame(rows, columns=columns)
    grown = 1.0 + 0.02 * (table["to_state"] != "current")
    table = table.assign(
        dimension="product", broken=False, balance=table["accounts"] * 100.0,
        to_balance=table["accounts"] * 100.0 * grown, from_balance=table["from_accounts"] * 100.0,
    )  # fmt: skip
    kinds = {name: table[name].astype(_kind(states)) for name in ("from_state", "to_state")}
    return table.assign(**kinds).drop(columns="money")
