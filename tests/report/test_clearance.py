"""A text inside a plot finds a place where nothing is drawn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.report.figures.clearance import NEAR, Plot, nearest, touches

WIDTH, HEIGHT = 4.0, 2.0
ACROSS, UP = st.floats(0, WIDTH), st.floats(0, HEIGHT)


def lines(*polylines: list[tuple[float, float]]) -> np.ndarray:
    return np.array([[*a, *b] for points in polylines for a, b in itertools.pairwise(points)])


def within(box: np.ndarray, segment: np.ndarray) -> bool:
    """By the ends, else by the sides of the box that the segment crosses."""
    (left, bottom, right, top), (x, y, x2, y2) = box, segment
    if left <= x <= right and bottom <= y <= top:
        return True
    along = [(side - x) / (x2 - x) for side in (left, right) if x2 != x]
    up = [(side - y) / (y2 - y) for side in (bottom, top) if y2 != y]
    on_sides = [bottom <= y + s * (y2 - y) <= top for s in along if 0 <= s <= 1]
    return any(on_sides + [left <= x + s * (x2 - x) <= right for s in up if 0 <= s <= 1])


# on a grid, so that segments lie along sides and end on corners too
GRID = st.tuples(*[st.integers(0, 6).map(float)] * 4)


@given(GRID, GRID)
def test_a_segment_touches_a_box_where_it_has_a_point_in_it(
    corners: tuple[float, ...], ends: tuple[float, ...]
) -> None:
    box = np.array([min(corners[0], corners[2]), min(corners[1], corners[3]), 0, 0])
    box[2:] = max(corners[0], corners[2]) + 1, max(corners[1], corners[3]) + 1
    segment = np.array(ends)
    assert touches(box[None], segment[None])[0, 0] == within(box, segment)


@given(
    st.lists(st.tuples(ACROSS, UP), min_size=2, max_size=12),
    st.lists(st.tuples(ACROSS, UP), min_size=1, max_size=4),
)
def test_texts_lie_on_no_line_on_no_other_text_and_in_the_plot(
    line: list[tuple[float, float]], points: list[tuple[float, float]]
) -> None:
    drawn = lines(line)
    plot = Plot(WIDTH, HEIGHT, drawn)
    found = [box for point in points if (box := plot.find(point, 0.8, 0.16)) is not None]
    for box in found:
        assert not touches(np.array([box]), drawn).any()
        assert box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= HEIGHT
    for one, other in itertools.combinations(found, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_a_text_stands_right_of_its_point_where_nothing_is_in_the_way() -> None:
    box = Plot(WIDTH, HEIGHT, lines([(0.0, 1.0), (2.0, 1.0)])).find((2.0, 1.0), 0.8, 0.2)
    assert box == pytest.approx((2.0 + NEAR, 0.9, 2.8 + NEAR, 1.1))


def test_a_leader_crosses_no_line_that_it_can_go_round() -> None:
    beside = [(0.0, 1.12), (4.0, 1.12)]
    box = Plot(WIDTH, HEIGHT, lines([(0.0, 1.0), (2.0, 1.0)], beside, [(2.1, 1.0), (4.0, 1.0)])).find(
        (2.0, 1.0), 0.8, 0.2
    )
    assert box is not None and box[3] < 1.0


def test_a_leader_through_the_joint_of_a_line_crosses_it() -> None:
    above = lines([(1.0, 1.3), (2.0, 1.3), (3.0, 1.3)])
    ends = [(0.0, 1.0), (2.0, 1.0)]
    plot = Plot(WIDTH, HEIGHT, above)
    assert plot.crossed((2.0, 1.0), np.array([[1.6, 1.4, 2.4, 1.6]])).tolist() == [1.0]
    assert Plot(WIDTH, HEIGHT, lines(ends)).crossed((2.0, 1.0), np.array([[1.6, 1.4, 2.4, 1.6]])).tolist() == [0.0]


def test_a_plot_without_room_says_so() -> None:
    full = lines(*[[(0.0, y), (WIDTH, y)] for y in np.arange(0, HEIGHT, 0.15)])
    assert Plot(WIDTH, HEIGHT, full).find((2.0, 1.0), 0.8, 0.2) is None
    assert Plot(0.5, HEIGHT, np.empty((0, 4))).find((0.2, 1.0), 0.8, 0.2) is None


def test_the_nearest_point_of_a_box_is_on_its_rim_or_the_point_itself() -> None:
    box = np.array([[1.0, 1.0, 2.0, 2.0]])
    assert nearest(box, (0.0, 1.5)).tolist() == [[1.0, 1.5]]
    assert nearest(box, (1.2, 1.3)).tolist() == [[1.2, 1.3]]
