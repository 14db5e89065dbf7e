"""Variance of the estimates that is robust, or robust to clusters."""

from __future__ import annotations

import numpy as np

from analysis.methods.cure.likelihood import Array, Likelihood


def sandwich(likelihood: Likelihood, theta: Array, bread: Array, clustered: bool) -> Array:
    """Robust variance: bread · Σ u u' · bread, u the score of a row, or of a cluster's rows together.

    A row of case weight w counts as w rows of the same score: w·uu' where rows are independent, (Σ w u)(Σ w u)'
    within a cluster. The sum is scaled by G/(G − 1), G the rows or clusters. (White 1982; Liang and Zeger 1986.)
    """
    sample = likelihood.sample
    scores = np.zeros((sample.rows, likelihood.layout.size))
    for rows, block in likelihood.scores(theta):
        scores[rows] += block
    weight, cluster = sample.times.weight, sample.times.cluster
    if clustered and cluster is not None:
        groups = int(cluster.max()) + 1
        summed = [np.bincount(cluster, weights=weight * column, minlength=groups) for column in scores.T]
        scores, count = np.column_stack(summed), float(groups)
        meat = scores.T @ scores
    else:
        meat, count = scores.T @ (weight[:, None] * scores), float(weight.sum())
    return bread @ meat @ bread * (count / (count - 1.0))
