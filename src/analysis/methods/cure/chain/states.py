"""The chain of cure and re-default: monthly steps between arrears, probation, sustained cure and the exits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.statistics.flows import to_matrix
from analysis.statistics.jackknife import Array, leave_one_out, share_limits

EXITS = ("charged_off", "paid_off", "sold", "litigation")
CURRENT = "current"
CURED = "cured"
PROBATION = "probation_"


@dataclass(frozen=True)
class ChainStates:
    """The chain's states in order: arrears buckets, probation, cured and current, exits.

    Names tell the kind: `probation_1` … are probation, `cured` (a sustained cure up to a year ago; there may be
    several ages, the freshest first, such as `cured_3`, `cured_4` …) and `current` (longer ago, or never overdue)
    are sound, those of EXITS are left for good, all others are arrears. Raises ParameterError where there is no
    arrears state, no exit, or no `cured`.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.arrears or not self.exits or not self.cured:
            raise ParameterError(
                f"the chain's states are {', '.join(self.names)}; it takes arrears buckets, 'cured' and at least "
                f"one exit of {', '.join(EXITS)}"
            )

    @property
    def arrears(self) -> tuple[str, ...]:
        other = (*self.sound, *self.probation, *self.exits)
        return tuple(name for name in self.names if name not in other)

    @property
    def probation(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if name.startswith(PROBATION))

    @property
    def cured(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if name.startswith(CURED))

    @property
    def sound(self) -> tuple[str, ...]:
        return (*self.cured, *(name for name in self.names if name == CURRENT))

    @property
    def exits(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if name in EXITS)

    def places(self, names: Sequence[str]) -> list[int]:
        return [self.names.index(name) for name in names]

    def mask(self, *groups: Sequence[str]) -> np.ndarray:
        """True for the states of the groups, in the order of `names`."""
        return np.isin(self.names, [name for group in groups for name in group])


def states_of(frame: pd.DataFrame, column: str = "from_state") -> ChainStates:
    """The chain's states from a frame's ordered categories; raises ParameterError where the column has none."""
    if column not in frame.columns or not isinstance(frame[column].dtype, pd.CategoricalDtype):
        raise ParameterError(
            f"column '{column}' must hold the chain's states as ordered categories; pass what the panel returns"
        )
    return ChainStates(tuple(map(str, frame[column].cat.categories)))


def usable(cells: pd.DataFrame) -> pd.DataFrame:
    """Steps that may be pooled: those into a month from which something was recorded differently are dropped."""
    needed = ("month", "from_state", "to_state", "fold", "accounts")
    missing = [name for name in needed if name not in cells.columns]
    if missing:
        raise ParameterError(f"the chain's cells lack {', '.join(missing)}; pass what the panel returns")
    kept = cells if "broken" not in cells.columns else cells[~cells["broken"].astype(bool)]
    if kept.empty:
        raise ParameterError("the chain's cells hold no step between months; nothing can be said about the chain")
    return kept


def step_counts(
    cells: pd.DataFrame, states: ChainStates, value: str = "accounts", folds: Sequence[int] | None = None
) -> Array:
    """Steps by fold as an array of shape (folds, states from, states to), with the sums of `value`.

    `folds`: those to have, in rising order, where several parts must have the same; default are those with a step.
    Raises ParameterError for a state that isn't among `states`.
    """
    known = np.unique(cells["fold"]) if folds is None else np.asarray(folds)
    size = len(states.names)
    counts = np.zeros((len(known), size, size))
    fold = np.searchsorted(known, cells["fold"].to_numpy())
    start, end = place_of(cells["from_state"], states), place_of(cells["to_state"], states)
    np.add.at(counts, (fold, start, end), cells[value].to_numpy(dtype=float))
    return counts


def place_of(column: pd.Series, states: ChainStates) -> np.ndarray:
    """Number of each row's state in the order of `states`."""
    places = {name: place for place, name in enumerate(states.names)}
    names = column.astype(str)
    unknown = sorted(set(names.unique()) - set(places))
    if unknown:
        raise ParameterError(
            f"'{unknown[0]}' in column '{column.name}' is no state of the chain; its states are "
            f"{', '.join(states.names)}"
        )
    return names.map(places).to_numpy(dtype=int)


def absorbing(counts: Array, states: ChainStates) -> Array:
    """Counts whose exits are never left: what is seen to step out of an exit is dropped."""
    kept = counts.copy()
    kept[..., states.places(states.exits), :] = 0.0
    return kept


def segments(frame: pd.DataFrame, by: Sequence[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The frame as a whole (`all`, `all`), then each value of each column of `by`: dimension, value, rows."""
    yield "all", "all", frame
    for name in by:
        if name not in frame.columns:
            raise ParameterError(
                f"column '{name}' is not in the frame; it has {', '.join(map(str, frame.columns))}"
            )
        for value, part in frame.groupby(name, sort=True, observed=True):
            yield name, str(value), part


def transitions(
    cells: pd.DataFrame, by: Sequence[str] = (), basis: str = "accounts", level: float = 0.95
) -> pd.DataFrame:
    """Monthly transition shares with intervals, for the whole and by each column of `by`.

    share: steps from from_state into to_state (numerator) ÷ all steps from from_state (denominator), in accounts,
    or weighted by the balance at the start (`basis` "balance"); the shares of a from_state sum to one. Exits are
    absorbing. A from_state that nobody was seen in has `seen` False and keeps its accounts (share 1 on itself):
    an assumption, without limits. Limits are Wilson's at the size of sample that the jackknife over folds of
    customers amounts to. Months are pooled, so a trend or a season is averaged over.

    Returns dimension, value, from_state, to_state, numerator, denominator, share, lower, upper, seen. Raises
    ParameterError for cells without the panel's columns.
    """
    cells = usable(cells)
    states = states_of(cells)
    tables = [
        _transitions(part, states, basis, level).assign(dimension=dimension, value=value)
        for dimension, value, part in segments(cells, by)
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[["dimension", "value", *table.columns.drop(["dimension", "value"])]]


def _transitions(cells: pd.DataFrame, states: ChainStates, basis: str, level: float) -> pd.DataFrame:
    counts = absorbing(step_counts(cells, states, basis), states)
    total, without = counts.sum(axis=0), leave_one_out(counts)
    held = np.broadcast_to(total.sum(axis=1)[:, None], total.shape)
    accounts = step_counts(cells, states).sum(axis=0).sum(axis=1)[:, None]
    size = np.broadcast_to(accounts, total.shape)
    found = share_limits(to_matrix(total), to_matrix(without), size, level)
    seen = held > 0
    start, end = (np.ravel(a) for a in np.meshgrid(states.names, states.names, indexing="ij"))
    kind = pd.CategoricalDtype(list(states.names), ordered=True)
    return pd.DataFrame(
        {
            "from_state": pd.Categorical(start, dtype=kind),
            "to_state": pd.Categorical(end, dtype=kind),
            "numerator": total.ravel(),
            "denominator": held.ravel(),
            "share": found.rate.ravel(),
            "lower": np.where(seen, found.lower, np.nan).ravel(),
            "upper": np.where(seen, found.upper, np.nan).ravel(),
            "seen": seen.ravel(),
        }
    )
