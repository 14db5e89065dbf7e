"""The engines that the panel's measures are compared on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analysis.core.errors import InputError
from analysis.data.portfolio import Portfolio, open_portfolio
from analysis.data.store import require_java


@pytest.fixture(scope="module")
def on_spark(folder: Path) -> Portfolio:
    """The module's portfolio, its fixture `folder`, on Spark in local mode; skipped only without Java."""
    try:
        require_java()
    except InputError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'arrears-lab[spark]'")
    portfolio = open_portfolio(folder, engine="spark://local[1]")
    # A few thousand rows: compiling code and shuffling between partitions would take longer than the sums.
    for key, value in {"spark.sql.shuffle.partitions": "1", "spark.sql.codegen.wholeStage": "false"}.items():
        portfolio.engine._session.conf.set(key, value)
    return portfolio
