"""How often intervals hold what a simulated portfolio was drawn from."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from scipy.special import bdtr

COLUMNS = ("part", "what", "arm", "segment", "measure", "estimate", "lower", "upper", "truth", "covered")
RARE = 0.05


def gathered(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Estimates beside the truth of all sections, with COLUMNS; those without interval or truth are left out."""
    found = pd.concat([table.reindex(columns=list(COLUMNS)) for table in tables], ignore_index=True)
    found = found.dropna(subset=["estimate", "lower", "upper", "truth"]).reset_index(drop=True)
    texts = ["part", "what", "arm", "segment", "measure"]
    inside = (found["lower"] <= found["truth"]) & (found["truth"] <= found["upper"])
    return found.assign(covered=inside, **{name: found[name].fillna("").astype(str) for name in texts})


def coverage(table: pd.DataFrame, level: float = 0.95, rare: float = RARE) -> pd.DataFrame:
    """Intervals that hold the truth, by part: part, estimates, covered, share, chance, fewer_than_chance.

    `chance` is that of so few or fewer among independent intervals of this level (binomial), and
    fewer_than_chance says that it is below `rare`. Estimates of one experiment hang together, so that it errs on
    the side of alarm.
    """
    grouped = table.groupby("part", sort=False)["covered"].agg(["size", "sum"]).astype("int64").reset_index()
    found = grouped.rename(columns={"size": "estimates", "sum": "covered"})
    chance = bdtr(found["covered"].to_numpy(float), found["estimates"].to_numpy(), level)
    share = found["covered"] / found["estimates"]
    return found.assign(share=share, chance=chance, fewer_than_chance=chance < rare)
