"""A small portfolio that keeps the contract, to be broken one rule at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.core.contract import TABLES
from analysis.core.periods import month_end
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info
from analysis.data.parquet import arrow_schema


@dataclass
class Draft:
    """Tables as frames, written to a folder when asked."""

    folder: Path
    tables: dict[str, pd.DataFrame]
    info: PortfolioInfo

    def set(self, table: str, row: int, **values: object) -> None:
        for name, value in values.items():
            if name not in self.tables[table].columns:
                self.tables[table][name] = None
            self.tables[table][name] = self.tables[table][name].astype(object)
            self.tables[table].loc[row, name] = value

    def drop(self, table: str, *rows: int) -> None:
        self.tables[table] = self.tables[table].drop(index=list(rows)).reset_index(drop=True)

    def repeat(self, table: str, row: int) -> None:
        frame = self.tables[table]
        self.tables[table] = pd.concat([frame, frame.iloc[[row]]], ignore_index=True)

    def arrow(self, name: str) -> pa.Table:
        frame = self.tables[name]
        known = [column for column in frame.columns if TABLES[name].column(column)]
        table = pa.Table.from_pandas(frame[known], arrow_schema(TABLES[name], known), preserve_index=False)
        for column in frame.columns.difference(known):
            table = table.append_column(column, pa.array(frame[column]))
        return table

    def write(self, **replaced: pa.Table) -> Path:
        self.folder.mkdir(exist_ok=True)
        for name in self.tables:
            pq.write_table(replaced.get(name, self.arrow(name)), self.folder / f"{name}.parquet")
        write_portfolio_info(self.info, self.folder)
        return self.folder


def _months() -> pd.DataFrame:
    """A1 cures, A2 is charged off and recovers, A3 is paid off, A4 has one month."""
    ends = [month_end(2025, month) for month in (1, 2, 3, 4)]
    rows = [("A1", end, dpd, "open", 100.0, None) for end, dpd in zip(ends, (0, 30, 0, 0), strict=True)]
    rows += [("A2", ends[0], 150, "open", 500.0, None), ("A2", ends[1], 180, "charged_off", 500.0, 500.0)]
    rows += [("A2", ends[2], 210, "charged_off", 400.0, 0.0), ("A2", ends[3], 240, "charged_off", 400.0, None)]
    rows += [("A3", ends[0], 0, "open", 50.0, None), ("A3", ends[1], 0, "paid_off", 0.0, None)]
    rows += [("A4", ends[3], 0, "open", 10.0, None)]
    names = ["account_id", "month", "days_past_due", "status", "balance", "charged_off_amount"]
    return pd.DataFrame(rows, columns=names)


def _accounts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": ["A1", "A2", "A3", "A4"],
            "customer_id": ["C1", "C1", "C2", "C3"],
            "product": ["card", "card", "instalment", "cash_loan"],
            "opened_on": [date(2024, 5, 2), date(2023, 1, 9), date(2024, 12, 31), date(2025, 4, 11)],
            "credit_limit": [1000.0, 2000.0, None, None],
            "age": [30, 40, 50, None],
        }
    )


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    info = PortfolioInfo(
        name="small",
        title="Four accounts",
        currency="CNY",
        source="made for a test",
        simulated=True,
        as_of_month="2025-04",
    )
    contacts = pd.DataFrame(
        {
            "contact_id": ["K1", "K2"],
            "account_id": ["A1", "A2"],
            "contact_point_id": ["P1", None],
            "at": [datetime(2025, 2, 3, 9, 30), datetime(2025, 2, 4, 19, 0)],
            "channel": ["sms", "agent_call"],
            "promised_on": [None, date(2025, 2, 20)],
        }
    )
    points = pd.DataFrame(
        {"contact_point_id": ["P1"], "customer_id": ["C1"], "kind": ["mobile"], "added_at": [date(2023, 1, 9)]}
    )
    treatments = pd.DataFrame(
        {
            "treatment_id": ["T1"],
            "account_id": ["A2"],
            "decided_at": [date(2025, 2, 1)],
            "started_on": [date(2025, 2, 2)],
            "ended_on": [None],
            "treatment": ["agency placement"],
        }
    )
    macro = pd.DataFrame(
        {
            "month": [month_end(2025, month) for month in (1, 2, 3, 4)],
            "unemployment_rate": [0.05, 0.05, 0.051, 0.052],
            "industry_index_retail": [100.0, 99.0, 98.5, 98.0],
        }
    )
    tables = {
        "accounts": _accounts(),
        "months": _months(),
        "contact_points": points,
        "contacts": contacts,
        "treatments": treatments,
        "macro": macro,
    }
    return Draft(tmp_path / "small", tables, info)


@pytest.fixture
def write_months() -> Callable[[Path, pd.DataFrame, list[int]], None]:
    """Write months with row groups of the given sizes."""

    def write(folder: Path, frame: pd.DataFrame, sizes: list[int]) -> None:
        schema = arrow_schema(TABLES["months"], list(frame.columns))
        table = pa.Table.from_pandas(frame, schema, preserve_index=False)
        with pq.ParquetWriter(folder / "months.parquet", schema) as writer:
            start = 0
            for size in sizes:
                writer.write_table(table.slice(start, size))
                start += size

    return write
