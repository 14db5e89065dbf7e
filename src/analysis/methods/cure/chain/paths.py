"""Accounts stepping through the chain: its rates with what is uncertain about them, and whole accounts drawn.

Three things make a forecast of accounts uncertain, and each draw holds all of them:

- *parameter*: the rates are known from M months only. A draw pools M − 1 of them, taken with replacement (the
  bootstrap of Rao and Wu 1988, Journal of the American Statistical Association 83, 231–241, whose variance is that
  of the mean).
- *time*: coming months will differ. Each month ahead adds to the draw's rates how one of its months differed from
  the pooled rates, as far as that goes beyond chance: of Pearson's X² between the months of a from-state, what
  exceeds its degrees of freedom, laid on the directions in which the months differ most. All states and segments
  take the same month, so that what moves together keeps doing so. As M months tell a spread roughly, each draw
  widens it by √(M/χ²), χ² drawn at M − 1 degrees of freedom, which turns a normal prediction into Student's.
- *process*: accounts are whole. Those of a state are spread over the states they step into by a multinomial draw.

Months are taken as exchangeable: no season, no trend, no changed economy. Accounts of a state are taken as alike
and independent, whatever came before (the Markov property).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.chain import ChainStates, absorbing, place_of, usable
from analysis.statistics.flows import to_matrix
from analysis.statistics.jackknife import Array

Whole = npt.NDArray[np.int64]
CHUNK = 200
"""Draws worked on at once, so that memory doesn't grow with their number."""


@dataclass(frozen=True)
class Rates:
    """Rates of the chain by segment; P segments, M months, S states.

    `counts`: steps by month, (M, P, S, S). `pooled`: shares over all months, (P, S, S). `apart`: how each month's
    shares differ from the pooled ones beyond chance, (M, P, S, S). `borrowed`: from-states of a segment that
    nobody was seen in, whose shares are those of all segments together, (P, S).
    """

    states: ChainStates
    segments: tuple[str, ...]
    months: tuple[pd.Timestamp, ...]
    counts: Array
    pooled: Array
    apart: Array
    borrowed: npt.NDArray[np.bool_]


def basis_cells(cells: pd.DataFrame, start: date, basis_months: int) -> pd.DataFrame:
    """Usable steps into the last `basis_months` months up to `start`; ParameterError where there are none."""
    kept = usable(cells)
    kept = kept[kept["month"] <= pd.Timestamp(start)]
    months = np.sort(kept["month"].unique())[-basis_months:]
    if not len(months):
        raise ParameterError(f"no month-step up to {start:%Y-%m} to take the chain's rates from")
    return kept[kept["month"].isin(months)]


def chain_rates(cells: pd.DataFrame, states: ChainStates, by: str | None) -> Rates:
    """Rates of the steps in `cells` by each value of the column `by` (one segment `all` where it is None)."""
    names = _segments(cells, by)
    months, month = np.unique(cells["month"].to_numpy(), return_inverse=True)
    segment = segment_of(cells, by, names)
    size = len(states.names)
    counts = np.zeros((len(months), len(names), size, size))
    steps = (month, segment, place_of(cells["from_state"], states), place_of(cells["to_state"], states))
    np.add.at(counts, steps, cells["accounts"].to_numpy(dtype=float))
    counts = absorbing(counts, states)
    total = counts.sum(axis=0)
    empty = total.sum(axis=-1) == 0
    empty[:, states.places(states.exits)] = False
    pooled = np.where(empty[..., None], to_matrix(total.sum(axis=0)), to_matrix(total))
    stamps = tuple(pd.Timestamp(month) for month in months)
    return Rates(states, names, stamps, counts, pooled, _apart(counts, pooled), empty)


def _segments(cells: pd.DataFrame, by: str | None) -> tuple[str, ...]:
    if by is None:
        return ("all",)
    if by not in cells.columns:
        raise ParameterError(f"column '{by}' is not in the frame; it has {', '.join(map(str, cells.columns))}")
    return tuple(sorted(map(str, cells[by].unique())))


def segment_of(frame: pd.DataFrame, by: str | None, names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Number of each row's segment; raises ParameterError for one without rates."""
    if by is None:
        return np.zeros(len(frame), dtype=np.int64)
    places = {name: place for place, name in enumerate(names)}
    found = frame[by].astype(str).map(places)
    if found.isna().any():
        unknown = sorted(frame.loc[found.isna(), by].astype(str).unique())
        raise ParameterError(
            f"'{unknown[0]}' in column '{by}' takes no step in the basis months; leave it out, or take the "
            f"rates of all accounts together with by=None"
        )
    return found.to_numpy().astype(np.int64)


def _apart(counts: Array, pooled: Array) -> Array:
    apart = np.zeros_like(counts)
    for segment, state in np.ndindex(pooled.shape[:2]):
        reached = np.flatnonzero(pooled[segment, state] > 0)
        found = beyond_chance(counts[:, segment, state, reached], pooled[segment, state, reached])
        apart[:, segment, state, reached] = found
    return apart


def beyond_chance(counts: Array, shares: Array) -> Array:
    """How the shares of M multinomial counts (M, J) differ from the common `shares`, beyond chance: (M, J).

    Deviations are scaled so that chance alone spreads them alike in all directions. The sum of their variances
    less J − 1, that of chance, is left to them, first in the direction in which they vary most, at most as much as
    they do. Rows sum to zero; all are zero where counts vary no more than chance has it.
    """
    held = counts.sum(axis=1, keepdims=True)
    months = int((held > 0).sum())
    if months < 2 or len(shares) < 2:
        return np.zeros_like(counts)
    apart = np.divide(counts, held, out=np.repeat(shares[None], len(counts), axis=0), where=held > 0) - shares
    scaled = apart / np.sqrt(shares)
    _, sizes, directions = np.linalg.svd(np.sqrt(held) * scaled, full_matrices=False)
    found = sizes**2 / (months - 1)
    excess = max(found.sum() - (len(shares) - 1), 0.0)
    before = np.concatenate([[0.0], np.cumsum(found)[:-1]])
    kept = np.sqrt(np.clip(np.divide(excess - before, found, out=np.zeros_like(found), where=found > 0), 0, 1))
    return np.asarray(scaled @ (directions.T * kept) @ directions * np.sqrt(shares))


def placed(frame: pd.DataFrame, rates: Rates, by: str | None, state: str = "state") -> Whole:
    """Accounts of a frame by segment and state, shape (P, S)."""
    accounts = np.zeros((len(rates.segments), len(rates.states.names)), dtype=np.int64)
    place = (segment_of(frame, by, rates.segments), place_of(frame[state], rates.states))
    np.add.at(accounts, place, frame["accounts"].to_numpy(dtype=np.int64))
    return accounts


def drawn_rates(
    rates: Rates, draws: int, months: int, random: np.random.Generator
) -> Iterator[tuple[Array, npt.NDArray[np.int64]]]:
    """Rates of each month ahead, (draws, P, S, S), and the basis month that each draw took them from, (draws,).

    It takes two basis months: from one nothing is known of how months differ.
    """
    count = len(rates.months)
    resampled = random.integers(count, size=(draws, count - 1))
    times = np.zeros((draws, count))
    np.add.at(times, (np.arange(draws)[:, None], resampled), 1.0)
    centre = _filled(np.tensordot(times, rates.counts, axes=1), rates.pooled)
    chosen = np.take_along_axis(resampled, random.integers(count - 1, size=(draws, months)), axis=1)
    wider = np.sqrt(count / random.chisquare(count - 1, draws))[:, None, None, None]
    for month in range(months):
        taken = chosen[:, month]
        # Pushed beyond what was ever seen, a rare step may fall below zero.
        shares = np.maximum(centre + wider * rates.apart[taken], 0.0)
        yield shares / shares.sum(axis=-1, keepdims=True), taken


def _filled(counts: Array, pooled: Array) -> Array:
    """Shares of counts; a from-state that the draw's months lack takes the pooled shares."""
    return np.where(counts.sum(axis=-1, keepdims=True) > 0, to_matrix(counts), pooled)


def step(accounts: Whole, matrix: Array, random: np.random.Generator) -> Whole:
    """Whole accounts drawn over the states they step into: (draws, P, L, S) to (draws, P, L, S from, S to).

    `matrix` is (draws, P, S, S); L are copies of the states that step alike.
    """
    moved = np.zeros((*accounts.shape, accounts.shape[-1]), dtype=np.int64)
    for state in range(accounts.shape[-1]):
        held = accounts[..., state]
        if held.any():
            # Few states can be reached from each, and time goes by the number drawn over.
            reached = np.flatnonzero(matrix[..., state, :].any(axis=(0, 1)))
            shares = matrix[:, :, None, state, reached]
            # Rounding may carry a sum of shares beyond one, which the draw would refuse.
            moved[..., state, reached] = random.multinomial(held, shares / shares.sum(axis=-1, keepdims=True))
    return moved
