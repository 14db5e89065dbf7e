"""The chain and the months at risk are the same numbers on DuckDB and on Spark."""

from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from random_panel import write_random_portfolio

from analysis.core.periods import parse_month
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.chain import chain_cells, chain_stock
from analysis.data.panel.spell_months import BY, hazard_cells, running
from analysis.data.portfolio import open_portfolio

BUCKETS = Buckets((1, 30, 60, 90))
RULES = SpellRules(sustained_months=3, probation={"auto": 5})

MEASURES = {
    "chain_cells": lambda p: chain_cells(p, RULES, BUCKETS, by=["product", "region"]),
    "chain_window": lambda p: chain_cells(p, RULES, BUCKETS, parse_month("2025-02"), parse_month("2025-04")),
    "chain_stock": lambda p: chain_stock(p, RULES, BUCKETS),
    "hazard_cells": lambda p: hazard_cells(p, RULES, BUCKETS, (*BY, "original_amount", "spell"), AMOUNTS),
    "running": lambda p: running(p, RULES, BUCKETS, (*BY, "spell")),
}
AMOUNTS = {"original_amount": [3000.0, 6000.0]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("chain_engines")
    write_random_portfolio(where, 8, accounts=40, customers=25)
    log = [
        (f"K{n:03d}", f"A{n % 40:04d}", datetime(2024, 2 + n % 11, 1 + n % 28, 9), "sms", outcome)
        for n, outcome in enumerate(["no_answer", "promise", "invalid_number"] * 60)
    ]
    names = ["contact_id", "account_id", "at", "channel", "outcome"]
    contacts = pd.DataFrame(log, columns=names).astype({"at": "datetime64[us]"})
    pq.write_table(pa.Table.from_pandas(contacts), where / "contacts.parquet")
    return where


@pytest.mark.slow
@pytest.mark.parametrize("measure", MEASURES)
def test_both_engines_count_the_chain_alike(folder, on_spark, measure):
    embedded, cluster = MEASURES[measure](open_portfolio(folder)), MEASURES[measure](on_spark)
    assert len(embedded) > 0
    pd.testing.assert_frame_equal(cluster, embedded, check_dtype=False, rtol=1e-12)
