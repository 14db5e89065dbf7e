"""Cures to be expected in the coming months, and the last forecast held to account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.periods import shift_months
from analysis.methods.cure.chain import ChainStates, place_of, states_of, usable
from analysis.methods.cure.paths import CHUNK, Rates, Whole, basis_cells, chain_rates, drawn_rates, placed, step
from analysis.statistics.flows import project
from analysis.statistics.jackknife import Array

MEASURES = ("back_to_current", "sustained_cure")
"""First month end current after arrears; and the step that makes the cure a sustained one, months later."""


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

    `stock` is the panel's chain_stock at `start`, `cells` its chain_cells; nothing after `start` is used. Accounts
    in arrears, on probation or cured step on with the rates of the basis months; accounts that were never overdue,
    or long ago, fall into arrears as many a month as in an average basis month: what a growing book brings besides
    is not foreseen.

    Measure `back_to_current`: steps from arrears to current, whether they last or not; `sustained_cure`: steps
    into a sustained cure, which began some months before. Each cure counts, so an account may count twice in
    `back_to_current`. Balance is what was owed the month before, at the mean of the basis months' cures. Higher is
    better. Intervals hold parameter, time and process uncertainty (methods.cure.paths); limits are nan with a
    single basis month.

    Returns dimension, value, measure, basis (accounts, balance), first, last (months), expected, lower, upper.
    """
    used = basis_cells(cells, start, basis_months)
    states = states_of(used)
    rates = chain_rates(used, states, by)
    held, inflows, means = _opening(stock, rates, by), _inflows(used, rates, by), _mean_balances(used, rates, by)
    expected = _expected(held, rates, inflows, means[0].astype(float), months)
    random = np.random.default_rng(seed)
    drawn = _all_drawn(held, rates, inflows, means, months, draws, random)
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


def cure_steps(states: ChainStates) -> npt.NDArray[np.bool_]:
    """Which steps count for each measure: shape (measures, S from, S to)."""
    arrears, probation, sound = (states.mask(names) for names in (states.arrears, states.probation, states.sound))
    back = np.outer(arrears, probation | sound)
    return np.stack([back, np.outer(arrears | probation, sound)])


def _opening(stock: pd.DataFrame, rates: Rates, by: str | None) -> Whole:
    """Accounts in arrears, on probation or cured: the others come in as entrants."""
    states = rates.states
    inside = (*states.arrears, *states.probation, "cured")
    chosen = stock[stock["state"].astype(str).isin(inside)]
    if not chosen["accounts"].sum():
        raise ParameterError(
            "nobody is in arrears, on probation or cured in the stock; there is nothing to forecast"
        )
    return placed(chosen, rates, by)


def _inflows(cells: pd.DataFrame, rates: Rates, by: str | None) -> Whole:
    """Accounts stepping from `current` into arrears, by basis month, segment and state: (M, P, S)."""
    states = rates.states
    entered = cells[
        (cells["from_state"].astype(str) == "current") & cells["to_state"].astype(str).isin(states.arrears)
    ]
    months = [entered[entered["month"] == month] for month in rates.months]
    return np.stack([placed(part, rates, by, "to_state") for part in months])


def _mean_balances(cells: pd.DataFrame, rates: Rates, by: str | None) -> tuple[Array, Array]:
    """Balance ÷ accounts of curing steps: by segment and measure (P, 2), and so by month (M, P, 2).

    A segment without such steps has the mean of all, a month without them that of its segment.
    """
    found = np.zeros((2, len(rates.months), len(rates.segments), len(MEASURES)))
    month = np.searchsorted(
        np.array(rates.months, dtype="datetime64[ns]"), cells["month"].to_numpy("datetime64[ns]")
    )
    names = {name: place for place, name in enumerate(rates.segments)}
    segment = np.zeros(len(cells), int) if by is None else cells[by].astype(str).map(names).to_numpy(int)
    start, end = place_of(cells["from_state"], rates.states), place_of(cells["to_state"], rates.states)
    for number, counted in enumerate(cure_steps(rates.states)):
        for row, column in enumerate(("balance", "accounts")):
            np.add.at(
                found[row, ..., number], (month, segment), cells[column].to_numpy(float) * counted[start, end]
            )
    general = _mean(found.sum(axis=(1, 2)), np.zeros(len(MEASURES)))
    own = _mean(found.sum(axis=1), general)
    return own, _mean(found, own)


def _mean(sums: Array, otherwise: Array) -> Array:
    balance, accounts = sums
    filled = np.broadcast_to(otherwise, balance.shape).copy()
    return np.divide(balance, accounts, out=filled, where=accounts > 0)


def _expected(held: Whole, rates: Rates, inflows: Whole, mean: Array, months: int) -> Array:
    """Expected cures (P, measures, [accounts, balance])."""
    counted = cure_steps(rates.states)
    cures = np.zeros((len(held), len(MEASURES)))
    for place, matrix in enumerate(rates.pooled):
        leaving = matrix.copy()
        # `current` is no part of the forecast's stock: those that reach it are gone, entrants come in by number.
        leaving[rates.states.names.index("current")] = 0.0
        path = project(held[place], leaving, months, inflows[:, place].mean(axis=0))
        cures[place] = np.einsum("ts,su,msu->m", path[:-1], leaving, counted)
    return np.stack([cures, cures * mean], axis=-1)


def _all_drawn(
    held: Whole,
    rates: Rates,
    inflows: Whole,
    means: tuple[Array, Array],
    months: int,
    draws: int,
    random: np.random.Generator,
) -> Array:
    if len(rates.months) < 2:
        return np.full((1, len(held), len(MEASURES), 2), np.nan)
    sizes = [min(CHUNK, draws - done) for done in range(0, draws, CHUNK)]
    return np.concatenate([_drawn(held, rates, inflows, means[1], months, size, random) for size in sizes])


def _drawn(
    held: Whole, rates: Rates, inflows: Whole, means: Array, months: int, draws: int, random: np.random.Generator
) -> Array:
    """Cures drawn: (draws, P, measures, [accounts, balance])."""
    counted = cure_steps(rates.states)
    away = rates.states.names.index("current")
    now = np.repeat(held[None], draws, axis=0)
    total = np.zeros((draws, len(held), len(MEASURES), 2))
    for matrix, chosen in drawn_rates(rates, draws, months, random):
        moved = step(now[:, :, None], matrix, random)[:, :, 0]
        cures = np.einsum("dpsu,msu->dpm", moved, counted)
        total += np.stack([cures, cures * means[chosen]], axis=-1)
        now = moved.sum(axis=2) + inflows[chosen]
        now[..., away] = 0
    return total


def cures_counted(cells: pd.DataFrame, first: date, last: date, by: str | None = "product") -> pd.DataFrame:
    """Cures that happened in the months from `first` to `last`: dimension, value, measure, basis, actual.

    Balance is what was owed the month before. Raises ParameterError where a month is missing from the cells.
    """
    kept = usable(cells)
    inside = kept[kept["month"].between(pd.Timestamp(first), pd.Timestamp(last))]
    wanted = (last.year - first.year) * 12 + last.month - first.month + 1
    if inside["month"].nunique() < wanted:
        raise ParameterError(f"the cells hold {inside['month'].nunique()} of the {wanted} months to {last:%Y-%m}")
    states = states_of(inside)
    start, end = place_of(inside["from_state"], states), place_of(inside["to_state"], states)
    tables = []
    for measure, counted in zip(MEASURES, cure_steps(states), strict=True):
        rows = inside[["accounts", "balance"]].mul(counted[start, end], axis=0)
        for dimension in ("all", *([by] if by is not None else [])):
            value = inside[by].astype(str) if dimension == by else pd.Series("all", index=inside.index)
            summed = rows.assign(value=value).groupby("value").sum().reset_index()
            long = summed.melt("value", var_name="basis", value_name="actual")
            tables.append(long.assign(dimension=dimension, measure=measure))
    return pd.concat(tables, ignore_index=True)[["dimension", "value", "measure", "basis", "actual"]]


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
