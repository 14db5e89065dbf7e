"""What a fitted hazard says of new rows: monthly hazards, and paths month by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.design import Design
from analysis.statistics.hazard_path import hazard_slopes, logit_bounds, occupancy, occupancy_slopes
from analysis.statistics.hazard_tables import INDEX_NAMES, tidy_covariances
from analysis.statistics.multinomial import Designs
from analysis.statistics.summary import quantile

Array = npt.NDArray[np.float64]

STAY, OPEN = "stay", "open"
BOUNDS = ["estimate", "lower", "upper"]


class HazardPredictions:
    """Predictions of `MultinomialHazard`; intervals are by the delta method on the logit scale.

    They say how well the coefficients are known, not how one account will fare, and take the covariates of coming
    months as given.
    """

    alpha: float
    exits: tuple[str, ...]
    exits_: tuple[str, ...]
    degrees_: float
    params_: pd.Series
    standard_errors_: pd.Series
    variance_matrix_: pd.DataFrame
    _designs: dict[str, Design]

    def predict_hazards(self, df: pd.DataFrame, interval: bool = False) -> pd.DataFrame:
        """Probability of each exit and of `stay` in a month, rows of `df` by exits; rows sum to 1.

        With `interval`, the columns gain an outer level estimate, lower, upper.
        """
        designs = self._coded(df)
        columns = [*self.exits_, STAY]
        if not interval:
            p = designs.hazards(self._theta)
            return pd.DataFrame(np.column_stack([p, 1.0 - p.sum(axis=1)]), index=df.index, columns=columns)
        blocks = [self._bounded(*hazard_slopes(block, self._theta)) for _, block in designs.blocks()]
        return _outer(np.concatenate(blocks, axis=1), df.index, columns)

    def predict_path(self, df: pd.DataFrame, unit_col: str | None = None, interval: bool = False) -> pd.DataFrame:
        """Where units are after each month: share gone by each exit so far, and share still `open`.

        `df` has one row a month, months 1 … H in order, of one unit, or of several by `unit_col` with equally many
        months each. The result is indexed by month (or unit, month), with columns as the exits and `open`; they
        sum to 1. With `interval`, the columns gain an outer level estimate, lower, upper.
        """
        df, units, months = _in_months(df, unit_col)
        designs = self._coded(df)
        columns = [*self.exits_, OPEN]
        steps = range(1, months + 1)
        index = pd.Index(steps, name="month") if unit_col is None else None
        if index is None:
            index = pd.MultiIndex.from_product([units, steps], names=[unit_col, "month"])
        if not interval:
            hazards = designs.hazards(self._theta).reshape(len(units), months, -1)
            return pd.DataFrame(occupancy(hazards).reshape(len(df), -1), index=index, columns=columns)
        paths = [self._bounded(*occupancy_slopes(path, self._theta)) for path in _cut(designs, months)]
        return _outer(np.concatenate(paths, axis=1), index, columns)

    def cumulative(self, hazards: pd.DataFrame) -> pd.DataFrame:
        """Months 1 … H by exits and `open`, from one unit's hazards (of `predict_hazards`, or changed by hand)."""
        absent = [name for name in self.exits_ if name not in hazards.columns]
        if absent:
            raise InputError(f"the hazards lack {', '.join(absent)}")
        p = hazards[list(self.exits_)].to_numpy(dtype=float)
        if not ((p >= 0).all() and (p.sum(axis=1) <= 1 + 1e-9).all()):
            raise InputError("hazards must be probabilities, 0 or more, and sum to at most 1 in a month")
        index = pd.Index(range(1, len(p) + 1), name="month")
        return pd.DataFrame(occupancy(p), index=index, columns=[*self.exits_, OPEN])

    def coefficients(self) -> pd.DataFrame:
        """Tidy coefficients: exit, covariate, coef, se, lower, upper."""
        reach = quantile(1.0 - self.alpha / 2.0, self.degrees_) * self.standard_errors_
        bounds = {"lower": self.params_ - reach, "upper": self.params_ + reach}
        return pd.DataFrame({"coef": self.params_, "se": self.standard_errors_, **bounds}).reset_index()

    def covariances(self) -> pd.DataFrame:
        """Tidy variance matrix: exit, covariate, exit_2, covariate_2, covariance."""
        return tidy_covariances(self.variance_matrix_)

    @property
    def _theta(self) -> Array:
        return self.params_.to_numpy(dtype=float)

    @property
    def _parts(self) -> list[Design]:
        """The designs, each once: exits with the same formula share one."""
        return list(dict.fromkeys(self._designs.values()))

    def _read_formulas(self, formula: str, formulas: Mapping[str, str] | None) -> dict[str, Design]:
        own = dict(formulas or {})
        unknown = sorted(set(own) - set(self.exits))
        if unknown:
            raise ParameterError(f"formulas names {', '.join(unknown)}; exits are {', '.join(self.exits)}")
        texts = {name: own.get(name, formula) for name in self.exits_}
        parts: dict[str, Design] = {}
        for name, text in texts.items():
            part = "hazard" if len(set(texts.values())) == 1 else name
            parts.setdefault(text, Design(text, part))
        return {name: parts[text] for name, text in texts.items()}

    def _index(self) -> pd.MultiIndex:
        pairs = [(name, covariate) for name, design in self._designs.items() for covariate in design.names]
        return pd.MultiIndex.from_tuples(pairs, names=INDEX_NAMES)

    def _coded(self, df: pd.DataFrame) -> Designs:
        if not hasattr(self, "params_"):
            raise ParameterError("the model is not fitted yet; call fit first")
        if not len(df):
            raise InputError("there are no rows to predict")
        arrays = {design: design.apply(df) for design in self._parts}
        return Designs([arrays[design] for design in self._designs.values()])

    def _bounded(self, found: Array, slopes: Array) -> Array:
        """Estimate, lower, upper: (3, rows, J + 1)."""
        if not hasattr(self, "variance_matrix_"):
            raise ParameterError("intervals need the covariances; give them to from_coefficients")
        reach = quantile(1.0 - self.alpha / 2.0, self.degrees_)
        low, high = logit_bounds(found, slopes, self.variance_matrix_.to_numpy(), reach)
        return np.stack([found, low, high])


def _in_months(df: pd.DataFrame, unit_col: str | None) -> tuple[pd.DataFrame, list[Any], int]:
    """Rows with each unit's months together, the units in order of appearance, and months a unit."""
    if unit_col is None:
        return df, [None], len(df)
    if unit_col not in df.columns:
        raise InputError(f"'{unit_col}' names the units and is not in the data frame")
    codes, units = pd.factorize(df[unit_col])
    months = np.bincount(codes[codes >= 0], minlength=len(units))
    if (codes < 0).any() or len(set(months)) > 1:
        raise InputError(f"'{unit_col}' must be given in every row, and every unit have equally many months")
    return df.iloc[np.argsort(codes, kind="stable")], list(units), int(months[0]) if len(months) else 0


def _cut(designs: Designs, months: int) -> Iterator[Designs]:
    """One unit's rows at a time."""
    for start in range(0, designs.rows, months):
        yield Designs([array[start : start + months] for array in designs.arrays])


def _outer(values: Array, index: pd.Index, columns: list[str]) -> pd.DataFrame:
    """Frame of (3, rows, columns) with the outer level estimate, lower, upper."""
    frames = [pd.DataFrame(part, index=index, columns=columns) for part in values]
    return pd.concat(dict(zip(BOUNDS, frames, strict=True)), axis=1)
