"""Accounts in tiers, and what tiers hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.segmentation.tiers.accounts import both_ends, tier_accounts, tier_summary
from analysis.methods.segmentation.tiers.components import group_risk, with_group_risk
from analysis.methods.segmentation.tiers.rules import TierRules


def overdue(count: int = 500, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "account_id": [f"A{i:04}" for i in range(count)],
            "fold": rng.integers(0, 32, count),
            "balance": rng.gamma(2.0, 5_000.0, count),
            "product": rng.choice(["card", "mortgage", "cash_loan"], count),
            "days_past_due": rng.integers(1, 180, count),
            "on_time_share": rng.random(count),
            "debt_ratio": rng.random(count),
            "industry": rng.choice(["retail", "mining", None], count),
            "need": rng.choice(["illness", None], count, p=[0.1, 0.9]),
        }
    )


def test_tiers_hold_all_accounts_and_all_that_is_owed() -> None:
    accounts = overdue()
    table = tier_summary(tier_accounts(accounts))
    assert table["tier"].tolist() == [1, 2, 3, 4, 5]
    assert table["accounts"].sum() == len(accounts) and table["share"].sum() == pytest.approx(1)
    assert table["balance"].sum() == pytest.approx(accounts["balance"].sum())
    assert table["in_need"].sum() == accounts["need"].notna().sum()
    assert (table["lowest"].to_numpy()[:-1] >= table["highest"].to_numpy()[1:]).all()


def test_mean_points_of_a_tier_add_up_to_its_mean_score() -> None:
    table = tier_summary(tier_accounts(overdue()))
    points = [name for name in table if name.startswith(("value_", "risk_"))]
    assert table[points].sum(axis=1).to_numpy() == pytest.approx(table["score"].to_numpy())


def test_a_tier_that_nobody_reaches_is_told_with_none() -> None:
    table = tier_summary(tier_accounts(overdue(), TierRules(cutoffs=(101, 60, 40, 20)))).set_index("tier")
    assert table.loc[1, "accounts"] == 0 and table.loc[1, "balance"] == 0 and np.isnan(table.loc[1, "score"])


def test_equal_scores_give_equal_cutoffs_that_are_taken() -> None:
    alike = overdue(40).assign(product="card", days_past_due=5, on_time_share=1.0, debt_ratio=0.3)
    assert tier_accounts(alike, TierRules(cutoffs=(50.0, 50.0, 50.0, 50.0)))["tier"].nunique() == 1


def test_a_groups_risk_comes_from_the_accounts_learnt_and_not_from_those_scored() -> None:
    learnt = overdue().assign(lost=lambda f: (f["industry"] == "mining").astype(float))
    scored = overdue(6, seed=9).assign(industry=["mining", "retail", None, "mining", "unseen", "retail"])
    found = with_group_risk(scored, learnt, "lost")["industry_risk"]
    assert found.tolist()[:2] == [1.0, 0.0] and np.isnan(found[2]) and np.isnan(found[4])
    assert with_group_risk(learnt, learnt, "lost")["industry_risk"].equals(
        group_risk(learnt["industry"], learnt["lost"]).rename("industry_risk")
    )
    assert "region_risk" not in with_group_risk(scored, learnt, "lost")


def test_both_ends_are_the_best_two_tiers_and_the_last_two() -> None:
    tiered = tier_accounts(overdue())
    ends, table = both_ends(tiered), tier_summary(tiered).set_index("tier")
    assert ends["top_share"] == pytest.approx(table.loc[[1, 2], "accounts"].sum() / len(tiered))
    assert ends["bottom_balance"] == pytest.approx(table.loc[[4, 5], "balance"].sum() / tiered["balance"].sum())


def test_no_need_told_is_no_need() -> None:
    accounts = overdue(3).assign(need=["none", "unknown", "illness"])
    assert tier_accounts(accounts)["need"].tolist() == [False, False, True]
