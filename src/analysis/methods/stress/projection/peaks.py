"""How high arrears go within the months ahead, and what is not known of that."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.methods.stress.projection.book import Book
from analysis.methods.stress.projection.paths import Paths
from analysis.methods.stress.projection.projection import Projection

Array = npt.NDArray[np.float64]


def overdue_rate(paths: Paths, book: Book, days: int = 30) -> Array:
    """Stock `days` or more past due ÷ open stock, of the whole book, (D, H + 1), today first; 0 where none is."""
    inside = len(book.buckets.labels)
    held = paths.stock[..., :inside].sum(axis=2)
    late, opened = held[..., book.buckets.edges.index(days) + 1 :].sum(axis=-1), held.sum(axis=-1)
    return np.divide(late, opened, out=np.zeros_like(late), where=opened > 0)


def own_peaks(paths: Mapping[str, Paths], book: Book, days: int = 30) -> Array:
    """Highest share of the balance `days` or more past due within the months ahead, of each draw, (D,)."""
    return np.asarray(overdue_rate(paths["balance"], book, days)[:, 1:].max(axis=1))


def peaks(projections: Mapping[str, Projection], days: int = 30, level: float = 0.95) -> pd.DataFrame:
    """Highest share of the balance `days` or more past due within the months ahead, by scenario.

    Each draw has a peak of its own, in whatever month it comes. `expected` is the mean of these peaks, `lower` and
    `upper` their quantiles, the `_parameter` limits those of draws of the coefficients alone. It is not the
    highest point of the expected path, and lies above it where that is flat, since draws peak in different months.
    `month` is the one in which the expected path is highest, `start` today's rate, which is no candidate.

    Columns scenario, month, expected, lower, upper, lower_parameter, upper_parameter, start; a row a scenario.
    """
    return pd.DataFrame([{"scenario": name} | _peak(one, days, level) for name, one in projections.items()])


def _peak(one: Projection, days: int, level: float) -> dict[str, object]:
    point = overdue_rate(one.point["balance"], one.book, days)
    highest, inner = (own_peaks(paths, one.book, days) for paths in (one.total, one.parameter))
    tails = [(1 - level) / 2, (1 + level) / 2]
    lower, upper = np.quantile(highest, tails)
    lower_parameter, upper_parameter = np.quantile(inner, tails)
    expected = float(highest.mean())
    return {
        "month": one.months[int(point[0, 1:].argmax())],
        "expected": expected,
        # A few draws far out can carry a mean beyond quantiles.
        "lower": min(float(lower), expected),
        "upper": max(float(upper), expected),
        "lower_parameter": float(lower_parameter),
        "upper_parameter": float(upper_parameter),
        "start": float(point[0, 0]),
    }
