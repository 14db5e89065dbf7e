"""Logistic recalibration against scikit-learn, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from analysis.statistics import intervals
from analysis.statistics.calibration import recalibration


def sample(seed: int, accounts: int = 2000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1, 1, accounts)
    event = (rng.random(accounts) < 1 / (1 + np.exp(-0.7 * logit - 0.2))).astype(float)
    return logit, event, rng.integers(0, 30, accounts)


def test_slope_and_intercept_are_those_of_an_unpenalised_logistic_regression() -> None:
    logit, event, fold = sample(0)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logit[:, None], event)
    x, ones = np.column_stack([logit, np.ones_like(logit)]), np.ones((logit.size, 1))
    nothing, weight = 0 * logit, np.ones(logit.size)
    assert float(recalibration(event, x, nothing, weight, fold).value) == pytest.approx(
        model.coef_[0][0], abs=1e-4
    )
    shift = recalibration(event, ones, logit, weight, fold).value
    assert event.mean() == pytest.approx((1 / (1 + np.exp(-logit - shift))).mean())


def test_the_slopes_interval_holds_the_truth_in_most_samples() -> None:
    hits = 0
    for seed in range(200):
        logit, event, fold = sample(seed, 800)
        x = np.column_stack([logit, np.ones_like(logit)])
        found = recalibration(event, x, 0 * logit, np.ones(logit.size), fold)
        hits += found.lower <= 0.7 <= found.upper
    assert 0.91 <= hits / 200 <= 0.99


def test_limits_keep_to_the_measures_range_and_are_missing_where_nothing_varies() -> None:
    rest = np.array([0.97, 0.99, 0.98, 0.999])
    share, ratio, plain = (kind(0.985, rest) for kind in (intervals.share, intervals.positive, intervals.plain))
    assert 0 < share.lower < 0.985 < share.upper < 1 and ratio.lower > 0
    assert plain.upper - 0.985 == pytest.approx(0.985 - plain.lower)
    assert np.isnan(intervals.plain(0.5, np.full(4, 0.5)).lower)
