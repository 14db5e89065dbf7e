"""Cumulative curves by cohort, over months since opening or since entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures import labels, lines, scales
from analysis.report.figures.canvas import Sheet, line_height, nothing
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 3.0


@theme.themed
def vintages(
    frame: pd.DataFrame,
    *,
    title: str,
    subtitle: str,
    x_label: str,
    cohort: str = "cohort",
    age: str = "months_on_book",
    y: str = "rate",
    lower: str | None = "rate_lower",
    upper: str | None = "rate_upper",
    highlight: Sequence[object] = (),
    unit: str = "fraction",
    y_label: str = "",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """One curve a cohort from light (old) to dark grey (young), each named where it ends.

    Columns: `cohort` (sortable, older first), `age` (months), `y`, and if there `lower`, `upper`. One or two
    cohorts in `highlight` are in colour with their bands; by default the newest that has at least three
    months.
    """
    numbers = numbers or Numbers()
    frame = frame.dropna(subset=[y])
    if frame.empty:
        return nothing(title, subtitle, numbers, note)
    cohorts = sorted(pd.unique(frame[cohort]))
    highlight = list(highlight) or _newest(frame, cohort, age)
    colour = _colours(cohorts, highlight)
    scale = scales.scale(*_range(frame, cohort, highlight, (y, lower, upper)))
    ends = [_end(frame[frame[cohort] == name], name, age, y, colour[name], name in highlight) for name in cohorts]
    sheet = Sheet(title, subtitle, HEIGHT, note)
    top = line_height(theme.SMALL_SIZE) + 0.1 if y_label else 0.08
    axes = sheet.plot(scales.tick_width(scale, unit, numbers), labels.margin(ends), top, 0.45)
    scales.value_axis(axes, "y", scale, unit, numbers)
    if y_label:
        sheet.write(0, line_height(theme.SMALL_SIZE) * 0.8, y_label)
    _ages(axes, frame[age], x_label, numbers)
    for name in cohorts:
        _draw(
            axes,
            frame[frame[cohort] == name].sort_values(age),
            (age, y, lower, upper),
            colour[name],
            name in highlight,
        )
    _name(axes, ends, highlight)
    return sheet.fig


def _newest(frame: pd.DataFrame, cohort: str, age: str) -> list[object]:
    """Youngest cohort with three months or more; with fewer its curve says nothing yet."""
    months = frame.groupby(cohort, observed=True)[age].nunique()
    grown = months[months >= min(3, months.max())]
    return [grown.index.max()]


def _colours(cohorts: Sequence[object], highlight: Sequence[object]) -> dict[object, str]:
    """Greys that darken towards the youngest; colour for the highlighted."""
    greys = (theme.SHADOW, theme.GREY, theme.MUTED)
    places = np.linspace(0, len(greys) - 1e-9, max(len(cohorts), 1), endpoint=False).astype(int)
    colours = {name: greys[place] for name, place in zip(cohorts, places, strict=True)}
    return colours | dict(zip(highlight, (theme.ACCENT, theme.SECOND), strict=False))


def _range(
    frame: pd.DataFrame, cohort: str, highlight: Sequence[object], columns: tuple[str, str | None, str | None]
) -> tuple[float, float]:
    y, lower, upper = columns
    shown = frame[frame[cohort].isin(highlight)]
    bands = [shown[c] for c in (lower, upper) if c in shown.columns]
    low, high = scales.value_range(pd.DataFrame({y: pd.concat([frame[y], *bands])}), [y])
    return min(low, 0.0), high * 1.06


def _end(part: pd.DataFrame, name: object, age: str, y: str, colour: str, strong: bool) -> labels.Label:
    last = part.loc[part[age].idxmax()]
    readable = theme.MUTED if colour in (theme.SHADOW, theme.GREY) else colour
    return labels.Label(float(last[age]), float(last[y]), str(name), readable, strong)


def _ages(axes: Axes, ages: pd.Series, x_label: str, numbers: Numbers) -> None:
    low, high = float(min(ages.min(), 0)), float(ages.max())
    axes.set_xlim(low, high if high > low else low + 1)
    step = next((s for s in (1, 2, 3, 6, 12, 24) if (high - low) / s <= 12), 60)
    ticks = np.arange(low, high + 0.5, step)
    axes.set_xticks(list(ticks), [numbers.count(t) for t in ticks])
    axes.set_xlabel(x_label, loc="left")


def _draw(
    axes: Axes, part: pd.DataFrame, columns: tuple[str, str, str | None, str | None], colour: str, strong: bool
) -> None:
    age, y, lower, upper = columns
    places = part[age].to_numpy(dtype=float)
    if strong and lower in part.columns and upper in part.columns:
        lines.band(axes, places, part[lower], part[upper], colour)
    axes.plot(places, part[y], color=colour, linewidth=2.2 if strong else 1.1, zorder=3 if strong else 2)
    axes.plot(places[-1:], part[y].iloc[-1:], "o", color=colour, markersize=4.5 if strong else 3, zorder=3)


def _name(axes: Axes, ends: list[labels.Label], highlight: Sequence[object]) -> None:
    """Every curve is named at its end; where there are too many for the room, every nth and the highlighted."""
    marked = {str(name) for name in highlight}
    inches = axes.get_position().height * axes.figure.get_figheight()  # type: ignore[union-attr]
    room = max(int(inches / line_height(theme.SMALL_SIZE)), 1)
    every = -(-len(ends) // room)
    kept = [end for place, end in enumerate(ends) if place % every == 0 or end.text in marked]
    full = max(end.x for end in ends)
    outside = [end for end in kept if end.x >= full - 0.5]
    inside = [end for end in kept if end.x < full - 0.5]
    labels.place(axes, outside, sorted(inside, key=lambda end: not end.strong))
