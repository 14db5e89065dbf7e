"""Defaults by score and exposures are the same on DuckDB and on Spark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis.core.states import Buckets
from analysis.data.panel.default_cells import default_cells
from analysis.data.panel.exposures import exposures
from analysis.data.portfolio import Portfolio, open_portfolio
from analysis.data.simulate import simulate

END, BUCKETS = date(2025, 12, 31), Buckets((1, 30, 60, 90))

MEASURES: dict[str, Callable[[Portfolio], pd.DataFrame]] = {
    "default_cells": lambda p: default_cells(p, BUCKETS, [date(2024, 12, 31)]),
    "exposures": lambda p: exposures(p, BUCKETS, END),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("engines") / "simulated"
    simulate(where, accounts=250, months=18, end=END, seed=11)
    return where


@pytest.mark.slow
@pytest.mark.parametrize("measure", MEASURES)
def test_duckdb_and_spark_find_the_same_risk(folder: Path, on_spark: Portfolio, measure: str) -> None:
    embedded, cluster = MEASURES[measure](open_portfolio(folder)), MEASURES[measure](on_spark)
    assert len(embedded) > 0
    pd.testing.assert_frame_equal(cluster, embedded, check_dtype=False, rtol=1e-12)
