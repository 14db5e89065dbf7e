"""Designs from formulas: which columns, which rows are missing, and what cannot be told apart."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError

Array = npt.NDArray[np.float64]

INTERCEPT = "Intercept"


class Design:
    """A formula of one part of the model, remembered with its coding so that new rows are coded alike.

    `names` are the covariates with `Intercept` first.
    """

    def __init__(self, formula: str, part: str) -> None:
        from formulaic import Formula
        from formulaic.errors import FormulaicError

        text = formula.strip().removeprefix("~").strip() or "1"
        try:
            parsed = Formula(text)
        except FormulaicError as error:
            raise ParameterError(f"the {part} formula '{formula}' cannot be read: {error}") from None
        if hasattr(parsed, "lhs"):
            raise ParameterError(f"the {part} formula '{formula}' has a left side; write the right side only")
        if "1" not in [str(term) for term in parsed]:
            raise ParameterError(f"the {part} formula '{formula}' drops the intercept, which the model needs")
        self.part, self.formula, self._parsed = part, text, parsed
        self._spec: Any = None
        self.names: list[str] = []

    @property
    def variables(self) -> list[str]:
        """Columns of the frame that the formula reads."""
        return sorted(map(str, self._parsed.required_variables))

    def learn(self, df: pd.DataFrame) -> Array:
        """Code the frame, (n, p) with the intercept first; raises InputError for missing or constant columns."""
        self._refuse_missing(df)
        matrix = self._materialise(self._parsed, df)
        self._spec, self.names = matrix.model_spec, list(matrix.columns)
        values = np.ascontiguousarray(matrix.to_numpy(dtype=float))
        self._refuse_constant(values)
        return values

    def apply(self, df: pd.DataFrame) -> Array:
        """Code new rows as the learnt ones were; raises InputError for missing values and unseen categories."""
        self._refuse_missing(df)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                return self._materialise(self._spec, df).to_numpy(dtype=float)
            except Warning as warning:
                raise InputError(f"{self.part} formula '{self.formula}', new rows: {warning}") from None

    @staticmethod
    def _materialise(spec: Any, df: pd.DataFrame) -> Any:
        from formulaic import model_matrix

        return model_matrix(spec, df, na_action="ignore")

    def _refuse_missing(self, df: pd.DataFrame) -> None:
        absent = [name for name in self.variables if name not in df.columns]
        if absent:
            raise InputError(f"the {self.part} formula reads {', '.join(absent)}, not in the data frame")
        for name in self.variables:
            missing = df[name].isna().to_numpy()
            if missing.any():
                rows = ", ".join(str(df.index[i]) for i in np.flatnonzero(missing)[:3])
                raise InputError(
                    f"column '{name}' of the {self.part} formula is missing in {missing.sum():,} of {len(df):,} "
                    f"rows (rows {rows}); fill it, drop the rows, or leave the column out"
                )

    def _refuse_constant(self, values: Array) -> None:
        broken = [n for n, column in zip(self.names, values.T, strict=True) if not np.isfinite(column).all()]
        if broken:
            raise InputError(f"the {self.part} formula gives infinite or missing values in {', '.join(broken)}")
        low, high = values.min(axis=0), values.max(axis=0)
        flat = [n for n, same in zip(self.names, low == high, strict=True) if same and n != INTERCEPT]
        if flat:
            raise InputError(f"{', '.join(flat)} in the {self.part} formula is constant; leave it out")
        tied = collinear(values)
        if tied:
            names = ", ".join(self.names[i] for i in tied)
            raise InputError(f"{names} in the {self.part} formula follows from the other columns; leave it out")


def collinear(values: Array) -> list[int]:
    """Columns that are linear combinations of the columns before them.

    Works on the correlation of the columns, so scale and shift don't matter; the first column is the intercept.
    """
    if values.shape[1] < 2:
        return []
    mean, spread = values[:, 1:].mean(axis=0), values[:, 1:].std(axis=0)
    gram = values[:, 1:].T @ values[:, 1:] / len(values) - np.outer(mean, mean)
    correlation = gram / np.outer(spread, spread)
    tied: list[int] = []
    for j in range(1, len(correlation)):
        kept = [k for k in range(j) if k + 1 not in tied]
        block, side = correlation[np.ix_(kept, kept)], correlation[kept, j]
        if 1.0 - side @ np.linalg.lstsq(block, side, rcond=None)[0] < 1e-8:
            tied.append(j + 1)
    return tied
