"""Flow rates of single months and pooled, and the new business that joins them, as arrays for a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.states import Buckets
from analysis.statistics.ratio import Array


@dataclass(frozen=True)
class Flows:
    """What a forecast rests on, for one basis (accounts or balance).

    `months`: the M basis months, oldest first. `start`: stock by state, shape (S,). `matrices`: each month's flow
    rates, (M, S, S); `matrix`: pooled, (S, S). `inflows`: new business by month and state, (M, S).
    """

    months: tuple[date, ...]
    start: Array
    matrices: Array
    matrix: Array
    inflows: Array


def flows(
    stock: pd.DataFrame, rolls: pd.DataFrame, buckets: Buckets, start: date, basis_months: int, basis: str
) -> Flows:
    """Flow rates of the last `basis_months` steps up to `start`, broken steps left out.

    By accounts: accounts found in the to-state ÷ accounts in the from-state. By balance: balance *found* in the
    to-state ÷ balance of the from-state, so that drawing, interest and repayment are part of the rate. A state
    that no account was seen to step out of keeps what it holds if it is a bucket or charged-off; paid off, sold
    and closed are left after the month of the exit. New business of a month is its stock less all that rolled in.
    Raises ParameterError where no step is left, or no stock at `start`.
    """
    whole = rolls[(rolls["dimension"] == "all") & ~rolls["broken"]]
    covered = whole[whole["month"] <= pd.Timestamp(start)]
    months = sorted(covered["month"].unique())[-basis_months:]
    if not months:
        raise ParameterError(f"no month-step up to {start:%Y-%m} to take flow rates from")
    states, found_as = buckets.states, "accounts" if basis == "accounts" else "to_balance"
    moved = _by_month(covered, months, states, ["from_state", "to_state"], found_as)
    # Every row of a from-state holds the same total.
    once = covered.drop_duplicates(["month", "from_state"])
    held = _by_month(once, months, states, ["from_state"], f"from_{basis}")
    standing = stock[stock["dimension"] == "all"]
    stocks = _by_month(standing, months, states, ["state"], basis)
    fresh = stocks - moved.sum(axis=1)
    # Sums of money leave dust behind when they are subtracted; dust is no new business.
    fresh = np.where(np.abs(fresh) <= 1e-9 * np.maximum(stocks, 1.0), 0.0, fresh)
    opening = _by_month(standing, [pd.Timestamp(start)], states, ["state"], basis)[0]
    if not opening.sum():
        raise ParameterError(f"no stock at {start:%Y-%m} to start a forecast from")
    pooled = _ratios(moved.sum(axis=0), held.sum(axis=0), buckets)
    monthly = np.stack([_ratios(m, h, buckets, pooled) for m, h in zip(moved, held, strict=True)])
    days = tuple(pd.Timestamp(month).date() for month in months)
    return Flows(days, opening, monthly, pooled, fresh)


def _by_month(
    rows: pd.DataFrame, months: Sequence[object], states: Sequence[str], columns: Sequence[str], amount: str
) -> Array:
    """Sums of `amount` by month and the states in `columns`, (M, S, …)."""
    place = [pd.DatetimeIndex(list(months)).get_indexer(pd.DatetimeIndex(rows["month"]))]
    place += [pd.Index(list(states)).get_indexer(pd.Index(rows[name].astype(object))) for name in columns]
    inside = np.all([one >= 0 for one in place], axis=0)
    found: Array = np.zeros((len(months), *[len(states)] * len(columns)))
    np.add.at(found, tuple(one[inside] for one in place), rows[amount].to_numpy(float)[inside])
    return found


def _ratios(moved: Array, held: Array, buckets: Buckets, fallback: Array | None = None) -> Array:
    """Rates of one month; a start that held nothing takes the pooled rates, or keeps what it holds."""
    if fallback is None:
        fallback = np.eye(len(held))
        gone = [buckets.states.index(name) for name in ("paid_off", "sold", "closed")]
        fallback[gone] = 0.0
    seen = held > 0
    return np.where(seen[:, None], moved / np.where(seen, held, 1.0)[:, None], fallback)
