"""Fitting a satellite: lag structures and memories of months, each regressed, and weighed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.stress.satellites.drivers import STEPS, Structure, harmonics, lagged_column, sign_of
from analysis.methods.stress.satellites.month_effects import MonthEffects
from analysis.methods.stress.satellites.regression import MonthRegression, axes_of, regress_each
from analysis.methods.stress.satellites.satellite import Published, Satellite, Structured

Array = npt.NDArray[np.float64]

LEAST_MONTHS = 24
"""Months of steps below which elasticities are not estimated."""
LAGS = (1, 2, 3)
MEMORIES = (0.0, 0.3, 0.6, 0.85)
"""Autocorrelations of months' own noise that are averaged over, each thought as likely as the others before."""


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

    Structures by exp(−criterion / 2) at their likeliest memory, K counting coefficients and τ²; the memories of
    one structure by restricted likelihood, as likelihood itself takes trends for drivers.
    """
    each = np.log(months) if criterion == "bic" else 2.0
    restricted = np.array([[fit.restricted for fit in row] for row in fits])
    likelihood = np.array([[fit.log_likelihood for fit in row] for row in fits])
    memory = np.exp(restricted - restricted.max(axis=0))
    memory = memory / memory.sum(axis=0)
    score = likelihood.max(axis=0) - each / 2 * (len(fits[0][0].free) + 1)
    raw = np.exp(score - score.max())
    return np.asarray(memory * raw / raw.sum())
