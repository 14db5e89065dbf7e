"""The panel's measures give the same numbers on DuckDB and on Spark."""

import pandas as pd
import pytest
from random_panel import MONTHS, START, write_random_portfolio

from analysis.core.periods import Period, shift_months
from analysis.core.states import Buckets
from analysis.data.panel import families
from analysis.data.panel.ratios import joint, monthly, pooled
from analysis.data.panel.recoveries import recoveries
from analysis.data.panel.rolls import pooled_rolls, rolls
from analysis.data.panel.stock import stock
from analysis.data.panel.vintages import entry_vintages, opening_vintages
from analysis.data.portfolio import open_portfolio

LAST = shift_months(START, MONTHS - 1)
QUARTERS = {str(q): q.months for q in (Period(2024, 4), Period(2025, 1))}
PAIR = [("2025Q1", "2024Q4")]
BUCKETS = Buckets((1, 30, 60, 90))

MEASURES = {
    "stock": lambda p: stock(p, BUCKETS, dimensions=["product", "age_of_account"]),
    "rolls": lambda p: rolls(p, BUCKETS, dimensions=["region", "agency"]),
    "pooled_rolls": lambda p: pooled_rolls(p, BUCKETS, QUARTERS),
    "overdue": lambda p: monthly(p, families.OVERDUE, dimensions=["strategy"]),
    "collected": lambda p: pooled(p, families.COLLECTED, QUARTERS),
    "written_off": lambda p: monthly(p, families.WRITTEN_OFF),
    "sustained": lambda p: monthly(p, families.sustained(3, LAST)),
    "redefault": lambda p: monthly(p, families.redefault(30, 6, LAST)),
    "change": lambda p: joint(p, families.COLLECTED, QUARTERS, PAIR),
    "recoveries": lambda p: recoveries(p, 6, ["product"]).cells,
    "opening_vintages": lambda p: opening_vintages(p, 6, ["opened_quarter"]).cells,
    "entry_vintages": lambda p: entry_vintages(p, 6).cells,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("engines")
    write_random_portfolio(where, 8, accounts=40, customers=25)
    return where


@pytest.mark.slow
@pytest.mark.parametrize("measure", MEASURES)
def test_duckdb_and_spark_give_the_same_numbers(folder, on_spark, measure):
    embedded, cluster = MEASURES[measure](open_portfolio(folder)), MEASURES[measure](on_spark)
    assert len(embedded) > 0
    pd.testing.assert_frame_equal(cluster, embedded, check_dtype=False, rtol=1e-12)
