"""Clustered bootstrap through sums by cluster: what is resampled are clusters, never rows.

Whatever is a function of sums (a mean, a ratio, a difference of arms, a curve of monthly hazards) needs of each
cluster only its own sums, (clusters, k). A replication draws clusters with replacement and adds their sums, so its
cost does not grow with rows; clusters with equal sums, such as all customers who paid nothing, are drawn together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError

Array = npt.NDArray[np.float64]
Statistic = Callable[[Array], Array]
"""From sums (…, k) to a measure (…) or to several (…, m)."""

EXACT = 4000
"""Distinct rows of sums up to which counts are drawn from the multinomial itself."""

BLOCK = 32_768
"""Clusters weighed at a time: 64 replications of them stay in the processor's cache."""

_STEPS = 65_536


class Bootstrap(NamedTuple):
    """A measure, its replications (replications, …), standard error and limits, elementwise."""

    value: Array
    replicates: Array
    error: Array
    lower: Array
    upper: Array


def cluster_sums(cluster: npt.ArrayLike, values: npt.ArrayLike) -> Array:
    """Sums of values (n, k) over each cluster, (clusters, k), in the order of the sorted labels.

    Raises InputError for missing labels and missing values.

    >>> cluster_sums(["a", "b", "a"], [[1.0], [5.0], [2.0]]).tolist()
    [[3.0], [5.0]]
    """
    table = np.asarray(values, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    if not np.isfinite(table).all():
        raise InputError(
            f"{int((~np.isfinite(table)).any(axis=1).sum()):,} of {len(table):,} rows have no number to sum; "
            "leave them out, and say how many they are"
        )
    code, labels = pd.factorize(np.asarray(cluster), sort=True)
    if (code < 0).any():
        raise InputError(f"{int((code < 0).sum()):,} of {code.size:,} rows belong to no cluster; give each one")
    return np.column_stack([np.bincount(code, column, minlength=len(labels)) for column in table.T])


def bootstrap(
    sums: Array, statistic: Statistic, replications: int = 1000, seed: int = 0, level: float = 0.95
) -> Bootstrap:
    """A statistic of the clusters' sums (clusters, k), with percentile limits.

    Quantiles are widened to those of Student's t with clusters − 1 degrees of freedom, Φ(t·√(C/(C−1))), without
    which few clusters give limits that are too narrow (Hesterberg 2015, The American Statistician 69, 371–386,
    section 5). Limits are missing with fewer than two clusters. Sums are those of as many clusters as there are,
    so totals may be asked for as well as ratios.

    >>> sums = np.array([[1.0, 2.0], [0.0, 1.0], [2.0, 3.0], [1.0, 1.0]])
    >>> found = bootstrap(sums, lambda s: s[..., 0] / s[..., 1], seed=1)
    >>> round(float(found.value), 3), bool(found.lower < found.value < found.upper)
    (0.571, True)
    """
    replicates = np.asarray(statistic(resampled_sums(sums, replications, seed)), dtype=float)
    value = np.asarray(statistic(sums.sum(axis=0)), dtype=float)
    return limits_of(value, replicates, len(sums), level)


def limits_of(value: Array, replicates: Array, clusters: int, level: float = 0.95) -> Bootstrap:
    """Standard error and widened percentile limits from replications that were drawn before."""
    if not 0 < level < 1:
        raise ParameterError(f"level is {level}; give a fraction, for example 0.95")
    void = np.full(np.shape(value), np.nan)
    if clusters < 2:
        return Bootstrap(value, replicates, void, void, void)
    tail = _tail(clusters, level)
    lower, upper = np.quantile(replicates, [tail, 1 - tail], axis=0)
    return Bootstrap(value, replicates, np.std(replicates, axis=0, ddof=1), lower, upper)


def resampled_sums(sums: Array, replications: int = 1000, seed: int = 0) -> Array:
    """Sums over clusters drawn with replacement, (replications, k).

    With at most 4,000 distinct rows of sums the counts of each are multinomial, which is the bootstrap itself.
    With more, every cluster counts a Poisson(1) number of times and sums are scaled to the number of clusters: the
    same distribution up to terms of order 1/C (Chamandy, Muralidharan, Najmi and Naidu 2012, Estimating
    uncertainty for massive data streams; Hanley and MacGibbon 2006, Computer Methods and Programs in Biomedicine
    83, 57–62).
    """
    if sums.ndim != 2 or not len(sums):
        raise InputError(f"sums have shape {sums.shape}; give one row a cluster and one column a sum")
    if replications < 2:
        raise ParameterError(f"replications is {replications}; give at least 2, 1,000 for limits")
    rng, (rows, counts) = np.random.default_rng(seed), _distinct(np.asarray(sums, dtype=float))
    if len(rows) <= EXACT:
        drawn = rng.multinomial(len(sums), counts / len(sums), size=replications)
        return np.asarray(drawn @ rows, dtype=float)
    return _poisson(rows, counts, replications, rng)


def _distinct(sums: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """Distinct rows of sums and how many clusters have each."""
    order = np.lexsort(sums.T)
    ranked = sums[order]
    first = np.flatnonzero(np.r_[True, (ranked[1:] != ranked[:-1]).any(axis=1)])
    return ranked[first], np.diff(np.r_[first, len(ranked)])


def _poisson(rows: Array, counts: npt.NDArray[np.int64], replications: int, rng: np.random.Generator) -> Array:
    """Sums with Poisson counts, scaled to the number of clusters; rows are centred to keep digits."""
    centre = counts @ rows / counts.sum()
    apart = np.column_stack([rows - centre, np.ones(len(rows))])
    often = counts > 1
    totals = _shared(apart[often], counts[often], replications, rng) + _single(apart[~often], replications, rng)
    drawn, clusters = totals[:, -1:], counts.sum()
    scaled: Array = clusters * (totals[:, :-1] / drawn + centre)
    return scaled


def _shared(rows: Array, counts: npt.NDArray[np.int64], replications: int, rng: np.random.Generator) -> Array:
    """Totals of rows that several clusters share: a Poisson number with their count as its mean."""
    return np.array([rng.poisson(counts) @ rows for _ in range(replications)])


def _single(rows: Array, replications: int, rng: np.random.Generator) -> Array:
    """Totals of rows that one cluster has: Poisson(1) counts looked up from 16 random bits each."""
    times, totals = _poisson_table(), np.zeros((replications, rows.shape[1]))
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK].astype(np.float32)
        for r in range(0, replications, 64):
            shape = (min(64, replications - r), len(block))
            words = np.frombuffer(rng.bytes(2 * shape[0] * shape[1]), dtype=np.uint16)
            totals[r : r + 64] += times[words].reshape(shape) @ block
    return totals


def _poisson_table() -> npt.NDArray[np.float32]:
    """Poisson(1) by 16 random bits; each probability is right to within one part in 65,536."""
    from scipy.special import pdtr

    edges = np.rint(pdtr(np.arange(12), 1.0) * _STEPS).astype(int)
    return np.searchsorted(edges, np.arange(_STEPS), side="right").astype(np.float32)


def _tail(clusters: int, level: float) -> float:
    from scipy.special import ndtr, stdtrit

    t = float(stdtrit(clusters - 1, 0.5 + level / 2))
    return float(ndtr(-t * np.sqrt(clusters / (clusters - 1))))
