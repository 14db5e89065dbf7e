"""Spells and their cells are the same on DuckDB and on Spark, and whatever order a panel comes in."""

from datetime import date

import pandas as pd
import pytest

from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.spell_delays import delay_cells
from analysis.data.panel.spells import kept, left_out, reconciliation, spell_cells
from analysis.data.portfolio import open_portfolio
from analysis.data.simulate import simulate

BUCKETS = Buckets((1, 30, 60, 90))
RULES = SpellRules(entry_days=30, probation={"card": 1, "mortgage": 4}, restructured_months=5)
GROUPS = ["product", "bucket", "began_quarter", "spell", "balance_band", "debt_ratio", "urban"]


def in_order(table):
    return table.to_pandas().sort_values(["account_id", "began"], ignore_index=True)


MEASURES = {
    "kept": lambda p: in_order(kept(p, RULES, BUCKETS)),
    "left_out": lambda p: left_out(p, RULES, BUCKETS),
    "spell_cells": lambda p: spell_cells(p, RULES, BUCKETS, GROUPS, (date(2024, 10, 31), date(2025, 6, 30))),
    "delay_cells": lambda p: delay_cells(p, SpellRules(), BUCKETS, "right_party", ["region"]),
    "reconciliation": lambda p: reconciliation(p, RULES, BUCKETS),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A simulated portfolio, with lawsuits against some accounts that are still overdue."""
    where = tmp_path_factory.mktemp("engines") / "simulated"
    simulate(where, accounts=250, seed=11, months=18)
    late = in_order(kept(open_portfolio(where), SpellRules(), BUCKETS)).query("duration >= entry + 3")
    at = [date(int(began) // 12, int(began) % 12 + 1, 9) for began in late["began"] + late["entry"] + 1]
    lawsuits = pd.DataFrame({"account_id": late["account_id"], "started_on": at}).iloc[::2]
    lawsuits = lawsuits.assign(route="litigation", disposal_id="to court " + lawsuits["account_id"])
    disposals = pd.read_parquet(where / "disposals.parquet")
    pd.concat([disposals, lawsuits]).to_parquet(where / "disposals.parquet", index=False)
    return where


@pytest.mark.slow
@pytest.mark.parametrize("measure", MEASURES)
def test_duckdb_and_spark_find_the_same_spells(folder, on_spark, measure):
    embedded, cluster = MEASURES[measure](open_portfolio(folder)), MEASURES[measure](on_spark)
    assert len(embedded) > 0
    pd.testing.assert_frame_equal(cluster, embedded, check_dtype=False, rtol=1e-12)


def test_all_exits_but_a_few_are_there_to_be_compared(folder):
    exits = set(in_order(kept(open_portfolio(folder), SpellRules(), BUCKETS))["exit"])
    assert {"cured", "charged_off", "litigation", "open"} <= exits


def test_small_parts_give_the_spells_of_the_whole(folder, monkeypatch):
    whole = MEASURES["kept"](open_portfolio(folder))
    months = pd.read_parquet(folder / "months.parquet")
    cut = folder.parent / "cut"
    cut.mkdir()
    for file in folder.iterdir():
        (cut / file.name).write_bytes(file.read_bytes())
    # Row groups of a few whole accounts each, so that parts have somewhere to begin.
    write_by_accounts(months, cut / "months.parquet", accounts=20)
    monkeypatch.setattr("analysis.data.panel.parts.PART_ROWS", 500)
    pd.testing.assert_frame_equal(MEASURES["kept"](open_portfolio(cut)), whole)


def write_by_accounts(months, path, accounts):
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = months["account_id"].factorize()[0] // accounts
    schema = pa.Schema.from_pandas(months, preserve_index=False)
    with pq.ParquetWriter(path, schema) as writer:
        for _, rows in months.groupby(number):
            writer.write_table(pa.Table.from_pandas(rows, schema, preserve_index=False))
