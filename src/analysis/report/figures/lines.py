"""Lines with interval bands, the way every chart over time draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BANDS = {theme.ACCENT: theme.ACCENT_BAND, theme.SECOND: theme.SECOND_BAND}
"""A colour's band; greys have a grey one."""


def colours(groups: Sequence[object], highlight: Sequence[object]) -> dict[object, str]:
    """Accent for the first highlighted group, the second colour for the next, grey for the rest."""
    marked = dict(zip(highlight, (theme.ACCENT, theme.SECOND), strict=False))
    return {group: marked.get(group, theme.GREY) for group in groups}


def highest_last(frame: pd.DataFrame, group: str, x: str, y: str) -> list[object]:
    """The group with the highest value in the last month: what is highlighted where nothing else is asked for."""
    there = frame.dropna(subset=[y])
    if there.empty:
        return []
    last = there.sort_values(x).groupby(group, sort=False, observed=True)[y].last()
    return [last.idxmax()]


def band(axes: Axes, x: np.ndarray, lower: pd.Series, upper: pd.Series, colour: str) -> None:
    """Interval around a line, without edges."""
    low, high = lower.to_numpy(dtype=float), upper.to_numpy(dtype=float)
    axes.fill_between(x, low, high, color=BANDS.get(colour, theme.GREY_BAND), linewidth=0, zorder=1.5, alpha=0.75)


def line(axes: Axes, x: np.ndarray, y: pd.Series, colour: str, width: float = 1.8, style: str = "-") -> None:
    """A line; a value without neighbours is a dot, so that it is seen."""
    values = y.to_numpy(dtype=float)
    order = 2 if colour == theme.GREY else 3
    axes.plot(x, values, color=colour, linewidth=width, linestyle=style, zorder=order)
    there = np.isfinite(values)
    before = np.concatenate([[False], there[:-1]])
    after = np.concatenate([there[1:], [False]])
    alone = there & ~before & ~after
    if alone.any():
        axes.plot(x[alone], values[alone], "o", color=colour, markersize=3.5, zorder=order)


def end_dot(axes: Axes, x: float, y: float, colour: str) -> None:
    """Marks the last value, which the label beside it names."""
    axes.plot(
        [x], [y], "o", color=colour, markersize=4.5, zorder=4, markeredgecolor=theme.PAPER, markeredgewidth=0.8
    )
