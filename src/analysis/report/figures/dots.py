"""Before and after, by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures import rows, scales
from analysis.report.figures.canvas import beside, line_height, nothing, text_width, widest
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@theme.themed
def dots(
    frame: pd.DataFrame,
    *,
    label: str,
    names: tuple[str, str],
    title: str,
    subtitle: str,
    before: str = "previous",
    after: str = "rate",
    lower: str | None = "rate_lower",
    upper: str | None = "rate_upper",
    margin: str | None = None,
    margin_label: str = "",
    ranked: bool = True,
    unit: str = "fraction",
    x_label: str = "",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """A grey ring for before and an accent dot with its interval for after, joined by a line.

    Columns: `label`, `before`, `after`, and if there `lower`, `upper` (of after), `margin` and `suppressed`.
    `names` are written above the two dots of the first row.
    """
    numbers = numbers or Numbers()
    if frame.empty:
        return nothing(title, subtitle, numbers, note)
    frame = rows.ranked(frame, after, ranked)
    scale = scales.scale(*scales.value_range(frame, [before, after, lower, upper]))
    texts = _texts(frame, after, unit, numbers)
    chart = rows.Rows(
        (title, subtitle, note),
        frame[label].tolist(),
        rows.margin_texts(frame, margin, numbers),
        margin_label,
        head=line_height(theme.SMALL_SIZE) + 0.1,
        foot=0.27 + (line_height(theme.SMALL_SIZE) if x_label else 0.0),
        room=widest(texts, theme.SMALL_SIZE) + 0.15,
    )
    rows.horizontal(chart.axes, scale, unit, numbers, x_label)
    old, new, low, high = (rows.column(frame, name) for name in (before, after, lower, upper))
    for row, text in enumerate(texts):
        _pair(chart.axes, row, old[row], new[row], (low[row], high[row]), text)
    _names(chart, old, new, names)
    return chart.sheet.fig


def _texts(frame: pd.DataFrame, after: str, unit: str, numbers: Numbers) -> list[str]:
    hidden, reasons = rows.hidden(frame), rows.reasons(frame)
    new = rows.column(frame, after)
    return [
        numbers.suppressed(reasons[i])
        if hidden[i]
        else numbers.missing
        if np.isnan(new[i])
        else scales.value_text(float(new[i]), unit, numbers)
        for i in range(len(frame))
    ]


def _pair(axes: Axes, row: int, old: float, new: float, interval: tuple[float, float], text: str) -> None:
    rows.whisker(axes, row, *interval, theme.SHADES[2])
    axes.plot([old, new], [row, row], color=theme.GREY, linewidth=1.0, zorder=2)
    axes.plot([old], [row], "o", color=theme.PAPER, markeredgecolor=theme.MUTED, markersize=6, zorder=4.5)
    axes.plot([new], [row], "o", color=theme.ACCENT, markersize=7, zorder=5)
    ends = [v for v in (old, new, *interval) if np.isfinite(v)]
    end = max(ends, default=axes.get_xlim()[0])
    beside(axes, (end, row), text, 8, color=theme.INK if np.isfinite(new) else theme.MUTED)


def _names(chart: rows.Rows, old: np.ndarray, new: np.ndarray, names: tuple[str, str]) -> None:
    """Which dot is which: both names above the first row that has both dots, in the order of the dots."""
    both = np.flatnonzero(np.isfinite(old) & np.isfinite(new))
    if not len(both):
        return
    first = both[0]
    low, high = chart.axes.get_xlim()
    width = chart.axes.get_position().width * chart.sheet.width
    middle = chart.left + ((old[first] + new[first]) / 2 - low) / (high - low) * width
    pair = [(names[0], theme.MUTED), (names[1], theme.ACCENT)]
    pair = pair if old[first] <= new[first] else pair[::-1]
    gap, wide = 0.16, [text_width(name, theme.SMALL_SIZE) for name, _ in pair]
    left = min(max(middle - wide[0] - gap / 2, 0.0), chart.left + width - sum(wide) - gap)
    for (name, colour), at in zip(pair, (left, left + wide[0] + gap), strict=True):
        chart.sheet.write(at, chart.top - 0.05, name, color=colour)
