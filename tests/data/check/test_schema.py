"""The pandera schema and the engine's checks are two readings of one contract, and agree."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.core.contract import TABLES
from analysis.core.errors import ParameterError
from analysis.data.check.count import broken_rules
from analysis.data.check.keys import duplicate_keys
from analysis.data.check.rows import row_rules
from analysis.data.check.schema import pandera_schema

Draft = Any

VALUES: dict[tuple[str, str], list[Any]] = {
    ("months", "month"): [date(2025, 1, 31), date(2025, 1, 30), date(2024, 2, 29), date(2024, 2, 28), None],
    ("months", "days_past_due"): [0, 1, 30, -1, None],
    ("months", "status"): ["open", "paid_off", "closed", "charged_off", "sold", "opened", "", None],
    ("months", "balance"): [0.0, 10.0, -0.01, float("inf"), None],
    ("months", "charged_off_amount"): [0.0, 10.0, -5.0, None],
    ("months", "account_id"): ["A1", "A2", " A1", None],
    ("accounts", "account_id"): ["A1", "A9", "", "  ", None],
    ("accounts", "product"): ["card", "Card", "sme", None],
    ("accounts", "age"): [13, 14, 120, 121, None],
    ("accounts", "credit_limit"): [0.0, -1.0, None],
    ("treatments", "started_on"): [date(2025, 1, 31), date(2025, 2, 1), date(2025, 2, 3), None],
    ("treatments", "ended_on"): [date(2025, 1, 31), date(2025, 2, 2), None],
    ("macro", "unemployment_rate"): [-0.01, 0.0, 1.0, 1.01, None],
    ("macro", "industry_index_retail"): [-1.0, 0.0, 250.0, None],
}


def pandera_finds(name: str, frame: pd.DataFrame) -> set[str]:
    """Columns that the schema refuses."""
    from pandera.errors import SchemaErrors

    try:
        pandera_schema(name).validate(frame, lazy=True)
    except SchemaErrors as error:
        found = set()
        for _, failure in error.failure_cases.iterrows():
            check = str(failure["check"])
            if "uniqueness" in check:
                found.add(", ".join(TABLES[name].keys))
            else:
                found.add(check.split(":", maxsplit=1)[0] if ": must" in check else str(failure["column"]))
        return found
    return set()


def engine_finds(name: str, draft: Draft) -> set[str]:
    """Columns that the engine's row and key rules refuse."""
    table, arrow = TABLES[name], draft.arrow(name)
    rows = ibis.memtable(arrow)
    usable = set(arrow.column_names)
    problems = broken_rules(rows, table, row_rules(rows, table, usable)) + duplicate_keys(rows, table, usable)
    return {problem.column for problem in problems}


def test_both_accept_what_keeps_the_contract(draft: Draft) -> None:
    for name, frame in draft.tables.items():
        assert pandera_finds(name, frame) == engine_finds(name, draft) == set()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_both_refuse_the_same_columns(draft: Draft, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["months", "months", "accounts", "treatments", "macro"]))
    columns = [column for table, column in VALUES if table == name]
    original = draft.tables[name].copy()
    try:
        for _ in range(data.draw(st.integers(1, 3))):
            column = data.draw(st.sampled_from(columns))
            row = data.draw(st.integers(0, len(original) - 1))
            draft.set(name, row, **{column: data.draw(st.sampled_from(VALUES[name, column]))})
        assert pandera_finds(name, draft.tables[name]) == engine_finds(name, draft)
    finally:
        draft.tables[name] = original


def test_a_missing_required_column_is_refused(draft: Draft) -> None:
    assert pandera_finds("months", draft.tables["months"].drop(columns="balance"))


def test_a_wrong_kind_is_refused(draft: Draft) -> None:
    draft.set("accounts", 0, age=30.5)
    draft.set("accounts", 1, opened_on="2024-01-01")
    assert pandera_finds("accounts", draft.tables["accounts"]) == {"age", "opened_on"}


def test_an_unknown_table_is_named_with_those_known(tmp_path: Path) -> None:
    with pytest.raises(
        ParameterError, match=r"'month' is not a table of the contract; known are accounts, months"
    ):
        pandera_schema("month")
