"""An outcome along the score that decided: means of bins, and the fits on the two sides of a cut-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.report import theme
from analysis.report.figures import scales
from analysis.report.figures.canvas import Sheet, halo, line_height, nothing
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 2.8


@theme.themed
def cutoff(
    bins: pd.DataFrame,
    fits: pd.DataFrame,
    *,
    at: float,
    names: dict[str, str],
    title: str,
    subtitle: str,
    x_label: str,
    highlight: str = "below",
    unit: str = "fraction",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """Dots for bins and a line for each side's fit, with a rule at the cut-off; the treated side is in colour.

    Columns of `bins`: side, score, mean; of `fits`: side, score, fitted. `names` are written over the sides; `at`
    is the cut-off, `highlight` the treated side. Bins without a mean are not drawn.
    """
    numbers = numbers or Numbers()
    bins = bins.dropna(subset=["mean"])
    if bins.empty:
        return nothing(title, subtitle, numbers, note)
    values = pd.DataFrame({"y": pd.concat([bins["mean"], fits["fitted"]])})
    scale = scales.scale(*scales.value_range(values, ["y"]))
    sheet = Sheet(title, subtitle, HEIGHT, note)
    head = line_height(theme.SMALL_SIZE) + 0.1
    axes = sheet.plot(scales.tick_width(scale, unit, numbers), 0.1, head, 0.45)
    scales.value_axis(axes, "y", scale, unit, numbers)
    places = pd.concat([bins["score"], fits["score"]])
    across = scales.scale(float(places.min()), float(places.max()), 7)
    axes.set_xlim(float(places.min()) - 1, float(places.max()) + 1)
    ticks = [tick for tick in across.ticks if places.min() <= tick <= places.max()] or [at]
    axes.set_xticks(ticks, scales.tick_texts(ticks, "number", numbers))
    axes.set_xlabel(x_label, loc="left")
    axes.axvline(at, color=theme.GREY, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
    for side in ("below", "above"):
        colour = theme.ACCENT if side == highlight else theme.MUTED
        _side(axes, bins[bins["side"] == side], fits[fits["side"] == side], colour)
        _name(axes, at, scale.high, names[side], -6.0 if side == "below" else 6.0, colour)
    return sheet.fig


def _side(axes: Axes, bins: pd.DataFrame, fits: pd.DataFrame, colour: str) -> None:
    axes.plot(bins["score"], bins["mean"], "o", color=colour, markersize=4, alpha=0.55, zorder=2, linewidth=0)
    axes.plot(fits["score"], fits["fitted"], color=colour, linewidth=2.0, zorder=3, path_effects=halo(1.5))


def _name(axes: Axes, at: float, top: float, text: str, right: float, colour: str) -> None:
    axes.annotate(
        text,
        (at, top),
        (right, 5),
        textcoords="offset points",
        annotation_clip=False,
        ha="right" if right < 0 else "left",
        color=colour,
        size=theme.SMALL_SIZE,
    )
