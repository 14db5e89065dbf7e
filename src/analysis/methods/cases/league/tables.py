"""A league table made ready to be told of: adjusted, numbered by rank, beside how it looks unadjusted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.methods.cases.league.case_mix import case_mix, league
from analysis.statistics.shrinkage import draw, shrink

KEYS = ("entity", "outcome", "customer", "sampled")
"""Columns of the cases (`panel.contact_cases`, `panel.placement_cases`) that are no features."""

LEAST_CASES = 200
"""Cases below which no table is made: the model of the case mix would learn noise."""


def adjusted_league(
    cases: pd.DataFrame, level: float = 0.95, fewest: int = 30, seed: int = 0
) -> pd.DataFrame | None:
    """League of the cases' entities with their case mix taken out; None where there is nothing to compare.

    Adds to the columns of `league`: number (1 = best by the shrunken value, in the table's order), events (sum of
    outcomes), and plain (observed less the mean of all cases: how it looks before cases are made equal). None with
    under 200 cases, fewer than two entities of `fewest` customers, or outcomes that are all the same.
    """
    if len(cases) < LEAST_CASES or cases["outcome"].nunique() < 2:
        return None
    features = cases.drop(columns=list(KEYS))
    features = features.loc[:, features.nunique(dropna=False) > 1]
    if features.shape[1]:
        expected = case_mix(cases, features, "outcome", splits=3)
    else:
        expected = pd.Series(float(cases["outcome"].mean()), index=cases.index)
    table = league(cases, "entity", "outcome", expected, level=level, fewest=fewest, seed=seed)
    if int(table["estimate"].notna().sum()) < 2:
        return None
    events = table["observed"] * table["cases"]
    plain = table["observed"] - float(cases["outcome"].mean())
    return table.assign(number=range(1, len(table) + 1), events=events, plain=plain)


class Apart(NamedTuple):
    """The two entities furthest apart of those told apart: their numbers, and the difference with its limits."""

    best: int
    last: int
    difference: float
    lower: float
    upper: float
    pairs: int


def told_apart(table: pd.DataFrame, level: float = 0.95, seed: int = 0) -> Apart | None:
    """The pair with the largest difference among all that are told apart, and how many pairs are; None: none.

    Two entities are told apart where one is above the other with a probability of at least (1 + level) / 2, by
    the draws that `league` makes its groups from. The limits are those of this pair's difference.
    """
    there = table[table["estimate"].notna()].reset_index(drop=True)
    draws = draw(shrink(there["estimate"], there["se"], level), seed=seed)
    above = np.array([(draws[:, [i]] > draws).mean(axis=0) for i in range(len(there))])
    best, last = np.nonzero(above >= (1 + level) / 2)
    if not best.size:
        return None
    apart = (draws[:, best] - draws[:, last]).mean(axis=0)
    far = int(apart.argmax())
    reach = np.quantile(draws[:, best[far]] - draws[:, last[far]], [(1 - level) / 2, (1 + level) / 2])
    numbers = there["number"].to_numpy()
    pair = int(numbers[best[far]]), int(numbers[last[far]])
    return Apart(*pair, float(apart[far]), float(reach[0]), float(reach[1]), int(best.size))


def both_ends(table: pd.DataFrame, most: int = 12, ends: int = 5) -> pd.DataFrame:
    """The rows of a table of places as they are printed: all, or of more than `most` the first and last few."""
    there = table[table["estimate"].notna() | table["suppressed"]] if "suppressed" in table else table
    return there if len(there) <= most else pd.concat([there.head(ends), there.tail(ends)])


def rank_spans(table: pd.DataFrame, missing: str = "") -> list[str]:
    """Ranks as they are read, "1–3" or "2"; `missing` where there is no rank.

    >>> rank_spans(pd.DataFrame({"rank_lower": [1.0, 2.0, np.nan], "rank_upper": [3.0, 2.0, np.nan]}))
    ['1–3', '2', '']
    """
    pairs = table[["rank_lower", "rank_upper"]].itertuples(index=False)
    return [
        missing if pd.isna(low) else f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"
        for low, high in pairs
    ]
