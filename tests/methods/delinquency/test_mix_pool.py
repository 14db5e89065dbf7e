"""Small segments added up into one before the mix effect is drawn."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.delinquency.mix import mix_and_rate, pool, summary


def cells(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["period", "value", "numerator", "denominator"])


BOTH = cells(
    ("now", "card", 30.0, 300.0),
    ("now", "auto", 2.0, 20.0),
    ("now", "sme", 1.0, 30.0),
    ("before", "card", 20.0, 310.0),
    ("before", "auto", 1.0, 15.0),
)


def test_hidden_segments_become_one_in_each_period() -> None:
    found = pool(BOTH, {"auto", "sme"}).set_index(["period", "value"])
    assert found.loc[("now", "others")].tolist() == [3.0, 50.0]
    assert found.loc[("before", "others")].tolist() == [1.0, 15.0]
    assert found.loc[("now", "card")].tolist() == [30.0, 300.0]
    assert len(found) == 4


def test_with_nothing_hidden_the_cells_stay_as_they_are() -> None:
    pd.testing.assert_frame_equal(pool(BOTH, set()), BOTH)


def test_the_cells_given_are_not_changed() -> None:
    before = BOTH.copy()
    pool(BOTH, {"auto"})
    pd.testing.assert_frame_equal(BOTH, before)


def test_the_pooled_segment_and_the_column_may_have_other_names() -> None:
    found = pool(BOTH.rename(columns={"value": "region"}), {"auto", "sme"}, segment="region", name="rest")
    assert set(found["region"]) == {"card", "rest"}


amounts = st.integers(1, 500).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=6), st.sets(st.integers(0, 5)))
def test_pooling_leaves_the_change_of_the_whole_as_it_was(
    held: list[tuple[tuple[int, int], tuple[int, int]]], hidden: set[int]
) -> None:
    rows = [
        (period, f"s{i}", float(part[0]), float(part[1]))
        for i, both in enumerate(held)
        for period, part in zip(("now", "before"), both, strict=True)
    ]
    pooled = pool(cells(*rows), {f"s{i}" for i in hidden})
    now, before = (pooled[pooled["period"] == name] for name in ("now", "before"))
    change = sum(a[0] for a, _ in held) / sum(a[1] for a, _ in held)
    change -= sum(b[0] for _, b in held) / sum(b[1] for _, b in held)
    assert summary(mix_and_rate(now, before))["change"] == pytest.approx(change, abs=1e-12)
