"""Mantel–Haenszel and direct standardisation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.strata import mantel_haenszel, standardised_rates

# Survival of multiple myeloma under two treatments in 21 institutions: survivors and patients of each arm. Data of
# Lipsitz, Dear, Laird and Molenberghs (1998), Biometrics 54, 148–160; estimate, standard error and interval as
# Klingenberg (2014), Statistics in Medicine 33, 2968–2983, gives them for Sato's variance.
MYELOMA = np.array(
    [
        (3, 4, 1, 3), (3, 4, 8, 11), (2, 2, 2, 3), (2, 2, 2, 2), (2, 2, 0, 3), (1, 3, 2, 3),
        (2, 2, 2, 3), (1, 5, 4, 4), (2, 2, 2, 3), (0, 2, 2, 3), (3, 3, 3, 3), (2, 2, 0, 2),
        (1, 4, 1, 5), (2, 3, 2, 4), (2, 4, 4, 6), (4, 12, 3, 9), (1, 2, 2, 3), (3, 3, 1, 4),
        (1, 4, 2, 3), (0, 3, 0, 2), (2, 4, 1, 5),
    ],
    dtype=float,
)  # fmt: skip


def test_the_risk_difference_of_the_myeloma_trial_is_the_published_one():
    y1, n1, y0, n0 = MYELOMA.T
    found = mantel_haenszel(y1, n1, y0, n0)
    error = np.sqrt(found.variance)
    assert found.difference == pytest.approx(0.057168322, abs=1e-9)
    assert error == pytest.approx(0.079887623, abs=1e-9)
    assert found.difference - 1.959963985 * error == pytest.approx(-0.099408542, abs=1e-8)


def test_one_stratum_gives_the_plain_difference():
    found = mantel_haenszel(np.array([30.0]), np.array([100.0]), np.array([10.0]), np.array([50.0]))
    assert (found.exposed, found.unexposed) == pytest.approx((0.3, 0.2))


def test_a_stratum_with_one_group_does_not_count():
    one = mantel_haenszel(np.array([3.0]), np.array([10.0]), np.array([2.0]), np.array([10.0]))
    two = mantel_haenszel(np.array([3.0, 9.0]), np.array([10.0, 9.0]), np.array([2.0, 0.0]), np.array([10.0, 0.0]))
    assert two == pytest.approx(one)


def test_without_a_common_stratum_there_is_no_estimate():
    found = mantel_haenszel(np.array([3.0, 0]), np.array([5.0, 0]), np.array([0, 1.0]), np.array([0, 5.0]))
    assert np.isnan(found.difference)


strata = st.lists(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.floats(0.05, 0.8), st.floats(-0.04, 0.19)),
    min_size=1,
    max_size=8,
)


@given(strata, st.floats(-0.04, 0.19))
def test_equal_differences_in_all_strata_are_found_whatever_the_mix(cells, difference):
    n1, n0, base, _ = (np.array(values, dtype=float) for values in zip(*cells, strict=True))
    found = mantel_haenszel((base + difference) * n1, n1, base * n0, n0)
    assert found.difference == pytest.approx(difference, abs=1e-9)


@given(strata)
def test_the_difference_lies_between_those_of_the_strata(cells):
    n1, n0, base, change = (np.array(values, dtype=float) for values in zip(*cells, strict=True))
    found = mantel_haenszel((base + change) * n1, n1, base * n0, n0)
    assert change.min() - 1e-9 <= found.difference <= change.max() + 1e-9


def test_standardised_rates_of_groups_alike_within_strata_are_equal():
    n = np.array([[90.0, 10.0], [20.0, 80.0]])
    rates, covered = standardised_rates(n * np.array([0.1, 0.5]), n)
    assert rates == pytest.approx([0.28, 0.28])  # 110 × .1 + 90 × .5 of 200
    assert covered == 1


def test_strata_that_lack_a_group_are_left_out_and_said_so():
    n = np.array([[50.0, 10.0], [40.0, 0.0]])
    rates, covered = standardised_rates(n * 0.2, n)
    assert rates == pytest.approx([0.2, 0.2])
    assert covered == pytest.approx(0.9)
