"""Spells drawn from a known mixture over exits, for power and coverage studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.methods.cure.competing.exit_model import NEVER
from analysis.methods.cure.mixture.draw import waits

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ExitTruth:
    """One exit: coefficients as `MixtureExits` names them.

    `incidence` is the intercept and a slope for each covariate x1, x2, … of the multinomial logit (all zero for
    the reference); `latency` the slopes; `baseline` the baseline parameters in `params_` order.
    """

    latency_name: str
    incidence: tuple[float, ...]
    latency: tuple[float, ...]
    baseline: tuple[float, ...]
    breaks: tuple[float, ...] = ()


@dataclass(frozen=True)
class ExitsTruth:
    """The exits that spells are drawn to; with `never`, a class of those that never exit, with predictor zero.

    Follow-up ends at a time uniform in `follow_up`. A share `late` of the rows comes under observation at a time
    uniform in (0, `latest_entry`), and is seen only if nothing happened before. Exits are discrete, or none is.
    """

    exits: Mapping[str, ExitTruth]
    never: bool = False
    follow_up: tuple[float, float] = (12.0, 48.0)
    late: float = 0.0
    latest_entry: float = 6.0

    def __post_init__(self) -> None:
        if len({exit_.latency_name == "discrete" for exit_ in self.exits.values()}) != 1:
            raise ParameterError("spells run in months or in continuous time: all exits are discrete, or none")

    @property
    def covariates(self) -> int:
        return len(next(iter(self.exits.values())).latency)

    @property
    def discrete(self) -> bool:
        return next(iter(self.exits.values())).latency_name == "discrete"

    def probabilities(self, x: Array) -> Array:
        """Probability of each exit, and of `never` last where there is one: rows of x (n, k) × classes."""
        eta = [e.incidence[0] + x @ np.asarray(e.incidence[1:]) for e in self.exits.values()]
        odds = np.exp(np.column_stack([*eta, np.zeros(len(x))] if self.never else eta))
        shares: Array = odds / odds.sum(axis=1, keepdims=True)
        return shares


def draw_exits(truth: ExitsTruth, rows: int, seed: int) -> pd.DataFrame:
    """Spells with columns x1 … xk, months, exit, entry; at most `rows`, as late ones may never be seen.

    Covariates are standard normal; `exit` is `open` where follow-up ended first. `bound_for` is the hidden truth.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, truth.covariates))
    names = np.array([*truth.exits, NEVER])
    past = truth.probabilities(x).cumsum(axis=1)[:, :-1] < rng.random(rows)[:, None]
    bound = past.sum(axis=1)
    wait = np.full(rows, np.inf)
    for j, exit_ in enumerate(truth.exits.values()):
        own = bound == j
        wait[own] = waits(exit_, x[own] @ np.asarray(exit_.latency), rng)
    end = rng.uniform(*truth.follow_up, size=rows)
    entry = np.where(rng.random(rows) < truth.late, rng.uniform(0.0, truth.latest_entry, size=rows), 0.0)
    if truth.discrete:
        end, entry = np.ceil(end), np.floor(entry)
    months = np.minimum(wait, end)
    frame = pd.DataFrame(x, columns=[f"x{j + 1}" for j in range(truth.covariates)])
    frame = frame.assign(
        months=months, exit=np.where(wait <= end, names[bound], "open"), entry=entry, bound_for=names[bound]
    )
    return frame[months > entry].reset_index(drop=True)
