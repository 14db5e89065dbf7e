"""Where arrears stand: region by industry."""

from __future__ import annotations

import pandas as pd

from analysis.methods.delinquency.shares import shares


def risk_map(
    segments: pd.DataFrame,
    row: str = "region",
    column: str = "industry",
    minimum_accounts: int = 10,
    minimum_events: int = 3,
    level: float = 0.95,
) -> pd.DataFrame:
    """30+ balance rate of each cell of a map, with counts and rank.

    `segments` holds `row`, `column`, accounts, accounts_overdue and the moments of `analysis.statistics.ratio`,
    for one month end. Returns row, column, accounts, accounts_overdue, balance, balance_overdue, rate (balance 30
    or more days past due ÷ open balance; down is good), rate_lower, rate_upper, small, rank.

    `small` marks cells with fewer than `minimum_accounts` accounts, or fewer than `minimum_events` accounts
    overdue or not overdue: they are to be suppressed before anything is published, and are not ranked. Rank 1 is
    the highest rate; ranks of cells whose intervals overlap may be chance.
    """
    found = shares(segments, level)
    events, others = segments["accounts_overdue"], segments["accounts"] - segments["accounts_overdue"]
    small = (segments["accounts"] < minimum_accounts) | (events < minimum_events) | (others < minimum_events)
    frame = segments[[row, column, "accounts", "accounts_overdue"]].assign(
        balance=segments["denominator"],
        balance_overdue=segments["numerator"],
        rate=found.rate,
        rate_lower=found.lower,
        rate_upper=found.upper,
        small=small,
    )
    frame["rank"] = frame["rate"].where(~small).rank(ascending=False, method="min").astype("Int64")
    return frame.sort_values(["rank", row, column], ignore_index=True)
