"""Rates side by side: now, a quarter before and a year ago; and groups against the whole."""

from __future__ import annotations

import pandas as pd

from analysis.statistics.difference import difference
from analysis.statistics.ratio import Interval

RATE = ("rate", "rate_lower", "rate_upper")
KEYS = ["dimension", "value", "measure", "basis"]
CHANGE = ["change", "change_lower", "change_upper", "certain"]


def side_by_side(rates: pd.DataFrame, changes: pd.DataFrame, now: str, before: str, year_ago: str) -> pd.DataFrame:
    """Rates of the period `now` for the whole portfolio, each with its changes on the two earlier periods.

    Returns the rows of `rates` for `now`, in their order by measure and basis, with `rate_before`,
    `rate_year_ago`, change, change_lower, change_upper, certain (on `before`) and the same with the ending `_year`
    (on `year_ago`). Missing where there is nothing to compare with.
    """
    whole = rates[(rates["dimension"] == "all") & (rates["period"] == now)]
    table = whole.reset_index(drop=True)
    for name, earlier, ending in (("before", before, ""), ("year_ago", year_ago, "_year")):
        chosen = changes[(changes["period"] == now) & (changes["before"] == earlier)]
        named = {column: f"{column}{ending}" for column in CHANGE} | {"rate_before": f"rate_{name}"}
        table = table.merge(chosen[[*KEYS, "rate_before", *CHANGE]].rename(columns=named), on=KEYS, how="left")
    return table


def without_withheld(changes: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """The changes of which neither rate is withheld.

    `changes` have dimension, value, measure, basis, period and before; `rates` the same but before, and
    `suppressed`.
    """
    withheld = {tuple(row) for row in rates.loc[rates["suppressed"], [*KEYS, "period"]].itertuples(index=False)}
    rows = changes[[*KEYS, "period", "before"]].itertuples(index=False)
    kept = [not ({(*row[:4], row.period), (*row[:4], row.before)} & withheld) for row in rows]
    return changes[pd.Series(kept, index=changes.index, dtype=bool)].reset_index(drop=True)


def ranges(segments: pd.DataFrame) -> pd.DataFrame:
    """Highest and lowest rate within each dimension, widest range first; one basis, measure and period.

    Returns dimension, low, low_value, high, high_value. Groups that are suppressed, and those whose interval spans
    more than the rate itself (too few to say much), are passed over; dimensions with fewer than two groups left
    are not listed.
    """
    usable = segments[(segments["dimension"] != "all") & segments["rate"].notna()]
    usable = usable[(usable["rate_upper"] - usable["rate_lower"]) <= usable["rate"].clip(lower=1e-9)]
    rows = []
    for dimension, groups in usable.groupby("dimension", sort=False):
        if len(groups) > 1:
            low, high = groups.loc[groups["rate"].idxmin()], groups.loc[groups["rate"].idxmax()]
            rows.append((dimension, low["rate"], low["value"], high["rate"], high["value"]))
    found = pd.DataFrame(rows, columns=["dimension", "low", "low_value", "high", "high_value"])
    return found.iloc[(found["high"] - found["low"]).argsort()[::-1]].reset_index(drop=True)


def highest(groups: pd.DataFrame, whole: float) -> pd.Series | None:
    """The group with the highest rate that is shown, or None where none is.

    `distinct` says whether its whole interval lies above the rate of the whole portfolio. Of groups that are
    distinct the one with the highest lower limit is taken, so that a tiny group does not stand in front.
    """
    shown = groups[groups["rate"].notna()]
    if shown.empty:
        return None
    above = shown[shown["rate_lower"] > whole]
    chosen = shown.loc[shown["rate"].idxmax()] if above.empty else above.loc[above["rate_lower"].idxmax()]
    return pd.Series({**chosen.to_dict(), "distinct": not above.empty})


def latest(rates: pd.DataFrame, until: str) -> pd.DataFrame:
    """For each measure and basis of the whole portfolio, its latest row up to `until` with a rate."""
    known = rates[(rates["dimension"] == "all") & (rates["period"] <= until) & rates["rate"].notna()]
    newest = known.groupby(["measure", "basis"], sort=False)["period"].transform("max")
    return known[known["period"] == newest].reset_index(drop=True)


def cohort_pair(curve: pd.DataFrame, least: int = 6) -> dict[str, object] | None:
    """A young cohort and an older one at the same age, from curves of one measure and basis.

    The young one is the newest followed for at least `least` months (or, where none is, the newest followed at
    all); the older one that of a year before, else the oldest there is. Returns age, newest, oldest (cohorts),
    newer and older (rates) with their limits, and certain (they differ by more than chance explains); None where
    there are not two cohorts.
    """
    reached = curve.groupby("cohort")["since"].max()
    enough = reached[reached >= min(least, int(reached.max()))] if len(reached) else reached
    if len(reached) < 2 or enough.empty:
        return None
    newest = max(enough.index)
    age = int(reached[newest])
    # A cohort followed longer may still lack this very age, withheld as a small cell.
    at_age = curve[curve["since"] == age].set_index("cohort")
    older = [name for name in at_age.index if name < newest]
    if not older:
        return None
    year_before = f"{int(newest[:4]) - 1}{newest[4:]}"
    oldest = year_before if year_before in older else min(older)
    found: dict[str, object] = {"age": age, "newest": newest, "oldest": oldest}
    for name, cohort in (("newer", newest), ("older", oldest)):
        for ending in ("", "_lower", "_upper"):
            found[f"{name}{ending}"] = float(at_age[f"rate{ending}"].to_dict()[cohort])
    return found | {"certain": _differ(at_age.loc[[newest]], at_age.loc[[oldest]])}


def _differ(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two cohorts' rates differ by more than chance explains; no account is in both."""
    first, second = (Interval(*(row[name].to_numpy(float) for name in RATE)) for row in (one, other))
    found = difference(first, second)
    return bool(((found.lower > 0) | (found.upper < 0)).all())
