"""Names of groups follow from the differences shown, and no two are alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from group_samples import Planted, planted
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError
from analysis.methods.segmentation.groups.clustering import Groups, choose_groups
from analysis.methods.segmentation.groups.names import RULES, name_groups, profile_groups


@pytest.fixture(scope="module")
def sample() -> Planted:
    return planted()


@pytest.fixture(scope="module")
def groups(sample: Planted) -> Groups:
    return choose_groups(sample.features, sample.fold, candidates=[4], resamples=4)


@pytest.fixture(scope="module")
def profile(sample: Planted, groups: Groups) -> pd.DataFrame:
    return profile_groups(sample.features, groups, sample.fold)


def shown(differences: dict[int, dict[str, float]]) -> pd.DataFrame:
    """A profile with these differences by group."""
    rows = [
        {"group": group, "feature": name, "difference": away, "accounts": 10 * group, "share": 0.1}
        for group, values in differences.items()
        for name, away in values.items()
    ]
    table = pd.DataFrame(rows)
    table["rank"] = table.difference.abs().groupby(table.group).rank(ascending=False, method="first").astype(int)
    return table


def test_planted_kinds_get_their_names(sample: Planted, groups: Groups, profile: pd.DataFrame) -> None:
    names = name_groups(profile).set_index("group")["name"]
    kind = pd.crosstab(groups.group, sample.truth).idxmax(axis=1)
    by_kind = {kind[group]: name for group, name in names.items()}
    assert by_kind == {0: "negotiable", 1: "newly_late", 2: "litigation", 3: "heavy_balance"}


def test_means_are_those_of_the_group(sample: Planted, groups: Groups, profile: pd.DataFrame) -> None:
    means = sample.features.groupby(groups.group).mean()
    for row in profile.itertuples():
        assert row.mean == pytest.approx(means.loc[row.group, row.feature])
        assert row.lower < row.mean < row.upper
        assert row.mean_all == pytest.approx(sample.features[row.feature].mean())
    assert (profile.share * profile.difference).groupby(profile.feature).sum().abs().max() < 1e-9
    assert (profile.groupby("group").accounts.first() == groups.group.value_counts().sort_index()).all()


def test_other_accounts_are_profiled_in_the_groups_learnt(sample: Planted, groups: Groups) -> None:
    early = sample.features[sample.features.days_past_due < 40]
    profile = profile_groups(early, groups.of(early))
    assert set(profile.group) == set(groups.group[early.index])
    assert len(set(profile.group)) < groups.count
    assert profile.accounts.groupby(profile.group).first().sum() == len(early)
    assert set(name_groups(profile).name) == {"negotiable", "newly_late"}


def test_rank_orders_a_groups_features_by_difference(profile: pd.DataFrame) -> None:
    for _, rows in profile.groupby("group"):
        assert list(rows["rank"]) == list(range(1, len(rows) + 1))
        assert rows.difference.abs().round(9).is_monotonic_decreasing


def test_missing_values_take_no_part_in_the_means() -> None:
    sample = planted()
    some = sample.features.copy()
    some.loc[::3, "promises_3m"] = np.nan
    groups = choose_groups(some, sample.fold, candidates=[4], resamples=2)
    profile = profile_groups(some, groups)
    row = profile[(profile.feature == "promises_3m") & (profile.group == 1)].iloc[0]
    assert row["mean"] == pytest.approx(some.promises_3m[groups.group == 1].mean())
    assert np.isnan(row.lower) and np.isnan(row.upper)


def test_a_rule_holds_at_its_bar_and_not_below() -> None:
    at = shown({1: {"balance": 0.75, "days_past_due": 0.0}, 2: {"balance": 0.74, "days_past_due": 0.0}})
    assert list(name_groups(at).code) == ["heavy_balance", "mixed"]
    assert name_groups(at).margin.iloc[0] == pytest.approx(0.0)


def test_late_and_out_of_reach_is_litigation_before_it_is_lost_contact() -> None:
    table = shown({1: {"days_past_due": 1.0, "unreachable": 1.0}, 2: {"days_past_due": 0.0, "unreachable": 1.0}})
    assert list(name_groups(table).name) == ["litigation", "lost_contact"]
    assert list(name_groups(table).decided_by) == ["days_past_due.unreachable", "unreachable"]


def test_promising_without_paying_is_not_negotiable_when_late() -> None:
    speaks = {"right_party_3m": 2.0, "promises_3m": 2.0}
    table = shown({1: speaks | {"days_past_due": -0.5}, 2: speaks | {"days_past_due": 0.9, "paid_share_3m": -0.8}})
    assert list(name_groups(table).name) == ["negotiable", "promises_unpaid"]


def test_a_group_that_no_rule_knows_is_told_by_its_two_largest_differences() -> None:
    table = shown({1: {"age": -0.2, "logins_3m": 0.4, "spend_change_3m": 0.1}})
    found = name_groups(table).iloc[0]
    assert found["name"] == "mixed.logins_3m_high.age_low" and np.isnan(found.margin)


def test_groups_of_one_code_add_what_sets_them_apart() -> None:
    table = shown(
        {
            1: {"balance": 1.0, "age": 0.5, "logins_3m": 0.1},
            2: {"balance": 2.0, "age": 0.4, "logins_3m": -0.1},
            3: {"balance": 1.5, "age": -0.4, "logins_3m": 0.0},
        }
    )
    assert list(name_groups(table).name) == [
        "heavy_balance.age_high.logins_3m_high",
        "heavy_balance.age_high.logins_3m_low",
        "heavy_balance.age_low",
    ]


def test_groups_alike_in_all_features_are_told_by_number() -> None:
    table = shown({1: {"balance": 1.0}, 2: {"balance": 2.0}})
    assert list(name_groups(table).name) == ["heavy_balance.1", "heavy_balance.2"]


FEATURES = sorted({name for rule in RULES for need in rule.needs for name in need} | {"age", "logins_3m"})


@given(
    st.lists(
        st.lists(st.floats(-3, 3).map(lambda x: round(x, 1)), min_size=len(FEATURES), max_size=len(FEATURES)),
        min_size=1,
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_names_are_unique_and_follow_from_the_profile_alone(values: list[list[float]], random: object) -> None:
    table = shown({i + 1: dict(zip(FEATURES, row, strict=True)) for i, row in enumerate(values)})
    found = name_groups(table)
    assert found["name"].is_unique and len(found) == len(values)
    shuffled = table.sample(frac=1.0, random_state=random.randint(0, 9))  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(name_groups(shuffled), found)
    for row in found.itertuples():
        assert row.name.startswith(row.code)
        assert (row.code == "mixed") == np.isnan(row.margin) and not row.margin < 0


def test_a_profile_needs_the_accounts_that_were_grouped(sample: Planted, groups: Groups) -> None:
    with pytest.raises(InputError, match="not the accounts that were grouped"):
        profile_groups(sample.features.iloc[::-1], groups)
