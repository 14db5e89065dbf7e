"""Log-likelihood of competing monthly hazards on weighted cells, with exact gradient and Hessian.

In a month an account at risk leaves by exit j with probability p_j or stays with probability p_0:

    log(p_j / p_0) = η_j = x_j'β_j        p_j = exp(η_j) / (1 + Σ_l exp(η_l))

A cell of n accounts at risk that share their covariates, d_j of them leaving by exit j, contributes

    Σ_j d_j η_j − n log(1 + Σ_l exp(η_l))

which is the sum of the log-probabilities of its n person-months one by one (no multinomial coefficient, so that
cells and single rows give the same figure). Gradient and Hessian for β_j and β_l:

    Σ (d_j − n p_j) x_j         −Σ n p_j (1[j = l] − p_l) x_j x_l'

(Allison 1982, "Discrete-Time Methods for the Analysis of Event Histories", Sociological Methodology 13, 61–98;
Tutz and Schmid 2016, Modeling Discrete Time-to-Event Data, Springer, chapter 8.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.statistics.newton import Evaluation, Optimum, maximise

Array = npt.NDArray[np.float64]

BLOCK = 8192
MANY = 4096
"""Rows from which a fit of a tenth of them first saves time."""


@dataclass(frozen=True)
class Designs:
    """The coded covariates of each exit: J arrays (m, p_j); exits with the same formula share one array."""

    arrays: Sequence[Array]

    @property
    def rows(self) -> int:
        return len(self.arrays[0])

    @property
    def slices(self) -> list[slice]:
        """Places of each exit's coefficients in the parameter vector (P,)."""
        ends = np.cumsum([0, *(array.shape[1] for array in self.arrays)])
        return [slice(int(a), int(b)) for a, b in pairwise(ends)]

    @property
    def size(self) -> int:
        return sum(array.shape[1] for array in self.arrays)

    def spans(self) -> Array:
        """Range of each covariate, (P,)."""
        found = {id(array): np.array([np.ptp(column) for column in array.T]) for array in self.arrays}
        return np.concatenate([found[id(array)] for array in self.arrays])

    def predictors(self, theta: Array) -> Array:
        """η, (m, J)."""
        parts = zip(self.arrays, self.slices, strict=True)
        # Exit by exit in memory: sums over a row's few exits then run along whole columns.
        return np.stack([array @ theta[place] for array, place in parts]).T

    def hazards(self, theta: Array) -> Array:
        """Probabilities of each exit in the month, (m, J)."""
        return softmax(self.predictors(theta))[0]

    def stacked(self, factors: Array) -> Array:
        """Rows (m, P) that hold factors[:, j] · x_j in the places of exit j."""
        return np.hstack([factors[:, [j]] * array for j, array in enumerate(self.arrays)])

    def take(self, rows: slice | npt.NDArray[np.int64]) -> Designs:
        cut = {id(array): array[rows] for array in self.arrays}
        return Designs([cut[id(array)] for array in self.arrays])

    def blocks(self) -> Iterator[tuple[slice, Designs]]:
        """The same rows in blocks that fit the processor's cache."""
        for start in range(0, self.rows, BLOCK):
            rows = slice(start, start + BLOCK)
            yield rows, self.take(rows)


def softmax(eta: Array) -> tuple[Array, Array]:
    """exp(η_j) / (1 + Σ exp(η_l)), (m, J), and log(1 + Σ exp(η_l)), (m,), without overflow."""
    top = np.maximum(eta.max(axis=1), 0.0)
    shares = np.exp(eta - top[:, None])
    total = shares.sum(axis=1) + np.exp(-top)
    return shares / total[:, None], top + np.log(total)


class Multinomial:
    """The log-likelihood of cells, less ½ Σ penalty_k θ_k² where a penalty (P,) is given."""

    def __init__(self, designs: Designs, at_risk: Array, exits: Array, penalty: Array) -> None:
        self.designs, self.at_risk, self.exits, self.penalty = designs, at_risk, exits, penalty

    def __call__(self, theta: Array) -> Evaluation:
        value, gradient = 0.0, np.zeros(theta.size)
        hessian = np.zeros((theta.size, theta.size))
        for rows, block in self.designs.blocks():
            eta, n, d = block.predictors(theta), self.at_risk[rows], self.exits[rows]
            p, log_total = softmax(eta)
            value += float((d * eta).sum() - n @ log_total)
            residual = d - n[:, None] * p
            for j, (array, place) in enumerate(zip(block.arrays, block.slices, strict=True)):
                gradient[place] += array.T @ residual[:, j]
            _add_curvature(hessian, block, n, p)
        value -= 0.5 * float(self.penalty @ theta**2)
        lower = np.tril(hessian)
        hessian = lower + np.tril(lower, -1).T - np.diag(self.penalty)
        return Evaluation(value, gradient - self.penalty * theta, hessian)

    def value(self, theta: Array) -> float:
        """The penalised log-likelihood alone."""
        eta = self.designs.predictors(theta)
        return float((self.exits * eta).sum() - self.at_risk @ softmax(eta)[1] - 0.5 * self.penalty @ theta**2)

    def fullest(self, rows: int) -> Multinomial:
        """The same on the rows with most at risk: few of them tell most of the story."""
        kept = np.argpartition(-self.at_risk, rows)[:rows]
        return Multinomial(self.designs.take(kept), self.at_risk[kept], self.exits[kept], self.penalty)

    def start(self) -> Array:
        """Zero slopes, and intercepts at the overall rates; the first column of each design is the intercept."""
        theta = np.zeros(self.designs.size)
        out = self.exits.sum(axis=0)
        # Half an account stays, so that data in which all leave have a start.
        stay = max(float(self.at_risk.sum() - out.sum()), 0.5)
        theta[[place.start for place in self.designs.slices]] = np.log(out / stay)
        return theta


def _add_curvature(hessian: Array, block: Designs, n: Array, p: Array) -> None:
    """Add a block of rows to the lower triangle of the Hessian, (P, P), one pair of exits at a time."""
    places = block.slices
    for j, left in enumerate(block.arrays):
        for k in range(j + 1):
            weight = n * p[:, j] * ((j == k) - p[:, k])
            hessian[places[j], places[k]] -= left.T @ (weight[:, None] * block.arrays[k])


def climb(likelihood: Multinomial) -> Optimum:
    """The maximum by Newton's method; with many rows, from the maximum of the fullest tenth of them."""
    start = likelihood.start()
    if likelihood.designs.rows >= MANY:
        near = maximise(likelihood.fullest(likelihood.designs.rows // 10), start, tolerance=1e-3).theta
        # Where the tenth alone separates the exits, its maximum lies far out.
        start = near if likelihood.value(near) > likelihood.value(start) else start
    return maximise(likelihood, start)


def cluster_scores(
    designs: Designs, theta: Array, place: npt.NDArray[np.int64], cluster: npt.NDArray[np.int64], *counts: Array
) -> Array:
    """Gradient of each cluster's log-likelihood, (G, P).

    `counts` are the cells' at risk (n,) and exits (n, J), `place` (n,) the row of `designs` each cell has, and
    `cluster` (n,) its cluster, 0 … G − 1.
    """
    from scipy.sparse import coo_matrix

    at_risk, exits = counts
    p, shape = designs.hazards(theta), (int(cluster.max()) + 1, designs.rows)
    scores = []
    for j, array in enumerate(designs.arrays):
        residual = exits[:, j] - at_risk * p[place, j]
        scores.append(coo_matrix((residual, (cluster, place)), shape=shape) @ array)
    return np.hstack(scores)


def cluster_robust(bread: Array, scores: Array) -> Array:
    """Sandwich variance (P, P): G/(G − 1) · bread · Σ_g u_g u_g' · bread, u_g the score of cluster g.

    The factor is the CR1 correction of few clusters (Liang and Zeger 1986, Biometrika 73; Cameron and Miller 2015,
    Journal of Human Resources 50, 317–372); intervals then use Student's t with G − 1 degrees of freedom.
    """
    groups = len(scores)
    return bread @ (scores.T @ scores) @ bread * (groups / (groups - 1.0))
