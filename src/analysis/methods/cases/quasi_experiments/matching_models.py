"""Chance of treatment and expected outcomes by arm, each predicted for accounts the fit hasn't seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Nuisance:
    """Predictions by unit: propensity, and the expected outcome treated and untreated."""

    propensity: Array
    treated: Array
    untreated: Array


def encoded(frame: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """Covariates as standardised numbers: texts by value (the first left out), gaps by the median and a flag."""
    if not covariates:
        raise ParameterError("covariates are none; without any this is the raw difference, which shows nothing")
    parts: list[pd.DataFrame] = []
    for name in covariates:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            parts.append(_number(column.astype(float), name))
        else:
            parts.append(pd.get_dummies(column, prefix=name, drop_first=True, dummy_na=bool(column.isna().any())))
    x = pd.concat(parts, axis=1).astype(float)
    x = x.loc[:, x.std() > 0]
    return (x - x.mean()) / x.std()


def cross_fitted(
    x: Array, arm: Array, y: Array, groups: npt.NDArray[np.int64], folds: int = 5, seed: int = 1
) -> Nuisance:
    """Predictions of each fold from the others; a group (a customer) is in one fold."""
    rng = np.random.default_rng(seed)
    fold = rng.integers(0, folds, groups.max() + 1)[groups]
    made = [np.empty(len(y)) for _ in range(3)]
    for k in range(folds):
        inside, outside = fold == k, fold != k
        if not inside.any():
            continue
        made[0][inside] = _chance(x[outside], arm[outside], x[inside])
        for value, place in ((1.0, 1), (0.0, 2)):
            own = outside & (arm == value)
            made[place][inside] = _outcome(x[own], y[own], x[inside])
    return Nuisance(*made)


def _number(column: pd.Series, name: str) -> pd.DataFrame:
    gaps = column.isna()
    made = pd.DataFrame({name: column.fillna(column.median())})
    return made.assign(**{f"{name} missing": gaps.astype(float)}) if gaps.any() else made


def _outcome(x: Array, y: Array, at: Array) -> Array:
    if np.isin(y, (0, 1)).all():
        return _chance(x, y, at)
    design = np.hstack([np.ones((len(x), 1)), x])
    beta = np.linalg.lstsq(design, y, rcond=None)[0]
    return np.asarray(np.hstack([np.ones((len(at), 1)), at]) @ beta)


def _chance(x: Array, y: Array, at: Array) -> Array:
    if y.min() == y.max():
        return np.full(len(at), y[0] if len(y) else 0.5)
    from sklearn.linear_model import LogisticRegression

    return np.asarray(LogisticRegression(C=100.0, max_iter=500).fit(x, y).predict_proba(at)[:, 1])
