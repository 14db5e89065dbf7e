"""The coding of a fitted hazard as a table: what is needed, beside the coefficients, to code new rows alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.design import Design

COLUMNS = ("variable", "kind", "level")
READERS: dict[str, Any] = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": lambda text: str(text) == "True",
}


def coding_table(designs: Sequence[Design], frame: pd.DataFrame) -> pd.DataFrame:
    """Columns that the designs read, one row a level: variable, kind, level (as text; missing for plain numbers).

    Levels are in the order of the coding: the first is the reference. Raises ParameterError for terms whose
    coding rests on the data, as center(x), and for levels that are neither text, numbers nor booleans.

        variable  kind     level
        bucket    text      1-29
        bucket    text     30-59
        u_rate    number     NaN
    """
    stateful = sorted({term for design in designs for term in design.stateful})
    if stateful:
        raise ParameterError(
            f"{', '.join(stateful)} is coded from the data, which a table of levels cannot hold; "
            "compute the column before the fit"
        )
    levelled = {name for design in designs for name in design.categorical(frame)}
    rows: list[tuple[str, str, str | None]] = []
    for name in sorted({name for design in designs for name in design.variables(frame)}):
        kind = _kind(frame[name])
        found = _levels(frame[name]) if name in levelled else [None]
        rows += [(name, kind, None if level is None else str(level)) for level in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def example(coding: pd.DataFrame) -> pd.DataFrame:
    """A frame in which every level of a coding table appears, for `Design.recode`; others hold anything."""
    absent = [name for name in COLUMNS if name not in coding.columns]
    if absent:
        raise InputError(
            f"the coding table lacks {', '.join(absent)}; it has {', '.join(map(str, coding.columns))}"
        )
    parts = {str(name): part for name, part in coding.groupby("variable", sort=False)}
    rows = max((len(part) for part in parts.values()), default=1)
    columns = {name: _column(name, part, rows) for name, part in parts.items()}
    return pd.DataFrame(columns, index=range(rows))


def _column(name: str, part: pd.DataFrame, rows: int) -> Any:
    kind = str(part["kind"].iloc[0])
    if kind not in READERS:
        raise InputError(f"'{name}' is of kind '{kind}' in the coding table; kinds are {', '.join(READERS)}")
    if part["level"].isna().all():
        return np.array([READERS[kind](1)] * rows)
    levels = [READERS[kind](level) for level in part["level"]]
    values = [levels[i % len(levels)] for i in range(rows)]
    # Numbers stay numbers, as a formula may use them both as levels and as they are.
    return pd.Categorical(values, categories=levels) if kind == "text" else np.array(values)


def _kind(column: pd.Series) -> str:
    values = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_integer_dtype(values):
        return "integer"
    if pd.api.types.is_numeric_dtype(values):
        return "number"
    if all(isinstance(value, str) for value in values):
        return "text"
    raise ParameterError(f"'{column.name}' has levels that are neither text, numbers nor booleans; make them text")


def _levels(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    return sorted(column.unique())
