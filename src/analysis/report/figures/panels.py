"""The same few lines of several measures, each measure in a panel with a scale of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from analysis.report import theme
from analysis.report.figures import lines, scales
from analysis.report.figures.canvas import Sheet, line_height, nothing, text_width, wrap
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL = 1.15
BETWEEN = 0.3
BELOW = 0.42


@theme.themed
def panels(
    frame: pd.DataFrame,
    *,
    panel: str,
    group: str,
    highlight: Sequence[object],
    title: str,
    subtitle: str,
    x: str = "month",
    y: str = "value",
    line: str | None = None,
    unit: str = "fraction",
    columns: int = 2,
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """Panels in the order in which their measures come, with lines by `group`; a key above names them by colour.

    Columns: `panel` and `group` (text), `x` (months), `y`, and `line` where a group has several lines. The first
    two of `highlight` are coloured, other lines grey. Months are the same in every panel, values are not: compare
    lines within a panel, not between panels.
    """
    numbers = numbers or Numbers()
    there = frame.dropna(subset=[y])
    if there.empty:
        return nothing(title, subtitle, numbers, note)
    names, colour = list(pd.unique(there[panel])), lines.colours(list(pd.unique(there[group])), highlight)
    scale = {name: scales.scale(*scales.value_range(there[there[panel] == name], [y]), most=4) for name in names}
    left = max(scales.tick_width(one, unit, numbers) for one in scale.values())
    columns = min(columns, len(names))
    down = -(-len(names) // columns)
    width = (theme.TEXT_WIDTH - columns * left - (columns - 1) * BETWEEN - 0.16) / columns
    heads = {name: wrap(str(name), theme.TEXT_SIZE, width) for name in names}
    key = line_height(theme.TEXT_SIZE) * 1.3
    head = line_height(theme.TEXT_SIZE) * (0.35 + max(len(told) for told in heads.values()))
    sheet = Sheet(title, subtitle, key + down * (head + PANEL + BELOW), note)
    _key(sheet, colour, [name for name in highlight if name in colour])
    for number, name in enumerate(names):
        row, column = divmod(number, columns)
        place = (left + column * (width + left + BETWEEN), key + head + row * (head + PANEL + BELOW))
        for up, told in enumerate(reversed(heads[name])):
            above = place[1] - 0.07 - up * line_height(theme.TEXT_SIZE)
            sheet.write(place[0], above, told, size=theme.TEXT_SIZE, color=theme.INK)
        axes = sheet.box(*place, width, PANEL)
        scales.value_axis(axes, "y", scale[name], unit, numbers)
        _months(axes, there[x], numbers)
        _draw(axes, there[there[panel] == name], (group, line or group, x, y), colour)
    return sheet.fig


def _key(sheet: Sheet, colour: dict[object, str], first: Sequence[object]) -> None:
    """Names of the lines in their colours, side by side, highlighted ones first."""
    left, top = 0.0, line_height(theme.TEXT_SIZE) * 0.8
    for name in dict.fromkeys([*first, *colour]):
        grey = colour[name] == theme.GREY
        style = {"size": theme.TEXT_SIZE, "weight": "normal" if grey else "semibold"}
        sheet.write(left, top, str(name), color=theme.MUTED if grey else colour[name], **style)
        left += text_width(str(name), theme.TEXT_SIZE, "Regular" if grey else "Semibold") + 0.25


def _months(axes: Axes, months: pd.Series, numbers: Numbers) -> None:
    places = scales.month_numbers(months)
    low, high = float(places.min()), float(places.max())
    axes.set_xlim(low - 0.5, high + 0.5)
    scales.month_axis(axes, low, high, numbers, most=4)


def _draw(axes: Axes, part: pd.DataFrame, by: tuple[str, str, str, str], colour: dict[object, str]) -> None:
    group, line, x, y = by
    for (name, _), one in part.sort_values(x).groupby([group, line], sort=False):
        # Grey lines lie under coloured ones, see lines.line.
        lines.line(axes, scales.month_numbers(one[x]), one[y], colour[name], 1.7)
