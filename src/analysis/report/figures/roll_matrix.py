"""Where the accounts of each state went: from-state by to-state, with marks for what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures import grid, rows
from analysis.report.figures.canvas import line_height, nothing, widest, wrap
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UP, DOWN = "▲", "▼"


@theme.themed
def roll_matrix(
    frame: pd.DataFrame,
    *,
    states: Sequence[str],
    names: Mapping[str, str],
    title: str,
    subtitle: str,
    value: str = "rate",
    change: str | None = None,
    certain: str | None = None,
    margin: str | None = None,
    margin_label: str = "",
    from_label: str = "",
    to_label: str = "",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """Shares of each row's accounts or balance, in percent, shaded on the square root so that small ones are seen.

    Columns: `from_state`, `to_state`, `value` (a fraction), and if there `change` (difference of fractions,
    printed in percentage points with a mark where `certain` is true or not given), `margin` (a row's
    denominator, the same on all its rows) and `suppressed`. `states` gives the order; states that never occur
    are left out. `names` are the words for states; others stand as they are. The cell of no change of state
    has a frame.
    """
    numbers = numbers or Numbers()
    frame = frame[frame["from_state"].isin(states) & frame["to_state"].isin(states)]
    if frame.empty:
        return nothing(title, subtitle, numbers, note)
    down = [s for s in states if (frame["from_state"] == s).any()]
    across = [s for s in states if ((frame["to_state"] == s) & (frame[value].fillna(0) > 0)).any()] or down
    margins = _margins(frame, down, margin, numbers)
    right = max(
        widest(margins, theme.SMALL_SIZE),
        widest(wrap(margin_label, theme.SMALL_SIZE, 0.8, dashes=True), theme.SMALL_SIZE),
    )
    chart = grid.Grid(
        (title, subtitle, note),
        [names.get(s, s) for s in down],
        [names.get(s, s) for s in across],
        height=0.42 if change else 0.3,
        corner=(from_label, to_label),
        right=right + 0.08 if margins else 0.0,
    )
    gone, reasons = rows.hidden(frame), rows.reasons(frame)
    for place, (_, cell) in enumerate(frame.iterrows()):
        if cell["to_state"] not in across:
            continue
        where = (down.index(cell["from_state"]), across.index(cell["to_state"]))
        if gone[place]:
            chart.hidden(*where, numbers.suppressed(reasons[place]))
        else:
            _cell(chart, where, cell, value, _mark(cell, change, certain, numbers), numbers)
    _stayed(chart, down, across)
    _write_margins(chart, margins, margin_label)
    return chart.sheet.fig


def _cell(
    chart: grid.Grid, where: tuple[int, int], cell: pd.Series, value: str, mark: str, numbers: Numbers
) -> None:
    share = float(cell[value])
    if not np.isfinite(share):
        return
    smallest = numbers.number(0.1, 1)
    text = "0" if share == 0 else numbers.number(share * 100, 1) if share >= 0.0005 else f"<{smallest}"
    chart.cell(*where, theme.shade(np.sqrt(share) * 0.95), text, mark)


def _mark(cell: pd.Series, change: str | None, certain: str | None, numbers: Numbers) -> str:
    """`▲0.4` where the change is more than chance can explain and is not rounded away."""
    if change is None or pd.isna(cell[change]) or (certain is not None and not bool(cell[certain])):
        return ""
    points = round(float(cell[change]) * 100, 1)
    if points == 0:
        return ""
    return f"{UP if points > 0 else DOWN}{numbers.number(abs(points), 1)}"


def _stayed(chart: grid.Grid, down: list[str], across: list[str]) -> None:
    from matplotlib.patches import Rectangle

    for row, state in enumerate(down):
        if state in across:
            place = (across.index(state) + 0.02, row + 0.03)
            chart.axes.add_patch(
                Rectangle(place, 0.96, 0.94, fill=False, edgecolor=theme.INK, linewidth=0.9, zorder=4)
            )


def _margins(frame: pd.DataFrame, down: list[str], margin: str | None, numbers: Numbers) -> list[str]:
    if margin is None or margin not in frame.columns:
        return []
    first = frame.groupby("from_state", observed=True)[margin].max()
    return [numbers.count(None if pd.isna(first[state]) else float(first[state])) for state in down]


def _write_margins(chart: grid.Grid, margins: list[str], label: str) -> None:
    """Denominators at the right, under their header."""
    if not margins:
        return
    edge = chart.sheet.width
    for place, line in enumerate(reversed(wrap(label, theme.SMALL_SIZE, 0.8, dashes=True))):
        chart.sheet.write(edge, chart.top - 0.07 - place * line_height(theme.SMALL_SIZE), line, ha="right")
    for row, text in enumerate(margins):
        chart.sheet.write_lines(edge, chart.top + (row + 0.5) * chart.height, [text], ha="right")
