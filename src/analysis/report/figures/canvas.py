"""The sheet that every chart is drawn on: finding, subtitle, plot and note, laid out in inches."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from analysis.report import theme
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 72.0
LINE = 1.22
"""Line height as a multiple of the type size."""

DROP = 0.33
"""From the middle of figures and capitals down to their baseline, as a multiple of the type size."""

HEAD_GAP = 0.08
"""Half the inches between the subtitle and the plot area, into which labels may reach."""


@cache
def text_width(text: str, size: float, style: str = "Regular") -> float:
    """Width of one line in inches, as it will be drawn."""
    from matplotlib.font_manager import get_font
    from matplotlib.ft2font import LoadFlags

    font = get_font(str(theme.font_file(style)))
    font.set_size(size, POINTS)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    return float(font.get_width_height()[0]) / 64 / POINTS


def line_height(size: float) -> float:
    """Height of one line in inches."""
    return size * LINE / POINTS


def wrap(text: str, size: float, width: float, style: str = "Regular", dashes: bool = False) -> list[str]:
    """Lines of at most `width` inches; a longer word stands alone. With `dashes` a line may end in a dash."""
    lines: list[str] = []
    for word in text.split():
        for place, piece in enumerate(pieces(word) if dashes else [word]):
            longer = f"{lines[-1]}{'' if place else ' '}{piece}" if lines else piece
            if lines and text_width(longer, size, style) <= width:
                lines[-1] = longer
            else:
                lines.append(piece)
    return lines


def pieces(word: str) -> list[str]:
    """`120–149` in the parts between which a line may break."""
    return re.findall(r".+?[-–/](?=.)|.+", word)


def widest(texts: list[str], size: float, style: str = "Regular") -> float:
    """Width in inches of the widest of several one-line texts; 0 for none."""
    return max((text_width(text, size, style) for text in texts), default=0.0)


class Sheet:
    """A figure of the text column's width with its header written; `plot` places axes below it.

    `height` is that of the plot area with its tick labels, in inches; header and note are added to it. The figure
    remembers `finding`, `measure`, and the height of its `head` as a part of its width.
    """

    def __init__(self, title: str, subtitle: str, height: float, note: str = "") -> None:
        from matplotlib.figure import Figure

        self.width = theme.TEXT_WIDTH
        titles = wrap(title, theme.TITLE_SIZE, self.width, "Semibold")
        subtitles = wrap(subtitle, theme.TEXT_SIZE, self.width)
        notes = wrap(note, theme.SMALL_SIZE, self.width)
        title_height = len(titles) * line_height(theme.TITLE_SIZE)
        self.header = title_height + len(subtitles) * line_height(theme.TEXT_SIZE) + 2 * HEAD_GAP
        self.footer = len(notes) * line_height(theme.SMALL_SIZE) + (0.08 if notes else 0.0)
        self.plot_height = height
        self.height = self.header + height + self.footer
        self.fig: Figure = Figure(figsize=(self.width, self.height))
        self.fig.finding = title  # type: ignore[attr-defined]
        self.fig.measure = subtitle  # type: ignore[attr-defined]
        self.fig.head = (self.header - HEAD_GAP) / self.width  # type: ignore[attr-defined]
        self._lines(titles, 0.0, theme.TITLE_SIZE, theme.INK, "semibold")
        self._lines(subtitles, title_height + 0.03, theme.TEXT_SIZE, theme.MUTED)
        self._lines(notes, self.header + height + 0.08, theme.SMALL_SIZE, theme.MUTED)

    def _lines(self, lines: list[str], top: float, size: float, colour: str, weight: str = "normal") -> None:
        for number, line in enumerate(lines):
            y = 1 - (top + (number + 0.8) * line_height(size)) / self.height
            self.fig.text(0, y, line, size=size, color=colour, weight=weight, va="baseline", ha="left")

    def plot(self, left: float, right: float, top: float = 0.0, bottom: float = 0.0) -> Axes:
        """Axes with margins in inches inside the plot area."""
        return self.box(left, top, self.width - left - right, self.plot_height - top - bottom)

    def box(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes at a place of the plot area, in inches from its upper left corner."""
        bottom = self.height - self.header - top - height
        return self.fig.add_axes(
            (left / self.width, bottom / self.height, width / self.width, height / self.height)
        )

    def write_lines(self, left: float, middle: float, lines: list[str], **style: Any) -> None:
        """Lines around a middle, so that texts of the same height stand on the same baseline."""
        size = style.get("size", theme.SMALL_SIZE)
        for number, line in enumerate(lines):
            down = (number - (len(lines) - 1) / 2) * line_height(size) * 0.95
            self.write(left, middle + down + DROP * size / POINTS, line, **style)

    def write(self, left: float, top: float, text: str, **style: Any) -> None:
        """Small muted text with its baseline `top` inches below the upper edge of the plot area."""
        defaults: dict[str, Any] = {"size": theme.SMALL_SIZE, "color": theme.MUTED, "va": "baseline", "ha": "left"}
        style = defaults | style
        self.fig.text(left / self.width, 1 - (self.header + top) / self.height, text, **style)


def nothing(title: str, subtitle: str, numbers: Numbers, note: str = "") -> Figure:
    """A sheet that says that there was nothing to draw."""
    sheet = Sheet(title, subtitle, 0.6, note)
    sheet.write(0, 0.3, numbers.nothing, style="italic")
    return sheet.fig


def beside(axes: Axes, place: tuple[float, float], text: str, right: float = 5.0, **style: Any) -> None:
    """Text `right` points to the right of a place in data units (or to the left, if negative), on its middle."""
    size = style.setdefault("size", theme.SMALL_SIZE)
    style = {"color": theme.INK, "ha": "left" if right >= 0 else "right", "zorder": 6} | style
    axes.annotate(
        text,
        place,
        (right, -DROP * size),
        textcoords="offset points",
        annotation_clip=False,
        va="baseline",
        **style,
    )


def halo(width: float = 2.5) -> list[Any]:
    """A rim in the colour of the paper around text that stands on lines."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground=theme.PAPER)]


def bare(axes: Axes) -> None:
    """Neither frame nor ticks: for tables drawn as charts."""
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
