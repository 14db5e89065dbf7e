"""The economy that the simulated portfolio lives in: one path, the same for every seed.

It is written as turning points counted in months before the end, with small persistent noise from a stream of
its own, so that the economy of a given month depends neither on the portfolio's seed nor on its length.
"""

from __future__ import annotations

import numpy as np

from analysis.data.simulate.parameters import INDUSTRIES

NOISE_SEED = 19_700_101
NOISE_MONTHS = 1_200

TURNS: dict[str, tuple[tuple[int, float], ...]] = {
    "unemployment_rate": (
        (120, 0.050), (90, 0.049), (76, 0.060), (64, 0.053), (52, 0.048), (38, 0.0468),
        (29, 0.0500), (23, 0.0490), (14, 0.0545), (9, 0.0560), (4, 0.0585), (0, 0.0595),
    ),
    "gdp_yoy": (
        (120, 0.067), (90, 0.060), (76, -0.02), (64, 0.085), (52, 0.055), (36, 0.055),
        (22, 0.050), (12, 0.044), (0, 0.038),
    ),
    "cpi_yoy": ((120, 0.018), (84, 0.028), (60, 0.008), (40, 0.024), (28, 0.006), (14, 0.012), (0, 0.021)),
    "policy_rate": ((120, 0.043), (72, 0.0405), (48, 0.0370), (24, 0.0345), (0, 0.0300)),
    "house_price_yoy": ((120, 0.07), (72, 0.05), (50, 0.01), (36, -0.02), (18, -0.055), (0, -0.070)),
}  # fmt: skip
"""(months before the end, value)"""

NOISE = {
    "unemployment_rate": 0.0006,
    "gdp_yoy": 0.0020,
    "cpi_yoy": 0.0012,
    "policy_rate": 0.0,
    "house_price_yoy": 0.0030,
}
"""standard deviation of the innovations; they persist with PERSISTENCE a month"""
PERSISTENCE = 0.75

INDUSTRY_TURNS: dict[str, tuple[tuple[int, float], ...]] = {
    "manufacturing": ((120, 0.04), (76, -0.06), (64, 0.08), (30, 0.03), (12, 0.01), (0, 0.00)),
    "construction": ((120, 0.06), (60, 0.05), (36, 0.02), (20, -0.04), (12, -0.10), (6, -0.17), (0, -0.16)),
    "retail": ((120, 0.05), (76, -0.10), (64, 0.06), (52, 0.04), (30, 0.03), (0, 0.00)),
    "catering": ((120, 0.05), (76, -0.25), (64, 0.15), (50, 0.06), (14, -0.03), (0, -0.06)),
    "transport": ((120, 0.04), (76, -0.08), (64, 0.06), (0, 0.02)),
    "technology": ((120, 0.09), (50, 0.07), (26, 0.01), (0, 0.05)),
    "public_services": ((120, 0.03), (0, 0.02)),
    "agriculture": ((120, 0.03), (40, 0.02), (0, 0.03)),
}
"""growth a year of the activity index"""


def turning_points(points: tuple[tuple[int, float], ...], before_end: np.ndarray) -> np.ndarray:
    """Values on the straight lines between turning points, flat beyond the first."""
    months, values = zip(*points, strict=True)
    return np.interp(-before_end, [-m for m in months], values)


def persistent_noise(rng: np.random.Generator, spread: float, months: int) -> np.ndarray:
    """First-order autoregression; the last value of the longest path is always the same."""
    shocks = rng.normal(0.0, 1.0, NOISE_MONTHS) * spread
    level = np.zeros(NOISE_MONTHS)
    for t in range(1, NOISE_MONTHS):
        level[t] = PERSISTENCE * level[t - 1] + shocks[t]
    return level[-months:]


def macro_path(months: int) -> dict[str, np.ndarray]:
    """The last `months` months of the economy, oldest first, by column of the `macro` table."""
    rng = np.random.default_rng(NOISE_SEED)
    before_end = np.arange(months)[::-1]
    path = {}
    for name, points in TURNS.items():
        path[name] = turning_points(points, before_end) + persistent_noise(rng, NOISE[name], months)
    for name in INDUSTRIES:
        long = np.arange(max(months, 121))[::-1]
        growth = turning_points(INDUSTRY_TURNS[name], long) + persistent_noise(rng, 0.01, len(long))
        level = np.exp(np.cumsum(growth / 12))
        path[f"industry_index_{name}"] = (100 * level / level[-121])[-months:]
    return path


def yearly_change(series: np.ndarray) -> np.ndarray:
    """Logarithmic change on twelve months before; the first twelve are blank."""
    change = np.full(len(series), np.nan)
    change[12:] = np.log(series[12:] / series[:-12])
    return change
