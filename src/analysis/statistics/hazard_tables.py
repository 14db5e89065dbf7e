"""Coefficients and their covariances as tidy tables, to be saved and read back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.core.errors import InputError

INDEX_NAMES = ["exit", "covariate"]
PAIR_NAMES = [*INDEX_NAMES, "exit_2", "covariate_2"]


def tidy_covariances(variance: pd.DataFrame) -> pd.DataFrame:
    """Variance matrix (P, P) as P² rows: exit, covariate, exit_2, covariate_2, covariance."""
    names = variance.index.to_frame(index=False)
    size = len(names)
    left, right = np.repeat(np.arange(size), size), np.tile(np.arange(size), size)
    first = names.iloc[left].reset_index(drop=True)
    second = names.iloc[right].reset_index(drop=True).set_axis(PAIR_NAMES[2:], axis=1)
    return pd.concat([first, second], axis=1).assign(covariance=variance.to_numpy().ravel())


def read_coefficients(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Coefficients and their errors (missing where the frame has no `se`), by (exit, covariate)."""
    _refuse_absent(frame, [*INDEX_NAMES, "coef"], "coefficients")
    indexed = frame.set_index(INDEX_NAMES)
    if indexed.index.has_duplicates or indexed["coef"].isna().any():
        raise InputError("the coefficients repeat an (exit, covariate) or lack a value; give one row for each")
    errors = indexed["se"] if "se" in frame.columns else pd.Series(np.nan, index=indexed.index, name="se")
    return indexed["coef"].astype(float), errors.astype(float)


def read_covariances(frame: pd.DataFrame, index: pd.MultiIndex) -> pd.DataFrame:
    """The variance matrix (P, P) in the order of `index`, from `tidy_covariances`."""
    _refuse_absent(frame, [*PAIR_NAMES, "covariance"], "covariances")
    row = index.get_indexer(pd.MultiIndex.from_frame(frame[PAIR_NAMES[:2]]))
    column = index.get_indexer(pd.MultiIndex.from_frame(frame[PAIR_NAMES[2:]]))
    variance = np.full((len(index), len(index)), np.nan)
    known = (row >= 0) & (column >= 0)
    variance[row[known], column[known]] = frame["covariance"].to_numpy(dtype=float)[known]
    if not known.all() or np.isnan(variance).any():
        raise InputError("the covariances are not those of the coefficients: pairs are missing or unknown")
    return pd.DataFrame(variance, index=index, columns=index)


def refuse_strangers(given: pd.Index, wanted: pd.MultiIndex) -> None:
    """Raise InputError where saved coefficients are not those that formulas and coding ask for."""
    parts = {"missing": wanted[~wanted.isin(given)], "unknown": given[~given.isin(wanted)]}
    found = [
        f"{what} {', '.join(f'{covariate} ({exit_})' for exit_, covariate in rows[:5])}"
        for what, rows in parts.items()
        if len(rows)
    ]
    if found:
        raise InputError(f"the coefficients don't belong to the formula and coding: {'; '.join(found)}")


def _refuse_absent(frame: pd.DataFrame, names: list[str], what: str) -> None:
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise InputError(f"the table of {what} lacks {', '.join(absent)}")
