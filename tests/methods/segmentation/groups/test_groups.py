"""Groups by k-means: planted ones are found, and where there are none the choice says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from group_samples import Planted, cloud, planted
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.groups.behaviour import behaviour_numbers
from analysis.methods.segmentation.groups.clustering import Groups, choose_groups
from analysis.methods.segmentation.groups.preparation import prepare, varying_features
from analysis.methods.segmentation.groups.stability import choose


def grouped(accounts: Planted, **options: object) -> Groups:
    return choose_groups(
        accounts.features,
        accounts.fold,
        **({"candidates": range(2, 7), "resamples": 8} | options),  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def sample() -> Planted:
    return planted()


@pytest.fixture(scope="module")
def found(sample: Planted) -> Groups:
    return grouped(sample)


def test_planted_groups_are_found_and_stable(sample: Planted, found: Groups) -> None:
    assert found.count == 4 and found.stable
    assert adjusted_rand_score(sample.truth, found.group) > 0.9
    best = found.criteria[found.criteria.chosen].iloc[0]
    assert best.stability > 0.95 and best.stability_lower <= best.stability <= best.stability_upper


def test_without_groups_the_choice_says_unstable() -> None:
    found = grouped(cloud())
    assert not found.stable
    assert found.criteria.stability.max() < 0.8
    assert found.criteria.set_index("groups").stability.idxmax() == found.count
    assert found.criteria.silhouette.max() < 0.2


def test_the_choice_is_the_largest_silhouette_among_the_stable() -> None:
    table = pd.DataFrame(
        {
            "groups": [2, 3, 4, 5],
            "silhouette": [0.20, 0.30, 0.40, 0.305],
            "stability": [0.99, 0.85, 0.79, 0.95],
            "smallest": [0.3, 0.2, 0.2, 0.01],
        }
    )
    assert choose(table, 0.8, 0.02) == (3, True)
    assert choose(table, 0.8, 0.0) == (3, True), "5 groups are within .01: the fewer are taken"
    assert choose(table, 0.8, 0.0, close=0.0) == (5, True)
    assert choose(table, 0.7, 0.02) == (4, True)
    assert choose(table, 0.999, 0.02) == (2, False)


def test_groups_are_numbered_by_size(found: Groups) -> None:
    sizes = found.group.value_counts().sort_index()
    assert list(sizes.index) == [1, 2, 3, 4]
    assert sizes.is_monotonic_decreasing


def test_the_same_seed_gives_the_same_groups(sample: Planted, found: Groups) -> None:
    again = grouped(sample)
    pd.testing.assert_series_equal(found.group, again.group)
    pd.testing.assert_frame_equal(found.criteria, again.criteria)


def test_the_order_of_accounts_does_not_change_who_is_together(sample: Planted, found: Groups) -> None:
    order = np.random.default_rng(5).permutation(len(sample.features))
    shuffled = Planted(sample.features.iloc[order], sample.truth[order], sample.fold[order])
    assert adjusted_rand_score(found.group.iloc[order], grouped(shuffled).group) > 0.99


def test_units_do_not_change_the_groups(sample: Planted, found: Groups) -> None:
    other = sample.features.assign(
        balance=sample.features.balance * 7.1, days_past_due=sample.features.days_past_due / 30 + 5
    )
    assert other.pipe(prepare).table.logged.any()
    rescaled = grouped(Planted(other, sample.truth, sample.fold))
    pd.testing.assert_series_equal(found.group, rescaled.group)


def test_new_accounts_go_to_the_nearest_group(sample: Planted, found: Groups) -> None:
    pd.testing.assert_series_equal(found.assign(sample.features), found.group)
    unseen = planted(seed=9)
    assert adjusted_rand_score(unseen.truth, found.assign(unseen.features)) > 0.9


def test_missing_values_take_the_median_and_are_counted(sample: Planted) -> None:
    some = sample.features.copy()
    some.loc[some.index[:90], "promises_3m"] = np.nan
    some.loc[some.index[:10], "on_time_share"] = np.nan
    found = grouped(Planted(some, sample.truth, sample.fold))
    assert found.assumed.sum() == 100 and found.assumed.iloc[0] == 2
    assert found.preparation.table.set_index("feature").missing["promises_3m"] == 90
    filled = some.fillna(some.median())
    np.testing.assert_array_equal(found.preparation.apply(some), found.preparation.apply(filled))


def test_one_absurd_value_does_not_make_a_group(sample: Planted, found: Groups) -> None:
    wild = sample.features.copy()
    wild.loc[wild.index[0], "days_past_due"] = 1e9
    again = grouped(Planted(wild, sample.truth, sample.fold))
    assert adjusted_rand_score(found.group, again.group) > 0.98


def test_criteria_on_a_sample_choose_the_same_groups(sample: Planted, found: Groups) -> None:
    fewer = grouped(sample, sample=400, distances=200)
    assert fewer.count == found.count and len(fewer.group) == len(sample.features)
    assert adjusted_rand_score(found.group, fewer.group) > 0.95


def test_money_goes_on_the_logarithm_by_its_skewness() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"balance": rng.lognormal(8, 1.2, 2000), "change": -rng.lognormal(8, 1.2, 2000)})
    table = prepare(frame.assign(age=rng.normal(40, 10, 2000))).table.set_index("feature")
    assert table.logged.to_dict() == {"balance": True, "change": False, "age": False}
    assert table.skewness["balance"] > 2 and table.skewness["change"] < -2


@given(scale=st.floats(1e-4, 1e6), shift=st.floats(-1e3, 1e3), seed=st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_prepared_features_have_mean_0_sd_1_and_no_unit(scale: float, shift: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"money": rng.lognormal(0, 1.5, 300), "change": rng.normal(size=300)})
    moved = pd.DataFrame({"money": frame.money * scale, "change": frame.change * scale + shift})
    prepared = prepare(frame).apply(frame)
    assert prepared.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert prepared.std(axis=0) == pytest.approx(1)
    assert np.isfinite(prepared).all()
    np.testing.assert_allclose(prepare(moved).apply(moved), prepared, rtol=1e-4, atol=1e-4)


def test_varying_features_are_those_that_prepare_accepts() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "balance": rng.random(500),
            "secured": rng.random(500) < 0.3,
            "constant": 1.0,
            "rare": np.where(np.arange(500) < 2, 5.0, 0.0),
            "empty": np.nan,
            "region": "north",
        }
    )
    assert varying_features(frame) == ["balance", "secured"]
    assert prepare(frame[["balance", "secured"]]).features == ("balance", "secured")


def test_account_features_become_numbers_to_group_by() -> None:
    features = pd.DataFrame(
        {
            "account_id": ["a", "b", "c", "d"],
            "product": "card",
            "days_past_due": [10, 40, 70, 100],
            "months_since_right_party": [0.0, 30.0, np.nan, 2.0],
            "last_outcome": ["refused", "none", "unknown", "promise"],
            "unreachable": 1,
        }
    )
    found = behaviour_numbers(features, trim=0.0)
    assert list(found.columns) == ["days_past_due", "months_since_right_party", "refused"]
    assert found.months_since_right_party.tolist() == [0, 12, 12, 2]
    assert found.refused.iloc[[0, 1, 3]].tolist() == [1, 0, 0] and np.isnan(found.refused.iloc[2])
    with pytest.raises(InputError, match="none of balance is there and varies"):
        behaviour_numbers(features, names=["balance"])


FRAME = pd.DataFrame({"balance": np.arange(300.0), "dpd": np.arange(300.0) % 7})
FOLD = np.arange(300) % 10


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (FRAME.assign(flat=3.0), "flat hold one value in all but 2% of the accounts"),
        (FRAME.assign(empty=np.nan), "empty hold one value"),
        (FRAME.assign(region="north"), "region are not numbers"),
        (FRAME.assign(ratio=np.where(FRAME.dpd > 3, np.inf, 1)), "ratio hold infinite values"),
        (FRAME.iloc[:150], "150 accounts; groups need at least 200"),
    ],
)
def test_features_that_cannot_be_grouped_are_named(features: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        choose_groups(features, FOLD[: len(features)])


def test_protected_attributes_are_refused() -> None:
    with pytest.raises(ParameterError, match="sex_female may not be used"):
        choose_groups(FRAME.assign(sex_female=FRAME.dpd > 3), FOLD)
    with pytest.raises(ParameterError, match="education may not be used"):
        varying_features(FRAME.assign(education=1))


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ParameterError, match=r"candidates: \[1, 2\]"):
        choose_groups(FRAME, FOLD, candidates=[1, 2])
    with pytest.raises(InputError, match="10 values for 300 accounts"):
        choose_groups(FRAME, FOLD[:10])
    with pytest.raises(InputError, match="one fold of customers"):
        choose_groups(FRAME, 0 * FOLD)
    with pytest.raises(InputError, match="only 7 distinct accounts for 8 groups"):
        choose_groups(FRAME[["dpd"]], FOLD)
    with pytest.raises(ParameterError, match=r"trim is 0\.7"):
        choose_groups(FRAME, FOLD, trim=0.7)
    learnt = choose_groups(FRAME, FOLD, candidates=[2, 3], resamples=3)
    with pytest.raises(InputError, match="dpd missing; the groups were learnt with them"):
        learnt.assign(FRAME[["balance"]])
