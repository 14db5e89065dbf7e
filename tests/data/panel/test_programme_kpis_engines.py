"""A programme's measures are counted alike on DuckDB and on Spark."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
from contact_portfolio import account, contact, make_portfolio, path

from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.programme_kpis import KpiRules, kpi_cells
from analysis.data.panel.programme_kpis_calls import CallRules
from analysis.data.portfolio import Portfolio, open_portfolio

RULES = KpiRules({"sms": 0.5, "agent_call": 2.0}, CallRules(8, 22, 1, ("agent_call",)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three accounts of two customers with attempts, a decision and a complaint."""
    months = path("A", "2025-01", [0, 10, 41, 0, 0, 0, 0, 0])
    months += path("B", "2025-01", [0, 10, 41, 71, 101, 131, 161, "charged_off"])
    months += path("C", "2025-01", [0, 0, 0, 12, 0, 0, 0, 0])
    accounts = [account("A", customer_id="X"), account("B", customer_id="X"), account("C")]
    log = [contact("A", "2025-01-20T10:00"), contact("A", "2025-03-03T22:00"), contact("B", "2025-03-04T10:00")]
    log += [contact("A", "2025-03-04T11:00"), contact("C", "2025-04-04T11:00", channel="sms")]
    decided = {
        "treatment_id": "T",
        "account_id": "B",
        "decided_at": date(2025, 3, 3),
        "treatment": "agent",
        "cost": 7.0,
    }
    complaint = {"complaint_id": "Q", "account_id": "C", "at": datetime(2025, 4, 5, 10), "category": "wording"}
    settled = {"resolved_at": datetime(2025, 5, 6, 10), "satisfaction": 2}
    where = tmp_path_factory.mktemp("programme")
    make_portfolio(
        where,
        "2025-08",
        accounts=accounts,
        months=months,
        contacts=log,
        treatments=[decided],
        complaints=[complaint | settled],
    )
    return where


def test_both_engines_count_the_same(folder: Path, on_spark: Portfolio) -> None:
    found = []
    for portfolio in (open_portfolio(folder), on_spark):
        cells = kpi_cells(portfolio, SpellRules(), Buckets(), RULES)
        found.append(cells.sort_values(["kpi", "month", "fold"], ignore_index=True))
    pd.testing.assert_frame_equal(*found, check_dtype=False)
    assert set(found[0]["kpi"]) >= {
        "overdue_rate",
        "collection_cost",
        "complaint_rate",
        "contact_breaches",
        "satisfaction",
    }
