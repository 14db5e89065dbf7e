"""Cells of spells as the validation reads them: checked, with the months each spell could be followed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cure.mixture.sample import numbers, refuse_rows

Array = npt.NDArray[np.float64]

CURED, OPEN = "cured", "open"
COLUMNS = ("began", "entry", "duration", "exit", "fold", "spells")
HALF = 0.5
"""A spell seen uncured at month k is dated k + ½: it was still there when the cures of month k had happened."""


def followed(spells: pd.DataFrame, end: int) -> pd.DataFrame:
    """The cells with `follow_up`: months from a spell's beginning to `end`, the last month of follow-up.

    `began` and `end` are month numbers on one clock. A spell gone by another exit (charged off, sold …) is known
    not to cure for as long as it *could* have been followed, which is what `follow_up` says of it. For a spell
    still open it is the duration, for a cure at least the duration. Where `began` is coarser than a month, give
    each period's last month: no spell is then taken to have been followed for longer than it was.
    Raises InputError for missing columns, durations that are not whole months, and spells that outlast `end`.
    """
    _check(spells)
    room = end - spells["began"].to_numpy(dtype=float)
    duration = spells["duration"].to_numpy(dtype=float)
    open_yet = (spells["exit"] == OPEN).to_numpy()
    # Two months of grace: a spell of a quarter given by its last month may have begun two months earlier.
    outlasts = duration > room + 2
    refuse_rows(spells, outlasts, "duration", duration, f"the spell outlasts the end of follow-up, month {end}")
    return spells.assign(follow_up=np.where(open_yet, duration, np.maximum(room, duration)))


def _check(spells: pd.DataFrame) -> None:
    absent = [column for column in COLUMNS if column not in spells.columns]
    if absent:
        raise InputError(f"cells of spells lack {', '.join(absent)}; they must hold {', '.join(COLUMNS)}")
    if spells.empty:
        raise InputError("there are no spells to validate on")
    weight, entry = numbers(spells, "spells"), numbers(spells, "entry")
    duration = numbers(spells, "duration")
    refuse_rows(spells, weight <= 0, "spells", weight, "a cell must stand for more than 0 spells")
    broken = (duration != np.floor(duration)) | (duration < 1)
    refuse_rows(spells, broken, "duration", duration, "a duration is a whole number of months, 1 or more")
    refuse_rows(
        spells, (entry < 0) | (entry >= duration), "entry", entry, "an entry must be from 0 to before exit"
    )
    numbers(spells, "began")


def cut_short(cells: pd.DataFrame, months: npt.ArrayLike) -> pd.DataFrame:
    """The cells as they looked after `months` (one number, or one a cell): later exits are not known yet.

    Cells without a month under observation by then (entry at or after `months`) are left out. `follow_up` is cut
    too, where it is there.
    """
    limit = np.broadcast_to(np.asarray(months, dtype=float), (len(cells),))
    duration = cells["duration"].to_numpy(dtype=float)
    later = duration > limit
    seen = cells.assign(duration=np.minimum(duration, limit), exit=cells["exit"].where(~later, OPEN))
    if "follow_up" in cells:
        seen["follow_up"] = np.minimum(cells["follow_up"].to_numpy(dtype=float), limit)
    keep = limit > cells["entry"].to_numpy(dtype=float)
    return seen[keep].reset_index(drop=True)


def drawn(weights: npt.ArrayLike, limit: int, seed: int = 1) -> npt.NDArray[np.int64]:
    """Row numbers that repeat each cell once a spell; at most `limit`, then drawn without replacement.

    For measures whose implementation takes no weights. Raises InputError for weights that are not whole numbers.
    """
    count = np.asarray(weights, dtype=float)
    if (count != np.floor(count)).any():
        broken = count[count != np.floor(count)][0]
        raise InputError(f"column 'spells' holds {broken:g}; cells become rows only where it counts whole spells")
    whole = count.astype(np.int64)
    if whole.sum() > limit:
        whole = np.random.default_rng(seed).multivariate_hypergeometric(whole, limit, method="marginals")
    return np.repeat(np.arange(whole.size), whole)


@dataclass(frozen=True)
class Outcomes:
    """When each cell cured, as seen up to a horizon.

    `time` (n,) is the month of cure, or the last month known to be without cure plus a half; `cured` marks cures,
    `entry` the months already run when first seen, `weight` the spells, `fold` their group, numbered from 0.
    Other exits count as not cured for as long as they could have been followed (the subdistribution view of Fine
    and Gray 1999, JASA 94, with the end of follow-up known for every spell).
    """

    time: Array
    cured: npt.NDArray[np.bool_]
    entry: Array
    weight: Array
    fold: npt.NDArray[np.int64]

    @classmethod
    def of(cls, cells: pd.DataFrame, horizon: float = np.inf) -> Outcomes:
        """Outcomes of cells with `follow_up`; what comes after `horizon` is not looked at."""
        cured = (cells["exit"] == CURED).to_numpy()
        until = np.where(cured, cells["duration"], cells["follow_up"]).astype(float)
        cured &= until <= horizon
        time = np.where(cured, until, np.minimum(until, horizon) + HALF)
        fold = np.unique(cells["fold"].to_numpy(), return_inverse=True)[1]
        entry, weight = cells["entry"].to_numpy(dtype=float), cells["spells"].to_numpy(dtype=float)
        return cls(time, cured, entry, weight, fold.astype(np.int64))

    def rows(self, index: npt.NDArray[np.int64]) -> Outcomes:
        """Single spells, one for each number in `index`."""
        ones = np.ones(index.size)
        return Outcomes(self.time[index], self.cured[index], self.entry[index], ones, self.fold[index])

    def followed_to(self, months: int) -> Array:
        """P(follow-up ≥ m) for m = 0 … `months`, shape (months + 1,): Kaplan–Meier with cures cut short."""
        step = np.arange(months)
        at_risk = _sum_from(self.time, self.weight, step.astype(float) + HALF)
        lost = self.weight * ~self.cured
        gone = np.array([lost[self.time == m + HALF].sum() for m in step])
        stay = 1.0 - np.divide(gone, at_risk, out=np.zeros(months), where=at_risk > 0)
        return np.concatenate([[1.0], np.cumprod(stay)])

    def inverse_weights(self, horizon: int) -> Array:
        """Weights under which the spells whose answer at `horizon` is known stand for all; 0 for the others.

        A cure in month k weighs spells ÷ P(follow-up ≥ k), a spell uncured at the horizon spells ÷ P(≥ horizon).
        """
        share = self.followed_to(horizon)
        month = np.where(self.known_cured(horizon), self.time, horizon).astype(int)
        known = self.known_cured(horizon) | (self.time > horizon)
        with np.errstate(divide="ignore"):
            return np.where(known & (share[month] > 0), self.weight / share[month], 0.0)

    def known_cured(self, horizon: float) -> npt.NDArray[np.bool_]:
        """Cured within the horizon."""
        return self.cured & (self.time <= horizon)


def _sum_from(values: Array, weight: Array, moments: Array) -> Array:
    order = np.argsort(values, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    return total[-1] - total[np.searchsorted(values[order], moments, side="left")]
