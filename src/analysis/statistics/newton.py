"""Newton's method for a maximum, safeguarded where the surface is flat or bends the wrong way; its variance."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

STEPS = 60
HALVINGS = 30
TOLERANCE = 1e-10
"""Newton decrement (twice the gain still to be had, in log-likelihood) at which the search ends."""


class Evaluation(NamedTuple):
    """Log-likelihood, gradient (P,) and Hessian (P, P) at a point."""

    value: float
    gradient: Array
    hessian: Array


class Optimum(NamedTuple):
    """Where the search ended: point, evaluation there, steps taken, and whether it settled."""

    theta: Array
    at: Evaluation
    steps: int
    converged: bool


def maximise(function: Callable[[Array], Evaluation], start: Array, tolerance: float = TOLERANCE) -> Optimum:
    """Climb from `start` (P,) by Newton steps with a positive-definite curvature and step halving."""
    theta, here = start, function(start)
    for step in range(STEPS):
        direction = ascent(here)
        decrement = float(here.gradient @ direction)
        if decrement < tolerance:
            return Optimum(theta, here, step, True)
        moved = _search(function, theta, here, direction, decrement)
        if moved is None:
            # Rounding hides gains this small: at the floor of the arithmetic, not astray.
            return Optimum(theta, here, step, decrement < 1e-9 * max(abs(here.value), 1.0))
        theta, here = moved
    return Optimum(theta, here, STEPS, False)


def ascent(here: Evaluation) -> Array:
    """Newton direction on the diagonal-scaled Hessian, with eigenvalues turned positive and kept off zero."""
    diagonal = np.abs(np.diag(here.hessian))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    values, vectors = np.linalg.eigh(-here.hessian * np.outer(scale, scale))
    floor = 1e-10 * max(float(np.abs(values).max()), 1e-10)
    along = vectors.T @ (scale * here.gradient)
    return scale * (vectors @ (along / np.maximum(np.abs(values), floor)))


def _search(
    function: Callable[[Array], Evaluation],
    theta: Array,
    here: Evaluation,
    direction: Array,
    decrement: float,
) -> tuple[Array, Evaluation] | None:
    """First of the halved steps that gains enough (Armijo) and has finite derivatives; None if none does."""
    length = 1.0
    for _ in range(HALVINGS):
        trial = theta + length * direction
        there = function(trial)
        finite = np.isfinite(there.value) and np.isfinite(there.hessian).all()
        if finite and there.value >= here.value + 1e-4 * length * decrement:
            return trial, there
        length /= 2.0
    return None


def inverse_information(hessian: Array) -> Array:
    """Inverse of −Hessian, (P, P). A flat direction gets a huge variance, not a negative one."""
    diagonal = np.abs(np.diag(hessian))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    values, vectors = np.linalg.eigh(-hessian * np.outer(scale, scale))
    floor = 1e-12 * max(float(np.abs(values).max()), 1e-300)
    inverse = (vectors / np.maximum(values, floor)) @ vectors.T
    return inverse * np.outer(scale, scale)
