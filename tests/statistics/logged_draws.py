"""Logs of decisions drawn from a known policy and known rewards."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.statistics.decision_log import DecisionLog

ARMS = ("agent", "plan", "robot")
SHAPE = {"agent": (1.0, 0.8), "plan": (0.5, -0.5), "robot": (0.0, 0.2)}
"""Reward of an arm without noise: first + second · x, x standard normal."""


def true_outcomes(x: np.ndarray, index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame({arm: a + b * x for arm, (a, b) in SHAPE.items()}, index=index)


def logging_policy(x: np.ndarray) -> np.ndarray:
    """Probabilities (n, arms): agents are sent to where they bring most, so that plain means mislead."""
    odds = np.column_stack([np.exp(0.8 * x), np.full(x.size, 1.5), np.ones(x.size)])
    return odds / odds.sum(axis=1, keepdims=True)


def draw_frame(units: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Decisions on customers with two units each that share x and a part of the noise; and all probabilities."""
    rng = np.random.default_rng(seed)
    customer = np.repeat(np.arange(units // 2), 2)
    x = rng.standard_normal(units // 2)[customer]
    noise = 0.7 * rng.standard_normal(units // 2)[customer] + 0.7 * rng.standard_normal(units)
    shares = logging_policy(x)
    arm = (rng.random(units)[:, None] > np.cumsum(shares, axis=1)).sum(axis=1)
    mean = true_outcomes(x, pd.RangeIndex(units)).to_numpy()
    rows = np.arange(units)
    frame = pd.DataFrame(
        {
            "arm": np.array(ARMS)[arm],
            "reward": mean[rows, arm] + noise,
            "probability": shares[rows, arm],
            "fold": customer % 32,
            "x": x,
        }
    )
    return frame, pd.DataFrame(shares, columns=list(ARMS))


def proposed(x: np.ndarray) -> np.ndarray:
    """A policy for tests: agents where x is above zero, plans elsewhere."""
    return np.where(x > 0, "agent", "plan")


TRUE_VALUE = 0.75 + (0.8 + 0.5) / np.sqrt(2 * np.pi)
"""Of `proposed`: half of 1 + 0.8·E[x|x>0] and half of 0.5 − 0.5·E[x|x<0]."""


def draw_log(units: int, seed: int) -> tuple[DecisionLog, np.ndarray]:
    frame, _ = draw_frame(units, seed)
    return DecisionLog.read(frame), frame["x"].to_numpy()


def draw_trial(
    units: int, seed: int, effects: dict[str, float], share: float = 0.5, noise: float = 1.0
) -> pd.DataFrame:
    """Two arms, randomised with probability `share` of agents, with an effect that hangs on the segment."""
    rng = np.random.default_rng(seed)
    segment = rng.choice(list(effects), units)
    treated = rng.random(units) < share
    x = rng.standard_normal(units)
    effect = pd.Series(segment).map(effects).to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "arm": np.where(treated, "agent", "robot"),
            "reward": x + treated * effect + noise * rng.standard_normal(units),
            "probability": np.where(treated, share, 1 - share),
            "fold": rng.integers(0, 32, units),
            "x": x,
            "segment": segment,
            "effect": effect,
        }
    )
