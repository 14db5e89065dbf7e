"""A lender's own files come in through a mapping; nothing is guessed and nothing is lost silently."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from analysis.core.errors import ContractError, InputError
from analysis.core.portfolio import read_portfolio_info
from analysis.data.check import check_portfolio
from analysis.data.sources.own_files import import_own

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "own-data"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the documentation's example, to be spoilt."""
    shutil.copytree(EXAMPLE, tmp_path / "example")
    return tmp_path / "example"


def edit(example: Path, *path: str, value: Any) -> None:
    """Set one key of the example's mapping."""
    file = example / "mapping.yml"
    content = yaml.safe_load(file.read_text())
    place = content
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def substitute(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def refused(example: Path) -> str:
    """The message of an import that must fail and leave nothing."""
    with pytest.raises(InputError) as caught:
        import_own([example / "mapping.yml"], example.parent / "out")
    assert not (example.parent / "out").exists()
    assert [path.name for path in example.parent.iterdir()] == ["example"]
    return str(caught.value)


def test_the_documented_example_becomes_a_portfolio(tmp_path: Path) -> None:
    report = import_own([EXAMPLE / "mapping.yml"], tmp_path / "own")
    assert dict(report.rows) == {"accounts": 4, "months": 10, "contacts": 4}
    assert check_portfolio(tmp_path / "own") == ()
    assert read_portfolio_info(tmp_path / "own").as_of_month == date(2025, 3, 31)


def test_marks_dates_rates_and_codes_are_read_as_mapped(tmp_path: Path) -> None:
    import_own([EXAMPLE / "mapping.yml"], tmp_path / "own")
    accounts = pd.read_parquet(tmp_path / "own" / "accounts.parquet").set_index("account_id")
    first = accounts.loc["L-001"]
    assert (first.original_amount, first.opened_on, first["product"]) == (12000.0, date(2024, 3, 14), "instalment")
    assert first.annual_rate == pytest.approx(0.079)
    assert accounts.secured.tolist() == [False, False, False, True]
    assert pd.isna(accounts.loc["L-004"].origination_score)
    assert set(accounts.lender) == {"Example lender"}
    months = pd.read_parquet(tmp_path / "own" / "months.parquet")
    assert months.month.tolist()[:2] == [date(2025, 1, 31), date(2025, 2, 28)]
    assert months[months.status == "charged_off"].balance.tolist() == [1910.40, 1810.40]


def test_the_report_says_what_came_from_where_and_what_cannot_be_filled(tmp_path: Path) -> None:
    text = str(import_own([EXAMPLE / "mapping.yml"], tmp_path / "own"))
    assert "accounts.annual_rate ← loans.csv: rate_pct" in text
    assert "accounts.lender ← 'Example lender', throughout" in text
    assert "disposals (the whole table)" in text
    assert "months: accrued_interest, utilisation, spend, app_logins" in text


def test_the_documentation_shows_the_example_as_it_is() -> None:
    text = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
    for name in ("loans.csv", "balances.csv", "mapping.yml"):
        for block in (EXAMPLE / name).read_text(encoding="utf-8").split("\n\n"):
            if name != "mapping.yml" or "portfolio:" in block or "months:" in block:
                assert block.strip() in text, name


def test_months_are_put_in_order(example: Path, tmp_path: Path) -> None:
    lines = (example / "balances.csv").read_text().splitlines()
    (example / "balances.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    import_own([example / "mapping.yml"], tmp_path / "own")
    import_own([EXAMPLE / "mapping.yml"], tmp_path / "straight")
    assert pq.read_table(tmp_path / "own" / "months.parquet").equals(
        pq.read_table(tmp_path / "straight" / "months.parquet")
    )


def test_several_files_and_parquet_files_can_feed_a_table(example: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(example / "balances.csv", sep=";", dtype=str)
    (example / "balances.csv").unlink()
    frame.iloc[:5].to_parquet(example / "balances-1.parquet")
    frame.iloc[5:].to_parquet(example / "balances-2.parquet")
    edit(example, "tables", "months", "file", value="balances-*.parquet")
    assert import_own([example / "mapping.yml"], tmp_path / "own").rows["months"] == 10


def test_unmapped_values_are_all_listed_with_counts_and_rows(example: Path) -> None:
    substitute(example / "balances.csv", "L-004;2025-02;A", "L-004;2025-02;X")
    substitute(example / "balances.csv", "L-001;2025-01;A", "L-001;2025-01;Q")
    substitute(example / "balances.csv", "L-001;2025-02;A", "L-001;2025-02;Q")
    substitute(example / "loans.csv", "karte", "leasing")
    text = refused(example)
    assert "2 problems with the tables. Nothing was written." in text
    assert (
        "accounts.product: loans.csv, column 'type': values without a mapping (1 row; for example 'leasing' in 1 "
        "from row 2). Add each of them under values" in text
    )
    assert "(3 rows; for example 'Q' in 2 from row 1; 'X' in 1 from row 9)" in text


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "loans.csv",
            "14.03.2024",
            "2024-03-14",
            "texts that are not %d.%m.%Y (1 row; for example '2024-03-14' in",
        ),
        (
            "loans.csv",
            "5.500,00",
            "5 500 EUR",
            "texts that are not numbers (1 row; for example '5 500 EUR' in 1 from",
        ),
        (
            "loans.csv",
            ";48;",
            ";48,5;",
            "texts that are not whole numbers (1 row; for example '48,5' in 1 from row 1",
        ),
        ("loans.csv", "612;N", "612;J", "column 'secured': values without a mapping (1 row; for example 'J' in 1"),
        ("balances.csv", "2025-01;A;0;10", "01/25;A;0;10", "texts that are not %Y-%m (1 row; for example '01/25'"),
        ("calls.csv", "18:20", "18.20", "texts that are not %d.%m.%Y %H:%M (1 row"),
    ],
)
def test_a_text_that_cannot_be_read_is_named_with_its_row(
    example: Path, file: str, old: str, new: str, expected: str
) -> None:
    substitute(example / file, old, new)
    assert expected in refused(example)


def test_a_broken_contract_leaves_nothing(example: Path) -> None:
    substitute(example / "balances.csv", "L-003;2025-02;P;0;0,00", "L-003;2025-02;P;0;9,00")
    assert "months.balance: must be 0 where status is paid_off or closed (1 row" in refused(example)


def test_a_repeated_month_is_refused_by_the_contract(example: Path) -> None:
    substitute(example / "balances.csv", "L-001;2025-02", "L-001;2025-01")
    with pytest.raises(ContractError, match="key \\(account_id, month\\) must be unique"):
        import_own([example / "mapping.yml"], example.parent / "out")


def test_a_category_without_values_must_be_the_contracts(example: Path) -> None:
    edit(example, "tables", "months", "columns", "status", value="state")
    text = refused(example)
    assert "values that the contract does not allow (10 rows; for example 'A' in 7 from row 1" in text
    assert "Add values that map each of them to open, charged_off, paid_off, sold, closed" in text


def test_a_time_with_a_zone_is_refused(example: Path) -> None:
    edit(example, "tables", "contacts", "columns", "at", value="at")
    for old, new in (("03.03.2025 18:20", "2025-03-03 18:20+02"), ("03.03.2025 09:05", "2025-03-03 09:05:00Z")):
        substitute(example / "calls.csv", old, new)
    for old, new in (("20.01.2025 10:11", "2025-01-20 10:11"), ("17.03.2025 08:45", "2025-03-17T08:45:01")):
        substitute(example / "calls.csv", old, new)
    assert "times without a zone (2 rows; for example '2025-03-03 09:05:00Z' in 1" in refused(example)


MAPPING_FAULTS = {
    "unknown key": (
        ("tables", "months", "colums"),
        {},
        "tables.months.colums is unknown; the nearest known name is 'col",
    ),
    "unknown key of a column": (
        ("tables", "accounts", "columns", "opened_on"),
        {"column": "opened", "date_fromat": "%d.%m.%Y"},
        "tables.accounts.columns.opened_on.date_fromat is unknown; the nearest known name is 'date_format'",
    ),
    "unknown key of the portfolio": (
        ("portfolio", "currancy"),
        "EUR",
        "portfolio.currancy is unknown; the nearest known name is 'currency'",
    ),
    "unknown table": (
        ("tables", "complaint"),
        {"file": "x.csv", "columns": {}},
        "tables.complaint is not a table of the contract; the nearest known name is 'complaints'",
    ),
    "unknown column": (
        ("tables", "months", "columns", "days_pastdue"),
        "arrears_days",
        "tables.months.columns.days_pastdue is not a column of the contract; the nearest known name is 'days_past",
    ),
    "missing required column": (
        ("tables", "months", "columns", "balance"),
        None,
        "tables.months.columns.balance is missing; the contract requires it",
    ),
    "missing required table": (("tables", "months"), None, "tables.months is missing"),
    "both origins": (
        ("tables", "accounts", "columns", "lender"),
        {"column": "a", "constant": "b"},
        "tables.accounts.columns.lender: give either column or constant",
    ),
    "unquoted truth": (
        ("tables", "accounts", "columns", "secured"),
        {"column": "secured", "values": {True: True, False: False}},
        "YAML reads yes, no, on, off, true, false and null unquoted as something else than text",
    ),
    "missing file": (
        ("tables", "months", "file"),
        "nowhere.csv",
        "no file matches 'nowhere.csv'. Paths are relative",
    ),
    "missing source column": (
        ("tables", "months", "columns", "balance"),
        "owned",
        "balances.csv has no column 'owned'; the nearest known name is 'owed'",
    ),
    "wrong delimiter": (
        ("tables", "contacts", "delimiter"),
        ",",
        "calls.csv has no column 'call'; known are call;loan_no",
    ),
}


@pytest.mark.parametrize("fault", MAPPING_FAULTS)
def test_a_fault_in_the_mapping_is_named(example: Path, fault: str) -> None:
    path, value, expected = MAPPING_FAULTS[fault]
    edit(example, *path, value=value)
    assert expected in refused(example)


def test_all_faults_of_a_mapping_come_at_once(example: Path) -> None:
    for fault in ("unknown column", "missing required column", "unknown table"):
        path, value, _ = MAPPING_FAULTS[fault]
        edit(example, *path, value=value)
    assert [line[:4] for line in refused(example).splitlines()[1:]] == ["  1.", "  2.", "  3."]


def test_a_csv_given_instead_of_a_mapping_is_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one mapping \(\.yml\) that names the files is expected"):
        import_own([EXAMPLE / "loans.csv"], tmp_path / "own")
