"""The least implausible economy that exhausts a limit, found backwards from the limit.

    minimise d(x) = √(x'C⁻¹x)   over changes x of the economy, subject to   f(x) ≥ limit

with C as in plausibility, x the changes at its anchors, and f any function of the projection. In the axes of C
this is the point of a surface nearest to the origin, the design point of structural reliability (Hasofer and Lind
1974, Journal of the Engineering Mechanics Division 100, 111–121); found by sequential quadratic programming
(scipy's SLSQP) from several starts, since the surface may bend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.scenarios import EVERY_INDUSTRY, GROWTH_LIMITS, LIMITS
from analysis.methods.stress.satellites.drivers import driver_series
from analysis.methods.stress.satellites.satellite import Satellite
from analysis.methods.stress.scenarios.plausibility import Plausibility, path_from_changes

Array = npt.NDArray[np.float64]

Value = Callable[[Array], Array]
"""Changes (D, A·k) to the value that the limit is held against, (D,)."""

FARTHEST = 64.0
STEP = 1e-4
TOLERANCE = 1e-4
"""Share of the limit by which the search may end beside it."""


@dataclass(frozen=True)
class ReverseStress:
    """`changes` (A·k,) and monthly `path` of the least implausible economy, its Mahalanobis `distance`, `quantile`
    among bootstrapped histories and `normal_quantile`; `value` reached against `limit`.

    `reached` is False where no economy within allowed ranges exhausts the limit; the path then is the worst found.
    `at_once`: the limit is exhausted although nothing changes, at distance 0.
    """

    changes: Array
    path: pd.DataFrame
    distance: float
    quantile: float
    normal_quantile: float
    value: float
    limit: float
    reached: bool
    at_once: bool


class LinearShifts:
    """Log-odds by step as a linear function of changes: exact, since drivers are linear in them.

    Calling it with changes (D, A·k) gives log-odds by step, (D, H): satellites at their point estimates, the same
    as path_from_changes(), driver_series() and Satellite.shift() one after another, without their cost. `months`:
    those that log-odds are wanted for, the path of `judged` reaching at least as far.
    """

    def __init__(
        self,
        satellites: Mapping[str, Satellite],
        judged: Plausibility,
        history: pd.DataFrame,
        months: Sequence[pd.Timestamp],
        reference: Sequence[pd.Timestamp],
    ) -> None:
        size = len(judged.covariance)
        index = months_ahead(judged, history)

        def shifts(changes: Array) -> dict[str, Array]:
            path = path_from_changes(judged, changes, history, index)
            drivers = driver_series(pd.concat([history, path]))
            return {step: one.shift(drivers, months, reference) for step, one in satellites.items()}

        self.base = shifts(np.zeros(size))
        units = [shifts(row) for row in np.eye(size)]
        self.slopes = {step: np.stack([one[step] - base for one in units]) for step, base in self.base.items()}

    def __call__(self, changes: Array) -> dict[str, Array]:
        return {step: base + np.atleast_2d(changes) @ self.slopes[step] for step, base in self.base.items()}


def reverse_stress(
    value: Value,
    limit: float,
    judged: Plausibility,
    history: pd.DataFrame,
    starts: Sequence[Array] = (),
) -> ReverseStress:
    """The least implausible changes for which `value` reaches `limit`.

    `value` must be above 0 and take many changes at once. `starts`: changes to begin from beside the steepest way
    out, for example those of the scenarios (Plausibility.changes). Rates stay in the ranges of core.scenarios.
    Raises ParameterError for a limit of 0 or less.
    """
    if not (np.isfinite(limit) and limit > 0):
        raise ParameterError(f"limit is {limit!r}; give an amount above 0 that losses are held against")
    root: Array = np.asarray(np.linalg.cholesky(judged.covariance), float)
    search = _Search(value, limit, root, *allowed_changes(judged, history))
    origin = np.zeros(len(root))
    if search.excess(origin[None])[0] >= 0:
        return _told(judged, history, root, origin, search, at_once=True)
    points = [found for start in _starts(search, root, starts) if (found := search.solve(start)) is not None]
    best = min(points, key=lambda z: float(z @ z)) if points else search.worst
    return _told(judged, history, root, best, search)


class _Search:
    """The problem in the axes of C: z with x = root · z, so that the distance is |z|."""

    def __init__(self, value: Value, limit: float, root: Array, low: Array, high: Array) -> None:
        self.value, self.limit, self.root = value, limit, root
        self.low, self.high = low, high
        self.worst, self.worst_excess = np.zeros(len(root)), -np.inf

    def excess(self, z: Array) -> Array:
        """log(value ÷ limit), (D,), of points (D, n); remembers the worst economy within ranges."""
        found = np.log(np.maximum(self.value(z @ self.root.T), 1e-300) / self.limit)
        allowed = np.where([self.inside(row) for row in z], found, -np.inf)
        place = int(np.argmax(allowed))
        if allowed[place] > self.worst_excess:
            self.worst, self.worst_excess = z[place].copy(), float(allowed[place])
        return found

    def gradient(self, z: Array) -> Array:
        steps = STEP * np.eye(len(z))
        found = self.excess(np.concatenate([z + steps, z - steps]))
        return np.asarray((found[: len(z)] - found[len(z) :]) / (2 * STEP))

    def inside(self, z: Array) -> bool:
        changes = self.root @ z
        return bool(((changes >= self.low - 1e-9) & (changes <= self.high + 1e-9)).all())

    def clip(self, z: Array) -> Array:
        return np.asarray(np.linalg.solve(self.root, np.clip(self.root @ z, self.low, self.high)))

    def way_out(self, direction: Array) -> Array:
        """The first point along a direction, doubling, that exhausts the limit, held within ranges."""
        unit, length = direction / np.linalg.norm(direction), 1.0
        while length < FARTHEST and self.excess(self.clip(length * unit)[None])[0] < 0:
            length *= 2.0
        return self.clip(length * unit)

    def solve(self, start: Array) -> Array | None:
        """Nearest point from a start, or None where the search doesn't end on the limit within ranges."""
        from scipy.optimize import minimize

        ranges = {
            "type": "ineq",
            "fun": lambda z: np.concatenate([self.root @ z - self.low, self.high - self.root @ z]),
            "jac": lambda z: np.concatenate([self.root, -self.root]),
        }
        limit = {"type": "ineq", "fun": lambda z: self.excess(z[None])[0], "jac": self.gradient}
        found = minimize(
            lambda z: 0.5 * float(z @ z), start, jac=lambda z: z, method="SLSQP", constraints=[limit, ranges],
            options={"maxiter": 200, "ftol": 1e-8},
        )  # fmt: skip
        z = np.asarray(found.x) if self.inside(np.asarray(found.x)) else self.clip(np.asarray(found.x))
        return z if self.excess(z[None])[0] > -TOLERANCE else None


def _starts(search: _Search, root: Array, given: Sequence[Array]) -> list[Array]:
    directions = [search.gradient(np.zeros(len(root)))]
    directions += [np.asarray(np.linalg.solve(root, changes), float) for changes in given]
    return [search.way_out(one) for one in directions if np.linalg.norm(one) > 0]


def months_ahead(judged: Plausibility, history: pd.DataFrame) -> pd.DatetimeIndex:
    """Month ends after the last actual that paths of `judged` have."""
    first = history.index[-1] + pd.offsets.MonthEnd(1)
    return pd.date_range(first, periods=judged.anchors[-1], freq="ME", name="month")


def allowed_changes(judged: Plausibility, history: pd.DataFrame) -> tuple[Array, Array]:
    """Lowest and highest change at each anchor, (A·k,); of indices the largest growth and fall a scenario may
    have."""
    low, high = [], []
    for name in judged.variables:
        if name == EVERY_INDUSTRY:
            below, above = (float(np.log1p(limit)) for limit in GROWTH_LIMITS)
        else:
            now = float(history[name].iloc[-1])
            below, above = (limit - now for limit in LIMITS[name])
        low.append(100.0 * below)
        high.append(100.0 * above)
    count = len(judged.anchors)
    return np.tile(low, count), np.tile(high, count)


def _told(
    judged: Plausibility, history: pd.DataFrame, root: Array, z: Array, search: _Search, at_once: bool = False
) -> ReverseStress:
    changes = root @ z
    reached = float(search.value(changes[None])[0])
    distance = judged.distance_of(changes)
    return ReverseStress(
        changes,
        path_from_changes(judged, changes, history, months_ahead(judged, history)),
        distance,
        judged.quantile(distance),
        judged.normal_quantile(distance),
        reached,
        search.limit,
        reached >= search.limit * (1 - 2 * TOLERANCE),
        at_once,
    )
