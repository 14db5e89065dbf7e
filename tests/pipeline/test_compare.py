"""Result tables compared cell by cell."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.pipeline.compare import compare_results, compare_tables, key_columns

RATES = pd.DataFrame(
    {
        "product": ["card", "auto", "card", "auto"],
        "month": [date(2025, 11, 30)] * 2 + [date(2025, 12, 31)] * 2,
        "accounts": [10, 20, 10, 20],
        "rate": [0.1, 0.2, 0.3, np.nan],
    }
)


def kinds(before: pd.DataFrame, after: pd.DataFrame) -> list[tuple[str, str, str]]:
    return [(d.kind, d.key, d.column) for d in compare_tables("t", before, after)]


def test_rows_are_matched_by_what_is_no_number_whatever_their_order() -> None:
    assert key_columns(RATES, RATES) == ["product", "month"]
    assert kinds(RATES, RATES.iloc[::-1].reset_index(drop=True)) == []


def test_whole_numbers_serve_as_keys_where_names_do_not_suffice() -> None:
    vintages = pd.DataFrame({"cohort": ["2024Q1"] * 3, "months_on_book": [1, 2, 3], "rate": [0.0, 0.1, 0.2]})
    assert key_columns(vintages, vintages) == ["cohort", "months_on_book"]
    assert kinds(vintages, vintages.assign(rate=[0.0, 0.1, 0.3])) == [
        ("changed", "cohort=2024Q1, months_on_book=3", "rate")
    ]


def test_a_table_without_keys_is_compared_by_position() -> None:
    frame = pd.DataFrame({"rate": [0.1, 0.1]})
    assert kinds(frame, pd.DataFrame({"rate": [0.1, 0.2]})) == [("changed", "row 1", "rate")]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (RATES.drop(columns="rate"), [("column lost", "", "rate")]),
        (RATES.iloc[1:], [("row lost", "product=card, month=2025-11-30", "")]),
        (
            RATES.assign(rate=[np.nan, 0.2, 0.3, np.nan]),
            [("value lost", "product=card, month=2025-11-30", "rate")],
        ),
        (RATES.assign(rate=[0.1, 0.2, 0.3, 0.4]), [("value added", "product=auto, month=2025-12-31", "rate")]),
        (RATES.assign(more=1.0), [("column added", "", "more")]),
        (RATES.assign(accounts=[11, 20, 10, 20]), [("changed", "product=card, month=2025-11-30", "accounts")]),
    ],
)
def test_each_kind_of_difference_is_told(after: pd.DataFrame, expected: list[tuple[str, str, str]]) -> None:
    assert kinds(RATES, after.reset_index(drop=True)) == expected


def test_sums_that_were_added_up_in_another_order_are_no_difference() -> None:
    assert kinds(RATES, RATES.assign(rate=RATES.rate * (1 + 1e-13))) == []


def test_the_size_of_a_change_is_relative_to_what_was_published() -> None:
    (change,) = compare_tables("t", RATES, RATES.assign(accounts=[15, 20, 10, 20]))
    assert (change.before, change.after, change.size) == (10, 15, 0.5)


def test_losses_come_before_gains_before_changes_by_size(tmp_path: Path) -> None:
    for folder, tables in (
        ("before", {"a": RATES, "gone": RATES, "c": RATES}),
        ("after", {"a": RATES.assign(rate=[0.1, 0.2, 0.9, np.nan]), "b": RATES, "c": RATES.iloc[1:]}),
    ):
        for name, table in tables.items():
            (tmp_path / folder / "chapter").mkdir(parents=True, exist_ok=True)
            table.to_parquet(tmp_path / folder / "chapter" / f"{name}.parquet")
    found = compare_results(tmp_path / "before", tmp_path / "after")
    assert [(d.table, d.kind) for d in found] == [
        ("chapter/gone", "table lost"),
        ("chapter/c", "row lost"),
        ("chapter/b", "table added"),
        ("chapter/a", "changed"),
    ]


def test_headlines_are_compared_too(tmp_path: Path) -> None:
    for folder, value in (("before", 0.1), ("after", 0.2)):
        (tmp_path / folder / "chapter").mkdir(parents=True)
        rows = [{"key": "rate", "label": "Rate", "value": value, "gates": [], "priority": 1}]
        (tmp_path / folder / "chapter" / "headline.json").write_text(json.dumps(rows), encoding="utf-8")
    (change,) = compare_results(tmp_path / "before", tmp_path / "after")
    assert (change.table, change.key, change.column) == ("chapter/headline", "key=rate", "value")


tables = st.dictionaries(st.sampled_from("abcdef"), st.floats(-1e6, 1e6), min_size=1).map(
    lambda rows: pd.DataFrame({"name": list(rows), "value": list(rows.values())})
)


@given(tables)
def test_a_table_does_not_differ_from_itself(table: pd.DataFrame) -> None:
    assert list(compare_tables("t", table, table.sample(frac=1, random_state=0))) == []


@given(tables, tables)
def test_what_is_lost_one_way_is_gained_the_other(one: pd.DataFrame, other: pd.DataFrame) -> None:
    lost = {d.place for d in compare_tables("t", one, other) if d.kind == "row lost"}
    gained = {d.place for d in compare_tables("t", other, one) if d.kind == "row added"}
    assert lost == gained
