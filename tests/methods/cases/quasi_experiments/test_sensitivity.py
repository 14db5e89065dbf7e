"""E-values and Rosenbaum bounds against published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cases.quasi_experiments.sensitivity import (
    bias_factor,
    breaking_gamma,
    e_value,
    rosenbaum_binary,
    rosenbaum_bounds,
    rosenbaum_signed_rank,
)


def test_the_e_value_of_formula_feeding_is_the_published_one() -> None:
    # VanderWeele and Ding 2017, Annals of Internal Medicine 167, 268–274: risk ratio 3.9 (1.8 to 8.7) → 7.26, 3.0,
    # which tests of other implementations give as that paper's example; the paper itself was not at hand.
    assert e_value(3.9) == pytest.approx(7.26, abs=5e-3)
    assert e_value(3.9, 1.8) == pytest.approx(3.0, abs=5e-3)


def test_the_e_values_of_smoking_are_those_of_the_package_by_its_authors() -> None:
    # Vignette "Unmeasured confounding" of the R package EValue: 10.73 (8.02 to 14.36) → 20.94777, 15.52336.
    assert e_value(10.73) == pytest.approx(20.94777, abs=5e-6)
    assert e_value(10.73, 8.02) == pytest.approx(15.52336, abs=5e-6)


@pytest.mark.parametrize(("gamma", "published"), [(4, 0.0036), (5, 0.03), (6, 0.1)])
def test_bounds_of_smoking_and_lung_cancer_are_exact_and_near_the_published_ones(
    gamma: float, published: float
) -> None:
    # Rosenbaum 2002, Observational Studies, table 4.1 (Hammond 1964: 122 discordant pairs, 110 of them with the
    # smoker), by a normal approximation; ours are exact, hence the tolerance. The book was not at hand, so the
    # exact bound is worked out anew, too.
    assert rosenbaum_binary(110, 122, gamma) == pytest.approx(published, abs=0.008)
    exact = sum(math.comb(122, k) * gamma**k for k in range(110, 123)) / (1 + gamma) ** 122
    assert rosenbaum_binary(110, 122, gamma) == pytest.approx(exact, rel=1e-9)
    assert rosenbaum_binary(110, 122, 3) < 0.0001


def test_without_hidden_bias_the_bounds_are_the_usual_tests() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(1).normal(0.3, 1, 80)
    usual = stats.wilcoxon(values, alternative="greater", correction=False, method="approx").pvalue
    assert rosenbaum_signed_rank(values) == pytest.approx(usual, rel=1e-6)
    assert rosenbaum_binary(15, 20) == pytest.approx(stats.binomtest(15, 20, alternative="greater").pvalue)


@given(st.floats(1.01, 20.0))
def test_a_confounder_of_the_e_value_explains_exactly_the_ratio(ratio: float) -> None:
    value = e_value(ratio)
    assert bias_factor(value, value) == pytest.approx(ratio, rel=1e-6)
    assert e_value(1 / ratio) == pytest.approx(value, rel=1e-6)


@given(st.integers(10, 200), st.floats(0.5, 1.0), st.floats(1.0, 4.0), st.floats(0.01, 2.0))
def test_more_hidden_bias_never_makes_the_pairs_say_more(
    pairs: int, share: float, gamma: float, more: float
) -> None:
    favourable = round(pairs * share)
    assert rosenbaum_binary(favourable, pairs, gamma + more) >= rosenbaum_binary(favourable, pairs, gamma) - 1e-12


def test_the_breaking_bias_is_where_the_bound_meets_its_level() -> None:
    differences = np.repeat([1.0, -1.0, 0.0], [110, 12, 1000])
    gamma = breaking_gamma(differences)
    assert rosenbaum_binary(110, 122, gamma) == pytest.approx(0.025, abs=1e-4)
    assert breaking_gamma(np.repeat([1.0, -1.0], [51, 49])) == 1.0
    assert rosenbaum_bounds(-differences)["p"].tolist() == rosenbaum_bounds(differences)["p"].tolist()


def test_an_interval_over_one_needs_no_confounder() -> None:
    assert e_value(1.4, 0.9) == 1.0


def test_impossible_ratios_pairs_and_biases_are_refused() -> None:
    with pytest.raises(ParameterError, match="ratio is 0"):
        e_value(0)
    with pytest.raises(InputError, match="12 favourable of 10"):
        rosenbaum_binary(12, 10)
    with pytest.raises(ParameterError, match=r"gamma is 0\.5"):
        rosenbaum_binary(5, 10, 0.5)
