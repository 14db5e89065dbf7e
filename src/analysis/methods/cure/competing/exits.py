"""Spells that end in one of several exits: counts at risk and exits at each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cure.mixture.sample import numbers, refuse_rows

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Exits:
    """Spells with `exit` numbered by `names` (−1 while still open), entry 0 unless late, and case weights."""

    time: Array
    exit: npt.NDArray[np.int64]
    names: tuple[object, ...]
    entry: Array
    weight: Array

    def take(self, keep: npt.NDArray[np.bool_]) -> Exits:
        return Exits(self.time[keep], self.exit[keep], self.names, self.entry[keep], self.weight[keep])

    def refuse_unknown(self, name: object, column: str) -> None:
        """Raise InputError where nobody takes the exit `name`."""
        if name not in self.names:
            known = ", ".join(map(str, self.names))
            raise InputError(f"no spell ends in '{name}'; the exits of column '{column}' are {known}")

    def total(self) -> Array:
        """Weight of each exit, in the order of `names`."""
        gone = self.exit >= 0
        return np.bincount(self.exit[gone], self.weight[gone], len(self.names)).astype(np.float64)

    @property
    def moments(self) -> Array:
        """Distinct times at which somebody exits."""
        return np.unique(self.time[self.exit >= 0])

    def counts(self, moments: Array) -> tuple[Array, Array]:
        """Weight at risk (J,) just before each of `moments`, and weight of each exit at it (J, E)."""
        at_risk = _from(self.time, self.weight, moments) - _from(self.entry, self.weight, moments)
        events = np.zeros((moments.size, len(self.names)))
        gone = self.exit >= 0
        place = np.searchsorted(moments, self.time[gone])
        np.add.at(events, (place, self.exit[gone]), self.weight[gone])
        return at_risk, events


def read_exits(
    df: pd.DataFrame,
    duration_col: str,
    exit_col: str,
    entry_col: str | None = None,
    weights_col: str | None = None,
    still_open: object = "open",
) -> Exits:
    """Spells of a frame; `exit_col` names each exit, and equals `still_open` where there was none yet.

    Raises InputError naming the column, the rows and the mend.
    """
    if df.empty:
        raise InputError("the data frame has no rows; there are no spells to follow")
    time = numbers(df, duration_col)
    refuse_rows(df, time <= 0, duration_col, time, "a duration must be above 0; count a first month as 1")
    if exit_col not in df.columns:
        raise InputError(f"column '{exit_col}' is not in the data frame")
    codes, names = pd.factorize(df[exit_col].where(df[exit_col] != still_open), sort=True)
    refuse_rows(df, df[exit_col].isna().to_numpy(), exit_col, time, f"write '{still_open}' where there is no exit")
    if not len(names):
        raise InputError(f"column '{exit_col}' holds no exit, only '{still_open}': nothing has ended yet")
    entry = np.zeros(len(df)) if entry_col is None else numbers(df, entry_col)
    refuse_rows(
        df, (entry < 0) | (entry >= time), entry_col or "", entry, "an entry must be from 0 to before exit"
    )
    weight = np.ones(len(df)) if weights_col is None else numbers(df, weights_col)
    refuse_rows(df, weight <= 0, weights_col or "", weight, "a case weight must be above 0")
    return Exits(time, codes.astype(np.int64), tuple(names), entry, weight)


def _from(values: Array, weight: Array, moments: Array) -> Array:
    """Weight of the values at or after each moment."""
    order = np.argsort(values)
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    return total[-1] - total[np.searchsorted(values[order], moments, side="left")]
