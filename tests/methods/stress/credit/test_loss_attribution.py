"""Which variable makes a scenario's loss: one at a time, on economies whose answer is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.core.states import Buckets
from analysis.methods.stress.credit.attribution import loss_by_driver
from analysis.methods.stress.credit.cells import credit_book
from analysis.methods.stress.credit.loss_rates import cells_of, places
from analysis.methods.stress.credit.loss_tables import book_losses
from analysis.methods.stress.credit.model import CreditModel, Economy, price, staged_book
from analysis.methods.stress.projection.book import Basis, Book
from analysis.methods.stress.satellites.fit import assumed
from analysis.methods.stress.satellites.satellite import Published

BUCKETS = Buckets((1, 30, 90))
MONTHS = 12
START = date(2025, 12, 31)


def one_product() -> Book:
    states = list(BUCKETS.states)
    rates = pd.DataFrame(np.eye(len(states)), states, states)
    rates.loc["current", ["current", "1–29"]] = [0.9, 0.1]
    rates.loc["1–29", ["current", "1–29", "30–89"]] = [0.5, 0.0, 0.5]
    rates.loc["30–89", ["current", "30–89", "90+"]] = [0.4, 0.0, 0.6]
    matrix = rates.to_numpy()[None]
    stock = np.array([[1000.0, 50.0, 20.0, 10.0, 0.0, 0.0, 0.0, 0.0]])
    basis = Basis(stock, matrix, matrix, np.zeros_like(stock))
    reference = tuple(pd.date_range("2025-01-31", periods=12, freq="ME"))
    return Book(("card",), BUCKETS, START, reference, basis, basis)


def drivers(unemployment: float, gdp: float) -> pd.DataFrame:
    """Level until the start, then a step to these values."""
    months = pd.date_range("2024-01-31", periods=24 + MONTHS, freq="ME")
    after = months > pd.Timestamp(START)
    return pd.DataFrame(
        {"unemployment": np.where(after, unemployment, 5.0), "gdp": np.where(after, gdp, 2.0)}, months
    )


@pytest.fixture(scope="module")
def found() -> tuple[pd.DataFrame, dict[str, float]]:
    """Parts by scenario and driver, and each scenario's lifetime loss."""
    satellites = {
        "entry": assumed("entry", {"unemployment": Published(0.3, lag=0), "gdp": Published(-0.1, lag=0)})
    }
    model = CreditModel(one_product(), satellites, np.full((1, 1), 0.1), np.zeros((1, 0)), [180], [0.1], 24)
    economies = {"usual": (5.0, 2.0), "jobless": (8.0, 2.0), "both": (8.0, -3.0), "boom": (5.0, 6.0)}
    paths = {name: drivers(*values) for name, values in economies.items()}
    economy = Economy(START, paths, dict.fromkeys(paths, 0.25), MONTHS)
    accounts = pd.DataFrame(
        {
            "product": "card", "score_band": "unknown", "state": ["current", "1–29", "90+"],
            "days_past_due": [0, 10, 95], "balance": [1000.0, 500.0, 200.0], "credit_limit": np.nan,
            "annual_rate": 0.12, "months_left": np.nan,
        },
        index=pd.Index(["a", "b", "c"], name="account_id"),
    )  # fmt: skip
    held = credit_book(accounts, model.book, 0.1, model.life)
    cells = cells_of(held)
    priced = price(model, economy, cells)
    book = staged_book(held, priced, places(held, cells), model)
    whole = {name: float(book_losses(book, rates)["lifetime"]) for name, rates in priced.by_scenario.items()}
    return loss_by_driver(model, economy, "usual", book, cells), whole


def test_a_variable_that_alone_differs_makes_the_whole_difference(
    found: tuple[pd.DataFrame, dict[str, float]],
) -> None:
    parts, whole = found
    row = parts.set_index(["scenario", "driver"])["lifetime"]
    assert row["jobless", "unemployment"] == pytest.approx(whole["jobless"] - whole["usual"])
    assert row["jobless", "gdp"] == pytest.approx(0.0, abs=1e-9) and row["jobless", "unemployment"] > 0
    assert row["boom", "gdp"] == pytest.approx(whole["boom"] - whole["usual"]) and row["boom", "gdp"] < 0


def test_each_part_is_what_is_gained_by_putting_that_variable_back(
    found: tuple[pd.DataFrame, dict[str, float]],
) -> None:
    parts, whole = found
    row = parts.set_index(["scenario", "driver"])["lifetime"]
    assert row["both", "gdp"] == pytest.approx(whole["both"] - whole["jobless"])
    assert row["both", "unemployment"] > row["both", "gdp"] > 0
    assert "usual" not in set(parts["scenario"])
