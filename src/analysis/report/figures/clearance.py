"""Places inside a plot where a text lies on no line and on no other text, near the point that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEP = 0.04
"""Inches between the places that are tried."""

CLEAR = 0.03
"""Inches kept free between a text and lines or other texts."""

NEAR = 0.06
"""Inches between a point and its text where nothing is in the way."""

LED = 0.14
"""Inches from which a leader joins the text and its point."""

CROSSED = 0.35
"""Inches farther that a text may stand for one line less crossed by its leader."""

ABOVE, BEFORE = 0.04, 0.12
"""Inches farther that a text may stand to be right of its point, not above or below it, or not left of it."""

AT_ONCE = 200
"""Places judged together: the nearest mostly do."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in inches."""


def _none() -> np.ndarray:
    return np.empty((0, 4))


@dataclass
class Plot:
    """What is drawn in axes, in inches from their lower left corner.

    `segments` (n, 4) of lines, and `edges` of interval bands, are x, y, x, y; `boxes` (n, 4) are those of texts.
    """

    width: float
    height: float
    segments: np.ndarray
    edges: np.ndarray = field(default_factory=_none)
    boxes: np.ndarray = field(default_factory=_none)

    def find(self, point: tuple[float, float], width: float, height: float) -> Box | None:
        """Free box of this size for a text that names `point`: the nearest, crossing few lines on the way there.

        None where the plot has no room. The box found, and its leader, are not free for the next text.
        """
        tried, costs = self._tried(point, width, height)
        best, least = None, np.inf
        for start in range(0, len(tried), AT_ONCE):
            if costs[start] >= least:
                break
            boxes, cost = tried[start : start + AT_ONCE], costs[start : start + AT_ONCE]
            free = self._free(boxes)
            cost = cost[free] + CROSSED * self.crossed(point, boxes[free])
            if len(cost) and cost.min() < least:
                best, least = boxes[free][cost.argmin()], cost.min()
        if best is None:
            return None
        self.boxes = np.vstack([self.boxes, best])
        self.segments = np.vstack([self.segments, [*point, *nearest(best[None], point)[0]]])
        return float(best[0]), float(best[1]), float(best[2]), float(best[3])

    def _tried(self, point: tuple[float, float], width: float, height: float) -> tuple[np.ndarray, np.ndarray]:
        """Boxes within the plot, the best first, and what speaks against each: apart from the point, not right of
        it."""
        x, y = point
        lefts = np.append(np.arange(0, self.width - width, STEP), [x + NEAR, x - NEAR - width, x - width / 2])
        bottoms = np.append(
            np.arange(0, self.height - height, STEP), [y - height / 2, y + NEAR, y - NEAR - height]
        )
        left, bottom = (grid.ravel() for grid in np.meshgrid(lefts, bottoms))
        boxes = np.column_stack([left, bottom, left + width, bottom + height])
        inside = (boxes[:, :2] >= 0).all(axis=1) & (boxes[:, 2] <= self.width) & (boxes[:, 3] <= self.height)
        apart = np.hypot(*(nearest(boxes, point) - point).T)
        side = np.where(left >= x, 0.1 * np.abs(bottom + height / 2 - y), ABOVE)
        cost = apart + np.where(left + width <= x, BEFORE, side) + 0.02 * np.abs(left + width / 2 - x)
        cost[~inside | (apart < NEAR - 1e-9)] = np.inf
        order = np.argsort(cost, kind="stable")[: np.isfinite(cost).sum()]
        return boxes[order], cost[order]

    def _free(self, boxes: np.ndarray) -> np.ndarray:
        wide = boxes + np.array([-CLEAR, -CLEAR, CLEAR, CLEAR])
        drawn = np.vstack([self.segments, self.edges])
        one, other = wide[:, None], self.boxes[None]
        over = ((one[..., :2] < other[..., 2:]) & (other[..., :2] < one[..., 2:])).all(axis=2)
        return ~over.any(axis=1) & ~touches(wide, drawn).any(axis=1)

    def crossed(self, point: tuple[float, float], boxes: np.ndarray) -> np.ndarray:
        """Lines that leaders would cross; infinitely many where one would cross another text."""
        ends = nearest(boxes, point)
        apart = np.hypot(*(ends - point).T)
        # the named line's own end is where its leader begins
        begins = point + 0.03 * (ends - point) / apart[:, None]
        leaders = np.hstack([begins, ends])
        crossed = _meet(leaders, self.segments).sum(axis=1).astype(float)
        crossed[touches(self.boxes, leaders).any(axis=0)] = np.inf
        return np.where(apart < LED, 0.0, crossed)


def drawn(axes: Axes) -> Plot:
    """All lines, dots and bands of axes whose limits are set."""
    inches, corner = axes.figure.dpi, axes.bbox.p0
    parts = [_none()]
    for line in axes.lines:
        points = (line.get_transform().transform(np.asarray(line.get_xydata(), dtype=float)) - corner) / inches
        parts.append(_joined(points) if line.get_linestyle() != "None" else np.hstack([points, points]))
    edges = [_none()]
    for band in axes.collections:
        for path in band.get_paths():
            edges.append(_joined((band.get_transform().transform(path.vertices) - corner) / inches))
    segments = np.vstack(parts)
    whole = np.isfinite(segments).all(axis=1)
    return Plot(axes.bbox.width / inches, axes.bbox.height / inches, segments[whole], np.vstack(edges))


def nearest(boxes: np.ndarray, point: tuple[float, float]) -> np.ndarray:
    """The point of each box that is nearest to a point, (n, 2)."""
    return np.clip(point, boxes[:, :2], boxes[:, 2:])


def touches(boxes: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Which segments have a point within which boxes, (boxes, segments).

    Liang and Barsky (1984): each side of a box leaves a part of a segment; what all four leave is within.
    """
    start, step = segments[None, :, :2], (segments[:, 2:] - segments[:, :2])[None]
    enter, leave = np.zeros((len(boxes), len(segments))), np.ones((len(boxes), len(segments)))
    for axis in (0, 1):
        for sign, bound in ((-1, boxes[:, None, axis]), (1, boxes[:, None, 2 + axis])):
            room, along = sign * (bound - start[..., axis]), sign * step[..., axis]
            with np.errstate(divide="ignore", invalid="ignore"):
                share = room / along
            enter = np.where(along < 0, np.maximum(enter, share), enter)
            leave = np.where(along > 0, np.minimum(leave, share), leave)
            # along a side: all of it or nothing
            leave = np.where((along == 0) & (room < 0), -1.0, leave)
    return enter <= leave


def _joined(points: np.ndarray) -> np.ndarray:
    return np.hstack([points[:-1], points[1:]])


def _meet(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which segments cross which, (some, others): the ends of either lie on both sides of the other.

    A line crossed where two of its segments join is counted once.
    """
    a, b = some[:, None, :2], some[:, None, 2:]
    c, d = others[None, :, :2], others[None, :, 2:]
    return (_left(a, b, c) != _left(a, b, d)) & (_left(c, d, a) != _left(c, d, b))


def _left(a: np.ndarray, b: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Whether a point is left of the line from `a` to `b`, or on it."""
    to, from_a = b - a, point - a
    return to[..., 0] * from_a[..., 1] - to[..., 1] * from_a[..., 0] >= 0
