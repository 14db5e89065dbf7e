"""Designs from formulas: which columns, which rows are missing, and what cannot be told apart."""

from __future__ import annotations

import re
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

    def variables(self, df: pd.DataFrame) -> list[str]:
        """Columns that the formula reads, whether or not the frame has them."""
        # formulaic does not look into calls with keywords, as in bs(age, df=4): their columns are found by name.
        text = " ".join(str(factor) for term in self._parsed for factor in term.factors)
        words = set(re.findall(r"(?<![\w.])[^\W\d]\w*", text))
        return sorted({*map(str, self._parsed.required_variables), *(words & set(map(str, df.columns)))})

    def learn(self, df: pd.DataFrame) -> Array:
        """Code the frame, (n, p) with the intercept first and each column in one piece of memory.

        Raises InputError for missing or constant columns.
        """
        self.refuse_missing(df)
        matrix = self._materialise(self._parsed, df)
        self._spec, self.names = matrix.model_spec, list(matrix.columns)
        values = np.asfortranarray(matrix.to_numpy(dtype=float))
        self._refuse_constant(values)
        return values

    def apply(self, df: pd.DataFrame) -> Array:
        """Code new rows as the learnt ones were; raises InputError for missing values and unseen categories."""
        self.refuse_missing(df)
        values: Array = self._materialise(self._spec, df).to_numpy(dtype=float)
        return values

    def recode(self, levels: pd.DataFrame) -> list[str]:
        """Take the coding from a frame in which every level appears, and return the covariates' names.

        For a coefficient table from elsewhere: the frame need not have any other likeness to data.
        """
        matrix = self._materialise(self._parsed, levels)
        self._spec, self.names = matrix.model_spec, list(matrix.columns)
        return self.names

    @property
    def stateful(self) -> list[str]:
        """Terms whose coding rests on the rows it was learnt from, as in center(x) or bs(x)."""
        return sorted(map(str, self._spec.transform_state))

    def categorical(self, df: pd.DataFrame) -> list[str]:
        """Columns whose levels the learnt coding holds."""
        kinds = self._spec.encoder_state
        text = " ".join(str(factor) for factor, (kind, _) in kinds.items() if kind.value == "categorical")
        words = set(re.findall(r"(?<![\w.])[^\W\d]\w*", text))
        return [name for name in self.variables(df) if name in words]

    def _materialise(self, spec: Any, df: pd.DataFrame) -> Any:
        from formulaic import model_matrix
        from formulaic.errors import DataMismatchWarning, FormulaicError

        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            warnings.simplefilter("error", DataMismatchWarning)
            try:
                return model_matrix(spec, df, na_action="ignore")
            except (DataMismatchWarning, FormulaicError) as problem:
                raise InputError(f"the {self.part} formula '{self.formula}' meets data: {problem}") from None

    def refuse_missing(self, df: pd.DataFrame) -> None:
        """Raise InputError for columns that the frame lacks and for missing values, naming the rows."""
        variables = self.variables(df)
        absent = [name for name in variables if name not in df.columns]
        if absent:
            raise InputError(f"the {self.part} formula reads {', '.join(absent)}, not in the data frame")
        missing = {name: np.flatnonzero(df[name].isna().to_numpy()) for name in variables}
        found = [f"'{name}' in {_rows(df, rows)}" for name, rows in missing.items() if rows.size]
        if found:
            touched = np.unique(np.concatenate(list(missing.values()))).size
            raise InputError(
                f"the {self.part} formula meets missing values in {touched:,} of {len(df):,} rows: "
                f"{'; '.join(found)}. Fill them, drop the rows, or leave the column out."
            )

    def refuse_single_valued(self) -> None:
        """Raise InputError for terms that the learnt rows gave no column: text with one value only."""
        empty = [str(term) for term, columns in self._spec.term_indices.items() if not columns]
        if empty:
            raise InputError(f"{', '.join(empty)} in the {self.part} formula is constant; leave it out")

    def _refuse_constant(self, values: Array) -> None:
        moments = values.T @ values / len(values)
        broken = [name for name, own in zip(self.names, np.diag(moments), strict=True) if not np.isfinite(own)]
        if broken:
            raise InputError(f"the {self.part} formula gives infinite or missing values in {', '.join(broken)}")
        flat = [self.names[j] for j in flat_columns(values, moments)]
        if flat:
            raise InputError(f"{', '.join(flat)} in the {self.part} formula is constant; leave it out")
        tied = collinear(moments)
        if tied:
            names = ", ".join(self.names[j] for j in tied)
            raise InputError(f"{names} in the {self.part} formula follows from the other columns; leave it out")


def _rows(df: pd.DataFrame, rows: npt.NDArray[np.int64]) -> str:
    """How many rows, and the labels of the first three."""
    shown = ", ".join(str(df.index[i]) for i in rows[:3]) + (", …" if rows.size > 3 else "")
    return f"{rows.size:,} (row{'s' * (rows.size > 1)} {shown})"


def flat_columns(values: Array, moments: Array) -> list[int]:
    """Columns (n, p) that never change, the first (the intercept) apart; `moments` are values'values / n."""
    mean, square = moments[0, 1:], np.diag(moments)[1:]
    doubtful = np.flatnonzero(square - mean**2 <= 1e-8 * square) + 1
    return [int(j) for j in doubtful if np.ptp(values[:, j]) == 0]


def collinear(moments: Array) -> list[int]:
    """Columns that are linear combinations of the columns before them, from values'values / n.

    Works on the correlation of the columns, so scale and shift don't matter; the first column is the intercept.
    """
    mean = moments[0, 1:]
    covariance = moments[1:, 1:] - np.outer(mean, mean)
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    correlation = covariance / np.outer(spread, spread)
    tied: list[int] = []
    for j in range(1, len(correlation)):
        kept = [k for k in range(j) if k + 1 not in tied]
        block, side = correlation[np.ix_(kept, kept)], correlation[kept, j]
        if 1.0 - side @ np.linalg.lstsq(block, side, rcond=None)[0] < 1e-8:
            tied.append(j + 1)
    return tied
