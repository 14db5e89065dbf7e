"""One row of a tidy frame, and the headline number that it makes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pandas as pd

from analysis.core.errors import ChapterError
from analysis.report.headlines import Gate, Headline

WHOLE = {"dimension": "all", "value": "all"}
"""Labels of the whole portfolio, taken where a frame is broken down and nothing else is asked for."""


def cell(frame: pd.DataFrame, **labels: object) -> pd.Series | None:
    """The row with these labels, or None where there is none or its rate is missing.

    Frames broken down by dimension give the whole portfolio's row unless another is asked for. Raises ChapterError
    where several rows have the labels: one more label is needed to tell them apart.
    """
    asked = {key: value for key, value in WHOLE.items() if key in frame.columns} | labels
    found = frame
    for key, value in asked.items():
        found = found[found[key] == value]
    if len(found) > 1:
        others = [column for column in found.columns if found[column].nunique() > 1]
        raise ChapterError(f"{len(found)} rows have {labels}; tell them apart by {', '.join(others[:5])}")
    if found.empty or ("rate" in found.columns and pd.isna(found["rate"].iloc[0])):
        return None
    return found.iloc[0]


def values(row: pd.Series | None, **names: str) -> dict[str, Any]:
    """Values for a sentence from columns of a row: `values(row, rate="rate", lower="rate_lower")`.

    All of them are None where there is no row, so that a template can ask whether they are known.
    """
    return {
        name: None if row is None or pd.isna(row[column]) else _plain(row[column])
        for name, column in names.items()
    }


def _plain(value: object) -> object:
    """A numpy scalar as Python's own, so that templates can compare it (`certain is false`)."""
    return value.item() if hasattr(value, "item") else value


def rate_headline(
    key: str,
    label: str,
    rows: tuple[pd.Series | None, pd.Series | None, pd.Series | None],
    *,
    as_of: date,
    good_direction: str,
    priority: int,
    minimum: int = 10,
    gates: Iterable[Gate] = (),
) -> list[Headline]:
    """Headline of a rate now, a quarter before and a year ago; no headline where there is none now.

    `rows` hold numerator, denominator, rate, rate_lower, rate_upper and, where known, units; fewer than `minimum`
    units raise the gate `small_cell`.
    """
    now, previous, year_ago = rows
    if now is None:
        return []
    units = int(now["units"]) if "units" in now.index else minimum
    small = [Gate("small_cell", f"rests on {units} observations")] if units < minimum else []
    bounds = [None if pd.isna(now[name]) else float(now[name]) for name in ("rate_lower", "rate_upper")]
    headline = Headline(
        key=key,
        label=label,
        value=float(now["rate"]),
        unit="fraction",
        as_of=as_of,
        lower=bounds[0],
        upper=bounds[1],
        numerator=float(now["numerator"]),
        denominator=float(now["denominator"]),
        previous=None if previous is None else float(previous["rate"]),
        year_ago=None if year_ago is None else float(year_ago["rate"]),
        good_direction=good_direction,
        gates=(*gates, *small),
        priority=priority,
    )
    return [headline]
