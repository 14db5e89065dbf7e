"""Features as k-means reads them: numbers, nothing missing, no outliers, all on one scale."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.training.features import refuse_protected

Array = npt.NDArray[np.float64]

TRIM = 0.01
"""Share of accounts at either end whose values are drawn in to the quantile there (winsorised)."""

SKEWED = 2.0
"""Skewness above which a feature that is never negative goes on the logarithm; an exponential has 2."""


@dataclass(frozen=True)
class FeatureScale:
    """How one feature was made comparable; the fields are the columns of `Preparation.table`."""

    feature: str
    missing: int
    median: float
    lower: float
    upper: float
    logged: bool
    unit: float
    skewness: float
    mean: float
    sd: float

    def apply(self, values: Array) -> Array:
        """Standardised values (n,) of raw ones with nan where missing."""
        found = np.clip(np.where(np.isnan(values), self.median, values), self.lower, self.upper)
        return np.asarray(((np.log1p(found / self.unit) if self.logged else found) - self.mean) / self.sd)


@dataclass(frozen=True)
class Preparation:
    """How features were made comparable, learnt once and kept for the accounts of later quarters."""

    scales: tuple[FeatureScale, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """The features, in the order of the prepared columns."""
        return tuple(scale.feature for scale in self.scales)

    @property
    def table(self) -> pd.DataFrame:
        """One row a feature: feature, missing (accounts without a value), median (what they take), lower and upper
        (winsorised outside), logged (true or false), unit (of the logarithm), skewness (before the logarithm),
        mean and sd (of the result, which standardising makes 0 and 1)."""
        return pd.DataFrame([asdict(scale) for scale in self.scales])

    def apply(self, features: pd.DataFrame) -> Array:
        """Standardised features (n, features); InputError for a feature that isn't there or isn't numeric."""
        absent = [name for name in self.features if name not in features.columns]
        if absent:
            raise InputError(f"features: {', '.join(absent)} missing; the groups were learnt with them")
        raw = _numbers(features[list(self.features)])
        return np.column_stack([scale.apply(raw[:, i]) for i, scale in enumerate(self.scales)])

    def assumed(self, features: pd.DataFrame) -> pd.Series:
        """Features of each account that were missing and took the median (n,)."""
        return features[list(self.features)].isna().sum(axis=1).rename("assumed")


def prepare(
    features: pd.DataFrame, trim: float = TRIM, skewed: float = SKEWED, least_accounts: int = 0
) -> Preparation:
    """Learn how to make features (n rows, numbers or truth values) comparable.

    In this order: missing values take the median; values beyond the quantiles `trim` and 1 − `trim` are drawn in
    to them; a feature that is never negative, has more than two values and a skewness then above `skewed` becomes
    log(1 + value ÷ its median positive value), as money usually does, so that its currency doesn't matter; all
    are standardised. A rare flag lies many standard deviations out, so k-means tends to make it a group.

    Raises ParameterError for a protected feature, a repeated one or none; InputError for text, infinite values, a
    feature that holds one value (throughout, or once winsorised), and fewer than `least_accounts` accounts.
    """
    _check(features, trim, least_accounts)
    raw = _numbers(features)
    scales = tuple(_learn(str(name), raw[:, i], trim, skewed) for i, name in enumerate(features.columns))
    constant = [scale.feature for scale in scales if not scale.sd > 0]
    if constant:
        raise InputError(
            f"features: {', '.join(constant)} hold one value in all but {2 * trim:.0%} of the accounts; leave "
            "them out (varying_features names those that can stay) or trim less"
        )
    return Preparation(scales)


def varying_features(features: pd.DataFrame, trim: float = TRIM) -> list[str]:
    """The numeric features that hold more than one value once winsorised: those `prepare` accepts.

    Protected attributes are not passed over in silence: they raise ParameterError here as well.
    """
    refuse_protected(features.columns)
    numeric = [name for name in features if pd.api.types.is_numeric_dtype(features[name])]
    raw = _numbers(features[numeric])
    return [str(name) for i, name in enumerate(numeric) if _learn(str(name), raw[:, i], trim, np.inf).sd > 0]


def _check(features: pd.DataFrame, trim: float, least_accounts: int) -> None:
    refuse_protected(features.columns)
    if not 0 <= trim < 0.5:
        raise ParameterError(f"trim is {trim}; it is the share of accounts at either end, from 0 to below a half")
    if not len(features.columns) or features.columns.has_duplicates:
        raise ParameterError("features: give one or more columns, each named once")
    text = [str(name) for name in features if not pd.api.types.is_numeric_dtype(features[name])]
    if text:
        raise InputError(
            f"features: {', '.join(text)} are not numbers; groups by k-means need numbers, leave out text"
        )
    if len(features) < least_accounts:
        raise InputError(
            f"features: {len(features):,} accounts; groups need at least {least_accounts:,}. Take more month ends "
            "or a larger portfolio."
        )
    infinite = [str(n) for n, column in zip(features, np.isinf(_numbers(features)).T, strict=True) if column.any()]
    if infinite:
        raise InputError(f"features: {', '.join(infinite)} hold infinite values; make them missing or cap them")


def _numbers(features: pd.DataFrame) -> Array:
    text = [str(name) for name in features if not pd.api.types.is_numeric_dtype(features[name])]
    if text:
        raise InputError(f"features: {', '.join(text)} are not numbers; the groups were learnt from numbers")
    columns = [features[name].to_numpy(dtype=float, na_value=np.nan) for name in features]
    return np.column_stack(columns) if columns else np.empty((len(features), 0))


def _learn(name: str, values: Array, trim: float, skewed: float) -> FeatureScale:
    missing = int(np.isnan(values).sum())
    if missing == values.size:
        return FeatureScale(name, missing, np.nan, np.nan, np.nan, False, 1.0, 0.0, 0.0, 0.0)
    median = float(np.nanmedian(values))
    filled = np.where(np.isnan(values), median, values)
    lower, upper = (float(np.quantile(filled, q)) for q in (trim, 1.0 - trim))
    drawn = np.clip(filled, lower, upper)
    skewness = _skewness(drawn)
    logged = bool(filled.min() >= 0 and skewness > skewed and np.unique(drawn).size > 2)
    unit = float(np.median(drawn[drawn > 0])) if logged else 1.0
    final = np.log1p(drawn / unit) if logged else drawn
    sd = float(final.std()) if upper > lower else 0.0
    return FeatureScale(name, missing, median, lower, upper, logged, unit, skewness, float(final.mean()), sd)


def _skewness(values: Array) -> float:
    """Third moment about the mean ÷ the cube of the standard deviation; 0 where nothing varies."""
    away = values - values.mean()
    spread = float(np.sqrt((away**2).mean()))
    return float((away**3).mean() / spread**3) if spread > 1e-12 * np.abs(values).max() else 0.0
