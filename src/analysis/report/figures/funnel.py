"""From the first attempt to the kept promise: how many are left after each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures import rows
from analysis.report.figures.canvas import Sheet, beside, line_height, nothing, widest, wrap
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BETWEEN = 0.2
BAR_ROOM = 0.46
"""Room in inches for the percentage after a bar."""


@theme.themed
def funnel(
    frame: pd.DataFrame,
    *,
    title: str,
    subtitle: str,
    of_previous: str,
    stage: str = "stage",
    value: str = "count",
    group: str | None = None,
    stages: Sequence[str] | None = None,
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """Counts by step; by group, a row a group with the share that each step keeps of the one before.

    Columns: `stage`, `value` (a count; missing or suppressed ones are a dash), and if there `group`. `stages`
    gives the order of the steps (else the order of rows). `of_previous` are the words after a share, "of the
    step before". With `group` each step after the first has a bar scale of its own, from zero to its largest
    share.
    """
    numbers = numbers or Numbers()
    if frame.empty:
        return nothing(title, subtitle, numbers, note)
    steps = list(stages) if stages is not None else list(pd.unique(frame[stage]))
    if group is None:
        return _one(frame.set_index(stage)[value].reindex(steps), (title, subtitle, note), of_previous, numbers)
    sums = frame.groupby([group, stage], observed=True)[value].sum(min_count=1)
    counts = sums.unstack(stage).reindex(index=pd.unique(frame[group]), columns=steps)
    return _many(counts, (title, subtitle, note), of_previous, numbers)


def _one(counts: pd.Series, text: tuple[str, str, str], of_previous: str, numbers: Numbers) -> Figure:
    """A bar a step, its count beside, and the share of the step before."""
    values = counts.to_numpy(dtype=float)
    beside = [numbers.count(None if np.isnan(v) else v) for v in values]
    kept = _kept(values[None, :])[0]
    after = [f"  {numbers.pct(k)} {of_previous}" if np.isfinite(k) else "" for k in kept]
    room = [b + a for b, a in zip(beside, after, strict=True)]
    chart = rows.Rows(text, counts.index.tolist(), foot=0.05, room=widest(room, theme.TEXT_SIZE) * 0.62 + 0.1)
    chart.axes.set_xlim(0, float(np.nanmax(values, initial=0.0)) or 1.0)
    chart.axes.set_xticks([])
    for row, value in enumerate(values):
        if np.isfinite(value):
            chart.axes.barh(row, value, height=0.62, color=theme.ACCENT, zorder=2)
        _after(chart.axes, row, value if np.isfinite(value) else 0.0, beside[row], after[row])
    return chart.sheet.fig


def _after(axes: Axes, row: int, value: float, count: str, share: str) -> None:
    """Count and share to the right of a bar."""
    beside(axes, (value, row), count, 6, weight="semibold", size=theme.TEXT_SIZE)
    wide = widest([count], theme.TEXT_SIZE, "Semibold") * 72
    beside(axes, (value, row), share.strip(), 12 + wide, color=theme.MUTED, size=theme.TEXT_SIZE)


def _many(counts: pd.DataFrame, text: tuple[str, str, str], of_previous: str, numbers: Numbers) -> Figure:
    """First step as a count, each later one as a bar of the share that it keeps."""
    names = [wrap(str(name), theme.TEXT_SIZE, rows.WIDEST_NAME) for name in counts.index]
    left = widest([line for lines in names for line in lines], theme.TEXT_SIZE) + 0.15
    values = counts.to_numpy(dtype=float)
    firsts = [numbers.count(None if np.isnan(v) else v) for v in values[:, 0]]
    heads = [wrap(str(step), theme.TEXT_SIZE, 1.15) for step in counts.columns]
    first = max(widest(firsts, theme.TEXT_SIZE), widest(heads[0], theme.TEXT_SIZE, "Semibold")) + BETWEEN
    top = (max(map(len, heads))) * line_height(theme.TEXT_SIZE) + line_height(theme.SMALL_SIZE) + 0.12
    title, subtitle, note = text
    sheet = Sheet(title, subtitle, top + rows.ROW * len(counts) + 0.05, note)
    for row, lines in enumerate(names):
        middle = top + (row + 0.5) * rows.ROW
        style = {"size": theme.TEXT_SIZE, "color": theme.INK}
        sheet.write_lines(0, middle, lines, **style)
        sheet.write_lines(left + first - BETWEEN, middle, [firsts[row]], ha="right", **style)
    _heads(sheet, left, first, top, heads, of_previous)
    _panels(sheet, _kept(values)[:, 1:], left + first, top, numbers)
    return sheet.fig


def _heads(sheet: Sheet, left: float, first: float, top: float, heads: list[list[str]], of_previous: str) -> None:
    width = _width(sheet, left + first, len(heads) - 1)
    base = top - line_height(theme.SMALL_SIZE) - 0.08
    for step, lines in enumerate(heads):
        across = left + first - BETWEEN if step == 0 else left + first + (step - 1) * (width + BETWEEN)
        side = "right" if step == 0 else "left"
        for place, line in enumerate(reversed(lines)):
            sheet.write(
                across,
                base - place * line_height(theme.TEXT_SIZE),
                line,
                ha=side,
                weight="semibold",
                size=theme.TEXT_SIZE,
                color=theme.INK,
            )
        if step:
            sheet.write(across, top - 0.07, wrap(of_previous, theme.SMALL_SIZE, width + BETWEEN)[0])


def _panels(sheet: Sheet, kept: np.ndarray, left: float, top: float, numbers: Numbers) -> None:
    width = _width(sheet, left, kept.shape[1])
    for step in range(kept.shape[1]):
        axes = sheet.box(left + step * (width + BETWEEN), top, width - BAR_ROOM, rows.ROW * len(kept))
        axes.set_xlim(0, float(np.nanmax(kept[:, step], initial=0.0)) or 1.0)
        axes.set_ylim(len(kept) - 0.5, -0.5)
        axes.set_axis_off()
        for row, share in enumerate(kept[:, step]):
            there = bool(np.isfinite(share))
            if there:
                axes.barh(row, share, height=0.58, color=theme.ACCENT)
            text = numbers.pct(float(share) if there else None)
            beside(axes, (share if there else 0.0, row), text, 4)


def _width(sheet: Sheet, left: float, panels: int) -> float:
    return (sheet.width - left - (panels - 1) * BETWEEN) / max(panels, 1)


def _kept(values: np.ndarray) -> np.ndarray:
    """Each step as a share of the one before; nothing for the first and after an empty one."""
    kept = np.full(values.shape, np.nan)
    before, after = values[:, :-1], values[:, 1:]
    kept[:, 1:] = np.divide(after, before, out=np.full(after.shape, np.nan), where=before > 0)
    return kept
