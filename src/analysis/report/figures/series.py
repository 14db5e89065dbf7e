"""A measure over time, for one group or for several of which one or two are highlighted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
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

HEIGHT = 2.7

LATE = 0.85
"""Part of the width from which a line that ends is labelled in the margin, as those are that reach the edge."""

BEYOND = 0.012
"""Part of the width by which the axis ends beyond the last value: room for its dot, but clear of the labels."""


@theme.themed
def series(
    frame: pd.DataFrame,
    *,
    title: str,
    subtitle: str,
    x: str = "month",
    y: str = "rate",
    lower: str | None = "rate_lower",
    upper: str | None = "rate_upper",
    group: str | None = None,
    highlight: Sequence[object] = (),
    unit: str = "fraction",
    y_label: str = "",
    x_label: str = "",
    breaks: Sequence[date] = (),
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """Lines over months (or over any number), labelled at their ends with name and last value.

    Columns: `x` (dates or numbers), `y`, and if there `lower`, `upper` and `group`. Bands are drawn for the
    highlighted groups: by default the one that is highest at the end, with `group=None` the only one. Lines are
    cut before each month of `breaks`, from which something was recorded differently.
    More than about eight groups are read better as `small_multiples`.
    """
    numbers = numbers or Numbers()
    frame = _cut(frame, x, group, breaks)
    there = frame.dropna(subset=[y])
    if there.empty:
        return nothing(title, subtitle, numbers, note)
    groups = list(pd.unique(there[group])) if group else [None]
    highlight = list(highlight) or (lines.highest_last(there, group, x, y) if group else [None])
    colour = lines.colours(groups, highlight)
    ends = {n: _part(there, group, n, x).iloc[-1] for n in groups}
    told = scales.value_texts([float(end[y]) for end in ends.values()], unit, numbers)
    named = {n: _end_label(ends[n], n, x, y, colour[n], text) for n, text in zip(groups, told, strict=True)}
    early = _early(named, there[x])
    names = [label for name, label in named.items() if name not in early]
    height = max(HEIGHT, sum(label.height for label in named.values()) + 0.5)
    sheet = Sheet(title, subtitle, height, note)
    scale = scales.scale(*_range(frame, group, highlight, (y, lower, upper)))
    top = line_height(theme.SMALL_SIZE) + 0.1 if y_label else 0.08
    months = not pd.api.types.is_numeric_dtype(frame[x])
    bottom = (0.42 if months else 0.25) + (line_height(theme.SMALL_SIZE) if x_label else 0.0)
    axes = sheet.plot(scales.tick_width(scale, unit, numbers), labels.margin(names), top, bottom)
    scales.value_axis(axes, "y", scale, unit, numbers)
    if y_label:
        sheet.write(0, line_height(theme.SMALL_SIZE) * 0.8, y_label)
    for name in sorted(groups, key=lambda g: colour[g] != theme.GREY):
        _draw(axes, _part(frame, group, name, x), x, (y, lower, upper), colour[name])
    _horizontal(axes, frame, x, months, x_label, numbers)
    for name in early:
        lines.end_dot(axes, named[name].x, named[name].y, colour[name])
    labels.place(axes, names, [named[name] for name in early])
    return sheet.fig


def _early(named: dict[object, labels.Label], x: pd.Series) -> list[object]:
    """Groups whose line stops well before the right edge, the coloured ones first."""
    places = scales.month_numbers(x)
    low, high = float(places.min()), float(places.max())
    early = [name for name, label in named.items() if label.x - low < LATE * (high - low)]
    return sorted(early, key=lambda name: not named[name].strong)


def _cut(frame: pd.DataFrame, x: str, group: str | None, breaks: Sequence[date]) -> pd.DataFrame:
    """Missing values between a break's month and the one before, so that no line crosses it."""
    if not breaks or frame.empty:
        return frame
    between = [pd.Timestamp(month) - pd.Timedelta(days=15) for month in breaks]
    groups = pd.unique(frame[group]) if group else [None]
    rows = [{x: day} | ({group: name} if group else {}) for day in between for name in groups]
    return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True)


def _part(frame: pd.DataFrame, group: str | None, name: object, x: str) -> pd.DataFrame:
    return (frame if group is None else frame[frame[group] == name]).sort_values(x)


def _range(
    frame: pd.DataFrame,
    group: str | None,
    highlight: Sequence[object],
    columns: tuple[str, str | None, str | None],
) -> tuple[float, float]:
    """All lines, but only those bands that are drawn."""
    y, lower, upper = columns
    shown = frame if group is None else frame[frame[group].isin(highlight)]
    band = pd.DataFrame({y: pd.concat([shown[c] for c in (lower, upper) if c in shown.columns] or [frame[y]])})
    return scales.value_range(pd.concat([frame[[y]], band]), [y])


def _draw(
    axes: Axes, part: pd.DataFrame, x: str, columns: tuple[str, str | None, str | None], colour: str
) -> None:
    y, lower, upper = columns
    places = scales.month_numbers(part[x])
    if colour != theme.GREY and lower in part.columns and upper in part.columns:
        lines.band(axes, places, part[lower], part[upper], colour)
    lines.line(axes, places, part[y], colour, 2.0 if colour != theme.GREY else 1.2)
    values = part[y].to_numpy(dtype=float)
    last = np.flatnonzero(np.isfinite(values))[-1]
    if colour != theme.GREY:
        lines.end_dot(axes, float(places[last]), float(values[last]), colour)


def _end_label(last: pd.Series, name: object, x: str, y: str, colour: str, text: str) -> labels.Label:
    return labels.Label(
        float(scales.month_numbers(pd.Series([last[x]]))[0]),
        float(last[y]),
        text if name is None else f"{name} {text}",
        theme.MUTED if colour == theme.GREY else colour,
        colour != theme.GREY,
    )


def _horizontal(axes: Axes, frame: pd.DataFrame, x: str, months: bool, x_label: str, numbers: Numbers) -> None:
    places = scales.month_numbers(frame[x])
    low, high = float(places.min()), float(places.max())
    beyond = min(0.3, BEYOND * (high - low)) if low < high else 1.0
    axes.set_xlim(low - beyond, high + beyond)
    if months:
        scales.month_axis(axes, low, high, numbers)
    else:
        ticks = [t for t in scales.scale(low, high, 7).ticks if low <= t <= high] or [low]
        axes.set_xticks(ticks, scales.tick_texts(ticks, "number", numbers))
    if x_label:
        axes.set_xlabel(x_label, loc="left")
