"""Comparisons of two groups: what must not be shown because either of them is small."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.report.suppression.cells import suppress
from analysis.report.suppression.marks import blanked

PAIR = ("", "_control")


def suppress_pairs(
    frame: pd.DataFrame,
    *,
    count: str = "units",
    events: str | None = "had",
    within: Sequence[Sequence[str]] = (),
    minimum: int = 10,
    minimum_events: int = 3,
    keep: Sequence[str] = (),
) -> pd.DataFrame:
    """Blank the rows in which the treated or the control group would be suppressed by `suppress`.

    Columns `count` and `count`_control tell how many each group has, `events` and `events`_control how many had
    the event (missing: the row tells no events). All numbers of such a row go but those in `keep`. Adds
    `suppressed` and `suppressed_because`. Raises ChapterError for columns that are not there.
    """
    sides = [
        suppress(
            frame,
            count=f"{count}{side}",
            events=f"{events}{side}" if events else None,
            within=within,
            minimum=minimum,
            minimum_events=minimum_events,
            blank=[],
        )
        for side in PAIR
    ]
    hidden = (sides[0]["suppressed"] | sides[1]["suppressed"]).to_numpy(dtype=bool)
    because = sides[0]["suppressed_because"].where(sides[0]["suppressed"], sides[1]["suppressed_because"])
    kept = {*keep, *(column for columns in within for column in columns)}
    numbers = [c for c in frame.columns if c not in kept and pd.api.types.is_numeric_dtype(frame[c].dtype)]
    numbers = [c for c in numbers if not pd.api.types.is_bool_dtype(frame[c].dtype)]
    return blanked(frame, hidden, because.to_numpy(dtype=object), numbers)
