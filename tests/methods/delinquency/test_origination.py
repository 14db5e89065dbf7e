"""Over-represented origination features."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.delinquency.origination import benjamini_hochberg, over_represented

# Fifteen p-values of a trial of thrombolysis; the procedure rejects the four smallest at 0.05. Benjamini and
# Hochberg (1995), Journal of the Royal Statistical Society B 57, 289–300, section 4.1.
PUBLISHED = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
    0.7590, 1.0000,
]  # fmt: skip


def test_the_published_example_rejects_the_four_smallest():
    assert benjamini_hochberg(np.array(PUBLISHED[::-1]), 0.05).tolist() == [False] * 11 + [True] * 4


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.01, 0.4))
def test_more_is_rejected_than_by_bonferroni_and_no_less_at_a_laxer_rate(p_values, rate):
    values = np.array(p_values)
    found = benjamini_hochberg(values, rate)
    assert (found | ~(values <= rate / max(len(values), 1))).all()
    assert (benjamini_hochberg(values, rate * 2) | ~found).all()


def test_a_missing_p_value_is_never_rejected_and_does_not_count():
    assert benjamini_hochberg(np.array([np.nan, 0.04]), 0.05).tolist() == [False, True]


def counts(rates: dict[str, float], period="2025Q4", accounts=3200, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        {
            "period": period,
            "feature": "region",
            "bin": name,
            "bin_order": 0,
            "fold": fold,
            "accounts": accounts // 32,
            "entered": rng.binomial(accounts // 32, rate),
        }
        for name, rate in rates.items()
        for fold in range(32)
    ]
    return pd.DataFrame(rows)


def test_lift_is_the_bins_share_of_entries_over_its_share_of_accounts():
    found = over_represented(counts({"n": 0.2, "s": 0.05}), "2025Q4", "2025Q3").set_index("bin").loc["n"]
    assert found["lift"] == pytest.approx(found["share_of_entered"] / found["share_of_accounts"])
    assert found["lift_lower"] < 1.6 < found["lift_upper"]  # .2 ÷ .125
    assert found["listed"] and found["p_value"] < 0.001


def test_a_bin_below_one_is_never_listed():
    found = over_represented(counts({"n": 0.2, "s": 0.05}), "2025Q4", "2025Q3").set_index("bin")
    assert not found.loc["s", "listed"] and found.loc["s", "p_value"] < 0.001


def test_a_find_is_stable_where_the_quarter_before_points_the_same_way():
    now = counts({"n": 0.2, "s": 0.05})
    same, other = counts({"n": 0.15, "s": 0.1}, "2025Q3"), counts({"n": 0.05, "s": 0.2}, "2025Q3")
    for before, stable in ((same, True), (other, False)):
        found = over_represented(pd.concat([now, before]), "2025Q4", "2025Q3").set_index("bin").loc["n"]
        assert (found["listed"], found["stable"]) == (True, stable)


def test_a_find_without_a_quarter_before_is_not_stable():
    found = over_represented(counts({"n": 0.2, "s": 0.05}), "2025Q4", "2025Q3")
    assert found["lift_previous"].isna().all() and not found["stable"].any()


def test_bins_too_small_to_tell_are_left_out():
    tiny = counts({"n": 0.2, "s": 0.2}).iloc[:-1]
    few = tiny.iloc[:1].assign(bin="tiny", accounts=9, entered=9)
    found = over_represented(pd.concat([tiny, few]), "2025Q4", "2025Q3")
    assert set(found["bin"]) == {"n", "s"}


def test_pure_chance_is_rarely_listed():
    listed = [
        over_represented(counts({"n": 0.1, "s": 0.1, "w": 0.1}, seed=seed), "2025Q4", "2025Q3")["listed"].any()
        for seed in range(40)
    ]
    assert sum(listed) <= 6  # 5% of 40 is 2; 7 or more would happen once in two hundred


def test_a_quarter_without_entries_lists_nothing():
    assert over_represented(counts({"n": 0.0, "s": 0.0}), "2025Q4", "2025Q3").empty
    assert over_represented(counts({"n": 0.1}), "2024Q4", "2024Q3").empty
