"""Intervals of clustered ratios: published examples, properties, and coverage by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.difference import difference, ratio_covariance
from analysis.statistics.ratio import amount_interval, effective_size, ratio_variance, share_interval, wilson

NEWCOMBE_SINGLE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]
"""Newcombe RG (1998), Two-sided confidence intervals for the single proportion, Statistics in Medicine 17:857–872,
Table I, method 3 (score)."""

NEWCOMBE_DIFFERENCE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]
"""Newcombe RG (1998), Interval estimation for the difference between independent proportions, Statistics in
Medicine 17:873–890, Table II, method 10."""


@pytest.mark.parametrize(("events", "trials", "lower", "upper"), NEWCOMBE_SINGLE)
def test_wilsons_interval_is_newcombes_method_3(events, trials, lower, upper):
    found = wilson(events / trials, trials)
    assert round(float(found.lower), 4) == lower
    assert round(float(found.upper), 4) == upper


@pytest.mark.parametrize(("a", "m", "b", "n", "lower", "upper"), NEWCOMBE_DIFFERENCE)
def test_the_difference_of_independent_shares_is_newcombes_method_10(a, m, b, n, lower, upper):
    found = difference(wilson(a / m, m), wilson(b / n, n))
    assert round(float(found.lower), 4) == lower
    assert round(float(found.upper), 4) == upper


def moments(y, x):
    """Moments of clusters along the last axis, in the order that the intervals take them."""
    units = np.full(y.shape[:-1], y.shape[-1]) if y.ndim > 1 else y.shape[-1]
    return (
        y.sum(-1),
        x.sum(-1),
        (y * y).sum(-1),
        (x * y).sum(-1),
        (x * x).sum(-1),
        units,
        np.full_like(units, y.shape[-1]),
    )


def test_with_one_account_a_customer_the_variance_is_the_binomial_one():
    y = np.repeat([1.0, 0.0], [30, 70])
    found = ratio_variance(*[m for i, m in enumerate(moments(y, np.ones(100))) if i != 5])
    assert found == pytest.approx(0.3 * 0.7 / 99)


def test_the_variance_is_the_mean_square_of_the_residuals_of_the_clusters():
    """By hand: r = 6/10, residuals (2−1.8, 1−1.8, 3−2.4), C/(C−1) = 3/2."""
    y, x = np.array([2.0, 1.0, 3.0]), np.array([3.0, 3.0, 4.0])
    found = ratio_variance(6, 10, y @ y, x @ y, x @ x, 3)
    assert found == pytest.approx(1.5 * (0.2**2 + 0.8**2 + 0.6**2) / 100)


def test_accounts_that_always_move_together_count_once():
    """Ten customers with five accounts each, all late or none: as good as ten accounts."""
    y, x = np.repeat([5.0, 0.0], [3, 7]), np.full(10, 5.0)
    total_y, total_x, nn, nd, dd, _, clusters = moments(y, x)
    variance = ratio_variance(total_y, total_x, nn, nd, dd, clusters)
    assert effective_size(0.3, variance, total_x, dd, 50) == pytest.approx(9.0)


def test_a_rate_of_zero_has_an_upper_limit_from_kishs_size():
    equal = share_interval(0, 100, 0, 0, 100, 100, 100)
    heavy = share_interval(0, 100, 0, 0, 2575, 100, 100)
    assert equal.lower == heavy.lower == 0
    assert equal.upper == pytest.approx(wilson(0, 100 * (1.959964 / 1.984217) ** 2).upper, rel=1e-5)
    assert heavy.upper > 4 * equal.upper


def test_fewer_than_two_clusters_say_nothing():
    found = share_interval(3, 10, 9, 30, 100, 10, 1)
    assert found.rate == pytest.approx(0.3)
    assert np.isnan(found.lower) and np.isnan(found.upper)


def test_an_empty_denominator_gives_no_rate():
    assert np.isnan(share_interval(0, 0, 0, 0, 0, 0, 0)).all()
    assert np.isnan(amount_interval(0, 0, 0, 0, 0, 0, 0)).all()


def test_few_clusters_give_wider_limits_than_many():
    few, many = (share_interval(0.3 * n, n, 0.3 * n, 0.3 * n, n, n, n) for n in (5, 500))
    assert few.upper - few.lower > many.upper - many.lower
    assert few.upper > wilson(0.3, 5).upper


shares = st.lists(st.tuples(st.integers(0, 1), st.floats(0.01, 1e4)), min_size=2, max_size=40)


@given(shares, st.floats(0.5, 0.999))
def test_a_share_lies_within_its_limits_and_they_within_zero_and_one(rows, level):
    e, x = np.array(rows).T
    found = share_interval(*moments(e * x, x), level=level)
    assert 0 <= found.lower <= found.rate + 1e-12 <= found.upper + 2e-12 <= 1 + 3e-12


@given(shares)
def test_the_unit_of_money_does_not_matter(rows):
    e, x = np.array(rows).T
    one, cents = share_interval(*moments(e * x, x)), share_interval(*moments(100 * e * x, 100 * x))
    np.testing.assert_allclose(one, cents, rtol=1e-6, atol=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0.01, 1e4)), min_size=2, max_size=40))
def test_a_ratio_of_amounts_may_exceed_one_and_lies_within_its_limits(rows):
    y, x = np.array(rows).T
    found = amount_interval(*moments(y, x))
    assert 0 <= found.lower <= found.rate * (1 + 1e-12) <= found.upper * (1 + 2e-12)


def test_the_covariance_of_a_rate_with_itself_is_nearly_its_variance():
    random = np.random.default_rng(3)
    x = random.lognormal(size=400)
    y = x * (random.random(400) < 0.2)
    total_y, total_x, nn, nd, dd, _, clusters = moments(y, x)
    covariance = ratio_covariance((total_y, total_x), (total_y, total_x), (nn, nd, nd, dd))
    variance = ratio_variance(total_y, total_x, nn, nd, dd, clusters)
    assert covariance * 400 / 399 == pytest.approx(variance)


def test_a_change_of_the_same_customers_is_told_more_sharply_with_their_covariance():
    now, before = wilson(0.30, 400), wilson(0.28, 400)
    apart = difference(now, before, 0.0005, 0.0005)
    together = difference(now, before, 0.0005, 0.0005, covariance=0.0004)
    assert together.upper - together.lower < 0.6 * (apart.upper - apart.lower)


REPLICATIONS = 2000


def draw_portfolios(random, customers, rate, spread, weighted):
    """Customers with one to four accounts with a common propensity; shapes (replications, customers)."""
    shape = (REPLICATIONS, customers, 4)
    alpha, beta = rate * spread, (1 - rate) * spread
    propensity = random.beta(alpha, beta, shape[:2])[..., None]
    held = random.integers(1, 5, shape[:2])[..., None] > np.arange(4)
    weight = random.lognormal(0, 0.8, shape) if weighted else np.ones(shape)
    x = weight * held
    y = x * (random.random(shape) < propensity)
    return y.sum(-1), x.sum(-1), held.sum((-1, -2))


@pytest.mark.parametrize("weighted", [False, True], ids=["by accounts", "by balance"])
@pytest.mark.parametrize(("customers", "rate"), [(60, 0.3), (400, 0.05), (400, 0.3), (2000, 0.02)])
def test_the_interval_of_a_clustered_share_covers_its_truth(customers, rate, weighted):
    random = np.random.default_rng([customers, int(100 * rate), weighted])
    y, x, units = draw_portfolios(random, customers, rate, spread=4.0, weighted=weighted)
    total_y, total_x, nn, nd, dd, _, clusters = moments(y, x)
    found = share_interval(total_y, total_x, nn, nd, dd, units, clusters)
    covered = np.mean((found.lower <= rate) & (rate <= found.upper))
    assert 0.92 <= covered <= 0.98


def test_the_interval_of_a_ratio_of_amounts_covers_its_truth():
    random = np.random.default_rng(17)
    x = random.lognormal(0, 0.8, (REPLICATIONS, 300))
    y = 0.4 * x * random.gamma(0.7, 1 / 0.7, x.shape)
    found = amount_interval(*moments(y, x))
    assert 0.92 <= np.mean((found.lower <= 0.4) & (found.upper >= 0.4)) <= 0.98


def test_the_interval_of_a_change_covers_its_truth_where_the_same_customers_are_in_both_periods():
    random = np.random.default_rng(23)
    propensity = random.beta(0.6, 2.4, (REPLICATIONS, 500))
    x, x_before = (random.lognormal(0, 0.6, propensity.shape) for _ in range(2))
    y, y_before = (base * (random.random(base.shape) < propensity) for base in (x, x_before))
    now, before = moments(y, x), moments(y_before, x_before)
    joint = [(a * b).sum(-1) for a, b in ((y, y_before), (y, x_before), (x, y_before), (x, x_before))]
    variances = [ratio_variance(*(m for i, m in enumerate(side) if i != 5)) for side in (now, before)]
    covariance = ratio_covariance(now[:2], before[:2], joint)
    exact = difference(share_interval(*now), share_interval(*before), *variances, covariance)
    apart = difference(share_interval(*now), share_interval(*before), *variances)
    covered = [np.mean((d.lower <= 0) & (d.upper >= 0)) for d in (exact, apart)]
    assert 0.92 <= covered[0] <= 0.98
    assert covered[1] > covered[0]
