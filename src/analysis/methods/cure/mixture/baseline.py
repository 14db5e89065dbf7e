"""The free baseline of the `cox` latency: a cumulative hazard that steps up at each event time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.cure.mixture.latency import Array, Curve, Latency

GONE = 1e4
"""Cumulative hazard after the last event: no susceptible row waits longer, or the tail would have no end."""


@dataclass(frozen=True)
class StepBaseline:
    """S(t | z) = exp(−H₀(t)·exp(z'b)), H₀ (K,) at the event times `steps` (K,), rising."""

    steps: Array
    cumulative: Array

    name = "cox"
    intercept = ""
    formula = "hazard(t) = h0(t) * exp(z'b), h0 free (Breslow)"
    ancillary: tuple[str, ...] = ()
    discrete = False

    def adapt(self, time: Array, weight: Array) -> Latency:
        return self

    def check(self, time: Array, column: str) -> None:
        """Any positive duration will do."""

    def start(self, time: Array, weight: Array) -> tuple[float, Array]:
        return 0.0, np.empty(0)

    def clock(self, time: Array) -> Array:
        """Cumulative baseline hazard at `time`."""
        reached = np.searchsorted(self.steps, time, side="right")
        hazard = np.concatenate([[0.0], self.cumulative])[reached]
        return np.where(time > self.steps[-1], GONE, hazard)

    def log_survival(self, mu: Array, anc: Array, clock: Array) -> Curve:
        hazard = -clock * np.exp(np.minimum(mu, 300.0))
        none = np.empty((clock.size, 0))
        return Curve(hazard, hazard, none, hazard, none, none)

    def log_density(self, mu: Array, anc: Array, clock: Array) -> Curve:
        """Log density relative to the jump of the baseline, which the parameters don't touch."""
        wait = self.log_survival(mu, anc, clock)
        return wait._replace(value=wait.value + mu, mu=wait.mu + 1.0)

    def series(self) -> pd.Series:
        """The cumulative baseline hazard by event time."""
        index = pd.Index(self.steps, name="time")
        return pd.Series(self.cumulative, index=index, name="baseline cumulative hazard")
