"""One small chart a group on common axes, the others behind it in grey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.report import theme
from analysis.report.figures import lines, scales
from analysis.report.figures.canvas import Sheet, line_height, nothing, wrap
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL = 1.15
"""Height of a panel's axes in inches."""

BETWEEN = 0.22


@theme.themed
def small_multiples(
    frame: pd.DataFrame,
    *,
    panel: str,
    title: str,
    subtitle: str,
    x: str = "month",
    y: str = "rate",
    lower: str | None = "rate_lower",
    upper: str | None = "rate_upper",
    unit: str = "fraction",
    columns: int = 3,
    y_label: str = "",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """Panels in the order in which the groups come, each with its name and last value above.

    Columns: `panel` (text), `x` (months), `y`, and if there `lower` and `upper`.
    """
    numbers = numbers or Numbers()
    there = frame.dropna(subset=[y])
    if there.empty:
        return nothing(title, subtitle, numbers, note)
    names = list(pd.unique(there[panel]))
    columns = min(columns, len(names))
    down = -(-len(names) // columns)
    scale = scales.scale(*scales.value_range(frame, [y, lower, upper]), most=4)
    left = scales.tick_width(scale, unit, numbers)
    head = line_height(theme.TEXT_SIZE) * 1.35
    label = line_height(theme.SMALL_SIZE) + 0.06 if y_label else 0.0
    sheet = Sheet(title, subtitle, label + down * (head + PANEL) + (down - 1) * 0.12 + 0.42, note)
    width = (sheet.width - left - 0.16 - (columns - 1) * BETWEEN) / columns
    if y_label:
        sheet.write(0, line_height(theme.SMALL_SIZE) * 0.8, y_label)
    ends = [float(there[there[panel] == name].sort_values(x)[y].iloc[-1]) for name in names]
    told = scales.value_texts(ends, unit, numbers)
    for number, name in enumerate(names):
        row, column = divmod(number, columns)
        place = (left + column * (width + BETWEEN), label + head + row * (head + PANEL + 0.12))
        axes = sheet.box(*place, width, PANEL)
        part = frame[frame[panel] == name].sort_values(x)
        _heading(sheet, place, width, str(name), told[number])
        lowest = number + columns >= len(names)
        _axes(axes, frame[x], scale, unit, numbers, first=column == 0, lowest=lowest)
        _draw(axes, frame, part, (panel, x, y, lower, upper))
    return sheet.fig


def _heading(sheet: Sheet, place: tuple[float, float], width: float, name: str, value: str) -> None:
    """Name at the left and last value at the right, above the panel."""
    first = wrap(name, theme.TEXT_SIZE, width - 0.5)
    text = first[0] if len(first) == 1 else f"{first[0]}…"
    style = {"size": theme.TEXT_SIZE, "color": theme.INK}
    sheet.write(place[0], place[1] - 0.07, text, **style)
    sheet.write(
        place[0] + width, place[1] - 0.07, value, **style | {"color": theme.ACCENT}, ha="right", weight="semibold"
    )


def _axes(
    axes: Axes, months: pd.Series, scale: scales.Scale, unit: str, numbers: Numbers, *, first: bool, lowest: bool
) -> None:
    """Common axes; their texts stand only at the left and below."""
    scales.value_axis(axes, "y", scale, unit, numbers)
    places = scales.month_numbers(months)
    low, high = float(places.min()), float(places.max())
    axes.set_xlim(low - 0.5, high + 0.5)
    scales.month_axis(axes, low, high, numbers, most=4)
    axes.tick_params(axis="y", labelleft=first)
    axes.tick_params(axis="x", labelbottom=lowest)


def _draw(
    axes: Axes, frame: pd.DataFrame, part: pd.DataFrame, columns: tuple[str, str, str, str | None, str | None]
) -> None:
    panel, x, y, lower, upper = columns
    own = part[panel].iloc[0]
    for _, other in frame[frame[panel] != own].groupby(panel, sort=False, observed=True):
        behind = other.sort_values(x)
        axes.plot(scales.month_numbers(behind[x]), behind[y], color=theme.SHADOW, linewidth=0.9, zorder=1.2)
    places = scales.month_numbers(part[x])
    if lower in part.columns and upper in part.columns:
        lines.band(axes, places, part[lower], part[upper], theme.ACCENT)
    lines.line(axes, places, part[y], theme.ACCENT, 1.7)
