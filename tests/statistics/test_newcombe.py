"""Difference of two shares: published limits, and clusters."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.core.errors import InputError
from analysis.statistics.newcombe import clustered_newcombe, newcombe

# Newcombe 1998, Statistics in Medicine 17:873–890, Table II, method 10, contrasts (a) to (h).
PUBLISHED = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]


@pytest.mark.parametrize(("a", "m", "b", "n", "lower", "upper"), PUBLISHED)
def test_limits_are_those_of_newcombes_table(a, m, b, n, lower, upper):
    found = newcombe(a, m, b, n)
    assert (round(float(found.lower), 4), round(float(found.upper), 4)) == (lower, upper)


def test_swapping_the_arms_mirrors_the_interval():
    there, back = newcombe(30, 100, 45, 90), newcombe(45, 90, 30, 100)
    assert [-float(back.upper), -float(back.lower)] == pytest.approx([float(there.lower), float(there.upper)])


def singles(events: int, size: int, place: int) -> list[np.ndarray]:
    """A cluster an observation: (events, observations) in the arm at `place`, zeros in the other."""
    own = np.column_stack([np.arange(size) < events, np.ones(size)]).astype(float)
    sides = [np.zeros_like(own), np.zeros_like(own)]
    sides[place] = own
    return sides


def test_clusters_of_one_give_nearly_the_independent_limits():
    one, other = singles(560, 700, 0), singles(480, 800, 1)
    found, error = clustered_newcombe(np.vstack([one[0], other[0]]), np.vstack([one[1], other[1]]))
    plain = newcombe(560, 700, 480, 800)
    assert [float(v) for v in found] == pytest.approx([float(v) for v in plain], abs=3e-4)
    assert error == pytest.approx(np.sqrt(0.8 * 0.2 / 700 + 0.6 * 0.4 / 800), rel=2e-3)


def test_ten_like_observations_a_cluster_say_no_more_than_one():
    one, other = singles(56, 70, 0), singles(48, 80, 1)
    sides = np.vstack([one[0], other[0]]), np.vstack([one[1], other[1]])
    found, error = clustered_newcombe(10 * sides[0], 10 * sides[1])
    once, error_once = clustered_newcombe(*sides)
    assert [float(v) for v in found] == pytest.approx([float(v) for v in once])
    assert error == pytest.approx(error_once)


def test_clusters_found_in_both_arms_narrow_the_difference():
    rng = np.random.default_rng(1)
    both = (rng.random(200) < 0.5).astype(float)
    same = np.column_stack([5 * both, np.full(200, 5.0)])
    noisy = np.column_stack([np.clip(5 * both + rng.integers(-1, 2, 200), 0, 5), np.full(200, 5.0)])
    paired = clustered_newcombe(noisy, same)
    apart = clustered_newcombe(np.vstack([noisy, np.zeros((200, 2))]), np.vstack([np.zeros((200, 2)), same]))
    assert paired[1] < 0.4 * apart[1]
    assert float(paired[0].upper - paired[0].lower) < 0.5 * float(apart[0].upper - apart[0].lower)


def test_a_share_above_one_is_refused_with_its_figures():
    with pytest.raises(InputError, match="12 of 10 is no share"):
        newcombe(12, 10, 3, 10)
    with pytest.raises(InputError, match="one of the two arms holds no observation"):
        clustered_newcombe(np.zeros((3, 2)), np.ones((3, 2)))
