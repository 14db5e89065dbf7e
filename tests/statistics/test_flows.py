"""Projection with flow rates."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.flows import project, project_draws


def test_a_hand_worked_projection():
    """100 accounts, one in ten falls behind a month, two in ten of those cure, five join."""
    path = project([100.0, 0.0], [[0.9, 0.1], [0.2, 0.8]], months=2, inflow=[5.0, 0.0])
    np.testing.assert_allclose(path, [[100, 0], [95, 10], [92.5, 17.5]])


def test_rates_that_change_over_time_are_taken_month_by_month():
    matrices = np.stack([np.eye(2), [[0.0, 1.0], [0.0, 1.0]]])
    np.testing.assert_allclose(project([4.0, 1.0], matrices, months=2)[1:], [[4, 1], [0, 5]])


@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=3), st.integers(0, 2**32 - 1), st.integers(1, 24))
def test_rows_that_sum_to_one_keep_every_account(stock, seed, months):
    matrix = np.random.default_rng(seed).dirichlet(np.ones(3), 3)
    totals = project(stock, matrix, months).sum(axis=1)
    np.testing.assert_allclose(totals, sum(stock), rtol=1e-9, atol=1e-9)


def test_draws_that_always_choose_one_kind_are_its_projection():
    random = np.random.default_rng(5)
    matrices, inflows = random.dirichlet(np.ones(4), (3, 4)), random.random((3, 4))
    chosen = np.full((2, 6), 1)
    expected = project([9.0, 3.0, 2.0, 1.0], matrices[1], 6, inflows[1])
    for path in project_draws([9.0, 3.0, 2.0, 1.0], matrices, inflows, chosen):
        np.testing.assert_allclose(path, expected, rtol=1e-12)
