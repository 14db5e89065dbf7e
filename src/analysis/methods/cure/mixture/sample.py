"""The rows a model is fitted on, checked and as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError

Array = npt.NDArray[np.float64]

CENSORED, CURED, NEVER = 0, 1, 2
"""Values of the event column."""


@dataclass(frozen=True)
class Times:
    """Durations, events, entries, weights and clusters of n rows.

    `entry` is None where nobody entered late. `cluster` numbers the clusters from 0. `order` is the row of the
    original frame each row came from: rows are grouped by event, so that a block holds one kind of row.
    """

    time: Array
    event: npt.NDArray[np.int8]
    entry: Array | None
    weight: Array
    cluster: npt.NDArray[np.int64] | None


@dataclass(frozen=True)
class Sample:
    """Times with the two designs: X (n, p) of the incidence, Z (n, q) of the latency, sorted by event.

    The designs are stored column by column.
    """

    times: Times
    x: Array
    z: Array

    @property
    def rows(self) -> int:
        return self.times.time.size

    def take(self, rows: npt.NDArray[np.int64] | slice) -> Sample:
        """The same for some rows."""
        times = self.times
        part = replace(
            times,
            time=times.time[rows],
            event=times.event[rows],
            entry=None if times.entry is None else times.entry[rows],
            weight=times.weight[rows],
            cluster=None if times.cluster is None else times.cluster[rows],
        )
        x = _taken(self.x, rows)
        return Sample(part, x, x if self.z is self.x else _taken(self.z, rows))

    def by_event(self) -> Sample:
        """Rows grouped by event, so that every block holds one kind of row."""
        event = self.times.event
        if (np.diff(event) >= 0).all():
            return self
        return self.take(np.argsort(event, kind="stable"))


def _taken(design: Array, rows: npt.NDArray[np.int64] | slice) -> Array:
    """Some rows of a design, its columns again in one piece of memory each: sums over rows then run fast."""
    if isinstance(rows, slice):
        return np.asfortranarray(design[rows])
    return np.take(design.T, rows, axis=1).T


def read_times(
    df: pd.DataFrame,
    duration_col: str,
    event_col: str,
    entry_col: str | None,
    weights_col: str | None,
    cluster_col: str | None,
) -> Times:
    """Durations and events as arrays; raises InputError naming the column, what it holds and the mend."""
    if df.empty:
        raise InputError("the data frame has no rows; a cure model needs spells to learn from")
    time = numbers(df, duration_col)
    refuse_rows(df, time <= 0, duration_col, time, "a duration must be above 0; count a first month as 1")
    event = _events(df, event_col)
    entry = None if entry_col is None else _entries(df, entry_col, time)
    weight = np.ones(len(df)) if weights_col is None else numbers(df, weights_col)
    refuse_rows(df, weight <= 0, weights_col or "", weight, "a case weight must be above 0; drop rows of weight 0")
    return Times(time, event, entry, weight, None if cluster_col is None else clusters(df, cluster_col))


def refuse_rows(df: pd.DataFrame, wrong: npt.NDArray[np.bool_], column: str, values: Array, rule: str) -> None:
    """Raise InputError for the rows marked `wrong`, with their count and three examples."""
    if not wrong.any():
        return
    shown = ", ".join(f"row {df.index[i]}: {values[i]:g}" for i in np.flatnonzero(wrong)[:3])
    count = int(wrong.sum())
    raise InputError(f"column '{column}', {count:,} row{'s' * (count > 1)} ({shown}): {rule}")


def _column(df: pd.DataFrame, name: str) -> pd.Series:
    if name not in df.columns:
        known = ", ".join(map(str, df.columns[:12]))
        raise InputError(f"column '{name}' is not in the data frame; its columns are {known}")
    return df[name]


def numbers(df: pd.DataFrame, name: str) -> Array:
    column = _column(df, name)
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        raise InputError(f"column '{name}' holds {column.dtype} values; it must be numeric")
    values = column.to_numpy(dtype=float, na_value=np.nan)
    refuse_rows(df, ~np.isfinite(values), name, values, "must be a finite number; drop or fill these rows")
    return values


def _events(df: pd.DataFrame, name: str) -> npt.NDArray[np.int8]:
    values = numbers(df, name)
    wrong = ~np.isin(values, (CENSORED, CURED, NEVER))
    refuse_rows(df, wrong, name, values, "must be 1 (cured), 0 (censored) or 2 (known never to cure)")
    if not (values == CURED).any():
        raise InputError(f"column '{name}' holds no event (1): nobody cured, so nothing can be said of cure")
    return values.astype(np.int8)


def _entries(df: pd.DataFrame, name: str, time: Array) -> Array | None:
    entry = numbers(df, name)
    refuse_rows(df, entry < 0, name, entry, "an entry must be 0 or later, on the clock of the duration")
    late = entry >= time
    refuse_rows(df, late, name, entry, "entry is at or after exit; such a row was never under observation")
    return entry if (entry > 0).any() else None


def clusters(df: pd.DataFrame, name: str) -> npt.NDArray[np.int64]:
    """Clusters numbered from 0; raises InputError where one is missing or there is only one."""
    codes, labels = pd.factorize(_column(df, name))
    refuse_rows(df, codes < 0, name, codes.astype(float), "the cluster is missing")
    if len(labels) < 2:
        raise InputError(f"column '{name}' holds one cluster; cluster-robust errors need two, better forty")
    return codes.astype(np.int64)
