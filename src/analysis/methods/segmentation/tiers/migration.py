"""Who moved between tiers from one quarter to the next."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.segmentation.totals import totals
from analysis.statistics.jackknife import fold_counts, leave_one_out, share_limits

ENTERED, LEFT = "entered", "left"
COLUMNS = ("account_id", "tier", "balance", "fold")
WAYS = (LEFT, "same", "worse", "better")
"""What becomes of an account that had a tier; one that is new has ENTERED."""


def tier_migration(before: pd.DataFrame, after: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Accounts by tier in one quarter and in the next.

    Both frames: account_id, tier, balance, fold (a random group of customers, the same in both). Returns
    from_tier, to_tier (1 to 5; "entered" for accounts that are new, "left" for those gone), accounts, balance
    (after; before for those that left), share (of the accounts that were in from_tier), lower, upper. Rows of a
    from_tier sum to one. Limits: Wilson's at the size that the folds' differences amount to. With cut-offs by
    target shares a tier's size cannot change, so movement there is relative: only fixed cut-offs show the
    portfolio itself improving. Raises InputError where an account comes twice in a frame.
    """
    moves = _moves(before, after)
    index, counts = fold_counts(moves, ["from_tier", "to_tier"], ["accounts", "balance"])
    accounts = counts[:, 0, :]
    origin = np.unique(index["from_tier"], return_inverse=True)[1]
    size = int(origin.max()) + 1
    whole = np.stack([totals(origin, size, fold) for fold in accounts])[:, origin]
    with np.errstate(invalid="ignore", divide="ignore"):
        share, replicates = accounts.sum(0) / whole.sum(0), leave_one_out(accounts) / leave_one_out(whole)
    limits = share_limits(share, replicates, whole.sum(axis=0), level)
    table = index.assign(accounts=accounts.sum(axis=0).astype(int), balance=counts[:, 1, :].sum(axis=0))
    return table.assign(share=share, lower=limits.lower, upper=limits.upper)


def way_moved(migration: pd.DataFrame) -> pd.Series:
    """For each row of `tier_migration`: left, entered, or a same, worse (higher number) or better tier.

    >>> way_moved(pd.DataFrame({"from_tier": ["1", "3", "entered"], "to_tier": ["2", "left", "1"]})).tolist()
    ['worse', 'left', 'entered']
    """
    numbers = {str(tier): tier for tier in range(1, 6)}
    step = migration["to_tier"].map(numbers) - migration["from_tier"].map(numbers)
    way = np.select([step > 0, step < 0, step == 0], ["worse", "better", "same"], default="")
    way = np.where(migration["to_tier"] == LEFT, LEFT, way)
    way = np.where(migration["from_tier"] == ENTERED, ENTERED, way)
    return pd.Series(way, index=migration.index, name="way")


def ways(migration: pd.DataFrame) -> pd.DataFrame:
    """Accounts by way: way, accounts, share (of those that had a tier; missing for entered), was, is.

    `migration` has the columns of `tier_migration` and `way`. `was` is true where the account had a tier before,
    `is` where it has one now: the two totals that ways add up to. Ways that nobody went are there with none.
    """
    counts = migration.groupby("way")["accounts"].sum().reindex([*WAYS, ENTERED], fill_value=0)
    table = counts.astype(int).rename_axis("way").reset_index()
    table = table.assign(was=table["way"] != ENTERED)
    table["is"] = table["way"] != LEFT
    before = int(table.loc[table["was"], "accounts"].sum())
    return table.assign(share=(table["accounts"] / max(before, 1)).where(table["was"]))


def movements(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, float]:
    """What became of the accounts that had a tier before: counts, and shares of them.

    accounts (that had one), left (no longer among those with a tier), better (a lower number), same, worse; and
    entered, the count of those that are new. Frames as for `tier_migration`, whose errors it raises.
    """
    moves = _moves(before, after)
    old = moves[moves["from_tier"] != ENTERED]
    stayed = old[old["to_tier"] != LEFT]
    step = stayed["to_tier"].astype(int) - stayed["from_tier"].astype(int)
    counts = {"left": len(old) - len(stayed), "better": (step < 0).sum(), "same": (step == 0).sum()}
    counts["worse"] = (step > 0).sum()
    shares = {name: float(count) / max(len(old), 1) for name, count in counts.items()}
    return {"accounts": len(old), "entered": len(moves) - len(old), **shares}


def _moves(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    for name, frame in (("before", before), ("after", after)):
        lost = [column for column in COLUMNS if column not in frame]
        if lost or frame["account_id"].duplicated().any():
            what = f"lacks {', '.join(lost)}" if lost else "holds an account twice"
            raise InputError(f"tier migration: {name} {what}; pass one row an account with {', '.join(COLUMNS)}")
    # An index named after the account would leave the merge two of them.
    earlier, later = (frame[list(COLUMNS)].reset_index(drop=True) for frame in (before, after))
    both = earlier.merge(later, how="outer", on="account_id", suffixes=("", "_after"))
    tiers = {
        "from_tier": both["tier"].astype("Int64").astype("string").fillna(ENTERED),
        "to_tier": both["tier_after"].astype("Int64").astype("string").fillna(LEFT),
    }
    fold = both["fold"].fillna(both["fold_after"]).astype(int)
    balance = both["balance_after"].fillna(both["balance"])
    return pd.DataFrame({**tiers, "fold": fold, "balance": balance, "accounts": 1.0})
