"""A programme's measures quarter by quarter, against where they stood before it began."""

from __future__ import annotations

import pandas as pd

COLUMNS = ("kpi", "month", "change", "lower", "upper")


def against_baseline(by_quarter: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Relative change of each quarter: kpi, month (the quarter's end), change, lower, upper.

    `by_quarter` has kpi, quarter (2025Q4), months (known of it; quarters known in part are left out), value, lower
    and upper, missing where withheld; `standing` (of `overview`) kpi and baseline, of which a measure that two
    plans share counts once. The baseline is taken as known, so the limits are those of the quarter alone, too
    narrow to tell a change by; moved() does that. Measures without a baseline, or with one of 0, are left out.
    """
    sound = standing[standing["baseline"].notna() & (standing["baseline"] != 0)].drop_duplicates("kpi")
    whole = by_quarter[by_quarter["months"] == 3]
    table = sound[["kpi", "baseline"]].merge(whole, on="kpi", how="inner").dropna(subset=["value"])
    relative = {"change": "value", "lower": "lower", "upper": "upper"}
    table = table.assign(**{name: table[old] / table["baseline"] - 1 for name, old in relative.items()})
    quarters = pd.PeriodIndex(table["quarter"].astype(str), freq="Q")
    return table.assign(month=quarters.to_timestamp(how="end").normalize())[[*COLUMNS]].reset_index(drop=True)


def moved(standing: pd.DataFrame) -> dict[str, int]:
    """Measures of all plans, each once, and how many moved towards their target and how many away from it.

    By the limits of the change since the start (of `overview`: chance, swings between months and the error of the
    baseline are in them), each measure alone.
    """
    once = standing[standing["change_lower"].notna()].drop_duplicates("kpi")
    rose, fell, up = once["change_lower"] > 0, once["change_upper"] < 0, once["better"] == "higher"
    towards, away = (rose & up) | (fell & ~up), (rose & ~up) | (fell & up)
    return {"measures": len(once), "towards": int(towards.sum()), "away": int(away.sum())}
