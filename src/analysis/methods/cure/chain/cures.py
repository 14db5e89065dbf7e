"""Steps of the chain that are cures: how many there were, and the balances of accounts that cure."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import ChainStates, place_of, states_of, usable
from analysis.methods.cure.chain.paths import Rates, segment_of
from analysis.statistics.jackknife import Array

MEASURES = ("back_to_current", "sustained_cure")
"""First month end current after arrears; and the step that makes the cure a sustained one, months later."""


def cure_steps(states: ChainStates) -> npt.NDArray[np.bool_]:
    """Which steps count for each measure: shape (measures, S from, S to)."""
    arrears, probation, sound = (states.mask(names) for names in (states.arrears, states.probation, states.sound))
    back = np.outer(arrears, probation | sound)
    return np.stack([back, np.outer(arrears | probation, sound)])


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


def mean_balances(stock: pd.DataFrame, cells: pd.DataFrame, rates: Rates, by: str | None) -> tuple[Array, Array]:
    """Balance of a cure to be expected now: by segment and measure (P, 2), and as each month has it (M, P, 2).

    The mean balance of today's accounts in arrears or on probation, times the mean of those that cured ÷ the mean
    of all that were in arrears or on probation in the basis months. A segment without such steps is as all are, a
    month without them as its segment.
    """
    states = rates.states
    inside = states.mask(states.arrears, states.probation)
    every = np.repeat(np.outer(inside, np.ones(len(inside), bool))[None], len(MEASURES), axis=0)
    cured, held = (_sums(cells, rates, by, counted) for counted in (cure_steps(states), every))
    open_now = stock[stock["state"].astype(str).isin((*states.arrears, *states.probation))]
    today = _sums(open_now.assign(month=rates.months[-1]), rates, by).sum(axis=1)
    compared = _compared(cured, held)
    level = _mean(today, _mean(today.sum(axis=1), np.zeros(len(MEASURES))))
    return compared[0] * level, compared[1] * level


def _sums(
    frame: pd.DataFrame, rates: Rates, by: str | None, counted: npt.NDArray[np.bool_] | None = None
) -> Array:
    """Balance and accounts of rows, or of steps that count, by month, segment and measure: (2, M, P, measures)."""
    found = np.zeros((2, len(rates.months), len(rates.segments), len(MEASURES)))
    months = np.array(rates.months, dtype="datetime64[ns]")
    month = np.searchsorted(months, frame["month"].to_numpy("datetime64[ns]"))
    place = (month, segment_of(frame, by, rates.segments))
    weight = np.ones((len(MEASURES), len(frame)))
    if counted is not None:
        start, end = place_of(frame["from_state"], rates.states), place_of(frame["to_state"], rates.states)
        weight = counted[:, start, end].astype(float)
    for row, column in enumerate(("balance", "accounts")):
        np.add.at(found[row], place, (weight * frame[column].to_numpy(float)).T)
    return found


def _compared(cured: Array, held: Array) -> tuple[Array, Array]:
    """Mean balance of cures ÷ mean balance of all held: by segment (P, measures) and month (M, P, measures)."""
    general = _mean(_crossed(cured.sum(axis=(1, 2)), held.sum(axis=(1, 2))), np.zeros(len(MEASURES)))
    segment = _mean(_crossed(cured.sum(axis=1), held.sum(axis=1)), general)
    return segment, _mean(_crossed(cured, held), segment)


def _crossed(cured: Array, held: Array) -> Array:
    """Two means, each (balance, accounts), as one ratio."""
    return np.stack([cured[0] * held[1], cured[1] * held[0]])


def _mean(sums: Array, otherwise: Array) -> Array:
    """Balance ÷ accounts; `otherwise` where there is nothing to divide by."""
    balance, accounts = sums
    filled = np.broadcast_to(otherwise, balance.shape).copy()
    return np.divide(balance, accounts, out=filled, where=accounts > 0)
