"""The order of months in their file is a rule of the format, and is followed without loading the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.data.check import check_portfolio
from analysis.data.check.files import open_tables
from analysis.data.check.layout import read_layout
from analysis.data.parquet import rewrite_months

Draft = Any
Write = Callable[[Path, pd.DataFrame, list[int]], None]


def texts(folder: Path) -> list[str]:
    return [str(problem) for problem in check_portfolio(folder)]


def test_aligned_row_groups_keep_the_contract(draft: Draft, write_months: Write) -> None:
    folder = draft.write()
    write_months(folder, draft.tables["months"], [4, 4, 3])
    assert texts(folder) == []


def test_a_row_group_that_splits_an_account_is_a_problem(draft: Draft, write_months: Write) -> None:
    folder = draft.write()
    write_months(folder, draft.tables["months"], [3, 5, 3])
    (found,) = texts(folder)
    assert found.startswith("months.account_id: row groups must not split an account (1 row; for example")
    assert f"account_id=A1). Rewrite the table in order: python -m analysis.data.parquet {folder}" in found


@pytest.mark.parametrize("batch_rows", [1, 2, 1000])
def test_disorder_is_found_whatever_the_batches(draft: Draft, write_months: Write, batch_rows: int) -> None:
    folder = draft.write()
    months = draft.tables["months"]
    moved = pd.concat([months.iloc[4:8], months.iloc[[0, 2, 1, 3]], months.iloc[8:]], ignore_index=True)
    write_months(folder, moved, [8, 3])
    layout = read_layout(open_tables(folder)[0]["months"], batch_rows)
    assert (layout.out_of_order, layout.repeated, layout.split) == (2, 0, 0)


@pytest.mark.parametrize("batch_rows", [1, 3, 1000])
def test_a_repeated_month_is_found_whatever_the_batches(
    draft: Draft, write_months: Write, batch_rows: int
) -> None:
    folder = draft.write()
    months = draft.tables["months"]
    write_months(folder, months.loc[[0, 1, 1, 2, 3, *range(4, 11)]], [5, 7])
    layout = read_layout(open_tables(folder)[0]["months"], batch_rows)
    assert (layout.out_of_order, layout.repeated, layout.increasing) == (0, 1, False)


def test_a_small_file_of_one_row_group_may_come_in_any_order(draft: Draft, write_months: Write) -> None:
    folder = draft.write()
    write_months(folder, draft.tables["months"].sample(frac=1, random_state=1), [11])
    assert texts(folder) == []


def test_the_mend_mends(draft: Draft, write_months: Write) -> None:
    folder = draft.write()
    write_months(folder, draft.tables["months"].sample(frac=1, random_state=1), [3, 5, 3])
    assert texts(folder)
    assert rewrite_months(folder) == 11
    assert texts(folder) == []
