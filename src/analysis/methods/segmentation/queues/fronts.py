"""Whom different orders of one queue put first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError


def compare_fronts(
    orders: Mapping[str, npt.ArrayLike],
    accounts: pd.DataFrame,
    capacity: float,
    reference: str,
    sums: Sequence[str] = (),
    means: Sequence[str] = (),
) -> pd.DataFrame:
    """The front of the queue that so large a share of the accounts makes, for each order.

    `orders` maps a name to each account's score (n,; the highest goes first, ties by their place in `accounts`).
    Returns score, accounts (in the front), the total of each column in `sums`, the mean of each in `means` (of
    those that have it), and shared: the share of the front that the front of `reference` holds too. It tells what
    orders pick, not what picking them brings (`queue_evidence`). Raises ParameterError for a capacity outside 0 to
    1 or an unknown reference, InputError for scores that are missing or not one an account.
    """
    if not 0 < capacity <= 1:
        raise ParameterError(f"capacity is {capacity}; give a share of the accounts over 0 and up to 1")
    if reference not in orders:
        raise ParameterError(f"reference '{reference}' is not among the orders: {', '.join(orders)}")
    size = max(1, round(capacity * len(accounts)))
    fronts = {name: _front(name, score, len(accounts), size) for name, score in orders.items()}
    rows = []
    for name, places in fronts.items():
        front = accounts.iloc[places]
        totals = {column: float(front[column].sum()) for column in sums}
        averages = {column: float(front[column].mean()) for column in means}
        shared = float(np.isin(places, fronts[reference]).mean())
        rows.append({"score": name, "accounts": len(front), **totals, **averages, "shared": shared})
    return pd.DataFrame(rows)


def _front(name: str, score: npt.ArrayLike, accounts: int, size: int) -> npt.NDArray[np.intp]:
    values = np.asarray(score, dtype=float)
    if values.shape != (accounts,) or np.isnan(values).any():
        raise InputError(
            f"order '{name}': {int(np.isnan(values).sum()):,} scores missing, {values.size:,} for {accounts:,} "
            "accounts; give each account one"
        )
    return np.argsort(-values, kind="stable")[:size]
