"""What the economy and the calendar add to each hazard, worked out once for all blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.data.simulate.clock import Clock
from analysis.data.simulate.macro import macro_path, yearly_change
from analysis.data.simulate.parameters import INDUSTRIES, Parameters

MACRO_LEAD = 96
"""Months of economy written before the first month of accounts that is simulated."""


@dataclass(frozen=True)
class Drivers:
    """Log-odds by month index; entry and cure also by industry."""

    entry: np.ndarray
    cure: np.ndarray
    house: np.ndarray
    roll: np.ndarray
    early: np.ndarray
    claim: np.ndarray
    spend: np.ndarray


def lagged(series: np.ndarray, lag: int, total: int) -> np.ndarray:
    """Values `lag` months before each of the last `total` months."""
    return series[len(series) - total - lag : len(series) - lag]


def make_drivers(clock: Clock, p: Parameters) -> tuple[dict[str, np.ndarray], Drivers]:
    """The macro table's columns, and the log-odds that follow from them."""
    path, total = macro_path(clock.total + MACRO_LEAD), clock.total
    slack = (lagged(path["unemployment_rate"], 2, total) - 0.05) * 100
    growth = (lagged(path["gdp_yoy"], 2, total) - 0.05) * 100
    prices = (lagged(path["cpi_yoy"], 1, total) - 0.02) * 100
    industry = np.stack(
        [lagged(yearly_change(path[f"industry_index_{name}"]), 1, total) / 0.1 for name in INDUSTRIES], axis=1
    )
    house = lagged(path["house_price_yoy"], 1, total) / 0.1
    season = by_month(p.entry.season, 0.0, clock)
    e, c = p.entry, p.cure
    drivers = Drivers(
        entry=(e.unemployment * slack + e.gdp * growth + season)[:, None] + e.industry * industry,
        cure=(c.unemployment * slack + c.gdp * growth)[:, None] + c.industry * industry,
        house=e.house_price * house,
        roll=p.roll.unemployment * slack,
        early=p.roll.early_unemployment * slack,
        claim=p.claims.inflation * prices + p.claims.unemployment * slack,
        spend=by_month(p.money.spend_season, 1.0, clock),
    )
    return path, drivers


def by_month(values: dict[int, float], otherwise: float, clock: Clock) -> np.ndarray:
    """Value of each month's place in the year."""
    return np.array([values.get(int(month), otherwise) for month in clock.year_month])
