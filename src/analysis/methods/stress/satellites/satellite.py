"""A satellite: what the economy adds to one step of delinquency, averaged over when it acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from analysis.core.errors import InputError
from analysis.methods.stress.satellites.drivers import Months, Structure, calendar, harmonics, lagged_rows
from analysis.methods.stress.satellites.regression import MonthRegression

Array = npt.NDArray[np.float64]


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
    """Elasticities of one step; made by fit.fit_satellite() or fit.assumed().

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

    @cached_property
    def lags(self) -> dict[str, list[int]]:
        """Lags at which models read each driver."""
        return {name: sorted({model.structure[name] for model in self.models}) for name in self.drivers}

    def reaches(self, drivers: pd.DataFrame, months: Months) -> bool:
        """Whether the drivers are known, at every lag that models read them at, before each of `months`."""
        rows = [lagged_rows(drivers, months, name, lags) for name, lags in self.lags.items()]
        return all(bool(np.isfinite(one).all()) for one in rows)

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
        found: dict[tuple[str, int], Array] = {}
        both = calendar(months), calendar(reference)
        for name, lags in self.lags.items():
            rows, usual = (lagged_rows(drivers, each, name, lags) for each in both)
            if not (np.isfinite(rows).all() and np.isfinite(usual).all()):
                raise InputError(
                    f"the drivers of '{self.step}' ({', '.join(self.drivers)}) don't reach over all months "
                    "that are projected from or to; add macro history, or use shorter lags"
                )
            found |= {(name, lag): row for lag, row in zip(lags, rows - usual.mean(axis=1)[:, None], strict=True)}
        return found, harmonics(both[0], self.waves) - harmonics(both[1], self.waves).mean(axis=0)


COLUMNS = ["step", "driver", "lag", "elasticity", "se", "lower", "upper", "bounded", "source"]


def _averaged(weights: Array, each: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean of estimates, and standard error with what they differ by: √Σ w (C + (β − β̄)²)."""
    point, variance = (np.array(values, float) for values in zip(*each, strict=True))
    centre = float(weights @ point)
    return centre, float(np.sqrt(weights @ (variance + (point - centre) ** 2)))
