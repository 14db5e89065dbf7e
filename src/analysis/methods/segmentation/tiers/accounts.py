"""Accounts put into tiers, and what each tier holds."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.methods.segmentation.tiers.components import tier_components
from analysis.methods.segmentation.tiers.rules import TierRules, assign_tiers, score_accounts

NO_NEED = ("none", "unknown")
"""What the engine writes where no need was told."""

KEPT = ("account_id", "month", "fold", "balance", "product", "days_past_due")


def tier_accounts(
    accounts: pd.DataFrame,
    rules: TierRules | None = None,
    product_value: Mapping[str, float] | None = None,
    lender_value: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """A row an account: what identifies it, score, points of each component, tier, need, treatment.

    `accounts` has the columns that `tier_components` reads (with industry_risk and region_risk where wanted, see
    `with_group_risk`) and, where needs are recorded, `need`. Raises as `tier_components` and `score_accounts` do.
    """
    components = tier_components(accounts, product_value or None, lender_value or None)
    scored = score_accounts(components, rules)
    need = accounts["need"].mask(accounts["need"].isin(NO_NEED)) if "need" in accounts else None
    tiered = assign_tiers(scored, need, rules)
    kept = [name for name in KEPT if name in accounts]
    return pd.concat([accounts[kept], tiered], axis=1)


def tier_summary(tiered: pd.DataFrame) -> pd.DataFrame:
    """What each tier holds, 1 to 5: accounts and balance with their shares, lowest and highest score, in_need.

    And for each component its mean points in the tier, whose sum is the tier's mean score. Tiers without accounts
    are there with none. Shares are of all accounts, and of all that is owed, in the frame.
    """
    points = points_of(tiered)
    by_tier = tiered.groupby("tier")
    table = by_tier.agg(
        accounts=("score", "size"),
        balance=("balance", "sum"),
        in_need=("need", "sum"),
        lowest=("score", "min"),
        highest=("score", "max"),
        score=("score", "mean"),
    )
    table = table.join(by_tier[points].mean()).reindex(range(1, 6))
    counts = ["accounts", "balance", "in_need"]
    table[counts] = table[counts].fillna(0)
    table.insert(1, "share", table["accounts"] / max(table["accounts"].sum(), 1))
    owed = table["balance"].sum()
    table.insert(3, "balance_share", table["balance"] / owed if owed > 0 else 0.0)
    return table.rename_axis("tier").reset_index().astype({"accounts": int, "in_need": int})


def points_of(tiered: pd.DataFrame) -> list[str]:
    """Names of the components that give points, as columns of `tier_accounts`."""
    return [str(name) for name in tiered if str(name).startswith(("value_", "risk_"))]


def both_ends(tiered: pd.DataFrame) -> dict[str, float]:
    """Shares of accounts and of balance in the best two tiers and in the last two.

    top_share, top_balance, bottom_share, bottom_balance; of all accounts, or all that is owed, in the frame.
    """
    table = tier_summary(tiered).set_index("tier")[["share", "balance_share"]]
    top, bottom = table.loc[1:2].sum(), table.loc[4:5].sum()
    return {
        "top_share": float(top["share"]),
        "top_balance": float(top["balance_share"]),
        "bottom_share": float(bottom["share"]),
        "bottom_balance": float(bottom["balance_share"]),
    }
