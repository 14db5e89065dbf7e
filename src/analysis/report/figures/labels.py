"""Direct labels: names written beside the lines they belong to, moved apart where they would collide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.report import theme
from analysis.report.figures.canvas import line_height, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 0.09
"""Inches between the end of a line and its label."""

WIDEST_LABEL = 1.7


@dataclass(frozen=True)
class Label:
    """A text beside the point (x, y) in data units."""

    x: float
    y: float
    text: str
    colour: str
    strong: bool = False

    @property
    def lines(self) -> list[str]:
        return wrap(self.text, theme.SMALL_SIZE, WIDEST_LABEL, self.style)

    @property
    def style(self) -> str:
        return "Semibold" if self.strong else "Regular"

    @property
    def height(self) -> float:
        return len(self.lines) * line_height(theme.SMALL_SIZE)


def margin(labels: list[Label]) -> float:
    """Inches to keep free at the right of the axes."""
    widths = [text_width(line, theme.SMALL_SIZE, label.style) for label in labels for line in label.lines]
    return max(widths, default=0.0) + GAP + 0.05


def spread(centres: list[float], heights: list[float], low: float, high: float) -> np.ndarray:
    """Centres moved as little as possible so that no two labels overlap and all lie between `low` and `high`.

    Neighbours that collide are pooled into a block that is centred on their mean (pool adjacent violators). Where
    all together are higher than the room, they are stacked from the bottom and stand out at the top.
    """
    order = np.argsort(centres, kind="stable")
    blocks: list[tuple[list[int], float, float]] = []
    for index in order:
        members, height = [int(index)], heights[index]
        centre = _clamp(centres[index], height, low, high)
        while blocks and centre - height / 2 < blocks[-1][2] + blocks[-1][1] / 2 - 1e-9:
            before, its_height, _ = blocks.pop()
            members, height = before + members, height + its_height
            centre = _clamp(float(np.mean([centres[i] for i in members])), height, low, high)
        blocks.append((members, height, centre))
    placed = np.empty(len(centres))
    for members, height, centre in blocks:
        bottom = centre - height / 2
        for i in members:
            placed[i] = bottom + heights[i] / 2
            bottom += heights[i]
    return placed


def write(axes: Axes, labels: list[Label], at: float | None = None) -> None:
    """Write labels to the right of their points, or of `at` in data units, with a thin leader where moved."""
    if not labels:
        return
    inches = axes.get_position().height * axes.figure.get_figheight()  # type: ignore[union-attr]
    low, high = axes.get_ylim()
    to_inches = inches / (high - low)
    centres = [(label.y - low) * to_inches for label in labels]
    placed = spread(centres, [label.height for label in labels], -0.08, inches + 0.08)
    for label, centre, place in zip(labels, centres, placed, strict=True):
        _write_one(axes, label, label.x if at is None else at, place / to_inches + low, abs(place - centre) > 0.06)


def write_above(axes: Axes, label: Label, ceiling: float) -> None:
    """Write a label over the end of a line that stops early, where others go on; `ceiling` is its highest value
    below the text."""
    axes.annotate(
        "\n".join(label.lines),
        (label.x, max(label.y, ceiling)),
        (-2, 4),
        textcoords="offset points",
        size=theme.SMALL_SIZE,
        color=label.colour,
        weight="semibold" if label.strong else "normal",
        va="bottom",
        ha="right",
        linespacing=1.05,
        annotation_clip=False,
    )


def _write_one(axes: Axes, label: Label, x: float, y: float, moved: bool) -> None:
    leader = {
        "arrowstyle": "-",
        "color": theme.GREY,
        "linewidth": 0.5,
        "shrinkA": 1,
        "shrinkB": 2,
        "relpos": (0, 0.5),
    }
    apart = (GAP + 0.04 if moved else GAP) * 72
    pixels = axes.transData.transform([(x, y), (label.x, label.y)])
    dpi = axes.figure.dpi
    offset = (pixels[0] - pixels[1]) / dpi * 72
    axes.annotate(
        "\n".join(label.lines),
        (label.x, label.y),
        (offset[0] + apart, offset[1]),
        textcoords="offset points",
        size=theme.SMALL_SIZE,
        color=label.colour,
        weight="semibold" if label.strong else "normal",
        va="center",
        ha="left",
        linespacing=1.05,
        annotation_clip=False,
        arrowprops=leader if moved else None,
    )


def _clamp(centre: float, height: float, low: float, high: float) -> float:
    return max(min(centre, high - height / 2), low + height / 2)
