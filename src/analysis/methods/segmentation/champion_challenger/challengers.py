"""Challengers of the scorecard: a decision tree and gradient boosting, scikit-learn's as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.segmentation.training.features import LEAST_EVENTS, check_training

Array = npt.NDArray[np.float64]


class Model(Protocol):
    """What the validation asks of a model: the event's probability of each account."""

    def probability(self, features: pd.DataFrame) -> Array:
        """The event's probability (n,)."""


@dataclass(frozen=True)
class Challenger:
    """A fitted scikit-learn classifier behind the same face as the scorecard."""

    model: Any
    features: tuple[str, ...]

    def probability(self, features: pd.DataFrame) -> Array:
        """The event's probability (n,). Raises InputError for a feature that isn't there."""
        absent = [name for name in self.features if name not in features.columns]
        if absent:
            raise InputError(f"features: {', '.join(absent)} missing; the model was fitted with them")
        return np.asarray(self.model.predict_proba(_plain(features[list(self.features)]))[:, 1], dtype=float)


def fit_tree(
    features: pd.DataFrame,
    event: npt.ArrayLike,
    depth: int = 5,
    smallest_leaf: float = 0.01,
    seed: int = 0,
    least_events: int = LEAST_EVENTS,
) -> Challenger:
    """Decision tree: `depth` questions at most, each leaf at least a share `smallest_leaf` of the accounts."""
    from sklearn.tree import DecisionTreeClassifier

    model = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=smallest_leaf, random_state=seed)
    return _fit(model, features, event, least_events)


def fit_boosting(
    features: pd.DataFrame,
    event: npt.ArrayLike,
    trees: int = 150,
    learning_rate: float = 0.05,
    leaves: int = 15,
    smallest_leaf: int = 50,
    seed: int = 0,
    least_events: int = LEAST_EVENTS,
) -> Challenger:
    """Histogram gradient boosting, `trees` trees of at most `leaves` leaves; no early stopping."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=learning_rate,
        max_leaf_nodes=leaves,
        min_samples_leaf=smallest_leaf,
        early_stopping=False,
        random_state=seed,
    )
    return _fit(model, features, event, least_events)


def _fit(model: Any, features: pd.DataFrame, event: npt.ArrayLike, least_events: int) -> Challenger:
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    outcome = check_training(features, event, least_events)
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.005, sparse_output=False)
    encoded = make_column_transformer(
        (encoder, make_column_selector(dtype_exclude="number")), remainder="passthrough"
    )
    fitted = make_pipeline(encoded, model).fit(_plain(features), outcome)
    return Challenger(fitted, tuple(map(str, features.columns)))


def _plain(features: pd.DataFrame) -> pd.DataFrame:
    """Numbers as floats, all else as text with missing values named, as the encoder wants them."""
    columns = {
        name: values.astype(float)
        if pd.api.types.is_numeric_dtype(values)
        else values.astype(object).where(values.notna(), "missing").astype(str)
        for name, values in features.items()
    }
    return pd.DataFrame(columns, index=features.index)


def predict_held_out(
    fit: Callable[[pd.DataFrame, npt.NDArray[np.int64]], Model],
    features: pd.DataFrame,
    event: npt.NDArray[np.int64],
    part: npt.ArrayLike,
) -> Array:
    """Each account's probability (n,) from a model fitted to the other parts only.

    `part` (n) labels the parts, for example customers' folds; keep a customer within one. Raises InputError where
    there are fewer than two.
    """
    labels, place = np.unique(np.asarray(part), return_inverse=True)
    if labels.size < 2:
        raise InputError("part: one part only; two or more are needed to predict each from the others")
    found = np.empty(len(features))
    for number in range(labels.size):
        own = place == number
        found[own] = fit(features[~own], event[~own]).probability(features[own])
    return found
