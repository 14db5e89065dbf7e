"""Axes: where ticks stand and how they are written, for rates, money, counts and months."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report import theme
from analysis.report.figures.canvas import widest
from analysis.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MONTH_STEPS = (1, 2, 3, 6, 12, 24, 36, 60)
FACTORS = {"fraction": 100.0, "points": 100.0}
"""What a value is multiplied with to be written."""


@dataclass(frozen=True)
class Scale:
    """Round ticks, and the limits of the axis, which may end a little beyond the last tick."""

    ticks: tuple[float, ...]
    low: float
    high: float


def scale(low: float, high: float, most: int = 6) -> Scale:
    """About `most` round ticks from at or below `low`; the axis ends soon after `high`, with or without a tick."""
    if not (math.isfinite(low) and math.isfinite(high)):
        low, high = 0.0, 1.0
    if high <= low:
        high = low + (abs(low) or 1.0)
    raw = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw * 0.85)
    first, last = math.floor(low / step + 1e-9), math.floor(high / step + 0.3)
    ticks = tuple(float(n * step) for n in range(first, max(last, first + 1) + 1))
    return Scale(ticks, ticks[0], max(ticks[-1], high + 0.02 * (high - low)))


def tick_texts(ticks: Sequence[float] | np.ndarray, unit: str, numbers: Numbers) -> list[str]:
    """Ticks written in their unit, all with the same decimals and the same scale."""
    values = np.asarray(ticks, dtype=float)
    size, word = numbers.scale(values.tolist()) if unit == "currency" else (1.0, "")
    scaled = values * FACTORS.get(unit, 1.0) / size
    digits = _decimals(scaled)
    texts = [numbers.number(v, digits, signed=unit == "points") for v in scaled]
    if unit == "fraction":
        return [f"{text}%" for text in texts]
    return [
        f"{text} {word}".strip() if unit == "currency" and v else text
        for text, v in zip(texts, values, strict=True)
    ]


def value_text(value: float, unit: str, numbers: Numbers) -> str:
    """A value beside its mark: `5.2%`, `+0.4`, `CNY 1.2 bn`, `1,234`."""
    if unit == "points":
        return numbers.number(value * 100, 2 if abs(value) < 0.00095 else 1, signed=True)
    return numbers.unit(value, unit)


def value_texts(values: Sequence[float], unit: str, numbers: Numbers) -> list[str]:
    """Values of one figure beside their marks, all with the same decimals and the same scale: two decimals of a
    percent where one is below 1% and none reaches 10%."""
    sizes = [abs(value) for value in values if math.isfinite(value) and value != 0]
    if unit == "currency":
        size, word = numbers.scale(list(values))
        largest = max(sizes, default=0.0) / size
        digits = 0 if size == 1 or largest >= 100 else 1 if largest >= 10 else 2
        told = [numbers.number(value / size, digits) for value in values]
        return [" ".join(part for part in (numbers.currency, text, word) if part) for text in told]
    if unit == "fraction":
        fine = min(sizes, default=1.0) < 0.00995 and max(sizes, default=0.0) < 0.0995
        return [numbers.pct(value, 2 if fine else 1) for value in values]
    if unit == "points":
        digits = 2 if min(sizes, default=1.0) < 0.00095 else 1
        return [numbers.number(value * 100, digits, signed=True) for value in values]
    return [value_text(value, unit, numbers) for value in values]


def value_axis(axes: Axes, which: str, scale: Scale, unit: str, numbers: Numbers) -> None:
    """Ticks, their texts and a hairline grid on the axis of values, `x` or `y`."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_ticks(list(scale.ticks), tick_texts(scale.ticks, unit, numbers))
    axes.grid(True, axis="y" if which == "y" else "x")
    axis.set_tick_params(length=0)
    (axes.set_ylim if which == "y" else axes.set_xlim)(scale.low, scale.high)
    if scale.low < 0 < scale.high:
        draw = axes.axhline if which == "y" else axes.axvline
        draw(0, color=theme.GREY, linewidth=0.8, zorder=1)


def tick_width(scale: Scale, unit: str, numbers: Numbers) -> float:
    """Room in inches that the tick texts of a vertical axis need."""
    return widest(tick_texts(scale.ticks, unit, numbers), theme.SMALL_SIZE) + 0.1


def value_range(frame: pd.DataFrame, columns: Sequence[str | None]) -> tuple[float, float]:
    """Smallest and largest of several columns; zero belongs to it unless all values are far from it."""
    names = [c for c in columns if c is not None and c in frame.columns]
    values = frame[names].to_numpy(dtype=float).ravel() if names else np.array([])
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if low >= 0 and low < 0.6 * high:
        low = 0.0
    if low == high:
        low, high = min(0.0, low), max(0.0, high)
    return low, high


def month_numbers(values: pd.Series) -> np.ndarray:
    """Months as whole numbers, evenly apart, for the horizontal axis; other numbers stay as they are."""
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=float)
    dates = pd.to_datetime(values)
    return (dates.dt.year * 12 + dates.dt.month - 1).to_numpy(dtype=float)


def month_axis(axes: Axes, low: float, high: float, numbers: Numbers, most: int = 7) -> None:
    """Months below the axis, the year under the first one and where it changes."""
    step = next((s for s in MONTH_STEPS if (high - low) / s < most), MONTH_STEPS[-1])
    # counted back from the last month, which is the one the report is about
    ticks = np.arange(high, low - 0.5, -step)[::-1]
    texts, year = [], None
    for tick in ticks.astype(int):
        name = numbers.months[tick % 12]
        texts.append(f"{name}\n{tick // 12}" if tick // 12 != year else name)
        year = tick // 12
    axes.set_xticks(list(ticks), texts)
    axes.tick_params(axis="x", labelsize=theme.SMALL_SIZE)


def _decimals(values: np.ndarray) -> int:
    """Fewest decimals (to three) with which all ticks are written exactly."""
    for digits in range(3):
        if np.allclose(values, np.round(values, digits), atol=1e-9):
            return digits
    return 3
