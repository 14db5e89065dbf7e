"""The book that a projection starts from: stocks, roll rates of the recent past, and new business, by group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.states import Buckets
from analysis.methods.delinquency.flows import flows

Array = npt.NDArray[np.float64]

BASES = ("accounts", "balance")
LEAST_MONTHS = 3
"""Months of steps below which the chapter projects nothing: one or two say nothing of how months differ."""


@dataclass(frozen=True)
class Basis:
    """One basis (accounts or balance) of G groups and S states, as delinquency.flows has it.

    `stock` at the start (G, S); `matrix`: pooled flow rates (G, S, S), of balances with drawing, interest and
    repayment in them; `shares` (G, S, S): where what was owed at the start of a month is found, rows summing to 1;
    `inflow`: new business of an average basis month (G, S).
    """

    stock: Array
    matrix: Array
    shares: Array
    inflow: Array


@dataclass(frozen=True)
class Book:
    """Groups (products), the last actual month, and both bases; `reference` are the months of the roll rates,
    whose mean economy the rates belong to."""

    groups: tuple[str, ...]
    buckets: Buckets
    start: date
    reference: tuple[pd.Timestamp, ...]
    accounts: Basis
    balance: Basis


def read_book(
    stock: pd.DataFrame,
    rolls: pd.DataFrame,
    buckets: Buckets,
    start: date,
    basis_months: int = 12,
    dimension: str = "product",
) -> Book:
    """Book as of `start` (a month end) from the panel's stock() and rolls() by `dimension`.

    Rates are those of the last `basis_months` steps, each group with its own; twelve hold every month of the year
    once. A group without stock at the start is left out. Raises ParameterError where no group is left.
    """
    mine, moved = stock[stock["dimension"] == dimension], rolls[rolls["dimension"] == dimension]
    held = mine[(mine["month"] == pd.Timestamp(start)) & (mine["accounts"] > 0)]
    inside = held[held["state"].astype(str).isin(buckets.labels)]
    groups = tuple(sorted(map(str, inside["value"].unique())))
    if not groups:
        known = ", ".join(map(str, stock["dimension"].unique()))
        raise ParameterError(
            f"no open accounts by '{dimension}' at {start:%Y-%m}; the stock has {known or 'none'}"
        )
    alone = [(_only(mine, group), _only(moved, group)) for group in groups]
    found = {
        basis: [_flows(own, steps, buckets, start, basis_months, basis) for own, steps in alone] for basis in BASES
    }
    months = sorted({month for pieces in found.values() for _, used in pieces for month in used})
    made = {basis: _stacked([piece for piece, _ in pieces]) for basis, pieces in found.items()}
    reference = tuple(map(pd.Timestamp, months))
    return Book(groups, buckets, start, reference, made["accounts"], made["balance"])


def without_new_business(book: Book) -> Book:
    """The accounts of today alone, as they run off: what a provision for today's book is held against."""
    closed = {
        name: replace(getattr(book, name), inflow=np.zeros_like(getattr(book, name).inflow)) for name in BASES
    }
    return replace(book, **closed)


def _only(frame: pd.DataFrame, group: str) -> pd.DataFrame:
    return frame[frame["value"].astype(str) == group].assign(dimension="all")


def _flows(
    stock: pd.DataFrame,
    rolls: pd.DataFrame,
    buckets: Buckets,
    start: date,
    basis_months: int,
    basis: str,
) -> tuple[Basis, tuple[date, ...]]:
    found = flows(stock, rolls, buckets, start, basis_months, basis)
    shares = _shares(rolls, found.months, buckets, basis, found.matrix)
    return Basis(found.start, found.matrix, shares, found.inflows.mean(axis=0)), found.months


def _shares(rolls: pd.DataFrame, months: tuple[date, ...], buckets: Buckets, basis: str, matrix: Array) -> Array:
    used = rolls[rolls["month"].isin([pd.Timestamp(month) for month in months]) & ~rolls["broken"]]
    rows, columns = (
        pd.Index(buckets.states).get_indexer(pd.Index(used[name].astype(object)))
        for name in ("from_state", "to_state")
    )
    moved = np.zeros((len(buckets.states),) * 2)
    np.add.at(moved, (rows, columns), used[basis].to_numpy(float))
    total = moved.sum(axis=1)
    seen = (total > 0)[:, None]
    return np.where(seen, moved / np.where(total > 0, total, 1.0)[:, None], np.where(matrix > 0, 1.0, 0.0))


def _stacked(pieces: list[Basis]) -> Basis:
    columns = ("stock", "matrix", "shares", "inflow")
    return Basis(*(np.stack([getattr(piece, name) for piece in pieces]) for name in columns))
