"""Coefficients over vintages and scores over time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.methods.cure import MixtureCure
from analysis.methods.cure.validation import Mixture, coefficients_by_vintage, largest_drift, stability_index


def fit(cells: pd.DataFrame) -> MixtureCure:
    return Mixture("x1", "x1").fit(cells).model


@pytest.fixture(scope="module")
def halves(portfolio: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    spells = portfolio(6000)
    return spells[spells.began < 29].assign(half=lambda df: np.where(df.began < 15, "2023H1", "2023H2"))


def test_coefficients_of_one_truth_do_not_drift(halves: pd.DataFrame) -> None:
    table = coefficients_by_vintage(halves, halves.half, fit)
    drift = largest_drift(table)
    assert drift.p_value > 0.01 and abs(drift.z) < 3.5
    first = table[table.vintage == "2023H1"]
    assert first.change.isna().all() and ("incidence", "x1") in set(zip(first.part, first.covariate, strict=True))


def test_a_covariate_that_turns_is_found(halves: pd.DataFrame) -> None:
    turned = halves.assign(x1=halves.x1.where(halves.half == "2023H1", -halves.x1))
    drift = largest_drift(coefficients_by_vintage(turned, turned.half, fit))
    assert drift.covariate == "x1" and drift.p_value < 1e-6


def test_a_change_is_the_difference_of_the_two_fits(halves: pd.DataFrame) -> None:
    table = coefficients_by_vintage(halves, halves.half, fit).set_index(["part", "covariate", "vintage"])
    before, after = (table.loc[("incidence", "x1", half)] for half in ("2023H1", "2023H2"))
    assert after.change == pytest.approx(after.coef - before.coef)
    error = np.hypot(after.se, before.se)
    assert after.upper - after.lower == pytest.approx(2 * 1.959964 * error, rel=1e-6)
    assert after.z == pytest.approx(after.change / error)


def test_a_vintage_with_few_cures_joins_its_neighbour(halves: pd.DataFrame) -> None:
    small = halves.half.where(halves.began != 28, "2023H3")
    assert ((small == "2023H3") & (halves.exit == "cured")).sum() < 100
    table = coefficients_by_vintage(halves, small, fit)
    assert set(table.vintage) == {"2023H1", "2023H2"}


def test_one_vintage_cannot_be_compared(halves: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="two vintages or more with 100 cures each"):
        coefficients_by_vintage(halves, ["2023"] * len(halves), fit)


def test_the_stability_index_of_a_worked_example() -> None:
    """Shares .5/.5 against .6/.4: .1·ln(.6/.5) + (−.1)·ln(.4/.5) = .04055."""
    trained, tested = np.array([0.2, 0.8]), np.array([0.2, 0.8])
    found = stability_index(trained, tested, np.array([50.0, 50.0]), np.array([60.0, 40.0]), groups=2)
    assert found.psi == pytest.approx(0.1 * np.log(1.2) - 0.1 * np.log(0.8), abs=1e-12)
    assert found.chance == pytest.approx(3.841459 * (1 / 100 + 1 / 100), rel=1e-5)


def test_scores_of_one_population_are_stable_by_chance_ninety_five_times_in_a_hundred() -> None:
    rng = np.random.default_rng(6)
    ones = np.ones(2000)
    found = [stability_index(rng.random(2000), rng.random(2000), ones, ones) for _ in range(200)]
    over = np.mean([one.psi > one.chance for one in found])
    assert 0.01 < over < 0.10


def test_a_shifted_population_is_over_the_customary_bound() -> None:
    rng = np.random.default_rng(6)
    ones = np.ones(3000)
    assert stability_index(rng.random(3000), rng.random(3000) ** 2, ones, ones).psi > 0.25
