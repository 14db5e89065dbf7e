"""What changed: from the old total to the new one, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures import rows, scales
from analysis.report.figures.canvas import beside, nothing, widest
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@theme.themed
def bridge(
    frame: pd.DataFrame,
    *,
    title: str,
    subtitle: str,
    label: str = "label",
    value: str = "value",
    kind: str = "kind",
    lower: str | None = None,
    upper: str | None = None,
    unit: str = "fraction",
    x_label: str = "",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """Waterfall with a row a step, in the order given: totals from zero, effects from where the last step ended.

    Columns: `label`, `value`, `kind` ("total" or "effect"), and if there `lower`, `upper` of the effects.
    Rises are in the second colour, falls in the accent; the sign is printed too. Where the effects are small
    against the totals, the axis does not begin at zero, and the totals are points instead of bars.
    """
    numbers = numbers or Numbers()
    frame = frame.dropna(subset=[value]).reset_index(drop=True)
    if frame.empty:
        return nothing(title, subtitle, numbers, note)
    starts, ends = _steps(frame, value, kind)
    scale = _scale(frame, kind, starts, ends)
    total = (frame[kind] == "total").to_numpy()
    texts = [_text(float(v), bool(t), unit, numbers) for v, t in zip(frame[value], total, strict=True)]
    chart = rows.Rows(
        (title, subtitle, note),
        frame[label].tolist(),
        foot=0.45 if x_label else 0.27,
        room=widest(texts, theme.TEXT_SIZE, "Semibold") + 0.1,
    )
    rows.horizontal(chart.axes, scale, unit, numbers, x_label)
    low, high = (rows.column(frame, name) for name in (lower, upper))
    for row in range(len(frame)):
        _step(chart.axes, row, starts[row], ends[row], bool(total[row]), texts[row])
        rows.whisker(chart.axes, row, starts[row] + low[row], starts[row] + high[row], theme.INK)
    _joins(chart.axes, ends)
    return chart.sheet.fig


def _steps(frame: pd.DataFrame, value: str, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Where each bar begins and ends."""
    starts, ends, at = [], [], 0.0
    for number, what in zip(frame[value], frame[kind], strict=True):
        start = 0.0 if what == "total" else at
        at = start + float(number)
        starts.append(start)
        ends.append(at)
    return np.array(starts), np.array(ends)


def _scale(frame: pd.DataFrame, kind: str, starts: np.ndarray, ends: np.ndarray) -> scales.Scale:
    """From zero, unless the effects span less than a third of the totals."""
    points = np.concatenate([starts[(frame[kind] != "total").to_numpy()], ends])
    low, high = float(points.min()), float(points.max())
    span = high - low
    if low > 0 and span < high / 3 and span > 0:
        return scales.scale(low - 0.6 * span, high)
    return scales.scale(min(low, 0.0), max(high, 0.0))


def _text(value: float, total: bool, unit: str, numbers: Numbers) -> str:
    """A total in its unit; an effect signed, a rate's in percentage points, with the decimals it needs."""
    if unit == "fraction":
        return numbers.pct(value, 2) if total else numbers.points(value, 2, signed=True)
    text = scales.value_text(value, unit, numbers)
    return text if total or value <= 0 else f"+{text}"


def _step(axes: Axes, row: int, start: float, end: float, total: bool, text: str) -> None:
    colour = theme.MUTED if total else theme.SECOND if end > start else theme.ACCENT
    if total and axes.get_xlim()[0] > 0:
        # no bar whose length would mean nothing
        axes.plot([end], [row], "D", color=theme.INK, markersize=7, zorder=4)
    else:
        axes.barh(row, end - start, left=start, height=0.6, color=colour, zorder=3)
    weight = "semibold" if total else "normal"
    beside(axes, (max(start, end), row), text, 8, weight=weight, size=theme.TEXT_SIZE)


def _joins(axes: Axes, ends: np.ndarray) -> None:
    """Thin lines from the end of a step to the beginning of the next."""
    for row, end in enumerate(ends[:-1]):
        axes.plot([end, end], [row + 0.3, row + 0.7], color=theme.GREY, linewidth=0.8, zorder=2)
