"""The roll-rate matrix: where the accounts of each state are found a month later, as shares that sum to one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.methods.delinquency.rates import interval
from analysis.statistics.flows import to_matrix
from analysis.statistics.ratio import Array

COLUMNS = (
    "dimension", "value", "period", "from_state", "to_state", "accounts", "balance",
    "rate", "rate_lower", "rate_upper", "balance_rate", "balance_rate_lower", "balance_rate_upper",
    "from_accounts", "from_balance", "clusters",
)  # fmt: skip


def roll_rates(pooled: pd.DataFrame, states: Sequence[str], level: float = 0.95) -> pd.DataFrame:
    """Roll rates by period, one row for every pair of states that an account can step between.

    `pooled` are pooled rolls: dimension, value, period, from_state, to_state, accounts, balance (at the start),
    from_accounts, from_balance and by basis the clusters' moments. `states` are all states in order, the exits
    last; every state seen as a start gets a row for each of them, with zeros where nobody went.

    rate: accounts found in to_state ÷ accounts in from_state a month before, pooled over the period's months;
    balance_rate the same weighted by the balance at the start. The rows of a start sum to one. Customers are
    clusters, over accounts and months. Returns the columns of COLUMNS.
    """
    complete = _complete(pooled, states)
    by_accounts = interval(basis_cells(complete, "accounts"), level)
    by_balance = interval(basis_cells(complete, "balance"), level)
    found = complete.assign(
        rate=by_accounts.rate,
        rate_lower=by_accounts.lower,
        rate_upper=by_accounts.upper,
        balance_rate=by_balance.rate,
        balance_rate_lower=by_balance.lower,
        balance_rate_upper=by_balance.upper,
    )
    return found[list(COLUMNS)]


def basis_cells(rolled: pd.DataFrame, basis: str) -> pd.DataFrame:
    """Rolls as cells of ratios on one basis, with the columns that intervals are made from."""
    names = {basis: "numerator", f"from_{basis}": "denominator"}
    names |= {f"{basis}_{moment}": moment for moment in ("nn", "nd", "dd", "largest")}
    cells = rolled[[column for column in names if column in rolled.columns]].rename(columns=names)
    return cells.assign(units=rolled["from_accounts"], clusters=rolled["clusters"])


def _complete(pooled: pd.DataFrame, states: Sequence[str]) -> pd.DataFrame:
    """Every to-state for each start, with the start's own totals and zeros for steps that nobody took."""
    start = ["dimension", "value", "period", "from_state"]
    kind = pd.CategoricalDtype(list(states), ordered=True)
    rolled = pooled.assign(from_state=pooled["from_state"].astype(kind), to_state=pooled["to_state"].astype(kind))
    totals = ["from_accounts", "from_balance", "accounts_dd", "balance_dd", "clusters"]
    starts = rolled.groupby(start, observed=True, sort=True)[totals].first().reset_index()
    ends = pd.DataFrame({"to_state": pd.Categorical(list(states), dtype=kind)})
    grid = starts.merge(ends, how="cross")
    steps = rolled.drop(columns=totals)
    complete = grid.merge(steps, on=[*start, "to_state"], how="left")
    counts = [column for column in steps.columns if column not in (*start, "to_state")]
    complete[counts] = complete[counts].fillna(0.0)
    return complete.astype({"accounts": "int64"})


def matrix(rolled: pd.DataFrame, states: Sequence[str], basis: str = "accounts") -> Array:
    """Roll rates of one period and segment as a square array, rows from, columns to, in the order of `states`.

    A state never seen as a start keeps what it holds (1 on the diagonal): nothing is known of how it rolls.
    """
    return to_matrix(counts_matrix(rolled, states, basis))


def counts_matrix(rolled: pd.DataFrame, states: Sequence[str], basis: str = "accounts") -> Array:
    """Steps counted (or their balance at the start) as a square array, rows from, columns to."""
    places = {state: place for place, state in enumerate(states)}
    rows = rolled["from_state"].astype(str).map(places).to_numpy(int)
    columns = rolled["to_state"].astype(str).map(places).to_numpy(int)
    counts = np.zeros((len(states), len(states)))
    np.add.at(counts, (rows, columns), rolled[basis].to_numpy(float))
    return counts
