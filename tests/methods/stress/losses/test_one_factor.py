"""Vasicek's model and Basel's capital formula, against published figures and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import ParameterError
from analysis.methods.stress.losses.basel_capital import (
    ASSET_CLASSES,
    asset_correlation,
    capital_requirement,
    maturity_adjustment,
    risk_weight,
)
from analysis.methods.stress.losses.one_factor import (
    conditional_pd,
    expected_shortfall,
    factor_given_rate,
    loss_distribution_function,
    loss_quantile,
)


# BCBS 128 (2006), Annex 5, illustrative risk weights: PD 1%, LGD 45% (corporate: maturity 2.5 years).
@pytest.mark.parametrize(
    ("asset_class", "published"),
    [
        ("corporate", 92.32),
        ("residential_mortgage", 56.40),
        ("other_retail", 45.77),
        ("qualifying_revolving", 17.22),
    ],
)
def test_risk_weights_equal_the_committees_table(asset_class: str, published: float) -> None:
    assert float(risk_weight(0.01, 0.45, asset_class)) * 100 == pytest.approx(published, abs=0.005)


# The same table at LGD 45%, from PD 0.05% to 20%; its corporate column is a unit off in the last digit at places.
@pytest.mark.parametrize(
    ("asset_class", "pds", "published"),
    [
        (
            "residential_mortgage",
            [0.0005, 0.001, 0.005, 0.02, 0.05, 0.20],
            [6.23, 10.69, 35.08, 87.94, 148.22, 253.12],
        ),
        ("other_retail", [0.0005, 0.001, 0.005, 0.02, 0.05, 0.20], [6.63, 11.16, 32.36, 57.99, 66.42, 100.28]),
        ("corporate", [0.0005, 0.001, 0.005, 0.02, 0.05, 0.20], [19.65, 29.65, 69.61, 114.86, 149.86, 238.23]),
    ],
)
def test_risk_weights_follow_the_table_over_the_range_of_pd(
    asset_class: str, pds: list[float], published: list[float]
) -> None:
    assert risk_weight(pds, 0.45, asset_class) * 100 == pytest.approx(published, abs=0.01)


def test_capital_equals_an_independent_implementation() -> None:
    formulas = pytest.importorskip("creditriskengine.rwa.irb.formulas")
    for pd in (0.002, 0.013, 0.08):
        mine = capital_requirement(pd, 0.4, "corporate", 4.0)
        rho = formulas.asset_correlation_corporate(pd)
        theirs = formulas.irb_capital_requirement_k(pd, 0.4, rho) * formulas.maturity_adjustment(pd, 4.0)
        assert float(mine) == pytest.approx(theirs, rel=1e-9)
        assert float(asset_correlation(pd, "other_retail")) == pytest.approx(
            formulas.asset_correlation_other_retail(pd), rel=1e-12
        )


def test_the_mean_over_the_factor_is_the_unconditional_pd() -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    rates = conditional_pd(0.03, 0.2, nodes)
    assert float((rates * weights).sum() / weights.sum()) == pytest.approx(0.03, rel=1e-8)


def test_shortfall_is_the_mean_of_the_quantiles_beyond() -> None:
    beyond = 0.99 + 0.01 * (np.arange(200_000) + 0.5) / 200_000
    assert float(expected_shortfall(0.99, 0.02, 0.15, 0.6)) == pytest.approx(
        loss_quantile(beyond, 0.02, 0.15, 0.6).mean(), rel=1e-6
    )
    assert expected_shortfall(0.0, [0.02, 0.1], 0.15) == pytest.approx([0.02, 0.1], rel=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.001, 0.4), st.floats(0.01, 0.6), st.floats(0.01, 0.999))
def test_quantile_distribution_and_factor_are_inverse_to_each_other(pd: float, rho: float, level: float) -> None:
    rate = loss_quantile(level, pd, rho)
    if not 1e-12 < rate < 1 - 1e-9:
        return
    assert float(loss_distribution_function(rate, pd, rho)) == pytest.approx(level, abs=1e-6)
    assert float(conditional_pd(pd, rho, factor_given_rate(rate, pd, rho))) == pytest.approx(float(rate), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.0005, 0.5), st.floats(0.05, 1.0), st.sampled_from(ASSET_CLASSES))
def test_capital_is_proportional_to_lgd_and_never_more_than_the_exposure(pd: float, lgd: float, kind: str) -> None:
    half, whole = capital_requirement(pd, lgd / 2, kind), capital_requirement(pd, lgd, kind)
    assert float(whole) == pytest.approx(2 * float(half))
    assert float(half) >= 0 and (kind == "corporate" or float(whole) <= 1)


def test_no_correlation_leaves_no_bad_years() -> None:
    assert loss_quantile([0.5, 0.999], 0.04, 0.0) == pytest.approx([0.04, 0.04])


def test_maturity_is_held_within_one_and_five_years() -> None:
    assert maturity_adjustment(0.01, [0.2, 9.0]) == pytest.approx(maturity_adjustment(0.01, [1.0, 5.0]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: conditional_pd(5.0, 0.1, 0.0),
            "pd has 5.0; it must lie from 0 to 1: pass fractions, 0.05 for 5%",
        ),
        (lambda: conditional_pd(np.nan, 0.1, 0.0), "pd has nan"),
        (lambda: loss_quantile(0.99, 0.1, 1.0), "correlation is 1"),
        (lambda: factor_given_rate(0.1, 0.1, 0.0), "correlation is 0"),
        (lambda: asset_correlation(0.01, "mortgages"), "asset class 'mortgages' is unknown; use one of corporate"),
        (lambda: maturity_adjustment(0.0, 2.5), "floor it at 0.0003"),
    ],
)
def test_what_is_out_of_range_is_named_with_its_mend(call: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message.replace("(", r"\(")):
        call()  # type: ignore[operator]
