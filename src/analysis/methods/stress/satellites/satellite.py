"""Satellite models: what the economy adds to each step of delinquency, averaged over when it acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from analysis.core.errors import InputError, ParameterError
from analysis.methods.stress.satellites.draws import draw_coefficients
from analysis.methods.stress.satellites.drivers import STEPS, Structure, harmonics, lagged, lagged_column, sign_of
from analysis.methods.stress.satellites.month_effects import MonthEffects
from analysis.methods.stress.satellites.regression import MonthRegression, axes_of, regress_each

Array = npt.NDArray[np.float64]

LEAST_MONTHS = 24
"""Months of steps below which elasticities are not estimated."""
LAGS = (1, 2, 3)
MEMORIES = (0.0, 0.3, 0.6, 0.85)
"""Autocorrelations of months' own noise that are averaged over."""
HALVING = 0.5
"""What each quarter of autocorrelation takes off a memory's prior weight: without noise that lasts intervals would
otherwise be too wide, with it they are a little narrow (benchmarks/results/satellite_coverage.md)."""


@dataclass(frozen=True)
class Published:
    """An elasticity from elsewhere: log-odds (recovery: log) a unit of the driver, its standard error, and lag in
    months. `source` is printed beside it."""

    elasticity: float
    error: float = 0.0
    lag: int = 2
    source: str = ""


@dataclass(frozen=True)
class Structured:
    """One model of those averaged: when each driver acts, its weight, and its fit, with how long noise lasts."""

    structure: Structure
    weight: float
    fit: MonthRegression


@dataclass(frozen=True)
class Satellite:
    """Elasticities of one step; made by fit_satellite() or assumed().

    `source`: "fitted", or "assumption" where they were given, not estimated. `lower`, `upper`: bounds of the
    coefficients (intercept, drivers, season). `months`: what it was fitted on, empty for an assumption.
    """

    step: str
    drivers: tuple[str, ...]
    models: tuple[Structured, ...]
    waves: int
    lower: Array
    upper: Array
    months: tuple[pd.Timestamp, ...]
    source: Literal["fitted", "assumption"]

    @property
    def tau(self) -> float:
        """Standard deviation of months beside economy and season, log-odds: process noise of whole months."""
        return float(np.sqrt(sum(model.weight * model.fit.tau2 for model in self.models)))

    @property
    def memory(self) -> float:
        """Autocorrelation of that noise, weighted over models; 0 where there is none."""
        noise = sum(model.weight * model.fit.tau2 for model in self.models)
        lasting = sum(model.weight * model.fit.tau2 * model.fit.memory for model in self.models)
        return float(lasting / noise) if noise > 0 else 0.0

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """One row a driver: step, driver, lag (mean), elasticity, se, lower, upper, bounded, source.

        `elasticity` within its sign; `se` and limits hold the variance between lag structures too: √Σ w (C + (β −
        β̄)²), Student's t; limits are cut at the sign. `bounded`: weight of the structures whose estimate had the
        wrong sign.
        """
        rows = [self._row(place, driver, level) for place, driver in enumerate(self.drivers, 1)]
        return pd.DataFrame(rows, columns=COLUMNS)

    def _row(self, place: int, driver: str, level: float) -> tuple[object, ...]:
        weights = np.array([model.weight for model in self.models])
        fits = [model.fit for model in self.models]
        reach = float(stdtrit(self.degrees, 0.5 + level / 2))
        free, error = _averaged(weights, [(fit.free[place], fit.covariance[place, place]) for fit in fits])
        inside, narrow = _averaged(
            weights, [(fit.bounded[place], fit.bounded_covariance[place, place]) for fit in fits]
        )
        # What a bound on one driver does to the others is no sampling error: both intervals are allowed for.
        ends = [
            min(free - reach * error, inside - reach * narrow),
            max(free + reach * error, inside + reach * narrow),
        ]
        low, high = np.clip(ends, self.lower[place], self.upper[place]).tolist()
        lag = float(weights @ np.array([model.structure[driver] for model in self.models]))
        held = float(weights @ np.array([fit.bounded[place] != fit.free[place] for fit in fits], float))
        return self.step, driver, lag, inside, error, low, high, held, self.source

    @property
    def degrees(self) -> float:
        return float(min(model.fit.degrees for model in self.models))

    def shift(
        self, drivers: pd.DataFrame, months: Sequence[pd.Timestamp], reference: Sequence[pd.Timestamp]
    ) -> Array:
        """Log-odds that economy and season add in `months` (H,) to the mean of the `reference` months.

        `drivers` (satellites.drivers.driver_series) must reach over both. 0 where nothing changed.
        """
        found, season = self._changes(drivers, months, reference)
        acting, seasonal = self._mean_coefficients
        return np.asarray(season @ seasonal + sum(acting[pair] * found[pair] for pair in found))

    @cached_property
    def _mean_coefficients(self) -> tuple[dict[tuple[str, int], float], Array]:
        """Coefficients of each driver and lag, and of the season, weighted over models."""
        acting: dict[tuple[str, int], float] = {}
        for model in self.models:
            for place, pair in enumerate(model.structure.items(), 1):
                acting[pair] = acting.get(pair, 0.0) + model.weight * float(model.fit.bounded[place])
        first = 1 + len(self.drivers)
        season = np.sum([model.weight * model.fit.bounded[first:] for model in self.models], axis=0)
        return acting, np.asarray(season, float)

    def draw_shifts(
        self,
        drivers: pd.DataFrame,
        months: Sequence[pd.Timestamp],
        reference: Sequence[pd.Timestamp],
        draws: int,
        random: np.random.Generator,
    ) -> Array:
        """shift() with coefficients drawn from what is known of them, (draws, H)."""
        return draw_coefficients(self, draws, random).shifts(drivers, months, reference)

    def moved(
        self, drivers: pd.DataFrame, months: Sequence[pd.Timestamp], reference: Sequence[pd.Timestamp]
    ) -> Callable[[Structured], Array]:
        """What gives a model's design rows of `months` less the mean of those of `reference`, (H, K).

        Each driver is looked up once a lag, however many structures share it; the intercept falls away.
        """
        found, season = self._changes(drivers, months, reference)
        nothing = np.zeros(len(months))
        return lambda model: np.column_stack([nothing, *(found[pair] for pair in model.structure.items()), season])

    def _changes(
        self, drivers: pd.DataFrame, months: Sequence[pd.Timestamp], reference: Sequence[pd.Timestamp]
    ) -> tuple[dict[tuple[str, int], Array], Array]:
        """Each driver after each lag in `months` less its mean in `reference`, (H,), and the season's, (H, 2W)."""
        pairs = {pair for model in self.models for pair in model.structure.items()}
        found = {}
        for name, lag in pairs:
            column, usual = (lagged_column(drivers, each, name, lag) for each in (months, reference))
            if not (np.isfinite(column).all() and np.isfinite(usual).all()):
                raise InputError(
                    f"the drivers of '{self.step}' ({', '.join(self.drivers)}) don't reach over all months "
                    "that are projected from or to; add macro history, or use shorter lags"
                )
            found[name, lag] = column - usual.mean()
        return found, harmonics(months, self.waves) - harmonics(reference, self.waves).mean(axis=0)


COLUMNS = ["step", "driver", "lag", "elasticity", "se", "lower", "upper", "bounded", "source"]


def _averaged(weights: Array, each: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean of estimates, and standard error with what they differ by: √Σ w (C + (β − β̄)²)."""
    point, variance = (np.array(values, float) for values in zip(*each, strict=True))
    centre = float(weights @ point)
    return centre, float(np.sqrt(weights @ (variance + (point - centre) ** 2)))


def design(drivers: pd.DataFrame, months: Sequence[pd.Timestamp], structure: Structure, waves: int) -> Array:
    """Intercept, lagged drivers in the structure's order, season; (T, K)."""
    return np.hstack([np.ones((len(months), 1)), lagged(drivers, months, structure), harmonics(months, waves)])


def lag_structures(names: Sequence[str], lags: Sequence[int] = LAGS) -> list[dict[str, int]]:
    """Every way in which each driver acts after one of `lags` months."""
    return [dict(zip(names, chosen, strict=True)) for chosen in product(lags, repeat=len(names))]


def season_waves(months: int) -> int:
    """Pairs of sine and cosine that so many months can bear: none below two years, two from six years on."""
    return 0 if months < 24 else 1 if months < 72 else 2


def fit_satellite(
    step: str,
    effects: MonthEffects,
    drivers: pd.DataFrame,
    names: Sequence[str],
    structures: Sequence[Structure] | None = None,
    waves: int | None = None,
    signs: bool = True,
    prior: Mapping[str, Published] | None = None,
    criterion: Literal["bic", "aic"] = "bic",
    published: Mapping[str, Published] | None = None,
    memories: Sequence[float] = MEMORIES,
) -> Satellite:
    """Elasticities of `step` to the drivers `names`, from its months' effects.

    `structures`: lags to average over, by default each driver at 1, 2 or 3 months; weights are those of
    `criterion` (Buckland, Burnham and Augustin 1997, Biometrics 53, 603–618). `waves`: season, by default as many
    as the months can bear. `signs`: keep each elasticity on the side that economics demands. `prior`: shrinkage to
    elasticities with standard errors (both given, the error above 0), for short samples; intervals are then the
    posterior's. `memories`: autocorrelations of the months' own noise, averaged over by restricted likelihood, so
    that errors hold it. With fewer than 24 months `published` elasticities are taken as they are, marked as
    assumption. Raises InputError where months are too few and nothing is published, ParameterError for an unknown
    step.
    """
    if step not in STEPS:
        raise ParameterError(f"step is '{step}'; it must be one of {', '.join(STEPS)}")
    used = lag_structures(names) if structures is None else [dict(one) for one in structures]
    _require_same_drivers(names, used)
    columns = {
        (name, lag): lagged_column(drivers, effects.months, name, lag)
        for name, lag in sorted({pair for one in used for pair in one.items()})
    }
    # All structures are judged on the same months: those that each of them has drivers for.
    kept = np.isfinite(np.array([*columns.values(), np.zeros(len(effects.months))])).all(axis=0)
    if kept.sum() < LEAST_MONTHS:
        if published:
            return assumed(step, {name: published[name] for name in names if name in published}, signs)
        raise InputError(
            f"{int(kept.sum())} months of '{step}' with drivers; elasticities need {LEAST_MONTHS}: give published"
        )
    months = tuple(month for month, keep in zip(effects.months, kept, strict=True) if keep)
    waves = season_waves(len(months)) if waves is None else waves
    y, variance = effects.values[kept], effects.covariance[np.ix_(kept, kept)]
    lower, upper = _bounds(step, names, waves, signs)
    mean, precision = _prior(names, waves, prior)
    season = harmonics(months, waves)
    designs = np.stack(
        [
            np.column_stack([np.ones(len(y)), *(columns[pair][kept] for pair in one.items()), season])
            for one in used
        ]
    )
    fits = [regress_each(y, axes_of(variance, one), designs, lower, upper, mean, precision) for one in memories]
    weights = _weights(fits, len(months), criterion)
    models = [
        Structured(one, float(weights[row, place]), fits[row][place])
        for place, one in enumerate(used)
        for row in range(len(memories))
    ]
    return Satellite(step, tuple(names), tuple(models), waves, lower, upper, months, "fitted")


def assumed(step: str, published: Mapping[str, Published], signs: bool = True) -> Satellite:
    """A satellite of elasticities from elsewhere, with their errors; no season, no noise of months.

    Raises ParameterError where none is given, or one has the wrong sign for `step`.
    """
    if not published:
        raise ParameterError(f"no published elasticity of '{step}' to fall back to")
    for name, one in published.items():
        if signs and one.elasticity * sign_of(step, name) < 0:
            raise ParameterError(
                f"published elasticity of '{step}' to {name} is {one.elasticity:g}; it must have the other sign"
            )
    point = np.array([0.0, *(one.elasticity for one in published.values())])
    variance = np.diag([0.0, *(one.error**2 for one in published.values())])
    fit = MonthRegression(point, variance, point, variance, 0.0, np.inf, 0.0, 0.0)
    structure = {name: one.lag for name, one in published.items()}
    lower, upper = _bounds(step, list(published), 0, signs)
    return Satellite(step, tuple(published), (Structured(structure, 1.0, fit),), 0, lower, upper, (), "assumption")


def _require_same_drivers(names: Sequence[str], structures: Sequence[Structure]) -> None:
    for one in structures:
        if list(one) != list(names):
            raise ParameterError(
                f"a lag structure has drivers {', '.join(one)}; each must have {', '.join(names)}, in this order"
            )


def _bounds(step: str, names: Sequence[str], waves: int, signs: bool) -> tuple[Array, Array]:
    wanted = [sign_of(step, name) if signs else 0 for name in names]
    lower = [-np.inf, *(0.0 if sign > 0 else -np.inf for sign in wanted), *[-np.inf] * (2 * waves)]
    upper = [np.inf, *(0.0 if sign < 0 else np.inf for sign in wanted), *[np.inf] * (2 * waves)]
    return np.array(lower), np.array(upper)


def _prior(names: Sequence[str], waves: int, prior: Mapping[str, Published] | None) -> tuple[Array, Array]:
    mean, precision = np.zeros(1 + len(names) + 2 * waves), np.zeros(1 + len(names) + 2 * waves)
    for name, one in (prior or {}).items():
        if one.error <= 0:
            raise ParameterError(f"prior of '{name}' has error {one.error:g}; shrinkage needs one above 0")
        if name in names:
            place = 1 + list(names).index(name)
            mean[place], precision[place] = one.elasticity, 1.0 / one.error**2
    return mean, precision


def _weights(fits: Sequence[Sequence[MonthRegression]], months: int, criterion: str) -> Array:
    """Of each memory and structure (R, M), to sum to 1.

    Structures by exp(−criterion / 2) of their mean likelihood over memories, K counting coefficients and τ²; the
    memories of one structure by restricted likelihood, as likelihood itself takes trends for drivers.
    """
    each = np.log(months) if criterion == "bic" else 2.0
    restricted = np.array([[fit.restricted for fit in row] for row in fits])
    likelihood = np.array([[fit.log_likelihood for fit in row] for row in fits])
    prior = np.array([HALVING ** (row[0].memory / 0.25) for row in fits])
    memory = prior[:, None] * np.exp(restricted - restricted.max(axis=0))
    memory = memory / memory.sum(axis=0)
    top = likelihood.max(axis=0)
    score = np.log((memory * np.exp(likelihood - top)).sum(axis=0)) + top
    raw = np.exp(score - score.max() - each / 2 * (len(fits[0][0].free) + 1))
    return np.asarray(memory * raw / raw.sum())
