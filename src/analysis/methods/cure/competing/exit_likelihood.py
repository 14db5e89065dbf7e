"""Log-likelihood of the mixture over exits, with exact gradient and Hessian, summed over blocks of rows.

With a row's probability π_j of each exit (π_0 of none, or zero), f_j and S_j density and survival of its wait:

    left by exit j at t     log π_j + log f_j(t)
    still open at c         log(π_0 + Σ_j π_j S_j(c))
    entered late at a       each of the above minus log(π_0 + Σ_j π_j S_j(a))

The π share a denominator, Σ_k exp η_k, which is Σ_k exp(η_k) S_k(0): every row is its exit minus its entry, both
without the denominator, and those seen from their start have entered at 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.methods.cure.competing.exit_model import ExitModel
from analysis.methods.cure.competing.exits import Exits
from analysis.methods.cure.mixture.latency import Array, Curve
from analysis.methods.cure.mixture.likelihood import slices
from analysis.statistics.newton import Evaluation

BLOCK = 4096
"""Rows worked on at a time: their designs for all exits fit into the processor's cache."""

Rows = slice | npt.NDArray[np.int64]


@dataclass(frozen=True)
class ExitSample:
    """Spells sorted by exit (still open first), their clusters, and the designs X (n, p) and Z (n, q)."""

    exits: Exits
    cluster: npt.NDArray[np.int64] | None
    x: Array
    z: Array

    @property
    def rows(self) -> int:
        return self.exits.time.size

    def take(self, rows: Rows) -> ExitSample:
        """The same for some rows."""
        e = self.exits
        part = replace(e, time=e.time[rows], exit=e.exit[rows], entry=e.entry[rows], weight=e.weight[rows])
        x = self.x[rows]
        z = x if self.z is self.x else self.z[rows]
        return ExitSample(part, None if self.cluster is None else self.cluster[rows], x, z)

    def by_exit(self) -> ExitSample:
        return self.take(np.argsort(self.exits.exit, kind="stable"))


class Part(NamedTuple):
    """A class that rows may belong to: its place, its share (n,) in each row, and its wait, None if not timed."""

    place: int
    share: Array
    wait: Curve | None


class Block(NamedTuple):
    """Some rows, which enter with `sign`: their log probability (n,) and the classes behind it.

    One class where the exit is known; several where it is not, and the shares then are their odds.
    """

    rows: Rows
    sign: float
    value: Array
    parts: list[Part]


def open_parts(eta: Array, waits: Sequence[Curve | None]) -> tuple[Array, list[Part]]:
    """log Σ_k exp(η_k) S_k of each row, and the classes with their shares in it; `waits` hold log S_k."""
    logs = eta.copy()
    for k, wait in enumerate(waits):
        if wait is not None:
            logs[:, k] += wait.value
    top = logs.max(axis=1)
    odds = np.exp(logs - top[:, None])
    total = odds.sum(axis=1)
    shares = odds / total[:, None]
    return top + np.log(total), [Part(k, shares[:, k], wait) for k, wait in enumerate(waits)]


def class_slope(
    model: ExitModel, place: int, wait: Curve | None, x: Array, z: Array
) -> tuple[npt.NDArray[np.int64], Array]:
    """Columns of a class's parameters, and the gradient (n, columns) there of η_k + the log of its wait."""
    pieces = [] if place == model.reference else [x]
    if wait is not None:
        pieces += [wait.mu[:, None] * model.timing(place, z), wait.anc]
    return model.columns(place, wait is not None), np.hstack(pieces) if pieces else np.empty((len(x), 0))


class ExitLikelihood:
    """The log-likelihood of a sample as a function of the parameter vector (P,), as `ExitModel` lays it out."""

    def __init__(self, sample: ExitSample, model: ExitModel) -> None:
        self.sample, self.model = sample.by_exit(), model
        exits = self.sample.exits
        entry = np.where(exits.entry > 0, exits.entry, 1.0)
        self._clocks = {family.name: family.clock(exits.time) for family in model.families}
        self._late = {family.name: family.clock(entry) for family in model.families}

    def __call__(self, theta: Array) -> Evaluation:
        """Value, gradient and Hessian at `theta`."""
        size = self.model.size
        total, gradient, hessian = 0.0, np.zeros(size), np.zeros((size, size))
        with np.errstate(over="ignore", invalid="ignore"):
            for block in self._blocks(theta):
                total += self._add(block, gradient, hessian)
        return Evaluation(total, gradient, hessian)

    def scores(self, theta: Array) -> Iterator[tuple[Rows, Array]]:
        """Row scores (rows, P) without weights, block by block; a row is in two blocks, exit and entry."""
        for block in self._blocks(theta):
            x, z = self._designs(block.rows)
            score = np.zeros((len(x), self.model.size))
            for part in block.parts:
                columns, slope = class_slope(self.model, part.place, part.wait, x, z)
                score[:, columns] = block.sign * part.share[:, None] * slope
            yield block.rows, score

    def _designs(self, rows: Rows) -> tuple[Array, Array]:
        x = self.sample.x[rows]
        return x, x if self.sample.z is self.sample.x else self.sample.z[rows]

    def _blocks(self, theta: Array) -> Iterator[Block]:
        exits = self.sample.exits
        for rows in slices(exits.exit, BLOCK):
            x, z = self._designs(rows)
            eta, mu = self.model.predictors(theta, x, z)
            yield self._exit(theta, rows, eta, mu)
            late = exits.entry[rows] > 0
            for chosen, timed in ((np.flatnonzero(~late), False), (np.flatnonzero(late), True)):
                if chosen.size:
                    own = [m[chosen] for m in mu]
                    index = rows.start + chosen
                    waits = self._waits(theta, own, self._late, index) if timed else [None] * eta.shape[1]
                    yield Block(index, -1.0, *open_parts(eta[chosen], waits))

    def _exit(self, theta: Array, rows: slice, eta: Array, mu: list[Array]) -> Block:
        """Rows of one kind: left by the same exit, or still open."""
        j = int(self.sample.exits.exit[rows.start])
        if j < 0:
            return Block(rows, 1.0, *open_parts(eta, self._waits(theta, mu, self._clocks, rows)))
        family = self.model.families[j]
        wait = family.log_density(mu[j], theta[self.model.waits[j][1]], self._clocks[family.name][rows])
        return Block(rows, 1.0, eta[:, j] + wait.value, [Part(j, np.ones(len(eta)), wait)])

    def _waits(self, theta: Array, mu: list[Array], clocks: dict[str, Array], rows: Rows) -> list[Curve | None]:
        """log S of each class, None for `never`."""
        waits: list[Curve | None] = [
            family.log_survival(own, theta[ancillary], clocks[family.name][rows])
            for family, own, (_, ancillary) in zip(self.model.families, mu, self.model.waits, strict=True)
        ]
        return [*waits, None] if self.model.never else waits

    def _add(self, block: Block, gradient: Array, hessian: Array) -> float:
        """Add a block's weighted sums to gradient and Hessian; gives its log-likelihood.

        With a_k a class's log and s_k its share, log Σ exp a_k has the gradient g = Σ s_k ∇a_k and the Hessian
        Σ s_k (∇²a_k + ∇a_k ∇a_k') − g g'.
        """
        x, z = self._designs(block.rows)
        weight = block.sign * self.sample.exits.weight[block.rows]
        mixed = len(block.parts) > 1
        places, slopes = [], []
        for part in block.parts:
            columns, slope = class_slope(self.model, part.place, part.wait, x, z)
            share = weight * part.share
            gradient[columns] += share @ slope
            own = np.ix_(columns, columns)
            if part.wait is not None:
                hessian[own] += _bend(part.wait, share, self.model.timing(part.place, z), columns.size)
            if mixed:
                hessian[own] += slope.T @ (share[:, None] * slope)
                places.append(columns)
                slopes.append(part.share[:, None] * slope)
        if mixed:
            joint, all_ = np.hstack(slopes), np.concatenate(places)
            hessian[np.ix_(all_, all_)] -= joint.T @ (weight[:, None] * joint)
        return float(weight @ block.value)


def _bend(wait: Curve, weight: Array, z: Array, size: int) -> Array:
    """Weighted sum of a wait's second derivatives, (size, size) with its incidence first (zero)."""
    bend, m = np.zeros((size, size)), wait.anc.shape[1]
    location, ancillary = slice(size - m - z.shape[1], size - m), slice(size - m, size)
    bend[location, location] = z.T @ ((weight * wait.mu_mu)[:, None] * z)
    cross = z.T @ (weight[:, None] * wait.mu_anc)
    bend[location, ancillary], bend[ancillary, location] = cross, cross.T
    bend[ancillary, ancillary] = np.diag(weight @ wait.anc_anc)
    return bend
