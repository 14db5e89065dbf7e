"""Variance of the estimates that is robust, or robust to clusters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def row_scores(blocks: Iterator[tuple[Any, Array]], rows: int, size: int) -> Array:
    """Scores (rows, size) from blocks of them; a row that is in several blocks has their sum."""
    scores = np.zeros((rows, size))
    for place, block in blocks:
        scores[place] += block
    return scores


def sandwich(scores: Array, weight: Array, cluster: npt.NDArray[np.int64] | None, bread: Array) -> Array:
    """Robust variance: bread · Σ u u' · bread, u the score of a row, or of a cluster's rows together.

    `scores` (n, P) are the rows' without weights, `bread` (P, P) the inverse information.

    A row of case weight w counts as w rows of the same score: w·uu' where rows are independent, (Σ w u)(Σ w u)'
    within a cluster. The sum is scaled by G/(G − 1), G the rows or clusters. (White 1982; Liang and Zeger 1986.)
    """
    if cluster is not None:
        groups = int(cluster.max()) + 1
        summed = [np.bincount(cluster, weights=weight * column, minlength=groups) for column in scores.T]
        scores, count = np.column_stack(summed), float(groups)
        meat = scores.T @ scores
    else:
        meat, count = scores.T @ (weight[:, None] * scores), float(weight.sum())
    return bread @ meat @ bread * (count / (count - 1.0))
