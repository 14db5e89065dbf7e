"""Movement between tiers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.methods.segmentation.tiers.migration import movements, tier_migration


def quarter(tiers: dict[str, int], balance: float = 100.0) -> pd.DataFrame:
    ids = list(tiers)
    return pd.DataFrame(
        {"account_id": ids, "tier": list(tiers.values()), "balance": balance, "fold": [hash_of(i) for i in ids]}
    )


def hash_of(account: str) -> int:
    return int(account[1:]) % 8


def test_rows_of_a_tier_sum_to_one_and_count_those_who_came_and_went() -> None:
    rng = np.random.default_rng(1)
    before = quarter({f"A{i}": int(t) for i, t in enumerate(rng.integers(1, 6, 300))})
    after = quarter({f"A{i}": int(t) for i, t in enumerate(rng.integers(1, 6, 330)) if i >= 20}, 90.0)
    table = tier_migration(before, after)
    assert table.groupby("from_tier").share.sum().to_numpy() == pytest.approx(1.0)
    assert table.loc[table.to_tier == "left", "accounts"].sum() == 20
    assert table.loc[table.from_tier == "entered", "accounts"].sum() == 30
    assert table.balance.sum() == pytest.approx(20 * 100 + 310 * 90)
    inside = table[table.share < 1]
    assert ((inside.lower < inside.share) & (inside.share < inside.upper)).all()


def test_a_quarter_in_which_nobody_moves_stays_on_the_diagonal() -> None:
    before = quarter({f"A{i}": 1 + i % 5 for i in range(50)})
    table = tier_migration(before, before)
    assert (table.from_tier == table.to_tier).all() and table.share.eq(1).all() and table.accounts.eq(10).all()


def test_an_index_of_accounts_changes_nothing() -> None:
    before = quarter({f"A{i}": 1 + i % 5 for i in range(50)})
    indexed = before.set_index("account_id", drop=False)
    pd.testing.assert_frame_equal(tier_migration(indexed, indexed), tier_migration(before, before))


def test_an_account_that_comes_twice_or_lacks_a_column_is_refused() -> None:
    before = quarter({"A1": 1, "A2": 2})
    with pytest.raises(InputError, match="after holds an account twice"):
        tier_migration(before, pd.concat([before, before]))
    with pytest.raises(InputError, match="before lacks balance"):
        tier_migration(before.drop(columns="balance"), before)


def test_movements_count_each_account_that_had_a_tier_once() -> None:
    before, after = quarter({"A1": 1, "A2": 2, "A3": 5, "A4": 3}), quarter({"A1": 2, "A2": 1, "A3": 5, "A9": 4})
    found = movements(before, after)
    assert found == {"accounts": 4, "entered": 1, "left": 0.25, "better": 0.25, "same": 0.25, "worse": 0.25}
