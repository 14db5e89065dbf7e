"""Writes a random portfolio of any size, in the contract's order, for the panel benchmark.

It is a Markov chain with stationary roll rates, drawn in blocks of whole accounts: enough for measuring time and
memory. The demo portfolio, whose behaviour means something, comes from `arrears simulate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.core.periods import months_between, shift_months
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info
from analysis.core.states import PRODUCTS

END = date(2025, 12, 31)
BLOCK = 5_000
"""Accounts in a row group: 120,000 rows for 24 months, Parquet's usual size."""

DAYS = np.array([0, 15, 45, 75, 105, 135, 165, 180, 0, 0])
"""Days past due by state: current, six buckets, 180+ charged off, paid off, closed."""
CHARGED_OFF, PAID_OFF, CLOSED = 7, 8, 9
STATUS = np.array(["open"] * 7 + ["charged_off", "paid_off", "closed"])
CHAIN = np.array(
    [
        [0.965, 0.028, 0, 0, 0, 0, 0, 0, 0.005, 0.002],
        [0.55, 0.20, 0.24, 0, 0, 0, 0, 0, 0.01, 0],
        [0.20, 0.08, 0.20, 0.52, 0, 0, 0, 0, 0, 0],
        [0.10, 0.03, 0.05, 0.12, 0.70, 0, 0, 0, 0, 0],
        [0.06, 0.01, 0.01, 0.03, 0.11, 0.78, 0, 0, 0, 0],
        [0.04, 0, 0, 0, 0.02, 0.10, 0.84, 0, 0, 0],
        [0.03, 0, 0, 0, 0, 0.02, 0.10, 0.85, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0.99, 0.01, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ]
)


def write_benchmark_portfolio(folder: Path, accounts: int, months: int = 24, seed: int = 1) -> int:
    """Write `accounts` accounts over `months` months; returns the rows of the panel."""
    folder.mkdir(parents=True, exist_ok=True)
    write_portfolio_info(
        PortfolioInfo(
            name="benchmark",
            title="Benchmark panel",
            currency="EUR",
            source="drawn at random",
            simulated=True,
            as_of_month=END,
        ),
        folder,
    )
    calendar = np.array(months_between(shift_months(END, 1 - months), END), dtype="datetime64[D]")
    rows = 0
    writers: dict[str, pq.ParquetWriter] = {}
    for table, block in _blocks(accounts, calendar, seed):
        if table not in writers:
            writers[table] = pq.ParquetWriter(folder / f"{table}.parquet", block.schema, compression="zstd")
        writers[table].write_table(block, row_group_size=block.num_rows)
        rows += block.num_rows if table == "months" else 0
    for writer in writers.values():
        writer.close()
    return rows


def _blocks(accounts: int, calendar: np.ndarray, seed: int) -> Iterator[tuple[str, pa.Table]]:
    customers = int(accounts * 0.85)
    for number, first in enumerate(range(0, accounts, BLOCK)):
        random = np.random.default_rng([seed, number])
        index = np.arange(first, min(first + BLOCK, accounts))
        ids = np.char.add("A", np.char.zfill(index.astype(str), 9))
        # Nine in ten accounts run from the first month; the others open within the window.
        opened = np.where(random.random(len(index)) < 0.9, 0, random.integers(1, len(calendar), len(index)))
        yield "accounts", _accounts(random, ids, index, opened, calendar, customers)
        yield "months", _months(random, ids, opened, calendar)


def _accounts(
    random: np.random.Generator,
    ids: np.ndarray,
    index: np.ndarray,
    opened: np.ndarray,
    calendar: np.ndarray,
    customers: int,
) -> pa.Table:
    count = len(ids)
    # The first accounts are one a customer; those beyond the number of customers are second accounts.
    holder = np.where(index < customers, index, random.integers(0, customers, count))
    age = np.where(opened == 0, random.integers(10, 1500, count), random.integers(1, 28, count))
    return pa.table(
        {
            "account_id": ids,
            "customer_id": np.char.add("C", np.char.zfill(holder.astype(str), 9)),
            "product": random.choice(PRODUCTS, count),
            "opened_on": calendar[opened] - age.astype("timedelta64[D]"),
            "region": np.char.add("region ", random.integers(1, 9, count).astype(str)),
            "origination_channel": random.choice(["branch", "online", "partner", "broker"], count),
            "origination_model": random.choice(["A1", "A2", "B1"], count),
        }
    )


def _months(random: np.random.Generator, ids: np.ndarray, opened: np.ndarray, calendar: np.ndarray) -> pa.Table:
    state = _paths(random, opened, len(calendar))
    gone = np.cumsum(np.isin(state, (PAID_OFF, CLOSED)), axis=1) > 1
    row, column = np.nonzero((state >= 0) & ~gone)
    found = state[row, column]
    principal = np.round(random.lognormal(8, 1, len(ids)), 2)[row]
    balance = np.round(principal * (1 - 0.005 * column), 2)
    balance = np.where(np.isin(found, (PAID_OFF, CLOSED)), 0.0, balance)
    first_loss = (found == CHARGED_OFF) & ((column == 0) | (np.r_[-1, found[:-1]] != CHARGED_OFF))
    paid = np.where(random.random(len(row)) < 0.05, np.round(balance * 0.02, 2), 0.0)
    return pa.table(
        {
            "account_id": ids[row],
            "month": pa.array(calendar[column]).cast(pa.date32()),
            "days_past_due": DAYS[found].astype("int32"),
            "status": STATUS[found],
            "balance": balance,
            "amount_paid": np.where((found > 0) & (found <= CHARGED_OFF), paid, np.round(balance * 0.05, 2)),
            "charged_off_amount": pa.array(balance, mask=~first_loss),
        }
    )


def _paths(random: np.random.Generator, opened: np.ndarray, months: int) -> np.ndarray:
    """State by account and month, -1 before opening; shape (accounts, months)."""
    steps = CHAIN.cumsum(axis=1)
    start = np.array([0.92, 0.035, 0.015, 0.01, 0.005, 0.005, 0.005, 0.005]).cumsum()
    state = np.full((len(opened), months), -1, dtype=np.int8)
    current = np.minimum((random.random(len(opened))[:, None] > start).sum(axis=1), CHARGED_OFF)
    state[:, 0] = np.where(opened == 0, current, -1)
    for month in range(1, months):
        before = state[:, month - 1]
        drawn = (random.random(len(opened))[:, None] > steps[np.maximum(before, 0)]).sum(axis=1)
        state[:, month] = np.where(opened == month, 0, np.where(before < 0, -1, np.minimum(drawn, CLOSED)))
    return state
