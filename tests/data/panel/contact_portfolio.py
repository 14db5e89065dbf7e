"""Small hand-made portfolios for tests of contacts: a few dictionaries become Parquet tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.core.contract import TABLES
from analysis.core.periods import parse_month, shift_months
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info
from analysis.data.portfolio import Portfolio, open_portfolio

KINDS = {
    "text": pa.string(),
    "category": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def make_portfolio(
    folder: Path,
    end: str,
    engine: str = "duckdb://",
    breaks: Sequence[str] = (),
    **tables: Iterable[dict[str, Any]],
) -> Portfolio:
    """Write tables given as rows, with the contract's types, and open them as of the end of month `end`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        pq.write_table(_typed(name, list(rows)), folder / f"{name}.parquet")
    info = PortfolioInfo(
        name="tiny",
        title="Tiny",
        currency="CNY",
        source="made by hand",
        simulated=True,
        as_of_month=end,
        breaks=list(breaks),
    )
    write_portfolio_info(info, folder)
    return open_portfolio(folder, engine=engine)


def _typed(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    columns = {key: None for row in rows for key in row} or dict.fromkeys(TABLES[name].required)
    fields = []
    for key in columns:
        column = TABLES[name].column(key)
        assert column is not None, f"{name}.{key} is not in the contract"
        fields.append(pa.field(key, KINDS[column.kind]))
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def account(account_id: str, **values: Any) -> dict[str, Any]:
    """An account of its own customer."""
    return {"account_id": account_id, "customer_id": f"C-{account_id}", "product": "card"} | values


def path(account_id: str, first: str, days: Sequence[int | str], **values: Any) -> list[dict[str, Any]]:
    """An account's month ends from `first` on: days past due, or an exit status, one a month.

    Lists among the values go month by month; anything else is the same each month.
    """
    rows = []
    for i, state in enumerate(days):
        own = {key: value[i] if isinstance(value, list) else value for key, value in values.items()}
        status, dpd = ("open", state) if isinstance(state, int) else (state, 200 if state == "charged_off" else 0)
        row = {
            "account_id": account_id,
            "month": shift_months(parse_month(first), i),
            "days_past_due": dpd,
            "status": status,
            "balance": 0.0 if status in ("paid_off", "closed") else 100.0,
        }
        rows.append(row | own)
    return rows


_serial = iter(range(1, 10_000_000))


def contact(
    account_id: str, at: str | datetime, outcome: str | None = "no_answer", **values: Any
) -> dict[str, Any]:
    """An outbound call; `at` as ISO text."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return {
        "contact_id": f"K{next(_serial):07d}",
        "account_id": account_id,
        "at": moment,
        "channel": "agent_call",
        "direction": "outbound",
        "party": "debtor",
        "outcome": outcome,
    } | values


def day(text: str) -> date:
    return date.fromisoformat(text)
