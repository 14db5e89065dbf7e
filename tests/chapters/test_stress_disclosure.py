"""What the stress chapter must not tell: single accounts, and those who hold them."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from chapter_runs import STRESS_QUICK, Left, make_project, run_cells
from small_portfolios import EDGES, write

COUNTED = {"stages": [[]], "loss_contributions": [[]], "opening_pd": [[]]}
"""Tables whose rows are cells of today's accounts, and what they add up to."""


@pytest.fixture(scope="module")
def few(demo: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Left:
    """120 of the demo's accounts, whose cells are small."""
    folder = tmp_path_factory.mktemp("few") / "demo"
    folder.mkdir()
    ids = pq.read_table(demo / "accounts.parquet", columns=["account_id"])["account_id"].to_pylist()[::25]
    for path in demo.iterdir():
        if path.stem in ("accounts", "months", "macro") and path.suffix == ".parquet":
            table = pq.read_table(path)
            if "account_id" in table.column_names:
                table = pq.read_table(path, filters=[("account_id", "in", ids)])
            pq.write_table(table, folder / path.name)
    (folder / "portfolio.yml").write_text((demo / "portfolio.yml").read_text(encoding="utf-8"), encoding="utf-8")
    told = {"elasticity": 0.2, "error": 0.05, "lag": 2, "source": "a textbook"}
    chosen = STRESS_QUICK | {"stress.satellites.published": {"entry": {"unemployment": told}}}
    root = make_project(tmp_path_factory.mktemp("few_root"), folder, "2025Q4")
    return run_cells(root, patch, chosen, "stress")


@pytest.fixture(params=["stress", "few"])
def left(request: pytest.FixtureRequest) -> Left:
    found: Left = request.getfixturevalue(request.param)
    return found


def test_stress_results_hold_no_account_or_customer(stress: Left, demo: Path) -> None:
    people = pq.read_table(demo / "accounts.parquet", columns=["account_id", "customer_id"]).to_pandas()
    known = set(people["account_id"]) | set(people["customer_id"])
    for name, frame in stress.tables.items():
        assert not [column for column in frame.columns if column.endswith("_id")], name
        for column in frame.select_dtypes(["object", "string", "category"]):
            assert not known & set(frame[column].astype(str)), f"{name}.{column}"
    assert not known & set(re.findall(r"\w+", stress.texts))


@pytest.mark.parametrize("name", COUNTED)
def test_no_small_cell_of_the_stress_chapter_is_shown(left: Left, name: str) -> None:
    frame = left.table(name)
    rows = frame[~frame["suppressed"]]
    assert not rows["accounts"].astype(float).between(0.5, 9.5).any()
    if "stage_2" in frame:
        moved, others = rows["stage_2"].astype(float), (rows["accounts"] - rows["stage_2"]).astype(float)
        assert not moved.between(0.5, 2.5).any() and not others.between(0.5, 2.5).any()


@pytest.mark.parametrize("name", COUNTED)
def test_withheld_rows_of_the_stress_chapter_tell_nothing(left: Left, name: str) -> None:
    frame = left.table(name)
    numbers = frame[frame["suppressed"]].drop(columns=["stage"], errors="ignore").select_dtypes("number")
    assert numbers.isna().all(axis=None), numbers.columns[numbers.notna().any()].tolist()


@pytest.mark.parametrize("name", COUNTED)
def test_no_cell_of_the_stress_chapter_is_withheld_alone(left: Left, name: str) -> None:
    assert left.table(name)["suppressed"].sum() != 1


def test_a_small_book_does_withhold(few: Left) -> None:
    assert few.table("loss_contributions")["suppressed"].any()


def test_of_todays_counts_the_projection_keeps_the_size_of_the_book_alone(left: Left) -> None:
    projection = left.table("projection")
    today = projection[pd.to_datetime(projection["month"]) == pd.Timestamp("2025-12-31")]
    assert set(today["group"]) == {"all"} and set(today["measure"]) == {"open"}


def test_a_movement_of_a_few_accounts_is_left_out(few: Left) -> None:
    assert "ecl_movement" not in few.tables
    assert "What moved the expected loss since last quarter is left out" in few.prose


def test_the_only_number_told_without_an_economy_is_not_of_a_few_accounts(
    tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "p" / "one_account", *EDGES["one_account"]())
    left = run_cells(make_project(tmp_path / "root", folder, "2025Q4"), patch, STRESS_QUICK, "stress")
    found = left.headlines["stage_3"]
    assert found.value is None and pd.isna(found.numerator) and pd.isna(found.denominator)
