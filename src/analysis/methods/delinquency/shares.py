"""Clustered intervals for a frame of cells."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.statistics.ratio import MOMENTS, Interval, share_interval


def shares(cells: pd.DataFrame, level: float = 0.95) -> Interval:
    """Share numerator ÷ denominator of each row of cells that carry the moments of `analysis.statistics.ratio`."""
    moments: dict[str, Any] = {name: cells[name].to_numpy(dtype=float) for name in MOMENTS}
    return share_interval(**moments, level=level)
