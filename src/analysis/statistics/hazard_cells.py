"""Weighted person-period cells: read, checked, and merged where their covariates agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.compress import distinct

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

SLACK = 1e-9
"""Share by which exits may exceed those at risk before it is more than rounding of weights."""


@dataclass(frozen=True)
class Counts:
    """Cells with someone at risk: at risk (n,), leaving by exit (n, J), and cluster (n,) as 0 … G − 1 or None."""

    frame: pd.DataFrame
    at_risk: Array
    exits: Array
    cluster: Places | None

    @property
    def clusters(self) -> int | None:
        return None if self.cluster is None else int(self.cluster.max()) + 1


@dataclass(frozen=True)
class Points:
    """Distinct covariate rows (m): the frame, at risk (m,), exits (m, J), and which one each cell has (n,)."""

    frame: pd.DataFrame
    at_risk: Array
    exits: Array
    place: Places


def read_counts(
    cells: pd.DataFrame, at_risk_col: str, columns: Mapping[str, str], cluster_col: str | None
) -> Counts:
    """Counts of the cells; `columns` says which column counts which exit.

    Cells with nobody at risk say nothing and are left out. Raises InputError for columns that are absent, for
    counts that are missing, negative or infinite, and for more exits than at risk, naming the rows.
    """
    needed = [at_risk_col, *columns.values(), *([cluster_col] if cluster_col else [])]
    absent = [name for name in needed if name not in cells.columns]
    if absent:
        raise InputError(f"the cells lack {', '.join(absent)}; they have {', '.join(map(str, cells.columns))}")
    if not len(cells):
        raise InputError("there are no cells to fit")
    at_risk = _count(cells, at_risk_col)
    exits = np.stack([_count(cells, name) for name in columns.values()]).T
    _refuse_excess(cells, at_risk, exits.sum(axis=1), at_risk_col)
    used = np.flatnonzero(at_risk > 0)
    if not used.size:
        raise InputError(f"nobody is at risk: '{at_risk_col}' is 0 in all {len(cells):,} cells")
    frame = cells if used.size == len(cells) else cells.iloc[used]
    return Counts(
        frame, at_risk[used], exits[used], None if cluster_col is None else _clusters(frame, cluster_col)
    )


def merge(counts: Counts, variables: Sequence[str]) -> Points:
    """The cells merged where the columns that formulas read agree. Exact: nothing else enters the likelihood."""
    rows, place = distinct(counts.frame, list(variables))
    frame = counts.frame.iloc[rows]
    # A level that nobody at risk has would give a column of zeros.
    levelled = [name for name in variables if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    frame = frame.assign(**{name: frame[name].cat.remove_unused_categories() for name in levelled})
    at_risk, *exits = (
        np.bincount(place, weights=column, minlength=rows.size).astype(float)
        for column in (counts.at_risk, *counts.exits.T)
    )
    return Points(frame, at_risk, np.stack(exits).T, place)


def exit_columns(exits: Sequence[str], exit_cols: Mapping[str, str] | Sequence[str] | None) -> dict[str, str]:
    """Which column counts which exit: as given, in the order of the exits, or named like them."""
    if exit_cols is None:
        return {name: name for name in exits}
    if isinstance(exit_cols, Mapping):
        unknown = sorted(set(exits) ^ set(exit_cols))
        if unknown:
            raise ParameterError(f"exit_cols and exits ({', '.join(exits)}) disagree on {', '.join(unknown)}")
        return {name: exit_cols[name] for name in exits}
    if isinstance(exit_cols, str) or len(exit_cols) != len(exits):
        raise ParameterError(f"exit_cols is {exit_cols!r}; give one column for each of {', '.join(exits)}")
    return dict(zip(exits, exit_cols, strict=True))


def _count(cells: pd.DataFrame, name: str) -> Array:
    try:
        values = cells[name].to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise InputError(f"'{name}' is not a column of counts: it holds {cells[name].dtype} values") from None
    for bad, what in [(~np.isfinite(values), "missing or infinite"), (values < 0, "negative")]:
        if bad.any():
            raise InputError(f"'{name}' is {what} in {_rows(cells, bad)}; counts are 0 or more")
    return values


def _refuse_excess(cells: pd.DataFrame, at_risk: Array, out: Array, name: str) -> None:
    bad = out > at_risk * (1.0 + SLACK) + SLACK
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"more exits than '{name}' in {_rows(cells, bad)}: {out[first]:g} of {at_risk[first]:g} in the first. "
            "An account leaves by one exit, in a month in which it is counted at risk."
        )


def _clusters(frame: pd.DataFrame, name: str) -> Places:
    codes, found = pd.factorize(frame[name])
    if (codes < 0).any():
        raise InputError(f"'{name}' is missing in {_rows(frame, codes < 0)}; every cell needs a cluster")
    if len(found) < 2:
        raise InputError(f"'{name}' has {len(found)} cluster; cluster-robust errors need two or more")
    return codes.astype(np.int64)


def _rows(frame: pd.DataFrame, bad: npt.NDArray[np.bool_]) -> str:
    found = np.flatnonzero(bad)
    shown = ", ".join(str(frame.index[i]) for i in found[:3])
    return f"1 row (row {shown})" if found.size == 1 else f"{found.size:,} rows (rows {shown})"
