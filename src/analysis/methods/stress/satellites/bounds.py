"""The nearest point within bounds: what a free estimate, or a draw of one, becomes under sign constraints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def within(point: Array, information: Array, lower: Array, upper: Array) -> Array:
    """The nearest point within bounds (K,), of one (K,) or many (N, K), in the metric of `information`: one for
    all (K, K) or one each (N, K, K).

    Exact: the nearest point lies on a face of the box, where the bounds that hold are met and the other
    coefficients take their conditional mean; each face is tried (2ᵇ for b one-sided bounds), and of the points
    found that lie within, the nearest is it, as the problem is convex.
    """
    points = np.atleast_2d(point)
    outside = ((points < lower) | (points > upper)).any(axis=1)
    if not outside.any():
        return point
    found, chosen = points.copy(), information[outside] if np.ndim(information) == 3 else information[None]
    found[outside] = _nearest(points[outside], np.asarray(np.linalg.inv(chosen), float), lower, upper)
    return np.asarray(found.reshape(np.shape(point)))


def _nearest(points: Array, covariance: Array, lower: Array, upper: Array) -> Array:
    best, nearest = np.full(len(points), np.inf), np.clip(points, lower, upper)
    reach = 1e-9 * np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    for held, bound in _faces(lower, upper):
        gap, across = bound - points[:, held], covariance[:, held]
        pull = np.linalg.solve(across[:, :, held], gap[..., None])
        moved = points + (np.swapaxes(pull, 1, 2) @ across)[:, 0]
        moved[:, held] = bound
        distance = (gap * pull[..., 0]).sum(axis=1)
        better = ((moved >= lower - reach) & (moved <= upper + reach)).all(axis=1) & (distance < best)
        best[better], nearest[better] = distance[better], moved[better]
    return np.clip(nearest, lower, upper)


def _faces(lower: Array, upper: Array) -> Iterator[tuple[list[int], Array]]:
    """Each choice of coefficients that are held at a bound, one at least."""
    ends = [[None, *(end for end in pair if np.isfinite(end))] for pair in zip(lower, upper, strict=True)]
    for choice in product(*ends):
        held = [place for place, end in enumerate(choice) if end is not None]
        if held:
            yield held, np.array([choice[place] for place in held], float)
