"""What the segmentation chapter must not tell: single accounts, and those who hold them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from chapter_runs import Left

COUNTED = ["tiers", "tier_migration", "exposure", "scorecard", "reasons", "clusters", "causes", "allocation"]
COUNTED += ["queue_today"]
"""Tables whose rows are cells of accounts that may be withheld."""
TOTALS = {
    "tiers": [[]],
    "exposure": [["dimension"]],
    "scorecard": [["event", "feature"]],
    "clusters": [["feature"]],
    "causes": [["recorded"], ["predicted"]],
    "allocation": [[]],
    "tier_migration": [["from_tier"], ["to_tier"]],
}
"""What the cells of a table add up to, which is known from elsewhere."""


@pytest.fixture(params=["segmentation", "hard_segmentation"])
def left(request: pytest.FixtureRequest) -> Left:
    found: Left = request.getfixturevalue(request.param)
    return found


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[~frame["suppressed"].astype(bool)]


def one_or_two(counts: pd.Series) -> pd.Series:
    return counts.astype(float).between(0.5, 2.5)


def test_results_hold_no_account_or_customer(segmentation: Left, demo: Path) -> None:
    people = pq.read_table(demo / "accounts.parquet", columns=["account_id", "customer_id"]).to_pandas()
    known = set(people["account_id"]) | set(people["customer_id"])
    for name, frame in segmentation.tables.items():
        assert not [column for column in frame.columns if column.endswith("_id")], name
        for column in frame.select_dtypes(["object", "string", "category"]):
            assert not known & set(frame[column].astype(str)), f"{name}.{column}"
    assert not known & set(re.findall(r"\w+", segmentation.texts))


@pytest.mark.parametrize("name", COUNTED)
def test_no_small_cell_is_shown(left: Left, name: str) -> None:
    rows = shown(left.table(name))
    assert not rows["accounts"].astype(float).between(0.5, 9.5).any()


@pytest.mark.parametrize("name", COUNTED)
def test_withheld_rows_tell_nothing(left: Left, name: str) -> None:
    frame = left.table(name)
    gone = frame[frame["suppressed"]].drop(columns=["tier", "group", "rank"], errors="ignore")
    numbers = gone.select_dtypes("number")
    assert numbers.isna().all(axis=None), numbers.columns[numbers.notna().any()].tolist()


@pytest.mark.parametrize("name", TOTALS)
def test_no_cell_is_withheld_alone(left: Left, name: str) -> None:
    frame = left.table(name)
    for columns in TOTALS[name]:
        keys = frame.groupby(columns, dropna=False).ngroup() if columns else pd.Series(0, index=frame.index)
        hidden, size = frame["suppressed"].groupby(keys).sum(), keys.value_counts()
        assert not ((hidden == 1) & (size.reindex(hidden.index) > 1)).any(), columns


def test_bins_of_the_scorecard_tell_of_no_few_events(left: Left) -> None:
    bins = shown(left.table("scorecard"))
    assert len(bins) > 20
    assert not one_or_two(bins["events"]).any() and not one_or_two(bins["accounts"] - bins["events"]).any()


def test_needs_of_one_or_two_are_told_nowhere(left: Left) -> None:
    tiers = left.table("tiers")
    told = tiers["in_need"].dropna()
    assert not one_or_two(told).any()
    real = pd.read_parquet(left.work / "accounts" / "segmentation" / "tiers.parquet").groupby("tier")["need"].sum()
    hidden = real[tiers.set_index("tier")["in_need"].reindex(real.index).isna()]
    assert len(hidden) != 1 or hidden.iloc[0] > 2


def test_tiers_are_withheld_alike_in_all_tables(left: Left) -> None:
    tiers = left.table("tiers").set_index("tier")["suppressed"]
    exposed = left.table("exposure").query("dimension == 'tier'").set_index("value")["suppressed"]
    for tier, hidden in exposed.items():
        assert bool(tiers[int(tier)]) == bool(hidden), tier


def test_ways_that_few_went_are_not_told(left: Left) -> None:
    sentence = next(line for line in left.prose.splitlines() if "that were overdue at the end of" in line)
    before = int(re.search(r"Of the ([\d,]+) accounts", sentence).group(1).replace(",", ""))  # type: ignore[union-attr]
    shares = [float(share) for share in re.findall(r"([\d.]+)% are (?:no longer|in )", sentence)]
    assert len(shares) >= 1
    # Shares are rounded to a tenth of a percent.
    assert all(share == 0 or round(share / 100 * before + 0.5) >= 10 for share in shares)
    assert len(shares) == 4 or "the others are too few to be told apart" in sentence


def test_groups_of_people_are_thirty_or_more_and_none_is_withheld_alone(left: Left) -> None:
    groups = left.table("fairness").drop_duplicates(["attribute", "group"])
    assert (shown(groups)["rows"] >= 30).all()
    named = left.table("fairness_gaps")
    for attribute, part in groups[groups["suppressed"]].groupby("attribute"):
        gaps = named[named["attribute"] == attribute]
        assert not set(part["group"]) & (set(gaps["highest"]) | set(gaps["lowest"]))


def test_depths_of_a_queue_are_ten_decisions_apart(left: Left) -> None:
    depths = left.table("queue_value").sort_values("depth").groupby("score")["accounts"]
    assert (depths.min() >= 10).all() and (depths.diff().dropna() >= 10).all()


def test_what_is_used_does_not_give_withheld_treatments_away(left: Left) -> None:
    if left.table("allocation")["suppressed"].any():
        prices = left.table("shadow_prices")
        assert prices["used"].isna().all()
        assert prices.loc[prices["price"] <= 0, "lower"].isna().all()


def test_no_sentence_counts_fewer_than_three(left: Left) -> None:
    assert not re.search(
        r"\b[12] (accounts?|decisions?|events?|customers?) (was|were|is|are|had|have)\b", left.prose
    )


def test_curves_of_tiers_have_no_step_of_one_or_two(left: Left) -> None:
    rows = shown(left.table("tier_curves")).query("exit != 'open'").sort_values("months")
    steps = rows.groupby(["tier", "exit"])["gone"].diff().dropna()
    assert not one_or_two(np.abs(steps)).any()
