"""Difference of two shares, with limits recovered from those of the shares."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.core.errors import InputError
from analysis.statistics.difference import difference, ratio_covariance
from analysis.statistics.ratio import Interval, ratio_variance, share_interval, wilson

Array = npt.NDArray[np.float64]


def newcombe(
    events: npt.ArrayLike,
    size: npt.ArrayLike,
    control_events: npt.ArrayLike,
    control_size: npt.ArrayLike,
    level: float = 0.95,
) -> Interval:
    """Difference of two independent shares with Newcombe's hybrid score limits, elementwise.

    Square-and-add of Wilson's limits (Newcombe 1998, Statistics in Medicine 17:873–890, method 10). Observations
    are independent; for those in clusters see `clustered_newcombe`.

    >>> found = newcombe(56, 70, 48, 80)
    >>> [round(float(value), 4) for value in found]
    [0.2, 0.0524, 0.3339]
    """
    first, second = _shares(events, size), _shares(control_events, control_size)
    return difference(wilson(*first, level), wilson(*second, level))


def clustered_newcombe(treated: Array, control: Array, level: float = 0.95) -> tuple[Interval, float]:
    """Difference of two shares whose observations come in clusters, and its standard error.

    `treated` and `control` (clusters, 2) hold each cluster's events and observations in either arm, row by row the
    same clusters; a cluster with nothing in an arm has zeros there. Each share has Wilson's limits at its
    effective size (`share_interval`), and the two are combined with the correlation that clusters in both arms
    give them. Raises InputError where an arm has no observation.
    """
    moments = [_moments(side) for side in (treated, control)]
    if not all(values[1] > 0 for values in moments):
        raise InputError("one of the two arms holds no observation, so there is no difference to speak of")
    shares = [share_interval(*values, level) for values in moments]
    variances = [float(ratio_variance(*values[:5], values[6])) for values in moments]
    joint = treated.T @ control
    now, before = ((values[0], values[1]) for values in moments)
    shared = float(ratio_covariance(now, before, (joint[0, 0], joint[0, 1], joint[1, 0], joint[1, 1])))
    error = float(np.sqrt(max(variances[0] + variances[1] - 2 * shared, 0.0)))
    return difference(shares[0], shares[1], variances[0], variances[1], shared), error


def _moments(side: Array) -> tuple[float, float, float, float, float, float, float]:
    """Σy, Σx, Σ_c y_c², Σ_c x_c y_c, Σ_c x_c², observations, clusters of one arm."""
    held = side[side[:, 1] > 0]
    y, x = held[:, 0], held[:, 1]
    return float(y.sum()), float(x.sum()), float(y @ y), float(x @ y), float(x @ x), float(x.sum()), float(len(x))


def _shares(events: npt.ArrayLike, size: npt.ArrayLike) -> tuple[Array, Array]:
    y, n = np.asarray(events, dtype=float), np.asarray(size, dtype=float)
    wrong = ~((n > 0) & (y >= 0) & (y <= n))
    if wrong.any():
        at = np.flatnonzero(np.broadcast_to(wrong, wrong.shape).ravel())[0]
        pair = (
            f"{np.broadcast_to(y, wrong.shape).ravel()[at]:g} of {np.broadcast_to(n, wrong.shape).ravel()[at]:g}"
        )
        raise InputError(f"a share of {pair} is no share; give events from 0 to the number observed, at least one")
    return y / n, n
