"""A programme's measures quarter by quarter, against where they stood before it began."""

from __future__ import annotations

from typing import Any

import pandas as pd

COLUMNS = ("kpi", "month", "change", "lower", "upper", "verdict")
BETTER, WORSE, OPEN = "better", "worse", "can't tell"


def against_baseline(by_quarter: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Relative change of each quarter: kpi, month (the quarter's end), change, lower, upper, verdict.

    `by_quarter` has kpi, quarter (2025Q4), value, lower and upper, missing where withheld; `standing` (of
    `programme_overview`) kpi, baseline and better {higher, lower}, of which a measure that two plans share counts
    once. The baseline is taken as known, so the limits are those of the quarter alone. verdict is better or worse
    where they leave out no change, by the direction the target asks for. Measures without a baseline, or with one
    of 0, are left out.
    """
    sound = standing[standing["baseline"].notna() & (standing["baseline"] != 0)].drop_duplicates("kpi")
    table = sound[["kpi", "baseline", "better"]].merge(by_quarter, on="kpi", how="inner").dropna(subset=["value"])
    relative = {"change": "value", "lower": "lower", "upper": "upper"}
    table = table.assign(**{name: table[old] / table["baseline"] - 1 for name, old in relative.items()})
    quarters = pd.PeriodIndex(table["quarter"].astype(str), freq="Q")
    table = table.assign(month=quarters.to_timestamp(how="end").normalize())
    table["verdict"] = [_verdict(*row) for row in table[["lower", "upper", "better"]].itertuples(index=False)]
    return table[[*COLUMNS]].reset_index(drop=True)


def latest(changes: pd.DataFrame) -> dict[str, Any]:
    """Measures told of in the last quarter that any has, how many are better and how many worse, and its end."""
    last = changes[changes["month"] == changes["month"].max()]
    verdicts = last["verdict"].value_counts()
    counts = {name: int(verdicts.get(name, 0)) for name in (BETTER, WORSE)}
    return {"measures": len(last), **counts, "month": None if last.empty else last["month"].iloc[0]}


def _verdict(lower: float, upper: float, better: str) -> str:
    if lower <= 0 <= upper:
        return OPEN
    return BETTER if (lower > 0) == (better == "higher") else WORSE
