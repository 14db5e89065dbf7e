"""Direct labels: names written beside the lines they belong to, moved apart where they would collide."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.report import theme
from analysis.report.figures import clearance
from analysis.report.figures.canvas import POINTS, halo, line_height, widest, wrap

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
    def width(self) -> float:
        return widest(self.lines, theme.SMALL_SIZE, self.style)

    @property
    def height(self) -> float:
        return len(self.lines) * line_height(theme.SMALL_SIZE)


def margin(labels: list[Label]) -> float:
    """Inches to keep free at the right of the axes."""
    return max((label.width for label in labels), default=0.0) + GAP + 0.05


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


def place(axes: Axes, outside: list[Label], inside: list[Label]) -> None:
    """Write `outside` in the right margin, and `inside` beside the ends of lines that stop inside the plot.

    Call it when everything is drawn and limits are set: a label inside stands on no line and on no other label,
    with a thin leader where the nearest free place is apart from its end. One that has no such place goes to the
    margin, which is widened for it.
    """
    boxes: list[clearance.Box] = []
    while inside:
        plot = clearance.drawn(axes)
        found = [plot.find(_inches(axes, one), one.width, one.height) for one in inside]
        boxes = [box for box in found if box is not None]
        if len(boxes) == len(inside):
            break
        outside = outside + [one for one, box in zip(inside, found, strict=True) if box is None]
        inside = [one for one, box in zip(inside, found, strict=True) if box is not None]
        _widen_margin(axes, margin(outside))
    write(axes, outside, max((one.x for one in outside + inside), default=0.0))
    for one, box in zip(inside, boxes, strict=True):
        _write_inside(axes, one, box)


def write(axes: Axes, labels: list[Label], edge: float) -> None:
    """Write labels to the right of `edge` in data units, one below the other, with a thin leader where moved."""
    if not labels:
        return
    height = axes.bbox.height / axes.figure.dpi
    points = [_inches(axes, label) for label in labels]
    right = _inches(axes, replace(labels[0], x=edge))[0]
    placed = spread([y for _, y in points], [label.height for label in labels], -0.08, height + 0.08)
    for label, (x, y), middle in zip(labels, points, placed, strict=True):
        moved = abs(middle - y) > 0.06 or right - x > 0.06
        left = right + (GAP + 0.04 if moved else GAP)
        _annotate(axes, label, (left - x, middle - y), (0, 0.5) if moved else None)


def _write_inside(axes: Axes, label: Label, box: clearance.Box) -> None:
    x, y = _inches(axes, label)
    left, bottom, right, top = box
    end = clearance.nearest(np.array([box]), (x, y))[0]
    apart = math.hypot(end[0] - x, end[1] - y) >= clearance.LED
    towards = (end[0] - left) / (right - left), (end[1] - bottom) / (top - bottom)
    _annotate(axes, label, (left - x, (bottom + top) / 2 - y), towards if apart else None, path_effects=halo())


def _annotate(
    axes: Axes, label: Label, away: tuple[float, float], towards: tuple[float, float] | None, **style: Any
) -> None:
    """Text `away` from its point in inches; a leader begins at the part `towards` of its width and height."""
    leader = {"arrowstyle": "-", "color": theme.GREY, "linewidth": 0.5, "shrinkA": 1, "shrinkB": 2}
    axes.annotate(
        "\n".join(label.lines),
        (label.x, label.y),
        (away[0] * POINTS, away[1] * POINTS),
        textcoords="offset points",
        size=theme.SMALL_SIZE,
        color=label.colour,
        weight="semibold" if label.strong else "normal",
        va="center",
        ha="left",
        linespacing=1.05,
        annotation_clip=False,
        arrowprops=leader | {"relpos": towards} if towards else None,
        **style,
    )


def _inches(axes: Axes, label: Label) -> tuple[float, float]:
    """Where a label's point is, from the lower left corner of the axes."""
    x, y = (axes.transData.transform((label.x, label.y)) - axes.bbox.p0) / axes.figure.dpi
    return float(x), float(y)


def _widen_margin(axes: Axes, inches: float) -> None:
    left, bottom, _, height = axes.get_position().bounds
    right = 1 - inches / axes.figure.get_figwidth()  # type: ignore[union-attr]
    axes.set_position((left, bottom, right - left, height))


def _clamp(centre: float, height: float, low: float, high: float) -> float:
    return max(min(centre, high - height / 2), low + height / 2)
