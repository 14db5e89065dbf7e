"""Reading what a simulated portfolio was drawn from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info
from analysis.data.portfolio import Portfolio, open_portfolio
from analysis.data.truth import FILE, read_truth


def portfolio(folder: Path, simulated: bool, text: str | None) -> Portfolio:
    pd.DataFrame({"account_id": ["A"], "product": ["card"]}).to_parquet(folder / "accounts.parquet")
    pd.DataFrame({"account_id": ["A"]}).to_parquet(folder / "months.parquet")
    info = PortfolioInfo(
        name="tiny",
        title="Tiny",
        currency="EUR",
        source="test",
        simulated=simulated,
        as_of_month=date(2025, 12, 31),
    )
    write_portfolio_info(info, folder)
    if text is not None:
        (folder / FILE).write_text(text, encoding="utf-8")
    return open_portfolio(folder)


def test_the_truth_of_a_simulated_portfolio_is_read(tmp_path: Path) -> None:
    found = read_truth(portfolio(tmp_path, True, '{"entry": {"by_month": {}}, "cure": {"hazard": 0.3}}'))
    assert found == {"entry": {"by_month": {}}, "cure": {"hazard": 0.3}}


def test_a_real_portfolio_has_no_truth_even_beside_such_a_file(tmp_path: Path) -> None:
    assert read_truth(portfolio(tmp_path, False, '{"entry": {}}')) is None


def test_a_simulated_portfolio_may_have_lost_its_truth(tmp_path: Path) -> None:
    assert read_truth(portfolio(tmp_path, True, None)) is None


@pytest.mark.parametrize("text", ['{"entry": ', "", '["entry"]', '{"entry": {}}'])
def test_a_damaged_truth_is_refused_with_its_mend(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"truth\.json is not valid.*Simulate the portfolio again"):
        read_truth(portfolio(tmp_path, True, text))
