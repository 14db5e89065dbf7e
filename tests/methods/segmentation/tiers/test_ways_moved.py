"""Ways that accounts went between tiers, and the totals that they add up to."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.methods.segmentation.tiers.migration import WAYS, tier_migration, way_moved, ways


@pytest.fixture(scope="module")
def migration() -> pd.DataFrame:
    def quarter(tiers: list[int], first: int) -> pd.DataFrame:
        ids = [f"A{first + i}" for i in range(len(tiers))]
        return pd.DataFrame(
            {"account_id": ids, "tier": tiers, "balance": 1.0, "fold": [i % 4 for i in range(len(ids))]}
        )

    # A0–A5 before, A2–A7 after: two left, two entered; 3 → 4 worse, 4 → 3 better, 5 and 1 stay.
    found = tier_migration(quarter([1, 2, 3, 4, 5, 1], 0), quarter([4, 3, 5, 1, 2, 2], 2))
    return found.assign(way=way_moved(found))


def test_each_way_is_counted_once(migration: pd.DataFrame) -> None:
    counts = ways(migration).set_index("way")["accounts"].to_dict()
    assert counts == {"left": 2, "same": 2, "worse": 1, "better": 1, "entered": 2}


def test_ways_of_those_that_were_there_add_up_to_them(migration: pd.DataFrame) -> None:
    table = ways(migration)
    assert table.loc[table["was"], "accounts"].sum() == 6 == table.loc[table["is"], "accounts"].sum()
    assert table.loc[table["was"], "share"].sum() == pytest.approx(1.0)
    assert table.loc[~table["was"], "share"].isna().all()


def test_ways_that_nobody_went_are_told_as_none(migration: pd.DataFrame) -> None:
    table = ways(migration[migration["way"] == "same"]).set_index("way")
    assert (table.loc[[way for way in (*WAYS, "entered") if way != "same"], "accounts"] == 0).all()
