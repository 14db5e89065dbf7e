"""Effects drawn as a forest."""

from __future__ import annotations

import pandas as pd

from analysis.report import theme
from analysis.report.figures import forest

FRAME = pd.DataFrame(
    {
        "name": ["clear", "open", "missing"],
        "effect": [0.05, 0.01, float("nan")],
        "lower": [0.02, -0.03, float("nan")],
        "upper": [0.08, 0.05, float("nan")],
    }
)


def draw(frame, **options):
    return forest(frame, label="name", title="Finding", subtitle="Measure", **options)


def test_only_intervals_that_leave_out_zero_are_coloured():
    axes = draw(FRAME).axes[0]
    dots = [line.get_color() for line in axes.lines if line.get_marker() == "o"]
    assert dots[:2] == [theme.ACCENT, theme.MUTED]


def test_zero_is_on_the_axis_even_where_all_effects_are_far_from_it():
    for sign in (1, -1):
        far = FRAME.head(1).assign(effect=0.5 * sign, lower=0.5 * sign - 0.01, upper=0.5 * sign + 0.01)
        low, high = draw(far).axes[0].get_xlim()
        assert low <= 0 <= high


def test_nothing_to_draw_says_so():
    assert draw(FRAME.head(0)).finding == "Finding"
    assert draw(FRAME.tail(1)).finding == "Finding"
