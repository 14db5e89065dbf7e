"""The delinquency chapter on portfolios at the edge of what the contract allows."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from chapter_runs import Left, make_project, numbers_of, run_cells
from small_portfolios import EDGES, a_month_without_rows, write

from analysis.core.errors import ContractError
from analysis.core.states import Buckets
from analysis.data.check import require_valid

NOW = "2025Q4"


@pytest.mark.parametrize("edge", EDGES, indirect=True)
def test_the_chapter_runs_to_its_end_and_no_sentence_has_a_hole(edge: Left) -> None:
    assert (edge.folder / "headline.json").is_file()
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{", edge.prose)
    assert {"reach", "funnel", "hours", "first-contact", "risk-map"} <= set(edge.left_out)


@pytest.mark.parametrize("edge", EDGES, indirect=True)
def test_every_headline_at_the_edge_has_its_value_inside_its_interval(edge: Left) -> None:
    for headline in edge.headlines.values():
        assert headline.value is not None
        assert (headline.lower is None) == (headline.upper is None)


@pytest.mark.parametrize("edge", ["one_account"], indirect=True)
def test_a_single_account_is_told_nowhere(edge: Left) -> None:
    assert edge.headlines == {}
    for name, frame in edge.tables.items():
        told = [
            c for c in ("numerator", "accounts", "balance", "rate", "expected", "change") if c in frame.columns
        ]
        if name != "quality":
            assert frame[told].isna().all(None) or (frame[told].fillna(0) == 0).all(None), name
    assert "too small to" in edge.prose


@pytest.mark.parametrize("edge", ["required_columns_only"], indirect=True)
def test_cash_that_is_not_recorded_has_no_rate(edge: Left) -> None:
    assert "liquidation" not in set(edge.table("flows")["measure"]) | set(edge.table("flows_monthly")["measure"])
    assert "liquidation" not in edge.headlines


@pytest.mark.parametrize("edge", ["all_current", "all_ninety_days_late"], indirect=True)
def test_a_book_where_nothing_happens_has_a_forecast_that_says_so(edge: Left) -> None:
    final = numbers_of(edge, "forecast", measure="overdue_30", basis="balance").iloc[-1]
    assert final["expected"] == pytest.approx(edge.headlines["overdue_30"].value)


@pytest.mark.parametrize("edge", ["stale"], indirect=True)
def test_stale_data_are_compared_with_the_quarters_own_ends(edge: Left) -> None:
    months = numbers_of(edge, "delinquency_monthly", dimension="all", measure="overdue_30", basis="balance")
    rates = months.set_index("month")["rate"]
    headline = edge.headlines["overdue_30"]
    assert headline.as_of.isoformat() == "2025-10-31"
    assert headline.value == pytest.approx(rates[pd.Timestamp("2025-10-31")])
    assert headline.previous == pytest.approx(rates[pd.Timestamp("2025-09-30")])
    assert headline.year_ago == pytest.approx(rates[pd.Timestamp("2024-12-31")])


@pytest.mark.parametrize("edge", ["two_months", "one_month"], indirect=True)
def test_with_too_little_history_nothing_is_compared_or_forecast(edge: Left) -> None:
    assert all(headline.previous is None for headline in edge.headlines.values())
    assert "forecast" not in edge.headlines
    assert "no earlier quarter" in edge.prose


def test_a_month_without_rows_is_refused_before_any_chapter_runs(tmp_path: Path) -> None:
    folder = write(tmp_path / "gap", *a_month_without_rows())
    with pytest.raises(ContractError, match="months must follow one another without a gap"):
        require_valid(folder)


def test_a_window_and_states_can_be_chosen(tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "window", *EDGES["required_columns_only"]())
    chosen = {
        "delinquency.window": {"start": "2025-01", "end": "2025-12"},
        "delinquency.states": [1, 60],
        "delinquency.forecast_draws": 200,
    }
    left = run_cells(make_project(tmp_path / "root", folder, NOW), patch, chosen)
    rolled = left.table("roll_rates")
    assert "2025-01–2025-12" in set(rolled["period"])
    assert set(rolled["from_state"].astype(str)) <= set(Buckets((1, 60)).states)
    assert left.table("delinquency_monthly")["month"].nunique() == 12
    # the rate that is forecast keeps its 30 days, whatever the states shown
    assert left.headlines["forecast"].value is not None
