"""What a model may learn from: enough events, features that vary, and nothing protected."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.contract import TABLES
from analysis.core.errors import InputError, ParameterError

PROTECTED = tuple(column.name for column in TABLES["accounts"].columns if column.protected)
"""Columns of the contract that serve fairness tests alone: sex, education, marital_status."""

OTHER_NAMES = ("gender", "marital", "marriage", "married")
"""Words under which the same things go in other people's data."""

LEAST_EVENTS = 50
"""Events, and non-events, below which no model is fitted."""


def refuse_protected(names: Iterable[object]) -> None:
    """Raise ParameterError if a feature is named after a protected attribute (`sex`, `sex_female`, `is_married`).

    By name only: a feature that stands in for a protected attribute is found by the fairness tests, not here.
    """
    found = [str(name) for name in names if _protected_words(str(name))]
    if found:
        raise ParameterError(
            f"features: {', '.join(found)} may not be used: sex, education and marital status serve fairness "
            "tests only. Leave them out of the features and pass them to the fairness tests."
        )


def informative(features: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The features that vary, and the names of those that hold one value throughout (missing counts as one).

    What is constant among the accounts at hand tells nothing of them, and models refuse it.
    """
    flat = [str(name) for name in features if features[name].nunique(dropna=False) < 2]
    return features.drop(columns=flat), flat


def _protected_words(name: str) -> bool:
    padded = f"_{name.strip().lower().replace(' ', '_')}_"
    return any(f"_{word}_" in padded for word in (*PROTECTED, *OTHER_NAMES))


def check_training(
    features: pd.DataFrame, event: npt.ArrayLike, least: int = LEAST_EVENTS
) -> npt.NDArray[np.int64]:
    """The event as 0 and 1 (n,), once a model can be learnt from these rows.

    Raises ParameterError for a protected feature, for no feature, or for repeated names; InputError where features
    and event differ in length, the event is other than 0 or 1, either outcome has fewer than `least` accounts,
    or a feature is constant or infinite. Missing values are allowed; a feature missing throughout is constant.
    """
    refuse_protected(features.columns)
    repeated = features.columns[features.columns.duplicated()].tolist()
    if repeated or not len(features.columns):
        raise ParameterError(
            f"features: name each once; repeated: {', '.join(map(str, repeated)) or 'no feature'}"
        )
    outcome = check_event(event, len(features))
    _refuse_few(outcome, least)
    _refuse_useless(features)
    return outcome


def check_event(event: npt.ArrayLike, rows: int) -> npt.NDArray[np.int64]:
    """The event as 0 and 1; InputError where it is neither, missing, or not one value an account."""
    values = pd.to_numeric(pd.Series(np.asarray(event).ravel()), errors="coerce").to_numpy(dtype=float)
    if values.size != rows:
        raise InputError(f"event: {values.size:,} values for {rows:,} accounts; pass one for each")
    wrong = ~np.isin(values, (0.0, 1.0))
    if wrong.any():
        raise InputError(
            f"event: {int(wrong.sum()):,} values are neither 0 nor 1 (row {int(wrong.argmax())}); "
            "leave accounts out whose outcome isn't known"
        )
    return values.astype(np.int64)


def _refuse_few(event: npt.NDArray[np.int64], least: int) -> None:
    events = int(event.sum())
    for count, what in ((events, "events"), (event.size - events, "accounts without the event")):
        if count < least:
            raise InputError(
                f"event: {count:,} {what} among {event.size:,} accounts; a model needs at least {least}. "
                "Take a longer window, a wider event or a larger portfolio."
            )


def _refuse_useless(features: pd.DataFrame) -> None:
    constant = informative(features)[1]
    if constant:
        raise InputError(f"features: {', '.join(constant)} hold one value throughout; leave them out")
    numbers = features.select_dtypes("number")
    infinite = [str(name) for name in numbers if np.isinf(numbers[name].to_numpy(dtype=float, na_value=0.0)).any()]
    if infinite:
        raise InputError(f"features: {', '.join(infinite)} hold infinite values; make them missing or cap them")
