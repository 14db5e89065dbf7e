"""Many estimates drawn to their mean: a published example, and limits that hold on average."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.core.errors import InputError
from analysis.statistics.shrinkage import draw, shrink

# Rubin 1981, Journal of Educational Statistics 6, 377–401: coaching in eight schools. Quantiles 2.5%, 50%, 97.5%
# of 200 posterior draws: Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., Table 5.3.
EFFECTS = [28, 8, -3, 7, -1, 1, 18, 12]
ERRORS = [15, 10, 16, 11, 9, 11, 10, 18]
POSTERIOR = [
    (-2, 10, 31),
    (-5, 8, 23),
    (-11, 7, 19),
    (-7, 8, 21),
    (-9, 5, 18),
    (-7, 6, 28),
    (-1, 10, 26),
    (-6, 8, 33),
]


def test_eight_schools_are_those_of_the_textbook():
    found = shrink(EFFECTS, ERRORS)
    table = np.array(POSTERIOR, dtype=float)
    # 200 draws of a posterior with a standard deviation of about 8 leave medians open by 0.7, tails by 3 and more.
    assert np.abs(found.value - table[:, 1]).max() < 2.0
    assert np.abs(found.lower - table[:, 0]).mean() < 2.5
    assert np.abs(found.upper - table[:, 2]).mean() < 3.0


def test_draws_have_the_posteriors_mean_and_spread():
    found = shrink(EFFECTS, ERRORS)
    draws = draw(found, 40_000, seed=1)
    assert draws.mean(axis=0) == pytest.approx(found.value, abs=0.2)
    assert draws.std(axis=0) == pytest.approx(found.error, rel=0.03)


def test_equal_estimates_are_drawn_nearly_together_and_far_ones_hardly():
    near, far = shrink([1.0, 2.0, 3.0, 2.0], [5.0] * 4), shrink([-100.0, 0.0, 100.0, 50.0], [1.0] * 4)
    assert np.ptp(near.value) < 1.0
    assert far.value == pytest.approx([-100, 0, 100, 50], abs=0.2)


@pytest.mark.parametrize("spread", [0.0, 0.5, 2.0])
def test_limits_hold_on_average_over_the_true_values(spread):
    rng, hits = np.random.default_rng(int(10 * spread)), []
    for _ in range(150):
        truth = 1.0 + spread * rng.standard_normal(8)
        errors = rng.uniform(0.5, 2.0, 8)
        found = shrink(truth + errors * rng.standard_normal(8), errors)
        hits.append((found.lower <= truth) & (truth <= found.upper))
    # Without any spread the flat prior leaves limits a little wide.
    assert 0.92 <= np.mean(hits) <= (0.98 if spread else 0.995)


def test_shrunken_values_are_nearer_the_truth_than_the_estimates():
    rng, gain = np.random.default_rng(4), []
    for _ in range(100):
        truth, errors = rng.standard_normal(12), np.full(12, 1.5)
        seen = truth + errors * rng.standard_normal(12)
        gain.append((((shrink(seen, errors).value - truth) ** 2).mean(), ((seen - truth) ** 2).mean()))
    shrunken, plain = np.mean(gain, axis=0)
    assert shrunken < 0.5 * plain


def test_two_estimates_stay_as_they_are():
    found = shrink([1.0, 5.0], [1.0, 2.0])
    assert found.value.tolist() == [1.0, 5.0]
    assert found.upper == pytest.approx([1 + 1.96, 5 + 3.92], abs=0.01)
    assert np.isnan(found.spread)


def test_an_estimate_without_error_is_refused():
    with pytest.raises(InputError, match=r"1 of 3 estimates are missing or have no error above zero \(place 1\)"):
        shrink([1.0, 2.0, 3.0], [1.0, 0.0, 1.0])
