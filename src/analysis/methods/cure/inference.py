"""Variance of the estimates: from the Hessian, robust, or robust to clusters."""

from __future__ import annotations

import numpy as np

from analysis.methods.cure.likelihood import Array, Likelihood


def inverse_information(hessian: Array) -> Array:
    """Inverse of −Hessian, (P, P). A flat direction gets a huge variance, not a negative one."""
    diagonal = np.abs(np.diag(hessian))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    values, vectors = np.linalg.eigh(-hessian * np.outer(scale, scale))
    floor = 1e-12 * max(float(np.abs(values).max()), 1e-300)
    inverse = (vectors / np.maximum(values, floor)) @ vectors.T
    return inverse * np.outer(scale, scale)


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
