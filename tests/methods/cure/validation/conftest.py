"""Spells of a portfolio whose truth is a mixture cure model, on a calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from analysis.methods.cure import Truth, draw_spells
from analysis.methods.cure.validation import Split, split_by_entry

Array = npt.NDArray[np.float64]

# x1 brings more cures but later ones, so that one hazard ratio cannot be right.
TRUTH = Truth("discrete", (0.2, 1.2), (-0.8,), (-1.6, -1.2), (2,), follow_up=(100.0, 100.0))
LAST = 41
CUT = 20


def true_curve(x1: Array, months: int, truth: Truth = TRUTH) -> Array:
    """P(cured within m months) under the truth, (spells, months)."""
    alpha = np.array([truth.baseline[int(np.searchsorted(truth.breaks, m))] for m in range(1, months + 1)])
    hazard = 1.0 / (1.0 + np.exp(-(alpha + truth.latency[0] * x1[:, None])))
    return truth.probability(x1[:, None])[:, None] * (1.0 - np.cumprod(1.0 - hazard, axis=1))


@dataclass
class TrueModel:
    """The model that the spells were drawn from: nothing to fit."""

    name: str = "truth"

    def fit(self, train: pd.DataFrame) -> TrueModel:
        return self

    def predict(self, cells: pd.DataFrame, months: int) -> Array:
        return true_curve(cells["x1"].to_numpy(), months)


@pytest.fixture(scope="session")
def truth_curve() -> Callable[..., Array]:
    return true_curve


@pytest.fixture(scope="session")
def true_model() -> TrueModel:
    return TrueModel()


@pytest.fixture(scope="session")
def portfolio() -> Callable[..., pd.DataFrame]:
    """Spells begun over 36 months, one row each; with `charged_off`, some never-curers leave in months 3–8."""

    def draw(rows: int = 6000, seed: int = 5, charged_off: float = 0.0) -> pd.DataFrame:
        drawn = draw_spells(TRUTH, rows, seed, levels=(-1.0, -0.4, 0.4, 1.0))
        rng = np.random.default_rng(seed + 1)
        began = rng.integers(0, 36, rows)
        cure = np.where(drawn.event == 1, drawn.months, np.inf)
        gone = ~drawn.susceptible & (rng.random(rows) < charged_off)
        other = np.where(gone, rng.integers(3, 9, rows), np.inf)
        duration = np.minimum(np.minimum(cure, other), LAST - began)
        exits = np.select([duration == cure, duration == other], ["cured", "charged_off"], "open")
        columns = {"x1": drawn.x1, "began": began, "entry": 0, "duration": duration.astype(int), "exit": exits}
        sex = rng.choice(["female", "male"], rows)
        return pd.DataFrame(columns | {"fold": rng.integers(0, 32, rows), "spells": 1, "sex": sex})

    return draw


@pytest.fixture(scope="session")
def split(portfolio: Callable[..., pd.DataFrame]) -> Split:
    return split_by_entry(portfolio(), CUT, LAST)
