"""Cures to be expected in the coming months, and the last forecast held to account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.periods import shift_months
from analysis.methods.cure.chain import states_of
from analysis.methods.cure.chain.cures import MEASURES, cure_steps, cures_counted, mean_balances
from analysis.methods.cure.chain.paths import (
    CHUNK,
    Rates,
    Whole,
    basis_cells,
    chain_rates,
    drawn_rates,
    placed,
    step,
)
from analysis.statistics.flows import project
from analysis.statistics.jackknife import Array


def cure_forecast(
    stock: pd.DataFrame,
    cells: pd.DataFrame,
    start: date,
    months: int = 3,
    basis_months: int = 12,
    by: str | None = "product",
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Cures expected in the `months` after `start`, by segment and in all, in accounts and in balance.

    `stock` is the panel's chain_stock at `start`, all states of it, `cells` its chain_cells; nothing after `start`
    is used. Accounts in arrears, on probation and cured step on with the rates of the basis months, and current
    ones fall into arrears at theirs: entrants of the coming months are in the forecast, but for those among
    accounts that are yet to be opened.

    Measure `back_to_current`: steps from arrears to current, whether they last or not; `sustained_cure`: steps
    into a sustained cure, which began some months before. Each cure counts, so an account may count twice in
    `back_to_current`. Balance is what was owed the month before: today's mean in arrears and on probation, times
    how the balances of those that cured compared with it in the basis months. Higher is better. Intervals hold
    parameter, time and process uncertainty (methods.cure.paths); limits are nan with a single basis month.

    Returns dimension, value, measure, basis (accounts, balance), first, last (months), expected, lower, upper.
    """
    used = basis_cells(cells, start, basis_months)
    states = states_of(used)
    rates = chain_rates(used, states, by)
    held, means = _opening(stock, rates, by), mean_balances(stock, used, rates, by)
    expected = _expected(held, rates, means[0], months)
    random = np.random.default_rng(seed)
    drawn = _all_drawn(held, rates, means[1], months, draws, random)
    tail = (1 - level) / 2
    rows = []
    for labels, chosen in _wholes(rates, by):
        low, high = np.quantile(drawn[:, chosen].sum(axis=1), [tail, 1 - tail], axis=0)
        point = expected[chosen].sum(axis=0)
        for (measure, basis), place in PLACES.items():
            limits = {"expected": point[place], "lower": low[place], "upper": high[place]}
            rows.append({**labels, "measure": measure, "basis": basis, **limits})
    table = pd.DataFrame(rows)
    table.insert(4, "first", pd.Timestamp(shift_months(start, 1)))
    table.insert(5, "last", pd.Timestamp(shift_months(start, months)))
    return table


PLACES = {
    (measure, basis): (row, column)
    for row, measure in enumerate(MEASURES)
    for column, basis in enumerate(("accounts", "balance"))
}


def _wholes(rates: Rates, by: str | None) -> Iterator[tuple[dict[str, str], list[int]]]:
    yield {"dimension": "all", "value": "all"}, list(range(len(rates.segments)))
    if by is not None:
        for place, name in enumerate(rates.segments):
            yield {"dimension": by, "value": name}, [place]


def _opening(stock: pd.DataFrame, rates: Rates, by: str | None) -> Whole:
    """Accounts that can still step, by segment and state."""
    states = rates.states
    chosen = stock[~stock["state"].astype(str).isin(states.exits)]
    if not chosen["accounts"].sum():
        raise ParameterError("the stock holds no account that is still open; there is nothing to forecast")
    return placed(chosen, rates, by)


def _expected(held: Whole, rates: Rates, mean: Array, months: int) -> Array:
    """Expected cures (P, measures, [accounts, balance])."""
    counted = cure_steps(rates.states)
    cures = np.zeros((len(held), len(MEASURES)))
    for place, matrix in enumerate(rates.pooled):
        path = project(held[place], matrix, months)
        cures[place] = np.einsum("ts,su,msu->m", path[:-1], matrix, counted)
    return np.stack([cures, cures * mean], axis=-1)


def _all_drawn(
    held: Whole, rates: Rates, means: Array, months: int, draws: int, random: np.random.Generator
) -> Array:
    if len(rates.months) < 2:
        return np.full((1, len(held), len(MEASURES), 2), np.nan)
    sizes = [min(CHUNK, draws - done) for done in range(0, draws, CHUNK)]
    return np.concatenate([_drawn(held, rates, means, months, size, random) for size in sizes])


def _drawn(held: Whole, rates: Rates, means: Array, months: int, draws: int, random: np.random.Generator) -> Array:
    """Cures drawn: (draws, P, measures, [accounts, balance])."""
    counted = cure_steps(rates.states)
    now = np.repeat(held[None], draws, axis=0)
    total = np.zeros((draws, len(held), len(MEASURES), 2))
    for matrix, chosen in drawn_rates(rates, draws, months, random):
        moved = step(now[:, :, None], matrix, random)[:, :, 0]
        cures = np.einsum("dpsu,msu->dpm", moved, counted)
        total += np.stack([cures, cures * means[chosen]], axis=-1)
        now = moved.sum(axis=2)
    return total


def judge(
    stock: pd.DataFrame, cells: pd.DataFrame, start: date, months: int = 3, **choices: object
) -> pd.DataFrame:
    """The forecast refitted as of `start`, beside the cures that happened.

    `stock` is that of `start`, `cells` reach at least `months` months beyond it. Returns cure_forecast()'s columns
    with actual, error (actual ÷ expected − 1) and covered (whether the interval held it). `choices` are
    cure_forecast()'s own arguments.
    """
    table = cure_forecast(stock, cells, start, months, **choices)  # type: ignore[arg-type]
    by = choices.get("by", "product")
    first, last = shift_months(start, 1), shift_months(start, months)
    happened = cures_counted(cells, first, last, by if by is None else str(by))
    found = table.merge(happened, on=["dimension", "value", "measure", "basis"], how="left").fillna(
        {"actual": 0.0}
    )
    inside = (found["lower"] <= found["actual"]) & (found["actual"] <= found["upper"])
    with np.errstate(divide="ignore", invalid="ignore"):
        error = found["actual"] / found["expected"] - 1
    return found.assign(error=error.where(found["expected"] > 0), covered=inside)
