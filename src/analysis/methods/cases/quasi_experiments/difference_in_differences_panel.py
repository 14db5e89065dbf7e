"""A balanced panel of few units with the month each adopted, and the linear measures taken of it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.cases.quasi_experiments.study import (
    DesignRefused,
    require_columns,
    require_complete,
    require_varied,
)

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
DESIGN = "difference-in-differences"
LEAST_BEFORE = 4
"""Months before the first adoption."""
ALL_UP_TO = 7
"""Units whose orders are all listed (7! = 5,040); beyond, they are drawn."""


@dataclass(frozen=True)
class AdoptionPanel:
    """`y` (units, months); `start` (units,): place of the month adopted, or the number of months for never."""

    units: tuple[object, ...]
    months: pd.DatetimeIndex
    y: Array
    start: Whole

    @property
    def treated(self) -> npt.NDArray[np.bool_]:
        return np.asarray(np.arange(self.y.shape[1]) >= self.start[:, None])

    @property
    def since(self) -> Array:
        """Months since adoption (0 in its month, below zero before), NaN for never."""
        found = np.arange(self.y.shape[1]) - self.start[:, None].astype(float)
        found[self.start >= self.y.shape[1]] = np.nan
        return found

    @property
    def arrangements(self) -> float:
        """Different ways to hand the adoption dates to the units."""
        count = math.factorial(len(self.units))
        for times in np.unique(self.start, return_counts=True)[1]:
            count //= math.factorial(int(times))
        return float(count)


def adoption_panel(frame: pd.DataFrame, outcome: str, unit: str, month: str, adopted: str) -> AdoptionPanel:
    """Panel of a frame with a row a unit and month; `adopted` is the date of adoption, missing for never.

    Months in which no unit is untreated any more are left out at the end: nothing tells what they would have been.
    Raises DesignRefused for units with missing months, dates that vary within a unit, no month before, and no
    untreated unit.
    """
    require_columns(frame, [outcome, unit, month, adopted], DESIGN)
    require_complete(frame, [outcome, unit, month], DESIGN)
    require_varied(frame, outcome, DESIGN)
    wide = frame.pivot_table(index=unit, columns=month, values=outcome, aggfunc="mean", observed=True).sort_index(
        axis=1
    )
    if len(frame) != wide.size or wide.isna().to_numpy().any():
        raise DesignRefused(
            f"{DESIGN}: {len(frame):,} rows for {wide.shape[0]} units and {wide.shape[1]} months; give one "
            "row for each "
            "unit and month, and leave out units that are not there throughout"
        )
    dates = frame.groupby(unit, observed=True)[adopted]
    if (dates.nunique() > 1).any() or (dates.count() % wide.shape[1] != 0).any():
        raise DesignRefused(f"{DESIGN}: '{adopted}' changes within a unit; give each its first date of adoption")
    months = pd.DatetimeIndex(wide.columns)
    start = _starts(dates.first().reindex(wide.index), months)
    kept = (np.arange(len(months)) < start[:, None]).any(axis=0)
    panel = AdoptionPanel(
        tuple(wide.index), months[np.flatnonzero(kept)], wide.to_numpy(dtype=float)[:, kept], start
    )
    return _require_both(AdoptionPanel(panel.units, panel.months, panel.y, np.minimum(start, kept.sum())))


def rollout_panel(
    decisions: pd.DataFrame,
    outcome: str,
    adopted_arm: str,
    unit: str = "region",
    month: str = "decided_month",
    arm: str = "arm",
) -> pd.DataFrame:
    """Rates by unit and month from decisions: `unit`, month, `outcome` (mean), decisions, adopted (or missing).

    Adoption is the first month with the arm. Months in which some unit has no decision with a known outcome are
    left out at either end. Raises DesignRefused where a unit, once it has adopted, goes back.
    """
    require_columns(decisions, [outcome, unit, month, arm], DESIGN)
    took = decisions[decisions[arm] == adopted_arm].groupby(unit, observed=True)[month].min()
    since = decisions[month] >= decisions[unit].map(took)
    back = int((since & (decisions[arm] != adopted_arm)).sum())
    if back:
        raise DesignRefused(
            f"{DESIGN}: {back:,} decisions of units that had adopted are not '{adopted_arm}'; a roll-out that was "
            "taken back, or only partly made, needs another design"
        )
    told = decisions.dropna(subset=[outcome]).groupby([unit, month], observed=True)[outcome].agg(["mean", "size"])
    full = told["size"].unstack(unit).dropna().index
    rows = told.reset_index().rename(columns={"mean": outcome, "size": "decisions", month: "month"})
    rows = rows[rows["month"].between(full.min(), full.max())]
    return rows.assign(adopted=pd.to_datetime(rows[unit].map(took))).reset_index(drop=True)


def orders(units: int, draws: int, seed: int) -> Whole:
    """Orders of the units, the first as it was; all of them for up to seven units, else drawn by chance."""
    if units <= ALL_UP_TO:
        return np.array(list(itertools.permutations(range(units))), dtype=np.int64)
    rng = np.random.default_rng(seed)
    drawn = rng.permuted(np.tile(np.arange(units), (draws, 1)), axis=1)
    return np.vstack([np.arange(units), drawn]).astype(np.int64)


def measured(weights: Array, y: Array, order: Whole) -> Array:
    """Measures (orders, measures) with weights (measures, units, months), the units' rows put into each order."""
    flat = weights.reshape(len(weights), -1)
    return np.asarray(y[order].reshape(len(order), -1) @ flat.T)


def _starts(dates: pd.Series, months: pd.DatetimeIndex) -> Whole:
    ends = pd.to_datetime(dates) + pd.offsets.MonthEnd(0)
    place = np.searchsorted(months + pd.offsets.MonthEnd(0), ends.fillna(pd.Timestamp.max.normalize()))
    return np.asarray(np.where(ends.isna(), len(months), place), dtype=np.int64)


def _require_both(panel: AdoptionPanel) -> AdoptionPanel:
    treated = panel.treated
    if not treated.any():
        raise DesignRefused(
            f"{DESIGN}: no unit adopted while another had not; there is nothing to hold it against"
        )
    first = int(panel.start.min())
    if first < LEAST_BEFORE:
        raise DesignRefused(
            f"{DESIGN}: {first} months before the first adoption; {LEAST_BEFORE} are needed to see whether "
            "units moved "
            "together. Open an earlier history, or leave out the units that adopted first"
        )
    return panel
