"""Rates of groups, ranked, with intervals and denominators."""

from __future__ import annotations

from collections.abc import Sequence
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
def bars(
    frame: pd.DataFrame,
    *,
    label: str,
    title: str,
    subtitle: str,
    value: str = "rate",
    lower: str | None = "rate_lower",
    upper: str | None = "rate_upper",
    margin: str | None = "denominator",
    margin_label: str = "",
    highlight: Sequence[object] = (),
    reference: float | None = None,
    reference_label: str = "",
    ranked: bool = True,
    unit: str = "fraction",
    x_label: str = "",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """One bar a group, largest first, with its interval as a whisker and its value beside.

    Columns: `label` (text), `value`, and if there `lower`, `upper`, `margin` (a count, printed at the right) and
    `suppressed`. `highlight` names the groups in the accent colour (by default all are); `reference` is a rate of
    the whole, drawn as a line.
    """
    numbers = numbers or Numbers()
    if frame.empty:
        return nothing(title, subtitle, numbers, note)
    frame = rows.ranked(frame, value, ranked)
    values, low, high = (rows.column(frame, name) for name in (value, lower, upper))
    bound = np.nanmax(np.concatenate([values, high, [reference or 0.0, 0.0]]))
    floor = np.nanmin(np.concatenate([values, low, [0.0]]))
    scale = scales.scale(float(floor), float(bound) or 1.0)
    texts = _texts(frame, values, unit, numbers)
    head = line_height(theme.SMALL_SIZE) + 0.06 if reference is not None else 0.0
    foot = 0.27 + (line_height(theme.SMALL_SIZE) if x_label else 0.0)
    chart = rows.Rows(
        (title, subtitle, note),
        frame[label].tolist(),
        rows.margin_texts(frame, margin, numbers),
        margin_label,
        head=head,
        foot=foot,
        room=widest(texts, theme.SMALL_SIZE, "Semibold") + 0.1,
    )
    rows.horizontal(chart.axes, scale, unit, numbers, x_label)
    for row, (name, number) in enumerate(zip(frame[label], values, strict=True)):
        strong = not highlight or name in highlight
        _bar(chart.axes, row, number, (low[row], high[row]), strong, texts[row])
    if reference is not None:
        _reference(chart, reference, reference_label)
    return chart.sheet.fig


def _texts(frame: pd.DataFrame, values: np.ndarray, unit: str, numbers: Numbers) -> list[str]:
    hidden, reasons = rows.hidden(frame), rows.reasons(frame)
    return [
        numbers.suppressed(reason)
        if gone
        else numbers.missing
        if np.isnan(value)
        else scales.value_text(float(value), unit, numbers)
        for value, gone, reason in zip(values, hidden, reasons, strict=True)
    ]


def _bar(axes: Axes, row: int, value: float, interval: tuple[float, float], strong: bool, text: str) -> None:
    """A bar, its whisker in a colour that is seen on it and beside it, its value after both."""
    there = bool(np.isfinite(value))
    if there:
        axes.barh(row, value, height=0.58, color=theme.ACCENT if strong else theme.GREY, zorder=2)
        rows.whisker(axes, row, *interval, theme.INK)
        rows.whisker(axes, row, interval[0], min(value, interval[1]), theme.PAPER)
    ends = [v for v in (value, interval[1]) if np.isfinite(v)]
    colour, weight = (theme.INK, "semibold" if strong else "normal") if there else (theme.MUTED, "normal")
    beside(axes, (max([*ends, 0.0]), row), text, color=colour, weight=weight)


def _reference(chart: rows.Rows, reference: float, label: str) -> None:
    """Rate of the whole: a line through all rows with its name above."""
    chart.axes.axvline(reference, color=theme.SECOND, linewidth=1.1, zorder=3.5)
    low, high = chart.axes.get_xlim()
    width = chart.axes.get_position().width * chart.sheet.width
    place = (reference - low) / (high - low) * width
    half = text_width(label, theme.SMALL_SIZE) / 2
    left = chart.left + min(max(place, half), max(width - half, half))
    chart.sheet.write(left, chart.top - 0.06, label, ha="center", color=theme.SECOND)
