"""Shaded tables: a number in every cell, its shade behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures.canvas import (
    DROP,
    POINTS,
    Sheet,
    bare,
    beside,
    line_height,
    pieces,
    text_width,
    widest,
    wrap,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELL_GAP = 0.02


class _Heads:
    """Names of the columns: wrapped, in smaller type where that is not enough, else upright."""

    def __init__(self, names: Sequence[str], width: float) -> None:
        words = [piece for name in names for word in name.split() for piece in pieces(word)]
        sizes = [s for s in (theme.SMALL_SIZE, theme.SMALLEST_SIZE) if widest(words, s) <= width - 0.02]
        self.upright = not sizes
        self.size = sizes[0] if sizes else theme.SMALL_SIZE
        self.width = width
        self.lines = [
            [name] if self.upright else wrap(name, self.size, width - 0.02, dashes=True) for name in names
        ]
        most = max((len(lines) for lines in self.lines), default=1)
        self.height = widest(list(names), self.size) if self.upright else most * line_height(self.size)

    def write(self, sheet: Sheet, left: float, base: float) -> None:
        """Bottom lines stand on `base`."""
        for number, lines in enumerate(self.lines):
            across = left + (number + 0.5) * self.width
            if self.upright:
                shift = DROP * self.size / POINTS
                sheet.write(across + shift, base, lines[0], rotation=90, ha="right", va="bottom", color=theme.INK)
                continue
            for place, line in enumerate(reversed(lines)):
                top = base - place * line_height(self.size)
                sheet.write(across, top, line, ha="center", size=self.size, color=theme.INK)


class Grid:
    """A sheet with named rows and columns of equal cells; y counts downward from 0, x to the right."""

    def __init__(
        self,
        sheet_text: tuple[str, str, str],
        rows: Sequence[str],
        columns: Sequence[str],
        height: float = 0.3,
        corner: tuple[str, str] = ("", ""),
        right: float = 0.0,
    ) -> None:
        row_label, column_label = corner
        self.size = theme.SMALL_SIZE
        left = max(widest(list(rows), self.size), text_width(row_label, self.size)) + 0.09
        title, subtitle, note = sheet_text
        width = (theme.TEXT_WIDTH - left - right) / max(len(columns), 1)
        heads = _Heads(columns, width)
        top = heads.height + 0.07 + (line_height(self.size) + 0.05 if column_label else 0.0)
        self.sheet = Sheet(title, subtitle, top + height * len(rows) + 0.05, note)
        self.top, self.left, self.width, self.height = top, left, width, height
        self.axes: Axes = self.sheet.plot(left, right, top, 0.05)
        bare(self.axes)
        self.axes.set_xlim(0, max(len(columns), 1))
        self.axes.set_ylim(max(len(rows), 1), 0)
        for number, name in enumerate(rows):
            self.sheet.write_lines(0, self.top + (number + 0.5) * height, [name], color=theme.INK)
        heads.write(self.sheet, left, top - 0.07)
        self.sheet.write(0, top - 0.07, row_label)
        self.sheet.write(left, line_height(self.size) * 0.8, column_label)

    def cell(self, row: int, column: int, colour: str, text: str, small: str = "", strong: bool = False) -> None:
        """A shaded cell with its number, and a smaller line below it."""
        self._box(row, column, facecolor=colour, edgecolor="none")
        ink = theme.text_on(colour)
        middle = row + (0.36 if small else 0.5)
        style = {"ha": "center", "color": ink}
        beside(self.axes, (column + 0.5, middle), text, 0, weight="semibold" if strong else "normal", **style)
        if small:
            beside(self.axes, (column + 0.5, row + 0.76), small, 0, size=theme.SMALLEST_SIZE, **style)

    def hidden(self, row: int, column: int, text: str) -> None:
        """A cell whose number is not shown: hatched, with the reason where there is room for it."""
        self._box(row, column, facecolor=theme.WASH, edgecolor=theme.SHADOW, hatch="////", linewidth=0)
        if text_width(text, theme.SMALLEST_SIZE) < self.width - 0.06:
            back = {"facecolor": theme.WASH, "edgecolor": "none", "pad": 1.2}
            style = {"size": theme.SMALLEST_SIZE, "color": theme.MUTED, "ha": "center", "bbox": back}
            beside(self.axes, (column + 0.5, row + 0.5), text, 0, **style)

    def fits(self, texts: Sequence[str]) -> bool:
        """Whether the widest of the numbers fits into a cell."""
        return widest(list(texts), self.size) < self.width - 0.06

    def _box(self, row: int, column: int, **style: object) -> None:
        from matplotlib.patches import Rectangle

        across, down = CELL_GAP / self.width, CELL_GAP / self.height
        place = (column + across / 2, row + down / 2)
        self.axes.add_patch(Rectangle(place, 1 - across, 1 - down, **style))  # type: ignore[arg-type]


def order(values: pd.Series, given: Sequence[object] | None) -> list[object]:
    """The order given, else that of a categorical, else the sorted one."""
    if given is not None:
        return list(given)
    if isinstance(values.dtype, pd.CategoricalDtype):
        there = set(values.dropna())
        return [value for value in values.cat.categories if value in there]
    return sorted(pd.unique(values.dropna()))


def shares(values: np.ndarray) -> np.ndarray:
    """Each value as a share of the way from zero (or the smallest, if negative) to the largest."""
    low = min(float(np.nanmin(values, initial=0.0)), 0.0)
    high = float(np.nanmax(values, initial=0.0))
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
