"""The population stability index against published values, and what chance makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.statistics.stability import stability_chance, stability_index

COUNTS = st.lists(st.integers(0, 1000), min_size=4, max_size=4)


def test_the_stability_index_is_the_published_one() -> None:
    # GeeksforGeeks, "Population Stability Index (PSI)" (updated 2025-08-13): shares of low, medium and high income
    # in 2020 and 2021; its terms (b − a)·ln(b ÷ a) worked out.
    terms = [-0.05 * np.log(0.35 / 0.4), -0.05 * np.log(0.25 / 0.3), 0.1 * np.log(0.4 / 0.3)]
    assert (
        stability_index([40, 30, 30], [35, 25, 40]) == pytest.approx(sum(terms)) == pytest.approx(0.0446, abs=5e-5)
    )
    # strappy 0.0.3, tests/test_psi.py: six and five of two categories, then five and four; printed 0.00041.
    assert stability_index([6, 5], [5, 4]) == pytest.approx(0.00041, abs=5e-6)


def test_chance_alone_exceeds_its_bound_in_five_of_a_hundred() -> None:
    rng = np.random.default_rng(0)
    shares, bound = np.full(10, 0.1), stability_chance(1000, 800, 10)
    beyond = [
        stability_index(rng.multinomial(1000, shares), rng.multinomial(800, shares)) > bound for _ in range(2000)
    ]
    assert 0.03 < np.mean(beyond) < 0.07


@settings(max_examples=100, deadline=None)
@given(COUNTS, COUNTS, st.integers(1, 50))
def test_the_index_is_never_negative_the_same_both_ways_and_zero_for_the_same_mix(
    before: list[int], after: list[int], times: int
) -> None:
    assert stability_index(before, after) >= 0
    assert stability_index(before, after) == pytest.approx(stability_index(after, before))
    whole = [count + 1 for count in before]
    assert stability_index(whole, [times * count for count in whole]) == pytest.approx(0.0, abs=1e-12)


def test_an_empty_sample_has_no_bound_and_a_single_group_none_to_exceed() -> None:
    assert np.isnan(stability_chance(0, 10, 3)) and stability_chance(10, 10, 1) == 0.0
