"""Expected credit loss against schedules worked by hand and an independent implementation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.stress.credit.expected_credit_loss import (
    discount_factors,
    loss_schedule,
    stage_table,
    staged_loss,
    summed_loss,
    twelve_month_loss,
    weighted_loss,
)
from analysis.methods.stress.credit.provision import provision_adequacy

# By hand: a loan of 1,200 repaid in three yearly instalments of 400, hazards 2%, 3%, 4%, LGD 40%, rate 10%.
# First default: 0.02; 0.98·0.03 = 0.0294; 0.98·0.97·0.04 = 0.038024.
# Loss: 0.02·0.4·1200/1.1 = 8.727273; 0.0294·0.4·800/1.21 = 7.775207; 0.038024·0.4·400/1.331 = 4.570879.
FIRST, EAD, BY_HAND = [0.02, 0.0294, 0.038024], [1200.0, 800.0, 400.0], [8.727273, 7.775207, 4.570879]


def test_a_schedule_equals_the_one_worked_by_hand() -> None:
    found = loss_schedule(FIRST, 0.4, EAD, 0.1, step_months=12)
    assert found == pytest.approx(BY_HAND, abs=1e-6)
    year = float(twelve_month_loss(found, 12))
    assert year == pytest.approx(8.727273, abs=1e-6)
    assert staged_loss([1, 2, 3], [year] * 3, [found.sum()] * 3, [500.0] * 3) == pytest.approx(
        [8.727273, 21.073359, 500.0], abs=1e-5
    )


def test_a_monthly_schedule_discounts_by_the_twelfth_root() -> None:
    # Month 6 alone: 0.01·0.5·1000/1.21^0.5 = 5/1.1.
    marginal = np.zeros(24)
    marginal[5] = 0.01
    assert float(loss_schedule(marginal, 0.5, 1000.0, 0.21).sum()) == pytest.approx(5 / 1.1)


def test_lifetime_loss_equals_an_independent_implementation() -> None:
    theirs = pytest.importorskip("creditriskengine.ecl.ifrs9.ecl_calc")
    cecl = pytest.importorskip("creditriskengine.ecl.cecl.cecl_calc")
    rng = np.random.default_rng(1)
    marginal, lgd, ead = (
        rng.dirichlet(np.ones(8), 5)[:, :7],
        rng.uniform(0, 1, (5, 7)),
        rng.uniform(0, 9e4, (5, 7)),
    )
    rate = rng.uniform(0.01, 0.3, 5)
    mine = loss_schedule(marginal, lgd, ead, rate, step_months=12)
    for row in range(5):
        other = theirs.ecl_lifetime(marginal[row], lgd[row], ead[row], rate[row])
        assert mine[row].sum() == pytest.approx(other)
        assert mine[row].sum() == pytest.approx(cecl.cecl_pd_lgd(marginal[row], lgd[row], ead[row], rate[row]))
        year = theirs.ecl_12_month(marginal[row, 0], lgd[row, 0], ead[row, 0], rate[row])
        assert float(twelve_month_loss(mine[row], 12)) == pytest.approx(year)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 0.2), st.floats(0, 1), st.floats(0, 0.5), st.integers(1, 60))
def test_loss_is_never_more_than_exposure_and_twelve_months_never_more_than_life(
    hazard: float, lgd: float, rate: float, periods: int
) -> None:
    schedule = loss_schedule(hazard * (1 - hazard) ** np.arange(periods), lgd, 100.0, rate)
    year, life = float(twelve_month_loss(schedule)), float(schedule.sum())
    assert -1e-12 <= year <= life + 1e-12 <= 100.0 + 1e-9
    assert periods > 12 or year == pytest.approx(life)


@settings(deadline=None)
@given(
    hazard=st.lists(st.floats(0, 0.2), min_size=1, max_size=30),
    lgd=st.lists(st.floats(0, 1), min_size=3, max_size=3),
    rate=st.floats(-0.05, 0.5),
)
def test_sums_of_exposures_that_share_a_curve_are_those_of_their_schedules(
    hazard: list[float], lgd: list[float], rate: float
) -> None:
    chance = np.array(hazard) * np.cumprod([1.0, *(1 - np.array(hazard[:-1]))])
    owed = np.linspace(100.0, 20.0, len(hazard)) * np.array([[1.0], [0.5], [0.0]])
    year, life = summed_loss(chance, lgd, owed * discount_factors(rate, len(hazard)))
    schedule = loss_schedule(np.tile(chance, (3, 1)), lgd, owed, rate)
    np.testing.assert_allclose(year, twelve_month_loss(schedule), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(life, schedule.sum(axis=1), rtol=1e-12, atol=1e-12)


def test_scenarios_are_weighted_by_loss() -> None:
    losses = pd.DataFrame(
        {"adverse": [30.0, 3.0], "baseline": [10.0, 1.0], "severe": [80.0, 8.0]}, index=["a", "b"]
    )
    weights = {"baseline": 0.5, "adverse": 0.3, "severe": 0.2}
    assert weighted_loss(losses, weights).tolist() == pytest.approx([30.0, 3.0])


def test_weighted_loss_equals_an_independent_implementation() -> None:
    other = pytest.importorskip("creditriskengine.ecl.ifrs9.scenarios")
    losses, weights = (
        {"baseline": 11.0, "adverse": 37.5, "severe": 81.0},
        {"baseline": 0.5, "adverse": 0.3, "severe": 0.2},
    )
    theirs = other.weighted_ecl([other.Scenario(name, weights[name], losses[name]) for name in weights])
    assert float(weighted_loss(pd.DataFrame([losses]), weights).iloc[0]) == pytest.approx(theirs)


def test_the_stage_table_shows_every_stage_and_its_coverage() -> None:
    rows = pd.DataFrame({"stage": [1, 1, 3], "ead": [100.0, 300.0, 50.0], "ecl": [1.0, 3.0, 40.0]})
    table = stage_table(rows).set_index("stage")
    assert table.accounts.tolist() == [2, 0, 1]
    assert table.coverage[1] == pytest.approx(0.01) and table.coverage[3] == pytest.approx(0.8)
    assert np.isnan(table.coverage[2])
    assert stage_table(rows.assign(product=["a", "b", "a"], accounts=5), "product").accounts.sum() == 15


def test_adequacy_tells_shortfall_or_surplus() -> None:
    table = provision_adequacy(pd.Series({"baseline": 80.0, "severe": 250.0}), 100.0).set_index("scenario")
    assert table.loc["baseline", ["coverage", "shortfall", "surplus"]].tolist() == [1.25, 0.0, 20.0]
    assert table.loc["severe", ["coverage", "shortfall", "surplus"]].tolist() == [0.4, 150.0, 0.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: provision_adequacy(pd.Series([1.0]), 0.0),
            ParameterError,
            "provision is 0: nothing is set aside",
        ),
        (lambda: provision_adequacy(pd.Series([1.0]), -5.0), ParameterError, "provision is -5.0; give the amount"),
        (
            lambda: loss_schedule([0.6, 0.6], 0.5, 1.0),
            ParameterError,
            "sums to more than 1 over life; pass each period",
        ),
        (lambda: loss_schedule([0.1], 45, 1.0), ParameterError, "lgd has 45.0; it must lie from 0 to 1"),
        (lambda: loss_schedule([0.1], 0.4, -1.0), ParameterError, "ead holds a value that is missing or below 0"),
        (lambda: loss_schedule(np.zeros((2, 3)), 0.4, np.ones(3)), ParameterError, r"ead has shape \(3,\)"),
        (lambda: loss_schedule([0.1], 0.4, 1.0, -2.0), ParameterError, "annual_rate must lie above -1"),
        (lambda: twelve_month_loss([1.0], 5), ParameterError, "step_months is 5; it must divide a year"),
        (lambda: staged_loss([0], [1.0], [1.0], [1.0]), InputError, "stage holds a value other than 1, 2, 3"),
        (lambda: weighted_loss(pd.DataFrame({"a": [1.0]}), {"a": 0.9}), ParameterError, r"\(a 0.9\) sum to 0.9"),
        (lambda: weighted_loss(pd.DataFrame({"a": [1.0]}), {"b": 1.0}), ParameterError, "differ in a, b"),
    ],
)
def test_what_cannot_be_is_named_with_its_mend(call: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()  # type: ignore[operator]
