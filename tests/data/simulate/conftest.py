"""Simulated portfolios, drawn once a session, and a connection that sees their tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from analysis.core.contract import TABLES
from analysis.data.simulate import simulate


@dataclass(frozen=True)
class Simulated:
    """A portfolio on disk, its truth, and SQL on its tables."""

    folder: Path
    truth: dict[str, Any]
    connection: duckdb.DuckDBPyConnection

    def frame(self, sql: str) -> pd.DataFrame:
        return self.connection.execute(sql).df()

    def value(self, sql: str) -> Any:
        row = self.connection.execute(sql).fetchone()
        assert row is not None
        return row[0]


def open_simulated(folder: Path) -> Simulated:
    connection = duckdb.connect()
    for name in TABLES:
        connection.execute(f"create view {name} as select * from '{folder / name}.parquet'")
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return Simulated(folder, truth, connection)


@pytest.fixture(scope="session")
def draw(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Simulated]:
    """Draw a portfolio; equal arguments give the one already drawn."""

    @cache
    def drawn(accounts: int = 20_000, seed: int = 7, variant: str = "standard", months: int = 36) -> Simulated:
        folder = tmp_path_factory.mktemp("simulated") / f"{variant}_{accounts}_{seed}_{months}"
        simulate(folder, accounts=accounts, seed=seed, variant=variant, months=months)
        return open_simulated(folder)

    return drawn


@pytest.fixture(scope="session")
def demo(draw: Callable[..., Simulated]) -> Simulated:
    """The portfolio that `arrears simulate` draws by default."""
    return draw(seed=7)


@pytest.fixture(scope="session")
def hard(draw: Callable[..., Simulated]) -> Simulated:
    return draw(variant="hard")
