"""Tables are written in the contract's order and types, streamed, and never split an account."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.contract import TABLES
from analysis.core.errors import InputError
from analysis.core.periods import month_end
from analysis.data.parquet import arrow_schema, main, rewrite_months, row_groups, write_arrow, write_table

MONTHS = TABLES["months"]


def months(accounts: int, length: int) -> pa.Table:
    rows = [
        {
            "account_id": f"A{account}",
            "month": month_end(2024, month),
            "days_past_due": 0,
            "status": "open",
            "balance": float(account),
        }
        for account in range(accounts)
        for month in range(1, length + 1)
    ]
    frame = pd.DataFrame(rows).sample(frac=1, random_state=3)
    return pa.Table.from_pandas(frame, arrow_schema(MONTHS, frame.columns), preserve_index=False)


def groups_of(path: Path) -> list[list[str]]:
    with pq.ParquetFile(path) as file:
        return [file.read_row_group(i)["account_id"].to_pylist() for i in range(file.num_row_groups)]


@pytest.mark.parametrize("rows", [1, 7, 12, 100, 10_000])
def test_row_groups_never_split_an_account(tmp_path: Path, rows: int) -> None:
    write_arrow(months(13, 7), MONTHS, tmp_path / "months.parquet", rows)
    groups = groups_of(tmp_path / "months.parquet")
    assert sum(map(len, groups)) == 13 * 7
    assert all(a[-1] < b[0] for a, b in pairwise(groups))
    assert rows >= 100 or len(groups) > 1


def test_the_engine_writes_the_same_as_memory(tmp_path: Path) -> None:
    pq.write_table(months(30, 5), tmp_path / "raw.parquet")
    raw = ibis.duckdb.connect().read_parquet(str(tmp_path / "raw.parquet"))
    assert write_table(raw, MONTHS, tmp_path / "engine.parquet", 40) == 150
    write_arrow(months(30, 5), MONTHS, tmp_path / "memory.parquet", 40)
    engine, memory = pq.read_table(tmp_path / "engine.parquet"), pq.read_table(tmp_path / "memory.parquet")
    assert engine.equals(memory)
    assert all(a[-1] < b[0] for a, b in pairwise(groups_of(tmp_path / "engine.parquet")))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(1, 12), st.integers(1, 12))
def test_grouping_keeps_every_row_in_order(lengths: list[int], batch: int, rows: int) -> None:
    keys = [f"A{i:02d}" for i, length in enumerate(lengths) for _ in range(length)]
    table = pa.table({"account_id": keys, "n": list(range(len(keys)))})
    groups = list(row_groups(table.to_batches(batch), table.schema, "account_id", rows))
    assert pa.concat_tables(groups).equals(table)
    assert all(a["account_id"][-1] != b["account_id"][0] for a, b in pairwise(groups))


def test_types_are_the_contracts(tmp_path: Path) -> None:
    write_arrow(months(2, 2), MONTHS, tmp_path / "months.parquet")
    types = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "months.parquet")}
    assert (types["month"], types["days_past_due"], types["balance"]) == ("date32[day]", "int64", "double")


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(InputError, match=r"'balanse' is not a column of months; known are account_id, month"):
        arrow_schema(MONTHS, ["balanse"])


def test_an_interrupted_rewrite_leaves_the_old_table(tmp_path: Path) -> None:
    (tmp_path / "months.parquet").write_text("no table")
    with pytest.raises(InputError, match=r"months\.parquet is not a readable Parquet file"):
        rewrite_months(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["months.parquet"]


def test_the_command_says_what_it_did_and_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(months(3, 2), tmp_path / "months.parquet")
    assert main([str(tmp_path)]) == 0
    assert "6 rows of months rewritten in order" in capsys.readouterr().out
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "months.parquet is missing; give the folder of a portfolio" in capsys.readouterr().err
    assert main([]) == 2
