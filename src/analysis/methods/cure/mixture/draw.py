"""Spells drawn from a known mixture cure model, for power, coverage and speed studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError

Array = npt.NDArray[np.float64]

LAST_MONTH = 600
"""Months after which a discrete wait is cut; it is far beyond any follow-up."""


class Wait(Protocol):
    """A latency to draw from: its name, its baseline parameters, and the ends of its pieces if it has some."""

    @property
    def latency_name(self) -> str: ...

    @property
    def baseline(self) -> tuple[float, ...]: ...

    @property
    def breaks(self) -> tuple[float, ...]: ...


@dataclass(frozen=True)
class Truth:
    """The model that spells are drawn from, coefficients as `MixtureCure` names them (logit incidence).

    `incidence` is the intercept and a slope for each covariate x1, x2, …; `latency` the slopes; `baseline` the
    baseline parameters in `params_` order. Follow-up ends at a time uniform in `follow_up`. A share `late` of
    the rows comes under observation at a time uniform in (0, `latest_entry`), and is seen only if nothing
    happened before. A share `resolved` is followed to its end, so that those who never cure are known (event 2).
    """

    latency_name: str
    incidence: tuple[float, ...]
    latency: tuple[float, ...]
    baseline: tuple[float, ...]
    breaks: tuple[float, ...] = ()
    follow_up: tuple[float, float] = (12.0, 48.0)
    late: float = 0.0
    latest_entry: float = 6.0
    resolved: float = 0.0

    def probability(self, x: Array) -> Array:
        """Probability that the event ever comes, rows of covariates x (n, k)."""
        return 1.0 / (1.0 + np.exp(-(self.incidence[0] + x @ np.asarray(self.incidence[1:]))))


def draw_spells(truth: Truth, rows: int, seed: int, levels: Sequence[float] | None = None) -> pd.DataFrame:
    """Spells with columns x1 … xk, months, event, entry; at most `rows`, as late ones may never be seen.

    Covariates are standard normal, or drawn evenly from `levels`. `susceptible` is the hidden truth.
    """
    rng = np.random.default_rng(seed)
    k = len(truth.latency)
    x = rng.normal(size=(rows, k)) if levels is None else rng.choice(np.asarray(levels), size=(rows, k))
    susceptible = rng.random(rows) < truth.probability(x)
    discrete = truth.latency_name == "discrete"
    wait = np.where(susceptible, waits(truth, x @ np.asarray(truth.latency), rng), np.inf)
    end = rng.uniform(*truth.follow_up, size=rows)
    entry = np.where(rng.random(rows) < truth.late, rng.uniform(0.0, truth.latest_entry, size=rows), 0.0)
    if discrete:
        end, entry = np.ceil(end), np.floor(entry)
    resolved = rng.random(rows) < truth.resolved
    event = np.where(np.isfinite(wait) & (resolved | (wait <= end)), 1, np.where(resolved, 2, 0))
    months = np.where(event == 1, np.where(susceptible, wait, end), end)
    frame = pd.DataFrame(x, columns=[f"x{j + 1}" for j in range(k)])
    frame = frame.assign(months=months, event=event, entry=entry, susceptible=susceptible)
    return frame[months > entry].reset_index(drop=True)


def waits(truth: Wait, zeta: Array, rng: np.random.Generator) -> Array:
    """Waits of rows with predictor `zeta` (n,); raises ParameterError for a latency that cannot be drawn."""
    uniform = rng.random(zeta.size)
    if truth.latency_name == "weibull":
        return (-np.log(uniform) / np.exp(truth.baseline[0] + zeta)) ** np.exp(-truth.baseline[1])
    if truth.latency_name == "lognormal":
        return np.exp(truth.baseline[0] + zeta + np.exp(truth.baseline[1]) * rng.normal(size=zeta.size))
    if truth.latency_name == "discrete":
        return _months(truth, zeta, rng)
    raise ParameterError(f"spells are drawn from weibull, lognormal or discrete, not '{truth.latency_name}'")


def _months(truth: Wait, zeta: Array, rng: np.random.Generator) -> Array:
    """Month by month, until the hazard strikes."""
    waits = np.full(zeta.size, float(LAST_MONTH))
    waiting = np.arange(zeta.size)
    for month in range(1, LAST_MONTH):
        alpha = truth.baseline[int(np.searchsorted(truth.breaks, month, side="left"))]
        struck = rng.random(waiting.size) < 1.0 / (1.0 + np.exp(-(alpha + zeta[waiting])))
        waits[waiting[struck]] = month
        waiting = waiting[~struck]
        if not waiting.size:
            break
    return waits
