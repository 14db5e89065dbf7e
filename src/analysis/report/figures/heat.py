"""Two dimensions at once: hour by weekday, region by industry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures import grid, rows, scales
from analysis.report.figures.canvas import nothing
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEIGHT = 0.27


@theme.themed
def heat(
    frame: pd.DataFrame,
    *,
    row: str,
    column: str,
    title: str,
    subtitle: str,
    value: str = "rate",
    row_order: Sequence[object] | None = None,
    column_order: Sequence[object] | None = None,
    row_label: str = "",
    column_label: str = "",
    unit: str = "fraction",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """Shaded table of one value a cell, darker for more, with the numbers where they fit.

    Columns: `row`, `column`, `value`, and if there `suppressed` (hatched, with "n<10" where it fits). A cell
    that the frame does not hold stays blank. The order is the one given, that of a categorical, or the sorted
    one. Where the numbers do not fit, the note tells the range of the shades.
    """
    numbers = numbers or Numbers()
    if frame.empty:
        return nothing(title, subtitle, numbers, note)
    down, across = grid.order(frame[row], row_order), grid.order(frame[column], column_order)
    values, texts = frame[value].to_numpy(dtype=float), _texts(frame[value], unit, numbers)
    labels = ([str(name) for name in down], [str(name) for name in across])
    corner = (row_label, column_label)
    chart = grid.Grid((title, subtitle, note), *labels, height=HEIGHT, corner=corner)
    if not chart.fits(texts):
        note = f"{note} {_range(values, unit, numbers)}".strip()
        chart = grid.Grid((title, subtitle, note), *labels, height=HEIGHT, corner=corner)
    fits, gone, reasons = chart.fits(texts), rows.hidden(frame), rows.reasons(frame)
    for place, share in enumerate(grid.shares(values)):
        where = (down.index(frame[row].iloc[place]), across.index(frame[column].iloc[place]))
        if gone[place]:
            chart.hidden(*where, numbers.suppressed(reasons[place]))
        elif np.isfinite(share):
            chart.cell(*where, theme.shade(share * 0.85), texts[place] if fits else "")
    return chart.sheet.fig


def _texts(values: pd.Series, unit: str, numbers: Numbers) -> list[str]:
    """Bare numbers with the same decimals, since the subtitle names the unit; nothing for what is missing."""
    scaled = values.to_numpy(dtype=float) * scales.FACTORS.get(unit, 1.0)
    largest = float(np.nanmax(np.abs(scaled), initial=0.0))
    digits = 0 if unit == "count" or largest >= 20 else 1 if largest >= 0.95 else 2
    return ["" if np.isnan(v) else numbers.number(v, digits, signed=unit == "points") for v in scaled]


def _range(values: np.ndarray, unit: str, numbers: Numbers) -> str:
    """`0.4% ▢ … ▣ 9.6%`: lightest and darkest shade."""
    there = values[np.isfinite(values)]
    if not len(there):
        return ""
    low, high = (scales.value_text(float(v), unit, numbers) for v in (there.min(), there.max()))
    return f"{low} – {high}"
