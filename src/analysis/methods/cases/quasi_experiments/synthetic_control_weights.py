"""Weights that are not negative and sum to one, and the effects that a permutation over time doesn't reject."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

Array = npt.NDArray[np.float64]
TIGHT = 1e4
"""How much more the sum of the weights counts than the fit, in units of the panel's own size."""
USED = 1e-6
"""Weight from which a donor counts as used."""


def fit_weights(y: Array, x: Array) -> Array:
    """Weights (donors,) of the columns of x (months, donors) that come nearest to y, on the simplex.

    Non-negative least squares with one heavy row for the sum; centring first doesn't change a fit whose weights
    sum to one, and keeps the row from being drowned.
    """
    centre = x.mean(axis=1, keepdims=True)
    scale = max(float(np.abs(x - centre).max()), float(np.abs(y - centre[:, 0]).max()), 1e-12)
    heavy = np.vstack([(x - centre) / scale, np.full((1, x.shape[1]), TIGHT)])
    found, _ = nnls(heavy, np.append((y - centre[:, 0]) / scale, TIGHT), maxiter=50 * x.shape[1])
    return np.asarray(found / found.sum())


def gap(y: Array, x: Array, start: int) -> Array:
    """Outcome less its synthetic control, weights from the months before `start`."""
    return y - x @ fit_weights(y[:start], x[:start])


def conformal_effect(y: Array, x: Array, start: int, level: float = 0.95) -> tuple[float, float, float]:
    """Interval of constant effects, and p of none, by moving blocks of time.

    Under a supposed effect it is taken off, weights are fitted on all months, and the gap after is ranked among
    those of all blocks of the same length (wrapped round), see constant_effect_p(). The interval is bracketed
    outwards from the estimate and halved to a thousandth of it; it is unbounded where there are too few blocks for
    the level.
    """
    estimate = float(gap(y, x, start)[start:].mean())
    p = constant_effect_p(y, x, start, 0.0)
    if 1 / len(y) > 1 - level:
        return -np.inf, np.inf, p
    step = max(float(gap(y, x, start)[:start].std()), 1e-9)
    ends = [_end(y, x, start, estimate, sign * step, 1 - level) for sign in (-1.0, 1.0)]
    return ends[0], ends[1], p


def _end(y: Array, x: Array, start: int, inside: float, step: float, alpha: float) -> float:
    """The farthest effect in the direction of `step` that isn't rejected."""
    outside = inside + step
    for _ in range(30):
        if constant_effect_p(y, x, start, outside) <= alpha:
            break
        inside, outside = outside, outside + 2 * (outside - inside)
    else:
        return float(np.sign(step) * np.inf)
    for _ in range(12):
        middle = (inside + outside) / 2
        inside, outside = (
            (inside, middle) if constant_effect_p(y, x, start, middle) <= alpha else (middle, outside)
        )
    return float(outside)


def constant_effect_p(y: Array, x: Array, start: int, effect: float) -> float:
    """Share of blocks of time whose gap is at least that of the months after, the effect taken off.

    Each block's summed gap is measured in its own standard error. The fit bends to the months in which the donors
    lie farthest out, mostly the last ones, and leaves smaller gaps there: were blocks not measured so, the months
    after would seldom stand out, and intervals would be too wide.
    """
    bare = y.copy()
    bare[start:] -= effect
    weights = fit_weights(bare, x)
    blocks = _blocks(len(y), len(y) - start)
    sums = np.abs(blocks @ (bare - x @ weights)) / _block_errors(blocks, x[:, weights > USED])
    return float(np.mean(sums >= sums[start] - 1e-12))


def _blocks(months: int, length: int) -> Array:
    """(months, months): ones in the `length` months from each month on, wrapped round."""
    place = np.arange(months)
    return ((place[None] - place[:, None]) % months < length).astype(float)


def _block_errors(blocks: Array, used: Array) -> Array:
    """Standard error of each block's summed gap, in units of a month's, given the donors that have weight.

    Gaps are what a regression on the donors' differences from the first of them leaves over.
    """
    apart = used[:, 1:] - used[:, :1]
    basis = np.linalg.qr(apart)[0] if apart.shape[1] else np.zeros((len(apart), 0))
    variance = blocks.sum(axis=1) - np.square(blocks @ basis).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(variance, 1e-9)))
