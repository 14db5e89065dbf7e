"""Cash to be expected from accounts in each state of the chain: a Markov chain with rewards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import ChainStates, states_of, step_counts, usable
from analysis.statistics.jackknife import Array, amount_limits, leave_one_out

MONEY = ("balance", "paid")


def expected_cash(
    cells: pd.DataFrame,
    by: str | None = "product",
    months: int = 12,
    after_charge_off: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Cash expected against today's balance within `months` months, per unit of it, by segment and state.

    vₜ(i) = Σⱼ wᵢⱼ·(rᵢⱼ + (1 − rᵢⱼ)·vₜ₋₁(j)), v₀ = 0 (a Markov chain with rewards, Howard 1960, Dynamic Programming
    and Markov Processes, ch. 2): wᵢⱼ is the share of the balance in state i that stepped into j, rᵢⱼ the cash paid
    in that month ÷ that balance, at most 1, all ratios of sums over the months of `cells`. Cash is set against
    the oldest debt, today's balance, before interest and new spending, so it is paid once at most and never
    exceeds the balance, on cards that go on being used either. All cash of the state counts, ordinary instalments
    after a cure too. Higher is better.

    Charge-off ends it unless `after_charge_off` says what is recovered: cash ÷ claim in total within 1, 2, …
    months after the month of charge-off (methods.cure.recovery's rates), at least `months` − 1 of them. Other
    exits pay nothing further. A state that a segment never held has the values of all segments together
    (`borrowed`).

    Returns value (the segment, or `all`), state, months, expected, lower, upper, balance (account-months of
    balance seen in the state), borrowed, dimension. Limits: logarithmic, jackknife over folds of customers.
    Balances of one month are taken to behave as those of others (Markov, no discount).
    """
    cells = usable(cells)
    missing = [name for name in MONEY if name not in cells.columns]
    if missing:
        raise ParameterError(
            f"the chain's cells lack {', '.join(missing)}; expected cash needs {', '.join(MONEY)}"
        )
    states = states_of(cells)
    later = _recovered(after_charge_off, months)
    whole = _money(cells, states, np.unique(cells["fold"]))
    tables = [_table(whole, whole, states, months, later, level, "all", "all")]
    for value, part in [] if by is None else cells.groupby(by, sort=True, observed=True):
        own = _money(part, states, np.unique(cells["fold"]))
        tables.append(_table(own, whole, states, months, later, level, str(by), str(value)))
    return pd.concat(tables, ignore_index=True)


def _recovered(curve: npt.ArrayLike | None, months: int) -> Array:
    """Cash per claim within 0, 1, …, months − 1 months after charge-off."""
    if curve is None:
        return np.zeros(months)
    found = np.concatenate([[0.0], np.asarray(curve, dtype=float)])
    if len(found) < months or not np.isfinite(found[:months]).all():
        raise ParameterError(
            f"after_charge_off holds {len(found) - 1} months; cash within {months} months needs at least "
            f"{months - 1}, none of them missing"
        )
    return found[:months]


def _money(cells: pd.DataFrame, states: ChainStates, folds: Sequence[int] | npt.NDArray[np.int64]) -> Array:
    """Balance and cash of steps: shape (folds, 2, S, S), what steps out of exits left out."""
    money = np.stack([step_counts(cells, states, name, list(folds)) for name in MONEY], axis=1)
    money[..., states.places(states.exits), :] = 0.0
    return money


def _table(
    own: Array,
    whole: Array,
    states: ChainStates,
    months: int,
    later: Array,
    level: float,
    dimension: str,
    value: str,
) -> pd.DataFrame:
    estimate = _cash(own.sum(axis=0), whole.sum(axis=0), states, months, later)
    found = amount_limits(estimate, _cash(leave_one_out(own), leave_one_out(whole), states, months, later), level)
    held = own.sum(axis=0)[0].sum(axis=-1)
    inside = ~states.mask(states.exits)
    kind = pd.CategoricalDtype(list(states.names), ordered=True)
    table = pd.DataFrame(
        {
            "state": pd.Categorical(list(states.names), dtype=kind),
            "months": months,
            "expected": found.rate,
            "lower": found.lower,
            "upper": found.upper,
            "balance": held,
            "borrowed": held <= 0,
        }
    )
    return table[inside].reset_index(drop=True).assign(dimension=dimension, value=value)


def _cash(own: Array, whole: Array, states: ChainStates, months: int, later: Array) -> Array:
    """Cash per unit of balance by state, from (..., 2, S, S); a state without balance takes the whole's rates."""
    reward, flow = _per_balance(own)
    general, general_flow = _per_balance(whole)
    empty = own[..., 0, :, :].sum(axis=-1) <= 0
    reward, flow = np.where(empty, general, reward), np.where(empty[..., None], general_flow, flow)
    charged_off = states.names.index("charged_off") if "charged_off" in states.names else None
    value = np.zeros_like(reward)
    for month in range(months):
        if charged_off is not None:
            value[..., charged_off] = later[month]
        value = reward + np.matmul(flow, value[..., None])[..., 0]
    return value


def _per_balance(money: Array) -> tuple[Array, Array]:
    """Cash, and what is still owed of the balance by the state found in, both per unit of it; 0 where none was."""
    balance, paid = (money[..., place, :, :] for place in range(2))
    held = balance.sum(axis=-1, keepdims=True)
    settled = np.minimum(paid, balance)
    shares = (
        np.divide(part, held, out=np.zeros_like(part), where=held > 0) for part in (settled, balance - settled)
    )
    cash, owed = shares
    return cash.sum(axis=-1), owed
