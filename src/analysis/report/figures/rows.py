"""Charts of one line a group: names at the left, marks on a common axis, denominators at the right margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures import scales
from analysis.report.figures.canvas import Sheet, line_height, widest, wrap
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 0.29
"""Height of a row in inches."""

WIDEST_NAME = 1.9


def ranked(frame: pd.DataFrame, by: str, ranks: bool) -> pd.DataFrame:
    """Largest first where rows are ranked, what is suppressed or missing last."""
    if ranks:
        frame = frame.sort_values(by, ascending=False, kind="stable", na_position="last")
    return frame.reset_index(drop=True)


def hidden(frame: pd.DataFrame, column: str = "suppressed") -> np.ndarray:
    """Which rows are suppressed."""
    if column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return frame[column].fillna(False).to_numpy(dtype=bool)


def reasons(frame: pd.DataFrame) -> list[str]:
    """Why each suppressed row is, in the words of `suppression`."""
    if "suppressed_because" in frame.columns:
        return [str(reason) for reason in frame["suppressed_because"]]
    return ["small_cell"] * len(frame)


class Rows:
    """A sheet with one row a name, the first at the top; `axes` has its y axis in rows."""

    def __init__(
        self,
        sheet_text: tuple[str, str, str],
        names: Sequence[object],
        margins: Sequence[str] = (),
        margin_label: str = "",
        head: float = 0.0,
        foot: float = 0.3,
        room: float = 0.0,
    ) -> None:
        texts = [str(name) for name in names]
        wrapped = [wrap(text, theme.TEXT_SIZE, WIDEST_NAME) for text in texts]
        flat = [line for lines in wrapped for line in lines]
        left = widest(flat, theme.TEXT_SIZE) + 0.12
        most = max((len(lines) for lines in wrapped), default=1)
        row = max(ROW, most * line_height(theme.TEXT_SIZE) + 0.06)
        heads = wrap(margin_label, theme.SMALL_SIZE, 1.0, dashes=True)
        margin = max(widest(list(margins), theme.SMALL_SIZE), widest(heads, theme.SMALL_SIZE))
        right = (margin + 0.15 if margins else 0.05) + room
        top = max(head, len(heads) * line_height(theme.SMALL_SIZE) + 0.06 if margins else 0.0, 0.04)
        title, subtitle, note = sheet_text
        self.sheet = Sheet(title, subtitle, top + row * len(texts) + foot, note)
        self.axes = self.sheet.plot(left, right, top, foot)
        self.top, self.row, self.left = top, row, left
        self.axes.set_ylim(len(texts) - 0.5, -0.5)
        self.axes.set_yticks([])
        self.axes.spines["bottom"].set_visible(False)
        self._names(wrapped)
        self._margin(list(margins), heads)

    def _names(self, wrapped: list[list[str]]) -> None:
        """Names in line with the title, in the middle of their rows."""
        for number, lines in enumerate(wrapped):
            middle = self.top + (number + 0.5) * self.row
            self.sheet.write_lines(0, middle, lines, size=theme.TEXT_SIZE, color=theme.INK)

    def _margin(self, margins: list[str], heads: list[str]) -> None:
        """Denominators, right-aligned at the edge of the sheet under their header."""
        edge = self.sheet.width
        if not margins:
            return
        for number, line in enumerate(heads):
            self.sheet.write(
                edge, self.top - 0.05 - (len(heads) - 1 - number) * line_height(theme.SMALL_SIZE), line, ha="right"
            )
        for number, text in enumerate(margins):
            self.sheet.write_lines(edge, self.top + (number + 0.5) * self.row, [text], ha="right")


def whisker(axes: Axes, row: float, lower: float, upper: float, colour: str) -> None:
    """An interval as a thin line."""
    if np.isfinite(lower) and np.isfinite(upper):
        axes.plot([lower, upper], [row, row], color=colour, linewidth=1.1, zorder=4, solid_capstyle="butt")


def column(frame: pd.DataFrame, name: str | None) -> np.ndarray:
    """Values of a column that may not be there."""
    if name is None or name not in frame.columns:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(dtype=float)


def margin_texts(frame: pd.DataFrame, margin: str | None, numbers: Numbers) -> list[str]:
    """Counts of a column as they stand at the margin."""
    if margin is None or margin not in frame.columns:
        return []
    return [numbers.count(None if pd.isna(value) else float(value)) for value in frame[margin]]


def horizontal(axes: Axes, scale: scales.Scale, unit: str, numbers: Numbers, label: str = "") -> None:
    """Common axis below the rows, with its label at the left."""
    scales.value_axis(axes, "x", scale, unit, numbers)
    if label:
        axes.set_xlabel(label, loc="left")
