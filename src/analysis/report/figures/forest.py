"""Effects with their intervals, one a row, against a line at zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures import rows, scales
from analysis.report.figures.canvas import beside, line_height, nothing, widest
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@theme.themed
def forest(
    frame: pd.DataFrame,
    *,
    label: str,
    title: str,
    subtitle: str,
    value: str = "effect",
    lower: str = "lower",
    upper: str = "upper",
    margin: str | None = None,
    margin_label: str = "",
    highlight: Sequence[object] | None = None,
    unit: str = "points",
    x_label: str = "",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """A dot an effect with its interval as a line, in the order of the rows; zero is always on the axis.

    Columns: `label` (text), `value`, `lower`, `upper`, and if there `margin` (a count, printed at the right) and
    `suppressed`. `highlight` names the rows in the accent colour; by default those whose interval leaves out zero.
    """
    numbers = numbers or Numbers()
    if frame.empty:
        return nothing(title, subtitle, numbers, note)
    frame = frame.reset_index(drop=True)
    found, low, high = (rows.column(frame, name) for name in (value, lower, upper))
    bounds = np.concatenate([found, low, high, [0.0]])
    bounds = bounds[np.isfinite(bounds)]
    scale = scales.scale(float(bounds.min()), float(bounds.max()) or (0.0 if bounds.min() < 0 else 1.0))
    texts = _texts(frame, found, unit, numbers)
    chart = rows.Rows(
        (title, subtitle, note),
        frame[label].tolist(),
        rows.margin_texts(frame, margin, numbers),
        margin_label,
        foot=0.27 + (line_height(theme.SMALL_SIZE) if x_label else 0.0),
        room=widest(texts, theme.SMALL_SIZE, "Semibold") + 0.12,
    )
    rows.horizontal(chart.axes, scale, unit, numbers, x_label)
    chart.axes.axvline(0, color=theme.MUTED, linewidth=1.0, zorder=1.5)
    for row, (name, number) in enumerate(zip(frame[label], found, strict=True)):
        strong = low[row] > 0 or high[row] < 0 if highlight is None else name in highlight
        colour = theme.ACCENT if strong else theme.MUTED
        rows.whisker(chart.axes, row, low[row], high[row], colour)
        chart.axes.plot([number], [row], "o", color=colour, markersize=6, zorder=5)
        ends = [end for end in (number, high[row]) if np.isfinite(end)]
        beside(chart.axes, (max(ends, default=0.0), row), texts[row], 6, color=theme.INK if ends else theme.MUTED)
    return chart.sheet.fig


def _texts(frame: pd.DataFrame, found: np.ndarray, unit: str, numbers: Numbers) -> list[str]:
    hidden, reasons = rows.hidden(frame), rows.reasons(frame)
    return [
        numbers.suppressed(reason)
        if gone
        else numbers.missing
        if np.isnan(number)
        else scales.value_text(float(number), unit, numbers)
        for number, gone, reason in zip(found, hidden, reasons, strict=True)
    ]
