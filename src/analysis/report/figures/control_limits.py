"""Many of a kind by their size, between limits that chance alone keeps them in: a funnel plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures import rows, scales
from analysis.report.figures.canvas import Sheet, beside, halo, line_height, nothing, widest
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 3.2
MOST_NAMES = 6
"""Points named beside their dot, the furthest out first."""


@theme.themed
def control_limits(
    frame: pd.DataFrame,
    limits: pd.DataFrame,
    *,
    label: str,
    title: str,
    subtitle: str,
    x: str = "size",
    y: str = "estimate",
    beyond: str = "beyond",
    unit: str = "points",
    x_label: str = "",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """Dots by size, those outside the limits in the accent colour and named, and a pair of lines for each level.

    `frame` has `label` (text), `x` (a count), `y` and `beyond` (bool); rows without `y` are left out. `limits` has
    level, size, lower and upper, rows of a level in the order of size. Each pair of lines has its level written
    at its right end.
    """
    numbers = numbers or Numbers()
    there = frame[frame[y].notna() & frame[x].notna()]
    if there.empty or limits.empty:
        return nothing(title, subtitle, numbers, note)
    names = [numbers.pct(level, 1 if round(level * 1000) % 10 else 0) for level in pd.unique(limits["level"])]
    foot = 0.3 + (line_height(theme.SMALL_SIZE) if x_label else 0.0)
    sheet = Sheet(title, subtitle, HEIGHT, note)
    scale = scales.scale(*_range(there, limits, y))
    right = widest(names, theme.SMALL_SIZE) + 0.15
    axes = sheet.plot(scales.tick_width(scale, unit, numbers), right, 0.08, foot)
    scales.value_axis(axes, "y", scale, unit, numbers)
    across = scales.scale(0.0, float(max(there[x].max(), limits["size"].max())))
    axes.set_xlim(0, across.high)
    axes.set_xticks(list(across.ticks), scales.tick_texts(across.ticks, "number", numbers))
    if x_label:
        axes.set_xlabel(x_label, loc="left")
    _limits(axes, limits, names)
    _dots(axes, there, (label, x, y, beyond))
    return sheet.fig


def _range(frame: pd.DataFrame, limits: pd.DataFrame, y: str) -> tuple[float, float]:
    """All dots, and as much of the limits as lies within half as much again."""
    low, high = float(frame[y].min()), float(frame[y].max())
    reach = 1.5 * max(abs(low), abs(high), 1e-9)
    return max(min(low, float(limits["lower"].min())), -reach), min(max(high, float(limits["upper"].max())), reach)


def _limits(axes: Axes, limits: pd.DataFrame, names: list[str]) -> None:
    low, high = axes.get_ylim()
    for place, (_, part) in enumerate(limits.groupby("level", sort=False)):
        style: dict[str, Any] = {
            "color": theme.GREY,
            "linewidth": 1.0,
            "linestyle": "-" if place else (0, (4, 3)),
            "zorder": 2,
        }
        for side in ("lower", "upper"):
            values = part[side].to_numpy(dtype=float)
            axes.plot(part["size"], np.where((values >= low) & (values <= high), values, np.nan), **style)
        # The inner pair's name stands below, so that both can be read where the pairs are near.
        side = "upper" if place else "lower"
        end = float(part[side].iloc[-1])
        if low <= end <= high:
            beside(axes, (float(part["size"].iloc[-1]), end), names[place], 4, color=theme.MUTED)


def _dots(axes: Axes, frame: pd.DataFrame, columns: tuple[str, str, str, str]) -> None:
    label, x, y, beyond = columns
    out = rows.hidden(frame, beyond)
    for chosen, colour, size in ((~out, theme.GREY, 5), (out, theme.ACCENT, 7)):
        axes.plot(frame.loc[chosen, x], frame.loc[chosen, y], "o", color=colour, markersize=size, zorder=4)
    named = frame[out].reindex(frame.loc[out, y].abs().sort_values(ascending=False).index).head(MOST_NAMES)
    middle = sum(axes.get_xlim()) / 2
    for text, across, up in named[[label, x, y]].itertuples(index=False):
        beside(axes, (across, up), str(text), 7 if across < middle else -7, path_effects=halo())
