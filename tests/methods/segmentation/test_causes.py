"""Causes: planted ones are recovered, the commonest is beaten where behaviour tells, leaks are refused."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.causes import CAUSES, Kind, confusion, predict_causes


class Sample(NamedTuple):
    features: pd.DataFrame
    cause: np.ndarray
    recorded: pd.Series
    fold: np.ndarray


def draw(accounts: int = 2400, tells: float = 1.5, seed: int = 0) -> Sample:
    """Accounts whose behaviour `tells` their cause; every fourth has no reason noted, every tenth a wrong one."""
    rng = np.random.default_rng(seed)
    true = rng.choice(3, accounts, p=[0.5, 0.3, 0.2])
    features = pd.DataFrame(
        {
            "paid_share_3m": tells * (true == 0) + rng.normal(size=accounts),
            "income_volatility": tells * (true == 1) + rng.normal(size=accounts),
            "logins_3m": -tells * (true == 2) + rng.normal(size=accounts),
            "region": rng.choice(["north", "south"], accounts),
        }
    )
    features.loc[rng.random(accounts) < 0.1, "income_volatility"] = np.nan
    features.loc[rng.random(accounts) < 0.1, "region"] = None
    noted = np.where(rng.random(accounts) < 0.1, rng.integers(0, 3, accounts), true)
    recorded = pd.Series(np.array(CAUSES, dtype=object)[noted])
    recorded[rng.random(accounts) < 0.25] = "unknown"
    return Sample(features, np.array(CAUSES, dtype=object)[true], recorded, rng.integers(0, 16, accounts))


@pytest.fixture(scope="module")
def sample() -> Sample:
    return draw()


@pytest.mark.parametrize("model", ["logistic", "boosting"])
def test_planted_causes_are_recovered_better_than_by_the_commonest(sample: Sample, model: Kind) -> None:
    found = predict_causes(sample.features, sample.recorded, sample.fold, model=model)
    commonest = (sample.cause == "forgot").mean()
    assert (found.predicted == sample.cause).mean() > commonest + 0.15
    shown = confusion(sample.recorded, found.predicted, sample.fold).measures.set_index(["measure", "cause"])
    assert shown.difference_lower[("agreement", "all")] > 0.1
    assert shown.lower[("balanced", "all")] > 1 / 3
    assert shown.value["recall"].min() > 0.4


def test_without_recorded_reasons_accounts_are_predicted_all_the_same(sample: Sample) -> None:
    found = predict_causes(sample.features, sample.recorded, sample.fold)
    silent = (sample.recorded == "unknown").to_numpy()
    assert found.recorded.isna().to_numpy()[silent].all() and not found.recorded.isna().to_numpy()[~silent].any()
    assert (found.predicted == sample.cause)[silent].mean() > 0.6


def test_none_counts_as_unknown(sample: Sample) -> None:
    found = predict_causes(sample.features, sample.recorded.replace("unknown", "none"), sample.fold)
    pd.testing.assert_frame_equal(found, predict_causes(sample.features, sample.recorded, sample.fold))


def test_probabilities_sum_to_one_and_the_likeliest_is_predicted(sample: Sample) -> None:
    found = predict_causes(sample.features, sample.recorded, sample.fold)
    p = found[[f"p_{cause}" for cause in CAUSES]]
    assert p.sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert (p.idxmax(axis=1).str.removeprefix("p_") == found.predicted).all()


def test_an_accounts_own_reason_does_not_reach_its_prediction(sample: Sample) -> None:
    part = sample.fold % 5 == 2
    other = sample.recorded.copy()
    known = part & (other != "unknown").to_numpy()
    other[known] = other[known].map({"forgot": "unable", "unable": "unwilling", "unwilling": "forgot"})
    before = predict_causes(sample.features, sample.recorded, sample.fold)
    after = predict_causes(sample.features, other, sample.fold)
    columns = [f"p_{cause}" for cause in CAUSES]
    np.testing.assert_allclose(before.loc[part, columns], after.loc[part, columns])
    assert not np.allclose(before.loc[~part, columns], after.loc[~part, columns])


def test_behaviour_that_tells_nothing_does_not_beat_the_commonest() -> None:
    blind = draw(tells=0.0, seed=3)
    found = predict_causes(blind.features, blind.recorded, blind.fold)
    shown = confusion(blind.recorded, found.predicted, blind.fold).measures.set_index(["measure", "cause"])
    assert shown.difference[("agreement", "all")] < 0.02
    assert abs(shown.value[("balanced", "all")] - 1 / 3) < 0.05


def test_the_table_against_one_counted_by_hand() -> None:
    recorded = ["forgot"] * 4 + ["unable"] * 3 + ["unwilling"] * 2 + ["unknown", None]
    predicted = ["forgot", "forgot", "forgot", "unable", "unable", "unable", "forgot", "unwilling", "forgot"]
    shares, measures = confusion(recorded, [*predicted, "forgot", "unable"], np.arange(11) % 3)
    counts = shares.pivot_table(index="recorded", columns="predicted", values="accounts")
    assert counts.to_numpy().tolist() == [[3, 1, 0], [1, 2, 0], [1, 0, 1]]
    by = measures.set_index(["measure", "cause"])
    assert by.value["recall"].tolist() == pytest.approx([3 / 4, 2 / 3, 1 / 2])
    assert by.value["precision"].tolist() == pytest.approx([3 / 5, 2 / 3, 1.0])
    assert by.value[("agreement", "all")] == pytest.approx(6 / 9)
    assert by.commonest[("agreement", "all")] == pytest.approx(4 / 9)
    assert by.difference[("agreement", "all")] == pytest.approx(2 / 9)
    assert by.commonest["recall"].tolist() == [1.0, 0.0, 0.0]
    assert by.value[("balanced", "all")] == pytest.approx((3 / 4 + 2 / 3 + 1 / 2) / 3)


@given(st.lists(st.tuples(st.sampled_from(CAUSES), st.sampled_from(CAUSES), st.integers(0, 4)), min_size=1))
@settings(max_examples=60, deadline=None)
def test_confusion_rows_sum_to_one_and_limits_enclose_shares(rows: list[tuple[str, str, int]]) -> None:
    recorded, predicted, fold = (list(part) for part in zip(*rows, strict=True))
    shares, measures = confusion(recorded, predicted, fold)
    sums = shares.groupby("recorded").share.sum(min_count=3).dropna()
    assert sums.to_numpy() == pytest.approx(1.0)
    assert shares.accounts.sum() == len(rows)
    known = shares.dropna(subset=["lower", "upper"])
    assert ((known.lower <= known.share + 1e-9) & (known.share <= known.upper + 1e-9)).all()
    assert measures.value.dropna().between(0, 1).all()


@pytest.mark.parametrize("name", ["last_reason", "reason", "reasons_3m", "cause_before"])
def test_features_named_after_the_reason_are_refused(sample: Sample, name: str) -> None:
    with pytest.raises(InputError, match=f"{name} name the reason itself"):
        predict_causes(sample.features.assign(**{name: sample.recorded}), sample.recorded, sample.fold)


def test_too_few_of_a_cause_are_refused_with_the_counts(sample: Sample) -> None:
    rare = sample.recorded.where(sample.recorded != "unwilling", "unknown")
    rare.iloc[:7] = "unwilling"
    with pytest.raises(InputError, match=r"unwilling 7 accounts; each cause needs at least 50"):
        predict_causes(sample.features, rare, sample.fold)


def test_what_cannot_be_predicted_is_named(sample: Sample) -> None:
    with pytest.raises(ParameterError, match="marital_status may not be used"):
        predict_causes(sample.features.assign(marital_status=1), sample.recorded, sample.fold)
    with pytest.raises(InputError, match="recorded: lazy unknown"):
        predict_causes(sample.features, sample.recorded.replace("unable", "lazy"), sample.fold)
    with pytest.raises(InputError, match="one fold of customers"):
        predict_causes(sample.features, sample.recorded, 0 * sample.fold)
    with pytest.raises(ParameterError, match="model: 'forest' unknown"):
        predict_causes(sample.features, sample.recorded, sample.fold, model="forest")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no account has a reason recorded"):
        confusion(["unknown"], ["forgot"], [0])
