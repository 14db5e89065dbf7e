"""A small linear model of effects whose differences between accounts are drawn towards none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.statistics.outcome_model import model_frame

Array = npt.NDArray[np.float64]

FURTHEST = 3.0
"""Standard deviations from the mean beyond which a number counts as that far."""


class Modifiers:
    """Features that effects may hang on, as numbers about a mean of zero.

    Numbers are standardised, held to within 3 standard deviations, and 0 where missing; a category has a column a
    level. Levels and numbers are those of the rows it was learnt from: an unknown level is 0 in all columns.
    """

    def __init__(self, names: Sequence[str] | None = None) -> None:
        self.names = names

    def learn(self, features: pd.DataFrame) -> Self:
        """Raises ParameterError for names that the features don't have, InputError for protected ones."""
        table = model_frame(self._chosen(features))
        self.levels_ = {name: list(table[name].cat.categories) for name in table.select_dtypes("category")}
        raw = self._raw(table)
        known = np.isfinite(raw)
        counts = np.maximum(known.sum(axis=0), 1)
        self.centre_ = np.where(known, raw, 0.0).sum(axis=0) / counts
        spread = np.sqrt((np.where(known, raw - self.centre_, 0.0) ** 2).sum(axis=0) / counts)
        self.spread_ = np.where(spread > 0, spread, np.inf)  # what is the same throughout stays 0 elsewhere too
        return self

    def code(self, features: pd.DataFrame) -> Array:
        """(n, columns), without an intercept."""
        coded = (self._raw(model_frame(self._chosen(features))) - self.centre_) / self.spread_
        return np.nan_to_num(np.clip(coded, -FURTHEST, FURTHEST))

    def _chosen(self, features: pd.DataFrame) -> pd.DataFrame:
        if self.names is None:
            return features
        absent = [name for name in self.names if name not in features]
        if absent or not len(self.names):
            raise ParameterError(
                f"modifiers: {', '.join(absent) or 'none given'}; name some of {', '.join(features.columns)}"
            )
        return features[list(self.names)]

    def _raw(self, table: pd.DataFrame) -> Array:
        columns = []
        for name in table:
            if name in self.levels_:
                text = table[name].astype(str)
                columns += [(text == level).to_numpy(dtype=float) for level in self.levels_[name]]
            else:
                columns.append(table[name].to_numpy(dtype=float))
        return np.column_stack(columns)


def shrunken_effects(design: Array, scores: Array) -> Array:
    """Intercept and slopes (1 + columns,) of scores (n,) on a centred design (n, columns), slopes shrunken.

    Least squares; the intercept, the mean effect, stays as it is. All slopes are multiplied by max(0, 1 − k ÷ Q),
    with Q the Wald statistic of all k slopes and their errors robust to unequal variance (HC0). Without any
    difference between accounts Q is about k, and the slopes vanish; where they are far beyond chance, they stay.
    Source: Efron and Morris 1973, JASA 68, 117–130 (empirical Bayes, positive part).
    """
    columns = np.column_stack([np.ones(len(design)), design])
    inverse = np.linalg.pinv(columns.T @ columns)
    found = inverse @ (columns.T @ scores)
    residual = columns * (scores - columns @ found)[:, None]
    errors = (inverse @ (residual.T @ residual) @ inverse)[1:, 1:]
    slopes = found[1:]
    rank = np.linalg.matrix_rank(errors, hermitian=True)
    wald = float(slopes @ np.linalg.pinv(errors, hermitian=True) @ slopes)
    kept = max(0.0, 1.0 - rank / wald) if wald > 0 else 0.0
    return np.append(found[:1], kept * slopes)
