"""Rewards predicted from features by arm, each unit by a model that has not seen its customers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.contract import TABLES
from analysis.core.errors import InputError, ParameterError
from analysis.statistics.decision_log import Codes, DecisionLog

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]

PROTECTED = frozenset(column.name for table in TABLES.values() for column in table.columns if column.protected)
"""Attributes for fairness tests, which no model may read."""

LEAST = 20
"""Units of an arm below which no model of its reward is fitted."""

MOST_LEVELS = 255
"""Levels of a text column that the default model can hold apart."""


def cross_fitted_outcomes(
    log: DecisionLog, features: pd.DataFrame, model: Any | None = None, splits: int = 5
) -> pd.DataFrame:
    """Predicted reward of every arm for every unit (n, arms), by models fitted to the other customers.

    The folds are dealt into `splits` groups; for each group one model an arm is fitted to the units of the other
    groups that took it. `model` is an unfitted scikit-learn regressor, or a classifier of rewards that are numbers
    (its mean is predicted); by default gradient-boosted trees, see `default_regressor`. `features` has the log's
    index and holds what was known before the decision.

    Source: Chernozhukov et al. 2018, Econometrics Journal 21, C1–C68 (cross-fitting). Raises InputError for
    protected attributes, for an arm with fewer than 20 units outside a group, and for fewer than two folds.
    """
    table = model_frame(features)
    log.aligned(table, "the table of features")
    predicted = np.empty((log.units, len(log.arms)))
    for here in held_out(log.fold, splits):
        for place, arm in enumerate(log.arms):
            rows = ~here & (log.chosen == place)
            refuse_few(rows, arm)
            predicted[here, place] = predict_mean(fit(model, table[rows], log.reward[rows]), table[here])
    return pd.DataFrame(predicted, index=log.index, columns=list(log.arms))


def held_out(fold: Codes, splits: int) -> Iterator[Rows]:
    """Rows (n,) of one group of folds after the other; every row falls in exactly one."""
    folds = int(fold.max()) + 1
    if folds < 2:
        raise InputError("all units are of one fold of customers; cross-fitting needs two or more")
    if splits < 2:
        raise ParameterError(f"splits is {splits}; cross-fitting needs two or more")
    groups = min(splits, folds)
    for group in range(groups):
        yield fold % groups == group


def model_frame(features: pd.DataFrame) -> pd.DataFrame:
    """Features as models read them: numbers as they are, text and truth values as categories.

    A missing category is "unknown", one of its own; a missing number stays missing.

    Raises InputError for protected attributes (sex, education, marital_status), dates, and no columns at all.
    """
    protected = sorted(PROTECTED & set(map(str, features.columns)))
    if protected:
        raise InputError(
            f"{', '.join(protected)} cannot be a feature: it is a protected attribute, kept for tests of fairness"
        )
    if not features.shape[1]:
        raise InputError("the table of features has no column; give what was known before the decision")
    return features.apply(_readable)


def _readable(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise InputError(f"feature '{column.name}' is a date; give a number of days or months instead")
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype(object).where(column.notna(), "unknown").map(str).astype("category")
    return column.astype(float)


def refuse_few(rows: Rows, arm: str) -> None:
    """Raise InputError where a model of an arm would rest on too few units."""
    if rows.sum() < LEAST:
        raise InputError(
            f"arm '{arm}' has {rows.sum():,} units to learn from; a model needs {LEAST}. Leave the arm out, pool "
            "it with another, or judge without a model"
        )


def fit(model: Any | None, features: pd.DataFrame, target: Array) -> Any:
    """A fitted copy of the model, or of the default one."""
    from sklearn.base import clone

    if model is None:
        _refuse_many_levels(features)
        model = default_regressor()
    with _one_thread():
        return clone(model).fit(features, target)


def predict_mean(model: Any, features: pd.DataFrame) -> Array:
    """Expected reward (n,): a regressor's prediction, a classifier's mean over its classes."""
    with _one_thread():
        if hasattr(model, "predict_proba"):
            mean: Array = model.predict_proba(features) @ np.asarray(model.classes_, dtype=float)
            return mean
        return np.asarray(model.predict(features), dtype=float)


def _one_thread() -> AbstractContextManager[object]:
    """Trees on one thread: many small fits wait on a busy machine longer than they run."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="openmp")


def default_regressor() -> Any:
    """Gradient-boosted trees, small and slow to learn: 100 of depth 3, step 0.05, leaves of 40 units or more.

    Reads missing values and categories as they are; a category that was not learnt counts as a missing one.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        learning_rate=0.05,
        max_iter=100,
        max_depth=3,
        min_samples_leaf=40,
        categorical_features="from_dtype",
        random_state=0,
    )


def _refuse_many_levels(features: pd.DataFrame) -> None:
    for name in features.select_dtypes("category"):
        levels = features[name].nunique()
        if levels > MOST_LEVELS:
            raise InputError(
                f"feature '{name}' has {levels:,} levels; the default model holds {MOST_LEVELS} apart. Group "
                "them, leave it out (an id is no feature), or give a model that encodes them"
            )
