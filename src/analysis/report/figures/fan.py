"""A forecast with its intervals after what was observed, and an earlier forecast against what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.report import theme
from analysis.report.figures import labels, lines, scales
from analysis.report.figures.canvas import Sheet, halo, line_height, nothing
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 2.8
COLOURS = {"observed": theme.INK, "forecast": theme.ACCENT, "earlier": theme.SECOND}
STYLES = {"observed": "-", "forecast": "-", "earlier": (0, (4, 2))}


@theme.themed
def fan(
    frame: pd.DataFrame,
    *,
    names: Mapping[str, str],
    title: str,
    subtitle: str,
    x: str = "month",
    y: str = "value",
    lower: str = "lower",
    upper: str = "upper",
    kind: str = "kind",
    unit: str = "fraction",
    y_label: str = "",
    numbers: Numbers | None = None,
    note: str = "",
) -> Figure:
    """What was observed, the forecast with its interval, and an earlier forecast beside what came of it.

    Columns: `x` (months), `kind` ("observed", "forecast", "earlier"), `y`, and if there `lower`, `upper`.
    `names` gives the label of each kind.
    """
    numbers = numbers or Numbers()
    frame = frame.dropna(subset=[y]).sort_values(x)
    if frame.empty:
        return nothing(title, subtitle, numbers, note)
    kinds = [k for k in COLOURS if (frame[kind] == k).any()]
    parts = {k: frame[frame[kind] == k] for k in kinds}
    scale = scales.scale(*scales.value_range(frame, [y, lower, upper]))
    ends = {k: _label(parts[k], k, names.get(k, k), x, y, unit, numbers) for k in kinds}
    full = max(end.x for end in ends.values())
    outside = [end for end in ends.values() if end.x == full]
    sheet = Sheet(title, subtitle, HEIGHT, note)
    top = line_height(theme.SMALL_SIZE) + 0.1 if y_label else 0.08
    axes = sheet.plot(scales.tick_width(scale, unit, numbers), labels.margin(outside), top, 0.42)
    scales.value_axis(axes, "y", scale, unit, numbers)
    if y_label:
        sheet.write(0, line_height(theme.SMALL_SIZE) * 0.8, y_label)
    places = scales.month_numbers(frame[x])
    axes.set_xlim(places.min() - 0.3, places.max() + 0.3)
    scales.month_axis(axes, float(places.min()), float(places.max()), numbers)
    for k in kinds:
        _draw(axes, _joined(parts, k, x, y), k, (x, y, lower, upper))
    if "observed" in ends and ends["observed"].x < full:
        ends["observed"] = _observed(axes, parts["observed"], ends["observed"], names, (x, y), (unit, numbers))
    labels.place(axes, outside, [end for end in ends.values() if end.x < full])
    return sheet.fig


def _joined(parts: Mapping[str, pd.DataFrame], kind: str, x: str, y: str) -> pd.DataFrame:
    """A forecast begins at the last value observed before it."""
    part = parts[kind]
    if kind == "observed" or "observed" not in parts:
        return part
    before = parts["observed"][parts["observed"][x] < part[x].iloc[0]].tail(1)
    return pd.concat([before[[x, y]], part], ignore_index=True) if len(before) else part


def _draw(axes: Axes, part: pd.DataFrame, kind: str, columns: tuple[str, str, str, str]) -> None:
    x, y, lower, upper = columns
    colour, places = COLOURS[kind], scales.month_numbers(part[x])
    if kind != "observed" and lower in part.columns and upper in part.columns:
        lows, highs = part[lower].fillna(part[y]), part[upper].fillna(part[y])
        lines.band(axes, places, lows, highs, colour)
    axes.plot(places, part[y], color=colour, linewidth=1.8, linestyle=STYLES[kind], zorder=3)
    if len(part) == 1:
        axes.plot(places, part[y], "o", color=colour, markersize=4, zorder=3)


def _label(part: pd.DataFrame, kind: str, name: str, x: str, y: str, unit: str, numbers: Numbers) -> labels.Label:
    last = part.iloc[[-1]]
    value = float(last[y].iloc[0])
    text = f"{name} {scales.value_text(value, unit, numbers)}"
    return labels.Label(float(scales.month_numbers(last[x])[0]), value, text, COLOURS[kind], kind == "forecast")


def _observed(
    axes: Axes,
    part: pd.DataFrame,
    end: labels.Label,
    names: Mapping[str, str],
    columns: tuple[str, str],
    written: tuple[str, Numbers],
) -> labels.Label:
    """What was observed is named at its beginning; the label of its end tells the value alone."""
    (x, y), colour = columns, COLOURS["observed"]
    top = float(part[y].iloc[: len(part) // 3 + 1].max())
    first = float(scales.month_numbers(part[x])[0])
    style: dict[str, Any] = {"size": theme.SMALL_SIZE, "color": colour, "zorder": 6, "path_effects": halo()}
    name = names.get("observed", "observed")
    axes.annotate(name, (first, top), (0, 8), ha="left", va="baseline", textcoords="offset points", **style)
    axes.plot([end.x], [end.y], "o", color=colour, markersize=4, zorder=4)
    return replace(end, text=scales.value_text(end.y, *written), strong=True)
