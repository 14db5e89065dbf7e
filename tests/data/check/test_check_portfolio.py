"""The contract is checked whole, and each broken rule is told apart, counted, shown and mended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from analysis.core.errors import ContractError, InputError
from analysis.data.check import check_portfolio, examine, require_valid
from analysis.data.portfolio import open_portfolio
from analysis.data.store import require_java

Draft = Any
Break = Callable[[Draft], None]


def texts(folder: Path, engine: str = "duckdb://") -> list[str]:
    return [str(problem) for problem in check_portfolio(folder, engine)]


def test_a_portfolio_that_keeps_the_contract_has_no_problem(draft: Draft) -> None:
    assert texts(draft.write()) == []


ROW_RULES: dict[str, tuple[Break, str]] = {
    "null in a required column": (
        lambda d: d.set("months", 1, balance=None),
        "months.balance: is empty (1 row; for example account_id=A1, month=2025-02-28). Fill it",
    ),
    "blank key": (
        lambda d: d.set("treatments", 0, treatment="  "),
        "treatments.treatment: is blank text (1 row; for example treatment_id=T1)",
    ),
    "unknown category": (
        lambda d: d.set("accounts", 0, product="crad"),
        "accounts.product: holds values that are not allowed; allowed are card, instalment, cash_loan, mortgage, "
        "auto, sme (1 row; for example 'crad' in 1). Map each of them to an allowed value. "
        "Is 'crad' meant to be card?",
    ),
    "negative balance": (
        lambda d: d.set("months", 0, balance=-3.5),
        "months.balance: must not be negative (1 row; for example account_id=A1, month=2025-01-31, balance=-3.5). "
        "Write 0 for a credit balance",
    ),
    "negative days past due": (
        lambda d: d.set("months", 0, days_past_due=-1),
        "months.days_past_due: must not be negative (1 row; for example account_id=A1, month=2025-01-31",
    ),
    "percent instead of fraction": (
        lambda d: d.set("macro", 0, unemployment_rate=5.1),
        "macro.unemployment_rate: must be at most 1 (a rate is a fraction of 1) (1 row; for example "
        "month=2025-01-31, unemployment_rate=5.1). Correct the unit or the value.",
    ),
    "implausible age": (lambda d: d.set("accounts", 1, age=7), "accounts.age: must be at least 14 (1 row;"),
    "negative industry index": (
        lambda d: d.set("macro", 2, industry_index_retail=-1.0),
        "macro.industry_index_retail: must not be negative (1 row",
    ),
    "dates out of order": (
        lambda d: d.set("treatments", 0, ended_on=date(2025, 1, 1)),
        "treatments.ended_on: must not be before started_on (1 row; for example treatment_id=T1, "
        "started_on=2025-02-02, ended_on=2025-01-01). Correct the dates.",
    ),
    "not a month end": (
        lambda d: d.set("months", 10, month=date(2025, 4, 29)),
        "months.month: must be the last day of a month (1 row; for example account_id=A4, month=2025-04-29). "
        "Write the last day of the month",
    ),
    "days past due after paying off": (
        lambda d: d.set("months", 9, days_past_due=30),
        "months.days_past_due: must be 0 where status is paid_off or closed (1 row; for example account_id=A3, "
        "month=2025-02-28, status=paid_off, days_past_due=30)",
    ),
    "balance after paying off": (
        lambda d: d.set("months", 9, balance=5.0),
        "months.balance: must be 0 where status is paid_off or closed (1 row;",
    ),
    "charge-off while open": (
        lambda d: d.set("months", 0, charged_off_amount=10.0),
        "months.charged_off_amount: must be 0 or empty where status is open (1 row;",
    ),
    "duplicate account": (
        lambda d: d.repeat("accounts", 0),
        "accounts.account_id: key (account_id) must be unique; repeated keys: 1 (2 rows; for example "
        "account_id=A1, times=2). Keep one row of each key.",
    ),
    "duplicate month": (
        lambda d: d.repeat("months", 0),
        "months.account_id, month: key (account_id, month) must be unique; repeated keys: 1 (2 rows; "
        "for example account_id=A1, month=2025-01-31, times=2)",
    ),
    "orphan account": (
        lambda d: d.set("months", 10, account_id="A9"),
        "months.account_id: refers to accounts.account_id that do not exist (1 row; for example account_id=A9, "
        "month=2025-04-30). Add them to accounts, or leave these rows out.",
    ),
    "orphan contact point": (
        lambda d: d.set("contacts", 1, contact_point_id="P7"),
        "contacts.contact_point_id: refers to contact_points.contact_point_id that do not exist (1 row;",
    ),
    "gap": (
        lambda d: d.drop("months", 1, 2),
        "months.month: months must follow one another without a gap between an account's first and last month "
        "(2 rows; for example account_id=A1, first=2025-01-31, last=2025-04-30, missing=2). Add",
    ),
    "gap in the economy": (
        lambda d: d.drop("macro", 2),
        "macro.month: months must follow one another without a gap between the first and last month (1 row;",
    ),
    "rows after the end": (
        lambda d: d.set("months", 8, status="sold", balance=0.0),
        "months.status: paid_off, sold and closed are an account's last row, and rows follow (1 row; for example "
        "account_id=A3, month=2025-02-28, status=paid_off, ended=2025-01-31)",
    ),
    "open after charge-off": (
        lambda d: d.set("months", 7, status="open"),
        "months.status: must not be open again after charged_off (1 row; for example account_id=A2, "
        "month=2025-04-30, status=open, charged_off=2025-02-28)",
    ),
    "charged off twice": (
        lambda d: d.set("months", 7, charged_off_amount=400.0),
        "months.charged_off_amount: must be given in the month of charge-off only (1 row; for example "
        "account_id=A2, month=2025-04-30",
    ),
    "months before opening": (
        lambda d: d.set("accounts", 3, opened_on=date(2025, 5, 1)),
        "months.month: must not end before the account's opened_on (1 row; for example account_id=A4, "
        "month=2025-04-30, opened=2025-05-01)",
    ),
}


@pytest.mark.parametrize("case", ROW_RULES)
def test_a_broken_rule_is_the_only_problem_and_says_so(draft: Draft, case: str) -> None:
    spoil, expected = ROW_RULES[case]
    spoil(draft)
    found = texts(draft.write())
    assert len(found) == 1, found
    assert found[0].startswith(expected), found[0]


def test_spark_finds_the_same_problems(draft: Draft) -> None:
    try:
        require_java()
    except InputError as error:
        pytest.skip(str(error))
    draft.tables = {name: draft.tables[name] for name in ("accounts", "months", "macro")}
    for case in ("negative balance", "unknown category", "gap in the economy"):
        ROW_RULES[case][0](draft)
    draft.drop("months", 2)
    draft.set("months", 6, status="paid_off")
    draft.set("accounts", 2, opened_on=date(2025, 3, 1))
    draft.repeat("accounts", 3)
    folder = draft.write()
    assert len(texts(folder)) >= 8
    assert texts(folder, "spark://local[1]") == texts(folder)


def test_all_problems_come_in_one_numbered_list(draft: Draft) -> None:
    for case in ("negative balance", "unknown category", "orphan account", "gap in the economy"):
        ROW_RULES[case][0](draft)
    with pytest.raises(ContractError) as caught:
        require_valid(draft.write())
    text = str(caught.value)
    assert "4 problems with the tables. Nothing was written." in text
    assert [line[:4] for line in text.splitlines()[1:]] == ["  1.", "  2.", "  3.", "  4."]
    assert caught.value.exit_code == 2


def test_unknown_categories_are_all_listed_with_counts(draft: Draft) -> None:
    for row, value in enumerate(["loan", "loan", "kredit", "pawn"]):
        draft.set("accounts", row, product=value)
    (found,) = texts(draft.write())
    assert "(4 rows; for example 'loan' in 2; 'kredit' in 1; 'pawn' in 1)" in found


def test_future_rows_are_no_problem(draft: Draft) -> None:
    draft.info = draft.info.model_copy(update={"as_of_month": date(2025, 2, 28)})
    assert texts(draft.write()) == []


def test_an_as_of_month_beyond_the_data_is_refused(draft: Draft) -> None:
    draft.info = draft.info.model_copy(update={"as_of_month": date(2025, 6, 30)})
    (found,) = texts(draft.write())
    assert found.startswith("portfolio.yml.as_of_month: as_of_month is 2025-06, but the last month in months is")
    assert "Write as_of_month: 2025-04" in found


@pytest.mark.parametrize("table", ["accounts", "months"])
def test_a_missing_table_is_named_with_what_the_folder_holds(draft: Draft, table: str) -> None:
    folder = draft.write()
    (folder / f"{table}.parquet").rename(folder / f"{table}.csv")
    found = texts(folder)[0]
    assert found.startswith(f"{table}: required table is missing: no file")
    assert f"The folder holds {table}.csv. Write {table}.parquet into the folder" in found


def test_a_misspelt_table_is_named(draft: Draft) -> None:
    folder = draft.write()
    (folder / "contacts.parquet").rename(folder / "contcts.parquet")
    (found,) = texts(folder)
    assert found.startswith("contcts: unknown table; it looks like a misspelling of contacts. Rename")


def test_a_table_of_ones_own_is_ignored_with_a_note(draft: Draft) -> None:
    folder = draft.write()
    (folder / "branches.parquet").write_bytes((folder / "macro.parquet").read_bytes())
    findings = examine(folder)
    assert findings.problems == ()
    assert "branches.parquet is not a table of the contract and is ignored." in findings.notes


def test_a_file_that_is_not_parquet_is_named(draft: Draft) -> None:
    folder = draft.write()
    (folder / "macro.parquet").write_text("month,unemployment_rate\n")
    (found,) = texts(folder)
    assert found.startswith("macro:") and "macro.parquet is not a readable Parquet file" in found


def test_a_truncated_file_is_named(draft: Draft) -> None:
    folder = draft.write()
    content = (folder / "months.parquet").read_bytes()
    (folder / "months.parquet").write_bytes(content[: len(content) // 2])
    assert any("months.parquet is not a readable Parquet file" in text for text in texts(folder))


def test_a_folder_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    (found,) = texts(tmp_path / "nowhere")
    assert "there is no such folder" in found


def test_a_missing_portfolio_file_does_not_hide_the_tables_problems(draft: Draft) -> None:
    draft.set("months", 0, balance=-3.5)
    folder = draft.write()
    (folder / "portfolio.yml").unlink()
    found = texts(folder)
    assert found[0].startswith("portfolio.yml:") and "is missing" in found[0]
    assert found[1].startswith("months.balance: must not be negative")


def test_a_wrong_portfolio_file_names_the_key(draft: Draft) -> None:
    folder = draft.write()
    (folder / "portfolio.yml").write_text("name: small\ncurency: CNY\n")
    assert "curency" in texts(folder)[0]


def test_a_missing_required_column_is_named_with_the_likely_one(draft: Draft) -> None:
    draft.tables["months"] = draft.tables["months"].rename(columns={"days_past_due": "days_past_due_"})
    found = texts(draft.write())
    assert found == ["months.days_past_due: required column is missing. Rename days_past_due_ to days_past_due."]


def test_a_misspelt_optional_column_is_a_problem(draft: Draft) -> None:
    draft.tables["accounts"] = draft.tables["accounts"].rename(columns={"opened_on": "openned_on"})
    (found,) = texts(draft.write())
    assert found.startswith("accounts.openned_on: unknown column; it looks like a misspelling of opened_on.")


def test_a_column_of_ones_own_is_ignored_with_a_note(draft: Draft) -> None:
    draft.tables["accounts"]["branch_code"] = "B7"
    findings = examine(draft.write())
    assert findings.problems == ()
    assert findings.notes == (
        "accounts.parquet: columns that the contract does not know are ignored: branch_code.",
        *findings.notes[1:],
    )


def _with(draft: Draft, table: str, column: str, values: pa.Array) -> list[str]:
    arrow = draft.arrow(table)
    at = arrow.schema.get_field_index(column)
    return texts(draft.write(**{table: arrow.set_column(at, column, values)}))


def test_whole_numbers_may_come_as_floats_or_decimals(draft: Draft) -> None:
    days = draft.tables["months"].days_past_due
    assert _with(draft, "months", "days_past_due", pa.array(days.astype(float))) == []
    assert _with(draft, "months", "days_past_due", pa.array(days).cast(pa.decimal128(20, 0))) == []


def test_fractions_of_a_day_are_refused(draft: Draft) -> None:
    days = draft.tables["months"].days_past_due.astype(float)
    days[1] = 30.5
    (found,) = _with(draft, "months", "days_past_due", pa.array(days))
    assert "months.days_past_due: must be a whole number (1 row; for example account_id=A1" in found


def test_money_may_come_as_decimals_or_whole_numbers(draft: Draft) -> None:
    balance = pa.array(draft.tables["months"].balance)
    assert _with(draft, "months", "balance", balance.cast(pa.decimal128(18, 2))) == []
    assert _with(draft, "months", "balance", balance.cast(pa.int64())) == []


def test_money_in_single_precision_is_refused(draft: Draft) -> None:
    (found,) = _with(draft, "months", "balance", pa.array(draft.tables["months"].balance, pa.float32()))
    assert found.startswith(
        "months.balance: type is float, expected numbers in double precision (double) (11 rows)"
    )
    assert "Cast it to double; single precision loses cents" in found


def test_dates_may_come_as_midnights(draft: Draft) -> None:
    month = pd.to_datetime(draft.tables["months"].month)
    assert _with(draft, "months", "month", pa.array(month, pa.timestamp("us"))) == []
    noon = pa.array(month + timedelta(hours=12), pa.timestamp("us"))
    found = _with(draft, "months", "month", noon)
    assert any("months.month: must be a date without a time of day (11 rows" in text for text in found)


@pytest.mark.parametrize(
    ("table", "column", "values", "expected"),
    [
        (
            "accounts",
            "account_id",
            pa.array([1, 2, 3, 4]),
            "type is int64, expected text (string) (4 rows). Cast it",
        ),
        ("accounts", "age", pa.array(["30", "40", "50", "x"]), "type is string, expected whole numbers (int64)"),
        ("accounts", "opened_on", pa.array(["2024-01-01"] * 4), "type is string, expected dates (date32)"),
        (
            "contacts",
            "at",
            pa.array([datetime(2025, 2, 3)] * 2, pa.timestamp("us", "UTC")),
            "expected local times without a zone (timestamp) (2 rows). Convert to the customer's local time",
        ),
    ],
)
def test_a_wrong_type_says_what_came_and_what_is_expected(
    draft: Draft, table: str, column: str, values: pa.Array, expected: str
) -> None:
    found = _with(draft, table, column, values)
    assert len(found) == 1 and f"{table}.{column}: " in found[0] and expected in found[0]


def test_a_column_without_any_value_may_have_any_type(draft: Draft) -> None:
    assert _with(draft, "accounts", "age", pa.nulls(4)) == []
    assert _with(draft, "accounts", "opened_on", pa.array([None] * 4, pa.string())) == []


def test_a_required_column_without_any_value_is_empty(draft: Draft) -> None:
    (found,) = _with(draft, "months", "balance", pa.nulls(11))
    assert found == "months.balance: is empty throughout (11 rows). Fill it."


def test_a_number_that_is_not_finite_is_refused(draft: Draft) -> None:
    (found,) = _with(draft, "accounts", "credit_limit", pa.array([1.0, float("nan"), float("inf"), None]))
    assert found.startswith("accounts.credit_limit: is not a finite number (2 rows; for example account_id=A2,")


@pytest.mark.parametrize("table", ["accounts", "months"])
def test_an_empty_portfolio_says_that_there_is_nothing(draft: Draft, table: str) -> None:
    draft.tables = {name: frame.iloc[:0] for name, frame in draft.tables.items()}
    assert f"{table}: the table holds no rows. There is nothing to report on." in texts(draft.write())


def test_one_account_of_one_month_is_a_portfolio(draft: Draft) -> None:
    draft.tables = {"accounts": draft.tables["accounts"].iloc[3:], "months": draft.tables["months"].iloc[10:]}
    assert texts(draft.write()) == []


def test_accounts_that_vanish_are_noted(draft: Draft) -> None:
    draft.drop("months", 9)
    findings = examine(draft.write())
    assert findings.problems == ()
    assert findings.notes == (
        "1 accounts stop before the last month without a row that is paid_off, sold or closed.",
    )


def test_a_reference_to_an_absent_table_is_not_followed(draft: Draft) -> None:
    del draft.tables["contact_points"]
    assert texts(draft.write()) == []


def test_the_as_of_view_gives_the_contracts_types(draft: Draft) -> None:
    arrow = draft.arrow("months")
    days = arrow["days_past_due"].cast(pa.float64())
    month = arrow["month"].cast(pa.timestamp("us"))
    balance = arrow["balance"].cast(pa.decimal128(18, 2))
    for name, values in (("days_past_due", days), ("month", month), ("balance", balance)):
        arrow = arrow.set_column(arrow.schema.get_field_index(name), name, values)
    schema = open_portfolio(draft.write(months=arrow)).table("months").schema()
    assert {name: str(schema[name]) for name in ("days_past_due", "month", "balance")} == {
        "days_past_due": "int64",
        "month": "date",
        "balance": "float64",
    }
