"""Sample sizes against published figures, and what each claim would take."""

from __future__ import annotations

import math

import numpy as np
import pytest
from claim_files import changed, example, one, registry_of, shipped
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.errors import ParameterError
from analysis.methods.cases.claims.sample_size import (
    chance_difference,
    detectable_difference,
    relative_change_size,
    two_proportions_power,
    two_proportions_size,
)
from analysis.methods.cases.claims.support import support

# Sizes by the formula with continuity correction, two-sided, of Fleiss, Tytun and Ury (1980), Biometrics 36,
# 343-346, which gives Table A.3 of Fleiss (1981), Statistical Methods for Rates and Proportions, 2nd ed. (so the
# help of the two-arm binomial calculator of Cancer Research and Biostatistics). Worked out from the formula: the
# table itself was not at hand.
FLEISS = [(0.60, 0.70, 0.95, 0.01, 827), (0.05, 0.10, 0.80, 0.05, 474), (0.10, 0.20, 0.80, 0.05, 219)]


@pytest.mark.parametrize(("first", "second", "power", "alpha", "size"), FLEISS)
def test_corrected_sizes_are_those_of_fleiss_s_formula(
    first: float, second: float, power: float, alpha: float, size: int
) -> None:
    assert two_proportions_size(first, second, power, alpha, corrected=True) == size


def test_size_and_power_are_those_of_the_example_of_r() -> None:
    # R Core Team, stats::power.prop.test, examples: n = 76.7 for power .90, and power = .740 with n = 50.
    assert two_proportions_size(0.50, 0.75, power=0.90) == math.ceil(76.7)
    assert two_proportions_power(0.50, 0.75, 50) == pytest.approx(0.740, abs=5e-4)


def test_power_agrees_with_another_implementation_to_its_approximation() -> None:
    # statsmodels standardises by the arcsine instead; the two agree closely away from 0 and 1.
    power = pytest.importorskip("statsmodels.stats.power")
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for first, second in ((0.35, 0.52), (0.53, 0.68), (0.55, 0.75)):
        effect = proportion.proportion_effectsize(second, first)
        other = power.NormalIndPower().solve_power(effect, power=0.8, alpha=0.05)
        assert two_proportions_size(first, second) == pytest.approx(other, rel=0.03, abs=1.5)


def test_simulated_tests_reject_as_often_as_the_power_says() -> None:
    size = two_proportions_size(0.35, 0.52)
    rng = np.random.default_rng(1)
    first, second = rng.binomial(size, 0.35, 20_000) / size, rng.binomial(size, 0.52, 20_000) / size
    mean = (first + second) / 2
    rejected = np.abs(second - first) > 1.959964 * np.sqrt(2 * mean * (1 - mean) / size)
    assert rejected.mean() == pytest.approx(0.80, abs=0.02)


@given(st.floats(0.02, 0.9), st.floats(0.03, 0.09), st.sampled_from([0.8, 0.9]))
def test_the_size_is_the_first_that_reaches_the_power(first: float, gap: float, power: float) -> None:
    size = two_proportions_size(first, first + gap, power)
    assert two_proportions_power(first, first + gap, size) >= power - 1e-9
    assert two_proportions_power(first, first + gap, size - 1) < power


@given(st.floats(0.05, 0.8), st.integers(200, 20_000))
def test_the_detectable_difference_needs_the_size_it_was_asked_for(first: float, size: int) -> None:
    gap = detectable_difference(first, size)
    if not math.isnan(gap):
        assert abs(two_proportions_size(first, first + gap) - size) <= 1


def test_chance_gives_this_difference_in_one_sample_of_twenty() -> None:
    rng = np.random.default_rng(2)
    draws = rng.binomial(1000, 0.385, (2, 20_000)) / 1000
    limit = chance_difference(0.37, 0.40, (1000, 1000))
    assert (np.abs(draws[0] - draws[1]) > limit).mean() == pytest.approx(0.05, abs=0.005)


def test_a_tenth_less_at_a_spread_of_one_mean_takes_1570_accounts() -> None:
    # Lehr's rule of thumb: 16 ÷ (difference in standard deviations)² (Lehr 1992, Statistics in Medicine 11).
    assert relative_change_size(-0.10) == pytest.approx(16 / 0.1**2, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((35, 52), r"first is 35; a share is a fraction from 0 to 1 \(35% is 0.35\)"),
        ((0.5, 0.5), "both shares are 0.5"),
        ((0.4, 0.5, 1.0), "power is 1; give a fraction between 0 and 1"),
        ((0.4, 0.5, 0.8, 0.0), "alpha is 0"),
    ],
)
def test_sizes_refuse_what_makes_no_sense(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        two_proportions_size(*arguments)
    with pytest.raises(ParameterError, match="no sample shows"):
        relative_change_size(0)


def test_each_claim_says_what_it_lacks() -> None:
    table = support(shipped())
    assert set(table["claim"]) == set(shipped().claims)
    assert (table["needs"].str.len() > 10).all()


def test_the_robots_of_s1_would_take_two_arms_of_this_size() -> None:
    row = support(shipped()).set_index("claim").loc["s1-robot-recovery"]
    assert row["per_arm"] == two_proportions_size(0.35, 0.52)
    assert "a second arm" in row["needs"]


def test_both_readings_of_a_claim_get_their_size_and_the_smaller_effect_the_larger() -> None:
    rows = support(shipped()).set_index(["claim", "reading"]).loc["s1-dual-track"]
    assert rows.loc["start if in percent", "per_arm"] > rows.loc["start if in points", "per_arm"]


def test_of_a_range_the_smaller_effect_sets_the_size() -> None:
    row = support(shipped()).set_index("claim").loc["s2-cost-target"]
    assert row["change"] == pytest.approx(-15)
    assert row["per_arm_by_spread"] == pytest.approx(relative_change_size(-0.15))


def test_a_change_without_a_level_gets_no_size_but_a_question() -> None:
    row = support(shipped()).set_index("claim").loc["s1-weekday-success"]
    assert math.isnan(row["per_arm"])
    assert row["needs"].endswith("and the level it started from")


def test_a_whole_firm_gets_no_size() -> None:
    row = support(shipped()).set_index("claim").loc["s4-case-b-growth"]
    assert math.isnan(row["per_arm"]) and math.isnan(row["per_arm_by_spread"])
    assert "can't be drawn by lot" in row["needs"]


def test_the_power_of_the_printed_sample_is_told_and_grows_with_it() -> None:
    small = support(example()).set_index("claim").loc["reminders-promises", "power_at_sample"]
    larger = changed(example(), "reminders-promises", ["5,000"], sample={"treated": 5000, "control": 5000})
    assert small == pytest.approx(two_proportions_power(0.37, 0.40, 1000))
    assert support(larger).set_index("claim").loc["reminders-promises", "power_at_sample"] > small


def test_no_effect_takes_no_sample() -> None:
    claim = one(before=20, after=20, printed=["20%"])
    assert support(registry_of(claim))["per_arm"].isna().all()
