"""How sure reverse stress is: each draw of the elasticities has a breaking path, and a loss, of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.stress.projection.book import Book
from analysis.methods.stress.projection.recovery import RecoveryCurve
from analysis.methods.stress.reverse.net_loss import net_loss
from analysis.methods.stress.reverse.path_loss import draw_all
from analysis.methods.stress.reverse.search import STEP, ReverseStress, allowed_changes, months_ahead
from analysis.methods.stress.satellites.drivers import driver_series
from analysis.methods.stress.satellites.satellite import Satellite
from analysis.methods.stress.scenarios.plausibility import Plausibility, path_from_changes

Array = npt.NDArray[np.float64]

ROUNDS = 12
SETTLED = 1e-3
HALVINGS = 16
FARTHEST = 64.0
LONGEST = 4.0
"""Longest step of a round, in standard deviations."""


@dataclass(frozen=True)
class DrawnShifts:
    """reverse.search.LinearShifts of each draw of the coefficients: `base` (D, H) and `slopes` (D, A·k, H) by
    step."""

    base: dict[str, Array]
    slopes: dict[str, Array]

    def __call__(self, changes: Array) -> dict[str, Array]:
        """Log-odds by step, (D, H), of changes (D, A·k), one economy a draw, or (A·k,), one for all."""
        each = np.broadcast_to(changes, (len(next(iter(self.base.values()))), np.shape(changes)[-1]))
        return {s: base + np.einsum("dk,dkh->dh", each, self.slopes[s]) for s, base in self.base.items()}


def drawn_shifts(
    satellites: Mapping[str, Satellite],
    judged: Plausibility,
    history: pd.DataFrame,
    months: Sequence[pd.Timestamp],
    reference: Sequence[pd.Timestamp],
    draws: int,
    seed: int,
) -> DrawnShifts:
    """Draws of all satellites' coefficients, as functions of changes of the economy, over `months` (as in
    reverse.search.LinearShifts)."""
    size, index = len(judged.covariance), months_ahead(judged, history)
    paths = [path_from_changes(judged, row, history, index) for row in (np.zeros(size), *np.eye(size))]
    drivers = [driver_series(pd.concat([history, path])) for path in paths]
    base, slopes = {}, {}
    for step, drawn in draw_all(satellites, draws, seed).items():
        found = [drawn.shifts(series, months, reference) for series in drivers]
        base[step], slopes[step] = found[0], np.stack([each - found[0] for each in found[1:]], axis=1)
    return DrawnShifts(base, slopes)


@dataclass(frozen=True)
class DrawnLoss:
    """Net loss over `months` of a book under changes of the economy, a value a draw (D,): what is not known of the
    elasticities, without the chance of months and accounts."""

    book: Book
    shifts: DrawnShifts
    curve: RecoveryCurve
    months: int

    def of(self, draws: npt.NDArray[np.int64]) -> DrawnLoss:
        """Of some draws alone."""
        parts = [
            {step: values[draws] for step, values in one.items()} for one in (self.shifts.base, self.shifts.slopes)
        ]
        return replace(self, shifts=DrawnShifts(*parts))

    def expected(self, changes: Array) -> Array:
        return net_loss(self.book, self.shifts(changes), self.curve, self.months)

    def gradient(self, changes: Array, steps: Array) -> Array:
        """Of log expected() at changes (D, A·k) along each column of `steps` (A·k, n), per STEP, (D, n)."""
        draws, count = len(changes), steps.shape[1]
        moved = changes[:, None] + STEP * np.concatenate([np.zeros((1, len(steps))), steps.T])
        shifts = {
            step: (base[:, None] + moved @ self.shifts.slopes[step]).reshape(-1, base.shape[1])
            for step, base in self.shifts.base.items()
        }
        found = np.log(net_loss(self.book, shifts, self.curve, self.months)).reshape(draws, count + 1)
        return np.asarray((found[:, 1:] - found[:, :1]) / STEP)


def drawn_distances(
    loss: DrawnLoss, limit: float, found: ReverseStress, judged: Plausibility, history: pd.DataFrame
) -> Array:
    """Distance of the least implausible economy that exhausts the limit, were each draw the truth, (D,).

    0 where the limit is exhausted although nothing changes, ∞ where no economy within the allowed ranges does it.
    From the solution at the point estimates by Hasofer and Lind's iteration with Rackwitz and Fiessler's update
    (1978, Computers and Structures 9, 489–494), all draws at once. Where that doesn't settle, or leaves the
    ranges, the first point along its last direction, held within ranges, that exhausts the limit: no nearer than
    the true one. Found for expected losses: chance comes on top.
    """
    root = np.asarray(np.linalg.cholesky(judged.covariance), float)
    ranges = allowed_changes(judged, history)
    draws = len(next(iter(loss.shifts.base.values())))
    at = np.repeat(np.linalg.solve(root, found.changes)[None], draws, axis=0)
    left = np.arange(draws)
    for _ in range(ROUNDS):
        step = _update(loss.of(left), limit, at[left], root)
        at[left] += np.clip(step, -LONGEST, LONGEST)
        left = left[np.abs(step).max(axis=1) >= SETTLED * np.maximum(np.abs(at[left]).max(axis=1), 1.0)]
        if not left.size:
            break
    changes = at @ root.T
    good = ((changes >= ranges[0]) & (changes <= ranges[1])).all(axis=1)
    good &= np.abs(np.log(loss.expected(changes) / limit)) < 10 * SETTLED
    distance, rest = np.linalg.norm(at, axis=1), np.flatnonzero(~good)
    if rest.size:
        distance[rest] = _walk(loss.of(rest), limit, at[rest], root, ranges)
    return np.where(loss.expected(np.zeros_like(changes)) >= limit, 0.0, distance)


def _update(loss: DrawnLoss, limit: float, at: Array, root: Array) -> Array:
    """To the nearest point to the origin of each draw's surface, were it as flat as it is here."""
    excess = np.log(loss.expected(at @ root.T) / limit)
    slope = loss.gradient(at @ root.T, root)
    steep = np.maximum((slope**2).sum(axis=1), 1e-12)
    return np.asarray((((slope * at).sum(axis=1) - excess) / steep)[:, None] * slope - at)


def _walk(loss: DrawnLoss, limit: float, at: Array, root: Array, ranges: tuple[Array, Array]) -> Array:
    """Distance of the first point along each draw's direction, held within ranges, that exhausts the limit."""
    length = np.linalg.norm(at, axis=1, keepdims=True)
    unit = at / np.where(length > 0, length, 1.0)

    def held(far: Array) -> Array:
        return np.clip((far[:, None] * unit) @ root.T, *ranges)

    low, high = np.zeros(len(at)), np.full(len(at), FARTHEST)
    possible = loss.expected(held(high)) >= limit
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = loss.expected(held(middle)) >= limit
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    ends = np.linalg.solve(root, held(high).T).T
    return np.where(possible, np.linalg.norm(ends, axis=1), np.inf)


def distance_limits(distances: Array, judged: Plausibility, level: float) -> dict[str, float]:
    """Limits of the distance and of its quantile among bootstrapped histories, and the share of draws in which no
    allowed economy exhausts the limit (`never`); an upper distance that is never reached is missing."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(distances, tails, method="inverted_cdf")
    return {
        "distance_lower": float(low),
        "distance_upper": float(high) if np.isfinite(high) else float("nan"),
        "quantile_lower": judged.quantile(low),
        "quantile_upper": judged.quantile(high),
        "never": float(np.isinf(distances).mean()),
    }
