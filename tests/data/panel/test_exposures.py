"""Accounts that can still lose money, and those that were written off since."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis.core.states import Buckets
from analysis.data.panel.exposures import exposures, secured_products, written_off
from analysis.data.portfolio import Portfolio, open_portfolio
from analysis.data.simulate import simulate

END, BEFORE = date(2025, 12, 31), date(2025, 9, 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("exposures") / "p"
    simulate(place, accounts=800, months=18, end=END, seed=5)
    return place


@pytest.fixture(scope="module")
def portfolio(folder: Path) -> Portfolio:
    return open_portfolio(folder, END)


@pytest.fixture(scope="module")
def months(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "months.parquet").assign(month=lambda f: pd.to_datetime(f["month"]))


def test_exposures_are_the_open_accounts_with_their_balance(portfolio: Portfolio, months: pd.DataFrame) -> None:
    found = exposures(portfolio, Buckets(), END)
    held = months[(months["month"] == pd.Timestamp(END)) & (months["status"] == "open")].set_index("account_id")
    assert found.index.is_unique and set(found.index) == set(held.index)
    assert found["balance"].sum() == pytest.approx(held["balance"].sum())
    assert (found["state"].astype(str).isin(Buckets().labels)).all()
    assert (found["months_left"].dropna() >= 0).all()


def test_written_off_accounts_are_told_as_they_last_stood_open(portfolio: Portfolio, months: pd.DataFrame) -> None:
    found = written_off(portfolio, Buckets(), BEFORE)
    charged = months[months["status"] == "charged_off"].groupby("account_id")["month"].min()
    expected = charged[charged > pd.Timestamp(BEFORE)]
    assert len(expected) > 0 and set(found.index) == set(expected.index)
    assert not set(found.index) & set(exposures(portfolio, Buckets(), END).index)
    last = months[months["status"] == "open"].sort_values("month").groupby("account_id")["balance"].last()
    assert found["balance"].to_dict() == pytest.approx(last.reindex(found.index).to_dict())


def test_products_backed_by_collateral_are_told_where_that_is_recorded(folder: Path, tmp_path: Path) -> None:
    assert secured_products(open_portfolio(folder, END)) == ("auto", "mortgage")
    without = tmp_path / "without"
    shutil.copytree(folder, without)
    accounts = pd.read_parquet(without / "accounts.parquet")
    accounts.drop(columns="secured").to_parquet(without / "accounts.parquet")
    assert secured_products(open_portfolio(without, END)) == ()
