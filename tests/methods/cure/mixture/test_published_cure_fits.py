"""Fits of the German Breast Cancer Study published for Stata's strsmix (issue's table, SE in brackets)."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.methods.cure import MixtureCure

pytestmark = pytest.mark.filterwarnings("ignore::analysis.methods.cure.IdentificationWarning")


@pytest.fixture(scope="module")
def weibull(bc: pd.DataFrame) -> MixtureCure:
    return MixtureCure("weibull").fit(bc, "rectime", "censrec")


@pytest.fixture(scope="module")
def lognormal(bc: pd.DataFrame) -> MixtureCure:
    return MixtureCure("lognormal").fit(bc, "rectime", "censrec")


def test_the_rows_are_those_that_lifelines_ships(bc: pd.DataFrame) -> None:
    from lifelines.datasets import load_gbsg2

    copy = load_gbsg2()
    assert len(bc) == 686
    assert sorted(zip(bc.rectime, bc.censrec, strict=True)) == sorted(zip(copy.time, copy.cens, strict=True))


def test_the_weibull_log_likelihood_is_the_published_one(weibull: MixtureCure) -> None:
    assert weibull.log_likelihood_ == pytest.approx(-2628.2351, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "coef", "error"),
    [
        # π is published for those without the event; ours is for those whose event will come, hence the sign.
        (("incidence", "Intercept"), 0.4731367, 0.1641441),
        (("baseline", "ln_lambda"), -11.10519, 0.5901206),
        (("baseline", "ln_gamma"), 0.448163, 0.0576425),
    ],
)
def test_weibull_coefficients_and_errors_are_the_published_ones(
    weibull: MixtureCure, name: tuple[str, str], coef: float, error: float
) -> None:
    assert weibull.params_[name] == pytest.approx(coef, rel=1e-5)
    assert weibull.standard_errors_[name] == pytest.approx(error, rel=1e-4)


def test_the_lognormal_fit_is_the_published_one(lognormal: MixtureCure) -> None:
    assert lognormal.log_likelihood_ == pytest.approx(-2615.9160, abs=5e-5)
    assert lognormal.never_cure_["estimate"] == pytest.approx(0.2774585, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "coef", "error"), [("mu", 6.982433, 0.1304159), ("ln_sigma", -0.093395, 0.0800746)]
)
def test_lognormal_coefficients_and_errors_are_the_published_ones(
    lognormal: MixtureCure, name: str, coef: float, error: float
) -> None:
    assert lognormal.params_["baseline", name] == pytest.approx(coef, abs=1e-5)
    assert lognormal.standard_errors_["baseline", name] == pytest.approx(error, rel=1e-4)
