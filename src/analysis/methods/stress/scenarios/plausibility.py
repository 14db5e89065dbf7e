"""How far out a macro path lies in the joint distribution of what history did over as many months.

History is cut into blocks of monthly changes, drawn with replacement and laid end to end (moving-block bootstrap:
Künsch 1989, Annals of Statistics 17, 1217–1241), so that variables keep moving together and trends within a block
persist. A path is summarised by its changes since the last actual at a few months ahead; its distance is
Mahalanobis' d = √(x'C⁻¹x), C the covariance of the bootstrapped changes (Breuer, Jandačka, Rheinberger and Summer
2009, "How to find plausible, severe, and useful stress scenarios", International Journal of Central Banking 5(3)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincc

from analysis.core.errors import InputError, ParameterError
from analysis.core.scenarios import EVERY_INDUSTRY, is_index

Array = npt.NDArray[np.float64]

ANCHORS = (6, 12, 24, 36)
"""Months ahead at which changes are looked at."""
LEAST_MONTHS = 24
SHRINKAGE = 0.1
"""Weight of the diagonal in the covariance: a combination that history happens never to show is not impossible."""


def movements(macro: pd.DataFrame) -> pd.DataFrame:
    """Rates in percentage points, and all industries as one: the mean of 100 · logarithm of their indices."""
    rates = {name: 100.0 * macro[name] for name in map(str, macro.columns) if not is_index(name)}
    industries = [name for name in macro.columns if is_index(str(name))]
    if industries:
        rates[EVERY_INDUSTRY] = 100.0 * np.log(macro[industries]).mean(axis=1)
    return pd.DataFrame(rates)


@dataclass(frozen=True)
class Plausibility:
    """The distribution of changes that paths are held against; made by plausibility().

    `variables` (k) and `anchors` (A months ahead); `start`: their last actual (k,), in movements() units; `drift`:
    the usual change a month, taken off before anything (k,; 0 but for indices); `covariance` of the changes, (A·k,
    A·k), anchor by anchor; `distances`: of the bootstrapped paths, ascending.
    """

    variables: tuple[str, ...]
    anchors: tuple[int, ...]
    start: Array
    drift: Array
    covariance: Array
    distances: Array

    def changes(self, path: pd.DataFrame) -> Array:
        """Changes of a monthly path (scenarios.paths.monthly_path) at the anchors, (A·k,), the usual drift taken
        off.

        Raises ParameterError for a path that lacks a variable or ends before the last anchor.
        """
        moved = movements(path)
        missing = [name for name in self.variables if name not in moved.columns]
        if missing:
            raise ParameterError(f"the path lacks {', '.join(missing)}; plausibility was drawn up with them")
        if len(path) < self.anchors[-1]:
            raise ParameterError(f"the path has {len(path)} months; the last anchor lies {self.anchors[-1]} ahead")
        values = moved[list(self.variables)].to_numpy(float)
        found = [values[month - 1] - self.start - month * self.drift for month in self.anchors]
        return np.concatenate(found)

    def distance(self, path: pd.DataFrame) -> float:
        """Mahalanobis distance of a monthly path: 0 where nothing changes but by the usual drift."""
        return self.distance_of(self.changes(path))

    def distance_of(self, changes: Array) -> float:
        return float(np.sqrt(changes @ np.linalg.solve(self.covariance, changes)))

    def quantile(self, distance: float) -> float:
        """Share of bootstrapped paths that lie nearer, strictly below 1: 0.99 is one in a hundred farther out."""
        return float(np.searchsorted(self.distances, distance, side="left") / (len(self.distances) + 1))

    def normal_quantile(self, distance: float) -> float:
        """The same were changes jointly normal (χ² with A·k degrees): tells paths apart beyond the bootstrap."""
        return float(1.0 - gammaincc(len(self.covariance) / 2.0, distance**2 / 2.0))

    def spread(self) -> pd.DataFrame:
        """Standard deviation of each variable's change, a row an anchor (months ahead); in movements() units."""
        deviations = np.sqrt(np.diag(self.covariance)).reshape(len(self.anchors), -1)
        return pd.DataFrame(deviations, pd.Index(self.anchors, name="months_ahead"), list(self.variables))

    def table(self, path: pd.DataFrame) -> pd.DataFrame:
        """By months_ahead and variable: change (movements() units, drift taken off), sd of history, z."""
        spread = self.spread().to_numpy()
        change = self.changes(path).reshape(spread.shape)
        index = pd.MultiIndex.from_product([self.anchors, self.variables], names=["months_ahead", "variable"])
        columns = {"change": change.ravel(), "sd": spread.ravel(), "z": (change / spread).ravel()}
        return pd.DataFrame(columns, index=index).reset_index()


def plausibility(
    history: pd.DataFrame,
    months: int,
    variables: Sequence[str] | None = None,
    anchors: Sequence[int] = ANCHORS,
    block: int = 12,
    draws: int = 4000,
    seed: int = 0,
) -> Plausibility:
    """Distribution of `months`-month paths by history (scenarios.macro.macro_history), its variables jointly.

    `variables`: those that are judged (`industry_index` for all industries), by default all; leave out one that
    hardly moved, or any move of it counts as outlandish. `anchors` beyond `months` are left out and `months`
    itself is added. `block`: months that are drawn together. Changes are taken around their mean, so that a trend
    of the sample is not taken for the centre; indices keep their usual growth as drift. Raises InputError for
    fewer than 24 months of history, or a variable that never moves.
    """
    moved = _chosen(movements(history), variables).dropna()
    if len(moved) < LEAST_MONTHS:
        raise InputError(f"macro history has {len(moved)} months; plausibility needs {LEAST_MONTHS} or more")
    steps = moved.diff().iloc[1:].to_numpy(float)
    still = [name for name, spread in zip(moved.columns, np.ptp(steps, axis=0), strict=True) if spread == 0]
    if still:
        raise InputError(f"macro history: {still[0]} never moves, so no path of it can be judged; leave it out")
    used = tuple(sorted({month for month in anchors if month < months} | {months}))
    drawn = _paths(steps - steps.mean(axis=0), used, min(block, len(steps) // 2), draws, seed)
    covariance = np.atleast_2d(np.cov(drawn, rowvar=False))
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.diag(np.diag(covariance))
    distances = np.sqrt(np.einsum("ij,ij->i", drawn, np.linalg.solve(covariance, drawn.T).T))
    drift = np.array([steps[:, i].mean() if is_index(name) else 0.0 for i, name in enumerate(moved.columns)])
    start = moved.iloc[-1].to_numpy(float)
    return Plausibility(tuple(moved.columns), used, start, drift, covariance, np.sort(distances))


def _chosen(moved: pd.DataFrame, variables: Sequence[str] | None) -> pd.DataFrame:
    wanted = list(moved.columns) if variables is None else list(variables)
    missing = [name for name in wanted if name not in moved.columns]
    if missing or not wanted:
        shown = ", ".join(missing) or "nothing"
        raise ParameterError(f"variables: {shown} is not of the history; it has {', '.join(moved.columns)}")
    return moved[wanted]


def _paths(steps: Array, anchors: Sequence[int], block: int, draws: int, seed: int) -> Array:
    """Cumulated changes at the anchors of paths laid from blocks of `steps`, (draws, A·k)."""
    random = np.random.default_rng(seed)
    count = -(-anchors[-1] // block)
    begins = random.integers(len(steps) - block + 1, size=(draws, count))
    places = (begins[:, :, None] + np.arange(block)).reshape(draws, -1)[:, : anchors[-1]]
    cumulated = np.cumsum(steps[places], axis=1)
    return np.concatenate([cumulated[:, month - 1] for month in anchors], axis=1)


def path_from_changes(
    found: Plausibility, changes: Array, history: pd.DataFrame, like: pd.DatetimeIndex
) -> pd.DataFrame:
    """Monthly path whose changes at the anchors are `changes` (A·k,), straight lines between; the inverse of
    Plausibility.changes().

    All industries move by the same ratio; variables that aren't judged keep their last actual. `like`: the month
    ends of the path, as many as the last anchor.
    """
    wide = np.vstack([np.zeros(len(found.variables)), changes.reshape(len(found.anchors), -1)])
    ahead = np.arange(1, found.anchors[-1] + 1)
    columns = {str(name): np.full(len(ahead), float(history[name].iloc[-1])) for name in history.columns}
    for place, name in enumerate(found.variables):
        moved = np.interp(ahead, [0, *found.anchors], wide[:, place]) + ahead * found.drift[place]
        if name != EVERY_INDUSTRY:
            columns[name] = float(history[name].iloc[-1]) + moved / 100.0
            continue
        for industry in (str(column) for column in history.columns if is_index(str(column))):
            columns[industry] = float(history[industry].iloc[-1]) * np.exp(moved / 100.0)
    return pd.DataFrame(columns, index=like)
