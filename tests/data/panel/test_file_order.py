"""Steps found by the next row of the file, and by sorting, are the same steps."""

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.periods import shift_months
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info
from analysis.core.states import Buckets
from analysis.data.panel.months import months_in_order, steps
from analysis.data.panel.parts import Part, parts
from analysis.data.portfolio import Portfolio, open_portfolio

START = date(2025, 1, 31)


def months(lengths: list[int]) -> pd.DataFrame:
    """Accounts A0, A1, … with so many months each, days past due going up by 30."""
    rows = [
        (f"A{number:03d}", shift_months(START, month), 30 * month, "open", 100.0 + month)
        for number, length in enumerate(lengths)
        for month in range(length)
    ]
    return pd.DataFrame(rows, columns=["account_id", "month", "days_past_due", "status", "balance"])


def write(folder: Path, panel: pd.DataFrame, rows_a_group: int | None = None) -> Portfolio:
    folder.mkdir(parents=True, exist_ok=True)
    info = PortfolioInfo(
        name=folder.name, title="t", currency="EUR", source="t", simulated=True, as_of_month="2026-12"
    )
    write_portfolio_info(info, folder)
    accounts = pd.DataFrame({"account_id": sorted(panel["account_id"].unique()), "product": "card"})
    accounts.to_parquet(folder / "accounts.parquet", index=False)
    pq.write_table(pa.Table.from_pandas(panel), folder / "months.parquet", row_group_size=rows_a_group)
    return open_portfolio(folder)


def taken(portfolio: Portfolio) -> pd.DataFrame:
    pieces = [steps(part, Buckets()).execute() for part in parts(portfolio, clustered=False)]
    return pd.concat(pieces).sort_values(["account_id", "m"], ignore_index=True)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_order_changes_no_step(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], random: object
) -> None:
    panel = months(lengths)
    shuffled = panel.sample(frac=1.0, random_state=random.randrange(2**31))  # type: ignore[attr-defined]
    folder = tmp_path_factory.mktemp("order")
    in_order, out_of_order = write(folder / "a", panel), write(folder / "b", shuffled)
    assert months_in_order(in_order)
    pd.testing.assert_frame_equal(taken(in_order), taken(out_of_order))


def test_a_step_never_crosses_from_one_account_to_the_next(tmp_path: Path) -> None:
    found = taken(write(tmp_path / "p", months([2, 1, 3])))
    assert found["account_id"].tolist() == ["A000", "A002", "A002"]


def test_a_shuffled_file_is_known_as_such(tmp_path: Path) -> None:
    panel = months([3, 3])
    assert not months_in_order(write(tmp_path / "reversed", panel.iloc[::-1]))
    assert not months_in_order(write(tmp_path / "swapped", panel.iloc[[1, 0, 2, 3, 4, 5]]))


def test_row_groups_that_overlap_are_no_order(tmp_path: Path) -> None:
    panel = months([3, 3])
    assert months_in_order(write(tmp_path / "aligned", panel, rows_a_group=3))
    assert not months_in_order(write(tmp_path / "split", panel, rows_a_group=2))


def test_joined_parts_are_not_trusted_to_keep_the_order(tmp_path: Path) -> None:
    portfolio = write(tmp_path / "p", months([2, 2]))
    from analysis.data.panel.months import in_file_order

    assert in_file_order(Part(portfolio))
    assert not in_file_order(Part(portfolio, together=True))
