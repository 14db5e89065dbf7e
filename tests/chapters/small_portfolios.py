"""Portfolios at the edge of what the contract allows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.core.periods import months_between, parse_month
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info

Days = Callable[[int, int], int]


def panel(count: int, first: str, last: str, days: Days) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accounts and months with no more than the required columns; `days(account, month)` are days past due."""
    months = months_between(parse_month(first), parse_month(last))
    rows = [
        (f"A{i:04d}", month, days(i, k), "open", 100.0 + i) for i in range(count) for k, month in enumerate(months)
    ]
    accounts = pd.DataFrame({"account_id": [f"A{i:04d}" for i in range(count)], "product": "card"})
    return accounts, pd.DataFrame(rows, columns=["account_id", "month", "days_past_due", "status", "balance"])


def drawn(months: int, seed: int = 1, accounts: int = 400) -> Days:
    """Days past due of accounts that fall overdue, cure and roll on by chance."""
    random, state = np.random.default_rng(seed), np.zeros((accounts, months), int)
    for month in range(1, months):
        before, chance = state[:, month - 1], random.random(accounts)
        late = np.where(chance < 0.4, 0, np.minimum(before + 1, 6))
        state[:, month] = np.where(before == 0, chance < 0.08, late)
    return lambda account, month: int(state[account, month]) * 30


def write(folder: Path, accounts: pd.DataFrame, months: pd.DataFrame, breaks: Sequence[date] = ()) -> Path:
    """Write a portfolio whose last month is that of its rows."""
    folder.mkdir(parents=True)
    kinds = {"month": pa.date32(), "days_past_due": pa.int64(), "balance": pa.float64()}
    for name, frame in (("accounts", accounts), ("months", months.sort_values(["account_id", "month"]))):
        columns = {c: pa.array(list(frame[c]), kinds.get(c), from_pandas=True) for c in frame.columns}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    info = PortfolioInfo(
        name=folder.name,
        title="At the edge",
        currency="EUR",
        source="made for a test",
        simulated=False,
        as_of_month=max(months["month"]),
        breaks=list(breaks),
    )
    write_portfolio_info(info, folder)
    return folder


def one_account() -> tuple[pd.DataFrame, pd.DataFrame]:
    return panel(1, "2023-01", "2025-12", lambda account, month: 30 * (month % 4))


def required_columns_only() -> tuple[pd.DataFrame, pd.DataFrame]:
    return panel(400, "2023-01", "2025-12", drawn(36))


def most_accounts_have_no_months() -> tuple[pd.DataFrame, pd.DataFrame]:
    accounts, months = required_columns_only()
    return accounts, months[months["account_id"].isin(accounts["account_id"].head(40))]


def two_months() -> tuple[pd.DataFrame, pd.DataFrame]:
    days = drawn(8)
    return panel(400, "2025-11", "2025-12", lambda account, month: days(account, month + 6))


def one_month() -> tuple[pd.DataFrame, pd.DataFrame]:
    days = drawn(8)
    return panel(400, "2025-12", "2025-12", lambda account, month: days(account, month + 6))


def all_current() -> tuple[pd.DataFrame, pd.DataFrame]:
    return panel(200, "2023-01", "2025-12", lambda account, month: 0)


def all_ninety_days_late() -> tuple[pd.DataFrame, pd.DataFrame]:
    return panel(200, "2024-01", "2025-12", lambda account, month: 95 + 30 * month)


def stale() -> tuple[pd.DataFrame, pd.DataFrame]:
    return panel(400, "2023-01", "2025-10", drawn(34))


def nothing_owed() -> tuple[pd.DataFrame, pd.DataFrame]:
    accounts, months = panel(100, "2024-01", "2025-12", lambda account, month: 0)
    return accounts, months.assign(balance=0.0)


def nothing_open_at_the_end() -> tuple[pd.DataFrame, pd.DataFrame]:
    accounts, months = panel(100, "2024-01", "2025-10", lambda account, month: 0)
    last = months["month"] == parse_month("2025-10")
    return accounts, months.assign(
        status=months["status"].mask(last, "paid_off"), balance=months["balance"].mask(last, 0.0)
    )


def all_charged_off() -> tuple[pd.DataFrame, pd.DataFrame]:
    accounts, months = panel(100, "2024-01", "2025-12", lambda account, month: 30 * month)
    off = months["days_past_due"] >= 180
    return accounts, months.assign(
        status=months["status"].mask(off, "charged_off"),
        amount_paid=off.astype(float),
        charged_off_amount=months["balance"].where(months["days_past_due"] == 180),
    )


def opened_this_summer() -> tuple[pd.DataFrame, pd.DataFrame]:
    accounts, months = panel(300, "2025-08", "2025-12", drawn(5, accounts=300))
    accounts["opened_on"] = date(2025, 8, 3)
    accounts["customer_id"] = [f"C{i // 2}" for i in range(300)]
    accounts["region"] = ["north", "south"] * 150
    return accounts, months


def a_month_without_rows() -> tuple[pd.DataFrame, pd.DataFrame]:
    accounts, months = required_columns_only()
    return accounts, months[months["month"] != parse_month("2024-06")]


def three_months() -> tuple[pd.DataFrame, pd.DataFrame]:
    days = drawn(9)
    return panel(400, "2025-10", "2025-12", lambda account, month: days(account, month + 6))


def never_cured() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accounts that stop paying at some time and are charged off six months later."""
    stop = np.random.default_rng(5).integers(6, 36, 400)
    accounts, months = panel(400, "2023-01", "2025-12", lambda a, month: max(0, 30 * int(month - stop[a])))
    off = months["days_past_due"] >= 180
    amount = months["balance"].where(months["days_past_due"] == 180)
    return accounts, months.assign(status=months["status"].mask(off, "charged_off"), charged_off_amount=amount)


def always_cured() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every payment missed is made up in the month after."""
    missed = np.random.default_rng(6).random((400, 37)) < 0.15
    missed[:, 1:] &= ~missed[:, :-1]
    return panel(400, "2023-01", "2025-12", lambda account, month: 30 * int(missed[account, month]))


def recorded_differently_from_2024() -> tuple[pd.DataFrame, pd.DataFrame, list[date]]:
    return *required_columns_only(), [parse_month("2024-07")]


EDGES = {
    made.__name__: made
    for made in (
        one_account,
        required_columns_only,
        most_accounts_have_no_months,
        two_months,
        one_month,
        all_current,
        all_ninety_days_late,
        stale,
        nothing_owed,
        nothing_open_at_the_end,
        all_charged_off,
        opened_this_summer,
        three_months,
        never_cured,
        always_cured,
        recorded_differently_from_2024,
    )
}


@dataclass(frozen=True)
class Change:
    """Tables that a portfolio is to lack, columns of others, and statuses of months without rows."""

    tables: Sequence[str] = ()
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    statuses: Sequence[str] = ()
    keeps_cure: bool = True
    """Whether the cure chapter's results are those of the unchanged portfolio; otherwise there are none."""


CHANGES = {
    "work_and_facts": Change(
        tables=("treatments", "contacts", "contact_points", "complaints", "attributes", "disposals"),
        columns={"accounts": ("customer_id", "industry", "region", "debt_ratio")},
    ),
    "probabilities": Change(columns={"treatments": ("probability",)}),
    "charge_offs_and_experiments": Change(
        columns={"months": ("charged_off_amount",), "treatments": ("experiment_id", "arm")},
        statuses=("charged_off", "sold"),
        keeps_cure=False,
    ),
}
"""What a simulated portfolio may have to do without, by a name."""


def changed(source: Path, into: Path, change: Change) -> Path:
    """A copy of a portfolio that lacks what `change` names."""
    into.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        if path.suffix != ".parquet":
            shutil.copy(path, into / path.name)
        elif path.stem not in change.tables:
            table = pq.read_table(path)
            if path.stem == "months" and change.statuses:
                table = table.filter(pc.invert(pc.is_in(table["status"], pa.array(change.statuses))))
            pq.write_table(table.drop_columns(list(change.columns.get(path.stem, ()))), into / path.name)
    return into
