import pytest

from analysis.core.contract import REQUIRED_TABLES, TABLES, Table
from analysis.core.errors import ContractError, Problem

tables = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


@tables
def test_keys_dates_orders_and_references_name_columns_of_the_contract(table: Table) -> None:
    named = [*table.keys, table.dated]
    named += [column for order in table.orders for column in (order.earlier, order.later)]
    named += [reference.column for reference in table.references]
    assert set(named) <= set(table.names)
    for reference in table.references:
        assert reference.target in TABLES[reference.table].names


@tables
def test_what_is_blanked_as_of_a_day_follows_a_date(table: Table) -> None:
    for column in table.columns:
        if column.blank_after:
            source = table.column(column.blank_after)
            assert source is not None and source.kind in ("date", "timestamp")


@tables
def test_keys_are_required(table: Table) -> None:
    assert set(table.keys) <= set(table.required)


@tables
def test_only_categories_have_closed_lists(table: Table) -> None:
    for column in table.columns:
        assert bool(column.allowed) == (column.kind == "category"), column.name


def test_a_report_needs_no_more_than_accounts_and_months() -> None:
    assert REQUIRED_TABLES == ("accounts", "months")
    assert set(TABLES["months"].required) == {"account_id", "month", "days_past_due", "status", "balance"}


def test_industry_indices_are_an_open_family() -> None:
    assert TABLES["macro"].column("industry_index_retail") is not None
    assert TABLES["macro"].column("industry") is None


def test_a_contract_error_is_one_complete_numbered_list() -> None:
    problems = [
        Problem("months", "balance", "must be 0 or more", 2, ("account_id=A1, balance=-3",), "Write 0."),
        Problem("accounts", "", "is empty", 1),
    ]
    text = str(ContractError("data/portfolio/x", problems))
    assert text.splitlines()[0] == "data/portfolio/x: 2 problems with the tables. Nothing was written."
    assert (
        "  1. months.balance: must be 0 or more (2 rows; for example account_id=A1, balance=-3). Write 0." in text
    )
    assert "  2. accounts: is empty (1 row)" in text
    assert ContractError.exit_code == 2
