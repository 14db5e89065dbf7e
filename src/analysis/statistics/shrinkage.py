"""Many noisy estimates of the same kind, drawn towards their mean as far as their spread is noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from analysis.core.errors import InputError, ParameterError

Array = npt.NDArray[np.float64]

FEWEST = 3
"""Estimates from which a spread between them can be learnt at all."""

_GRID = 400


class Shrunken(NamedTuple):
    """Posterior of n true values: mean, standard deviation, limits; the mean and spread they are drawn from.

    `weights` (grid,) and `spreads` (grid,) are the posterior of the spread, `means` (grid, n) and `errors` (grid,
    n) that of the values given it.
    """

    value: Array
    error: Array
    lower: Array
    upper: Array
    mean: float
    spread: float
    weights: Array
    spreads: Array
    means: Array
    errors: Array


def shrink(estimates: npt.ArrayLike, errors: npt.ArrayLike, level: float = 0.95) -> Shrunken:
    """Posterior of true values θ_i ~ N(μ, τ²), each seen with error: estimate_i ~ N(θ_i, error_i²).

    Neither μ nor τ is taken for known: both have flat priors, and limits average over what the data leave open
    (Rubin 1981, Journal of Educational Statistics 6, 377–401; Gelman 2006, Bayesian Analysis 1, 515–534). With τ
    put at one estimate, as plain empirical Bayes does, limits of few groups are too narrow (Morris 1983, JASA 78,
    47–55). `spread` is the posterior mean of τ. The limits hold on average over the values, not for each: one that
    is truly far out is drawn in too far.

    Fewer than three estimates say nothing about their spread, and stay as they are (`spread` missing). Raises
    InputError for missing estimates and errors that aren't above zero.

    >>> found = shrink([28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18])
    >>> found.value.round(1).tolist()[:3], round(found.spread, 1)
    ([11.4, 7.9, 6.1], 6.6)
    """
    y, s = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float)
    _refuse(y, s, level)
    if y.size < FEWEST:
        weights, spreads, means, sds = np.ones(1), np.array([np.inf]), y[None, :], s[None, :]
    else:
        weights, spreads, means, sds = _posterior(y, s)
    value = weights @ means
    error = np.sqrt(np.maximum(weights @ (sds**2 + means**2) - value**2, 0.0))
    lower, upper = (_quantile(p, weights, means, sds) for p in ((1 - level) / 2, (1 + level) / 2))
    spread = float(weights @ spreads) if y.size >= FEWEST else np.nan
    return Shrunken(value, error, lower, upper, float(value.mean()), spread, weights, spreads, means, sds)


def draw(found: Shrunken, draws: int = 4000, seed: int = 0) -> Array:
    """Draws of all true values together, (draws, n): those given one spread are independent but for their mean."""
    rng = np.random.default_rng(seed)
    at = rng.choice(len(found.weights), size=draws, p=found.weights)
    return found.means[at] + found.errors[at] * rng.standard_normal((draws, found.value.size))


def _posterior(y: Array, s: Array) -> tuple[Array, Array, Array, Array]:
    """Weights of a grid of spreads, and mean and error of each value given each of them."""
    top = 10 * max(float(np.std(y, ddof=1)), float(s.min()))
    tau = (np.arange(_GRID) + 0.5) ** 2 / _GRID**2 * top
    width = 2 * (np.arange(_GRID) + 0.5) / _GRID**2 * top
    variance = s**2 + tau[:, None] ** 2
    information = (1 / variance).sum(axis=1)
    mu = (y / variance).sum(axis=1) / information
    log = -0.5 * (np.log(variance) + (y - mu[:, None]) ** 2 / variance).sum(axis=1) - 0.5 * np.log(information)
    weights = np.exp(log - log.max()) * width
    keep = s**2 / variance
    means = keep * mu[:, None] + (1 - keep) * y
    sds = np.sqrt((1 - keep) * s**2 + keep**2 / information[:, None])
    return weights / weights.sum(), tau, means, sds


def _quantile(p: float, weights: Array, means: Array, sds: Array) -> Array:
    """Quantile of each value's mixture of normals, by halving."""
    low, high = (means - 10 * sds).min(axis=0), (means + 10 * sds).max(axis=0)
    for _ in range(60):
        middle = (low + high) / 2
        below = weights @ ndtr((middle - means) / sds) < p
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def _refuse(y: Array, s: Array, level: float) -> None:
    if y.shape != s.shape or y.ndim != 1 or not y.size:
        raise InputError(f"estimates of shape {y.shape} and errors of shape {s.shape}; give as many of either")
    wrong = ~(np.isfinite(y) & np.isfinite(s) & (s > 0))
    if wrong.any():
        raise InputError(
            f"{int(wrong.sum())} of {y.size} estimates are missing or have no error above zero (place "
            f"{int(np.flatnonzero(wrong)[0])}); leave out groups of which nothing varies, and say so"
        )
    if not 0 < level < 1:
        raise ParameterError(f"level is {level}; give a fraction, for example 0.95")
