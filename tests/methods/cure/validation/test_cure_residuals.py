"""Residuals of the true model are what theory says, and those of a wrong one are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from analysis.methods.cure import Truth, draw_spells
from analysis.methods.cure.validation import (
    Split,
    exponential_check,
    followed,
    marginal_residuals,
    month_table,
    quantile_residuals,
    susceptible_residuals,
    uniformity,
)

WEIBULL = Truth("weibull", (0.4, 0.9), (0.5,), (-2.0, 0.2), late=0.3)


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    return draw_spells(WEIBULL, 8000, 11)


def wait(spells: pd.DataFrame, time: pd.Series) -> np.ndarray:
    rate = np.exp(WEIBULL.baseline[0] + WEIBULL.latency[0] * spells.x1)
    return np.exp(-rate * time ** np.exp(WEIBULL.baseline[1])).to_numpy()


def ever(spells: pd.DataFrame) -> np.ndarray:
    return WEIBULL.probability(spells[["x1"]].to_numpy())


def reached(spells: pd.DataFrame, time: pd.Series) -> np.ndarray:
    return ever(spells) * (1.0 - wait(spells, time))


def test_marginal_residuals_of_the_true_model_are_unit_exponential(drawn: pd.DataFrame) -> None:
    residual = marginal_residuals(reached(drawn, drawn.months), reached(drawn, drawn.entry))
    cured = (drawn.event == 1).to_numpy()
    # A censored exponential sample has as many events as time.
    assert cured.sum() / residual.sum() == pytest.approx(1.0, abs=2.5 / np.sqrt(cured.sum()))
    check = exponential_check(residual, cured, np.ones(len(drawn)))
    assert check.z.abs().max() < 3.0 and len(check) == 10


def test_residuals_of_the_waits_are_unit_exponential_whatever_the_incidence(drawn: pd.DataFrame) -> None:
    whole = drawn[drawn.entry == 0]
    cured = (whole.event == 1).to_numpy()
    residual, weight = susceptible_residuals(reached(whole, whole.months), ever(whole), cured)
    assert (cured.sum()) / (weight * residual).sum() == pytest.approx(1.0, abs=2.5 / np.sqrt(cured.sum()))
    assert exponential_check(residual, cured, weight).z.abs().max() < 3.0


def test_a_wrong_latency_shows_in_the_residuals(drawn: pd.DataFrame) -> None:
    cured = (drawn.event == 1).to_numpy()
    slow = ever(drawn) * (1.0 - wait(drawn, drawn.months * 0.6))
    entered = ever(drawn) * (1.0 - wait(drawn, drawn.entry * 0.6))
    assert exponential_check(marginal_residuals(slow, entered), cured, np.ones(len(drawn))).z.abs().max() > 5.0


def test_quantile_residuals_of_the_true_model_are_uniform(
    portfolio: Callable[..., pd.DataFrame], truth_curve: Callable[..., np.ndarray]
) -> None:
    cells = followed(portfolio(5000, seed=9, charged_off=0.5), 41)
    cells = cells.assign(entry=np.where((cells.duration > 1) & (cells.index % 4 == 0), 1, 0))
    found = quantile_residuals(cells, truth_curve(cells.x1.to_numpy(), 12))
    assert uniformity(found.uniform).p_value > 0.01
    assert found.normal.mean() == pytest.approx(0.0, abs=0.04) and found.normal.std() == pytest.approx(
        1.0, abs=0.03
    )
    for level in (-1.0, 1.0):
        assert uniformity(found.uniform[cells.x1.to_numpy()[found.row] == level]).p_value > 0.01


def test_quantile_residuals_of_a_wrong_model_are_not(split: Split, truth_curve: Callable[..., np.ndarray]) -> None:
    wrong = truth_curve(-split.test.x1.to_numpy(), 12)
    found = quantile_residuals(split.test, wrong)
    high = split.test.x1.to_numpy()[found.row] > 0
    assert uniformity(found.uniform[high]).p_value < 1e-6


def test_the_kolmogorov_smirnov_p_value_is_scipys() -> None:
    sample = np.random.default_rng(3).random(400) ** 1.1
    expected = kstest(sample, "uniform")
    found = uniformity(sample)
    assert found.distance == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.01)


def test_the_true_model_expects_the_cures_of_each_month(
    portfolio: Callable[..., pd.DataFrame], truth_curve: Callable[..., np.ndarray]
) -> None:
    cells = followed(portfolio(6000, charged_off=0.5), 41)
    table = month_table(cells, truth_curve(cells.x1.to_numpy(), 12))
    assert table.month.tolist() == list(range(1, 13)) and table.z.abs().max() < 3.5
    assert table.observed.sum() == ((cells.exit == "cured") & (cells.duration <= 12)).sum()
    assert table.at_risk.iloc[0] == len(cells)
    assert table.expected.sum() == pytest.approx(table.observed.sum(), rel=0.05)


def test_a_month_in_which_the_model_is_wrong_stands_out(
    split: Split, truth_curve: Callable[..., np.ndarray]
) -> None:
    curve = truth_curve(split.test.x1.to_numpy(), 12)
    late = np.hstack([np.zeros((len(curve), 1)), curve[:, :-1]])
    table = month_table(split.test, late)
    assert table.expected.iloc[0] == 0.0 and table.z.iloc[0] > 5.0
