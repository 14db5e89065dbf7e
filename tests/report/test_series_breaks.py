"""A line stops where something was recorded differently."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.report import figures

MONTHS = pd.date_range("2005-04-30", periods=6, freq="ME")
BREAK = date(2005, 9, 30)


def drawn(groups: tuple[str, ...] = ("30+",), breaks: tuple[date, ...] = (BREAK,)) -> Figure:
    frame = pd.concat(
        [
            pd.DataFrame({"month": MONTHS, "rate": np.linspace(0.1, 0.2, 6) * k, "name": name})
            for k, name in enumerate(groups, 1)
        ],
        ignore_index=True,
    )
    return figures.series(
        frame, group="name", breaks=breaks, title="Overdue", subtitle="Share of balance", highlight=[groups[0]]
    )


def strokes(fig: Figure) -> list[list[tuple[float, float]]]:
    """Pieces of the lines over time, each from one point to the next without a gap."""
    found = []
    for line in fig.axes[0].get_lines():
        x, y = (np.asarray(values, float) for values in line.get_data())
        if len(x) >= len(MONTHS):
            pieces = np.split(np.arange(len(x)), np.flatnonzero(~np.isfinite(y)))
            found += [[(x[i], y[i]) for i in piece if np.isfinite(y[i])] for piece in pieces]
    return [piece for piece in found if piece]


def test_no_stroke_crosses_a_break() -> None:
    assert [len(piece) for piece in strokes(drawn())] == [5, 1]


def test_every_group_is_cut() -> None:
    assert [len(piece) for piece in strokes(drawn(("30+", "60+", "90+")))] == [5, 1] * 3


def test_without_a_break_the_line_is_whole() -> None:
    assert [len(piece) for piece in strokes(drawn(breaks=()))] == [6]


def test_a_line_is_cut_at_each_of_several_breaks() -> None:
    assert [len(piece) for piece in strokes(drawn(breaks=(date(2005, 6, 30), BREAK)))] == [2, 3, 1]


def test_the_label_at_the_end_is_that_of_the_last_month() -> None:
    texts = [text.get_text() for text in drawn().findobj(match=lambda artist: hasattr(artist, "get_text"))]
    assert any("30+ 20" in text for text in texts)
