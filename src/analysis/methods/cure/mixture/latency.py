"""What every latency family gives: log density and log survival of the waiting time, with derivatives."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Curve(NamedTuple):
    """A function of a row's location μ and the family's m ancillary parameters, with all its derivatives.

    `value`, `mu`, `mu_mu` have shape (n,); `anc`, `mu_anc`, `anc_anc` (n, m). Second derivatives between two
    different ancillary parameters are zero in every family here, so `anc_anc` holds the diagonal only.
    """

    value: Array
    mu: Array
    anc: Array
    mu_mu: Array
    mu_anc: Array
    anc_anc: Array


class Latency(Protocol):
    """A family of waiting times for those whose event will come.

    μ is a row's linear predictor. It holds an intercept where `intercept` is the intercept's name, and none
    where that is empty (then the ancillary parameters carry the level).
    """

    name: str
    intercept: str
    formula: str

    def adapt(self, time: Array, weight: Array) -> Latency:
        """The family with what it takes from the event times (cut points); `weight` are their case weights."""
        ...

    def check(self, time: Array, column: str) -> None:
        """Raise InputError where durations of `column` cannot belong to the family."""
        ...

    @property
    def ancillary(self) -> tuple[str, ...]:
        """Names of the ancillary parameters, in order."""
        ...

    def start(self, time: Array, weight: Array) -> tuple[float, Array]:
        """Rough μ and ancillary values from event times and their weights."""
        ...

    def clock(self, time: Array) -> Array:
        """The form of time the other functions take, computed once a fit."""
        ...

    def log_density(self, mu: Array, anc: Array, clock: Array) -> Curve:
        """Log density (log probability of the month, in discrete time) at the clock."""
        ...

    def log_survival(self, mu: Array, anc: Array, clock: Array) -> Curve:
        """Log probability of waiting longer than the clock."""
        ...


def column(values: Array) -> Array:
    """A single ancillary parameter's derivative as an (n, 1) array."""
    return values[:, None]


def weighted_moments(values: Array, weight: Array) -> tuple[float, float]:
    """Mean and standard deviation under case weights; the deviation is never below 1e-3."""
    mean = float(np.average(values, weights=weight))
    variance = float(np.average((values - mean) ** 2, weights=weight))
    return mean, max(np.sqrt(variance), 1e-3)
