"""What satellites could be fitted on at an earlier date."""

from __future__ import annotations

from datetime import date

import pandas as pd

from analysis.methods.stress.satellites.cells import recovery_rows


def known_then(steps: pd.DataFrame, claims: pd.DataFrame | None, day: date, horizon: int) -> pd.DataFrame:
    """Cells of all steps as they were known at an earlier month end: `steps` up to it, and the recoveries on
    `claims`, which are that day's own (recovery_cells of a portfolio opened as of it)."""
    before = steps[steps["month"] <= pd.Timestamp(day)]
    if claims is None or not len(claims):
        return before
    return pd.concat([before, recovery_rows(claims, horizon=horizon)], ignore_index=True)
