"""The as-of view: what can be seen of a portfolio on a day."""

from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info
from analysis.data.portfolio import open_portfolio

AS_OF = date(2025, 3, 31)


def write_portfolio(folder: Path, **tables: pd.DataFrame) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    info = PortfolioInfo(
        name="tiny", title="Tiny", currency="EUR", source="a test", simulated=True, as_of_month="2025-03"
    )
    write_portfolio_info(info, folder)
    for name, frame in tables.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def accounts(*opened: date | None) -> pd.DataFrame:
    ids = [f"A{i}" for i in range(len(opened))]
    return pd.DataFrame(
        {
            "account_id": ids,
            "customer_id": [f"C{i}" for i in ids],
            "product": "card",
            "opened_on": pd.array(opened, dtype="object"),
        }
    )


def months(*days: date) -> pd.DataFrame:
    return pd.DataFrame(
        {"account_id": "A0", "month": list(days), "days_past_due": 0, "status": "open", "balance": 100.0}
    )


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    return {
        "accounts": accounts(date(2024, 1, 5), date(2025, 3, 31)),
        "months": months(date(2025, 2, 28), date(2025, 3, 31)),
        "disposals": pd.DataFrame(
            {
                "disposal_id": ["D1"],
                "account_id": ["A0"],
                "route": ["sale"],
                "started_on": [date(2025, 1, 1)],
                "ended_on": [date(2025, 2, 1)],
                "proceeds": [50.0],
            }
        ),
        "complaints": pd.DataFrame(
            {
                "complaint_id": ["K1"],
                "account_id": ["A0"],
                "at": [datetime(2025, 3, 31, 23, 59)],
                "responded_at": [datetime(2025, 3, 31, 23, 59, 30)],
                "resolved_at": pd.to_datetime([None]),
                "satisfaction": [None],
            }
        ),
    }


def later(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same tables as they stand a quarter later: more rows, and blanks filled in."""
    return {
        "accounts": pd.concat([tables["accounts"], accounts(None, None, date(2025, 4, 1)).tail(1)]),
        "months": pd.concat([tables["months"], months(date(2025, 4, 30), date(2025, 5, 31))]),
        "disposals": pd.concat(
            [tables["disposals"], tables["disposals"].assign(disposal_id="D2", started_on=date(2025, 4, 2))]
        ),
        "complaints": tables["complaints"].assign(resolved_at=[datetime(2025, 4, 1, 0, 0)], satisfaction=[2]),
    }


def seen(folder: Path, table: str) -> pd.DataFrame:
    view = open_portfolio(folder, AS_OF).table(table)
    return view.order_by(view.columns[:2]).execute()


@pytest.mark.parametrize("table", ["accounts", "months", "disposals", "complaints"])
def test_future_rows_and_later_fillings_change_nothing(
    tmp_path: Path, tables: dict[str, pd.DataFrame], table: str
) -> None:
    now = seen(write_portfolio(tmp_path / "now", **tables), table)
    then = seen(write_portfolio(tmp_path / "then", **later(tables)), table)
    pd.testing.assert_frame_equal(now, then, check_dtype=False)


def test_an_account_without_an_opening_day_is_visible(tmp_path: Path, tables: dict[str, pd.DataFrame]) -> None:
    folder = write_portfolio(tmp_path, **tables | {"accounts": accounts(None, date(2024, 1, 1))})
    assert len(seen(folder, "accounts")) == 2


def test_proceeds_are_blank_until_the_disposal_has_ended(tmp_path: Path, tables: dict[str, pd.DataFrame]) -> None:
    running = tables["disposals"].assign(ended_on=date(2025, 4, 15))
    row = seen(write_portfolio(tmp_path, **tables | {"disposals": running}), "disposals").iloc[0]
    assert pd.isna(row.ended_on)
    assert pd.isna(row.proceeds)


def test_a_column_filled_only_in_the_future_counts_as_absent(
    tmp_path: Path, tables: dict[str, pd.DataFrame]
) -> None:
    portfolio = open_portfolio(write_portfolio(tmp_path, **later(tables)), AS_OF)
    assert portfolio.missing("complaints.at", "complaints.satisfaction") == ["complaints.satisfaction"]


def test_absent_tables_columns_and_null_columns_are_missing(
    tmp_path: Path, tables: dict[str, pd.DataFrame]
) -> None:
    portfolio = open_portfolio(write_portfolio(tmp_path, **tables), AS_OF)
    names = ["macro", "accounts.region", "accounts.product", "complaints.satisfaction", "disposals"]
    assert portfolio.missing(*names) == ["macro", "accounts.region", "complaints.satisfaction"]
    assert portfolio.has("accounts.product", "disposals.proceeds")


def test_asking_for_what_is_not_in_the_contract_is_refused(
    tmp_path: Path, tables: dict[str, pd.DataFrame]
) -> None:
    with pytest.raises(InputError, match=r"'accounts\.colour' is not in the table contract"):
        open_portfolio(write_portfolio(tmp_path, **tables), AS_OF).has("accounts.colour")


def test_clusters_are_customers_where_they_are_known(tmp_path: Path, tables: dict[str, pd.DataFrame]) -> None:
    known = write_portfolio(tmp_path / "known", **tables)
    assert open_portfolio(known).cluster == "customer_id"
    anonymous = tables | {"accounts": tables["accounts"].drop(columns="customer_id")}
    assert open_portfolio(write_portfolio(tmp_path / "unknown", **anonymous)).cluster == "account_id"


def test_months_covered_ends_on_the_as_of_day(tmp_path: Path, tables: dict[str, pd.DataFrame]) -> None:
    folder = write_portfolio(tmp_path, **later(tables))
    assert open_portfolio(folder, AS_OF).months_covered() == (date(2025, 2, 28), AS_OF)


def test_a_period_before_the_data_is_refused(tmp_path: Path, tables: dict[str, pd.DataFrame]) -> None:
    portfolio = open_portfolio(write_portfolio(tmp_path, **tables), date(2020, 3, 31))
    with pytest.raises(InputError, match="holds no month up to 2020-03-31"):
        portfolio.months_covered()


def test_a_missing_required_table_is_named(tmp_path: Path, tables: dict[str, pd.DataFrame]) -> None:
    folder = write_portfolio(tmp_path, accounts=tables["accounts"])
    with pytest.raises(InputError, match=r"required tables are missing: .*months\.parquet"):
        open_portfolio(folder)


def test_a_folder_without_portfolio_yml_is_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"portfolio\.yml is missing\. A portfolio is a folder"):
        open_portfolio(tmp_path)
