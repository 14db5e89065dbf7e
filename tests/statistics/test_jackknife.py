"""The delete-a-group jackknife."""

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.jackknife import fold_counts, jackknife_error, leave_one_out, t_quantile


def test_the_error_of_a_mean_of_equal_folds_is_that_of_independent_fold_means():
    values = np.array([1.0, 4.0, 2.0, 7.0, 6.0])
    replicates = leave_one_out(values) / 4
    assert jackknife_error(values.mean(), replicates) == pytest.approx(values.std(ddof=1) / np.sqrt(5))


def test_repeating_every_observation_of_a_customer_leaves_the_error_as_it_is():
    rng = np.random.default_rng(1)
    events, size = rng.binomial(20, 0.3, 32).astype(float), np.full(32, 20.0)

    def error(times: int) -> float:
        y, n = events * times, size * times
        return float(jackknife_error(y.sum() / n.sum(), leave_one_out(y) / leave_one_out(n)))

    assert error(5) == pytest.approx(error(1))


def test_cells_that_a_fold_lacks_count_as_nothing():
    frame = pd.DataFrame({"cell": ["a", "b", "a"], "fold": [0, 0, 9], "events": [1, 2, 3]})
    cells, counts = fold_counts(frame, ["cell"], ["events"])
    assert list(cells["cell"]) == ["a", "b"]
    assert counts.tolist() == [[[1, 2]], [[3, 0]]]


def test_one_fold_alone_has_no_error():
    assert np.isnan(jackknife_error(0.5, np.array([0.5])))
    assert np.isnan(t_quantile(0.95, 1))
