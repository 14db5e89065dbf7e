"""An outcome along a score: what is drawn on which side, and what is not drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.report.figures import cutoff

BINS = pd.DataFrame(
    {"side": ["below", "below", "above"], "score": [600.0, 630.0, 660.0], "mean": [0.4, np.nan, 0.6]}
)
FITS = pd.DataFrame(
    {"side": ["below"] * 2 + ["above"] * 2, "score": [610.0, 640.0, 640.0, 670.0], "fitted": [0.4, 0.5, 0.6, 0.6]}
)
WORDS = {"title": "It jumps", "subtitle": "Share cured", "x_label": "Score", "names": {"below": "a", "above": "b"}}


def test_bins_without_a_mean_are_not_drawn_and_both_fits_end_at_the_cutoff():
    axes = cutoff(BINS, FITS, at=640.0, **WORDS).axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in dots] == [1, 1]
    fits = [line for line in axes.lines if line.get_marker() != "o" and len(set(line.get_xdata())) > 1]
    assert sorted(set(fits[0].get_xdata()) & set(fits[1].get_xdata())) == [640.0]


def test_the_treated_side_is_the_one_in_colour():
    from analysis.report import theme

    for side, place in (("below", 600.0), ("above", 660.0)):
        axes = cutoff(BINS, FITS, at=640.0, highlight=side, **WORDS).axes[0]
        strong = [line for line in axes.lines if line.get_marker() == "o" and line.get_color() == theme.ACCENT]
        assert [list(line.get_xdata()) for line in strong] == [[place]]


def test_without_any_bin_it_says_so():
    figure = cutoff(BINS.assign(mean=np.nan), FITS, at=640.0, **WORDS)
    assert not figure.axes
    assert "nothing to show" in " ".join(text.get_text() for text in figure.texts)
