"""The likelihood against scipy's distributions, against finite differences, and against a lifelines fitter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.methods.cure import MixtureCure
from analysis.methods.cure.mixture.family import LATENCIES, find_latency
from analysis.methods.cure.mixture.likelihood import Likelihood
from analysis.methods.cure.mixture.link import LINKS
from analysis.methods.cure.mixture.sample import Sample, Times

PARAMETRIC = [name for name in LATENCIES if name != "cox"]
CUTS = [2.0, 5.0, 9.0]


def small(family: str, link: str) -> tuple[Likelihood, np.ndarray]:
    """A likelihood on rows of all kinds, some of them late, and a point that isn't special."""
    rng = np.random.default_rng(8)
    n = 250
    months = rng.integers(1, 15, n).astype(float)
    event = rng.integers(0, 3, n).astype(np.int8)
    entry = np.where(rng.random(n) < 0.5, np.floor(months * rng.random(n)), 0.0)
    times = Times(months, event, entry, rng.integers(1, 4, n).astype(float), None)
    latency = find_latency(family, CUTS if family in ("piecewise", "discrete") else None)
    assert latency is not None
    x = np.c_[np.ones(n), rng.normal(size=(n, 2))]
    likelihood = Likelihood(Sample(times, x, x if latency.intercept else x[:, 1:]), LINKS[link], latency)
    anc = {"weibull": [0.2], "lognormal": [-0.1], "loglogistic": [-0.3], "gompertz": [-2.5]}
    location = [0.4, -0.2, 0.3] if family in ("lognormal", "loglogistic") else [-2.3, -0.2, 0.3]
    tail = anc.get(family, [-2.0, -1.5, -1.2, -1.4])
    return likelihood, np.array([0.3, 0.5, -0.4, *(location if latency.intercept else location[1:]), *tail])


def scipy_wait(family: str, theta: np.ndarray, z: np.ndarray) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Density and survival of the wait, written with scipy's distributions or month by month."""
    if family in ("piecewise", "discrete"):
        return in_pieces(family, theta[3:5], theta[5:], z)
    mu, anc = z @ theta[3:6], np.exp(theta[6])
    frozen = {
        "weibull": lambda: stats.weibull_min(anc, scale=np.exp(-mu / anc)),
        "lognormal": lambda: stats.lognorm(anc, scale=np.exp(mu)),
        "loglogistic": lambda: stats.fisk(1 / anc, scale=np.exp(mu)),
        "gompertz": lambda: stats.gompertz(np.exp(mu) / anc, scale=1 / anc),
    }[family]()
    return frozen.pdf, frozen.sf


def in_pieces(
    family: str, gamma: np.ndarray, alpha: np.ndarray, z: np.ndarray
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def hazard(months: np.ndarray) -> np.ndarray:
        level = alpha[np.searchsorted(CUTS, months)] + z @ gamma
        return np.exp(level) if family == "piecewise" else 1 / (1 + np.exp(-level))

    def survival(months: np.ndarray) -> np.ndarray:
        alive = np.ones(months.size)
        for month in range(1, 20):
            rate = hazard(np.full(months.size, float(month)))
            step = np.exp(-rate) if family == "piecewise" else 1 - rate
            alive = np.where(month <= months, alive * step, alive)
        return alive

    if family == "piecewise":
        return (lambda t: hazard(t) * survival(t)), survival
    return (lambda t: hazard(t) * survival(t - 1)), survival


PROBABILITY = {
    "logit": lambda eta: 1 / (1 + np.exp(-eta)),
    "probit": stats.norm.cdf,
    "cloglog": lambda eta: 1 - np.exp(-np.exp(eta)),
}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("family", PARAMETRIC)
def test_the_log_likelihood_is_the_textbook_sum(family: str, link: str) -> None:
    likelihood, theta = small(family, link)
    sample, times = likelihood.sample, likelihood.sample.times
    p = PROBABILITY[link](sample.x @ theta[:3])
    density, survival = scipy_wait(family, theta, sample.z)
    assert times.entry is not None
    rows = np.select(
        [times.event == 1, times.event == 0],
        [p * density(times.time), 1 - p + p * survival(times.time)],
        1 - p,
    )
    seen = np.where(times.entry > 0, 1 - p + p * survival(times.entry), 1.0)
    expected = times.weight @ np.log(rows / seen)
    assert likelihood(theta).value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("family", PARAMETRIC)
def test_gradient_and_hessian_are_those_of_the_value(family: str, link: str) -> None:
    likelihood, theta = small(family, link)
    here, step = likelihood(theta), 1e-5
    for j in range(theta.size):
        move = np.where(np.arange(theta.size) == j, step, 0.0)
        up, down = likelihood(theta + move), likelihood(theta - move)
        slope = (up.value - down.value) / (2 * step)
        assert here.gradient[j] == pytest.approx(slope, rel=1e-6, abs=1e-4)
        bend = (up.gradient - down.gradient) / (2 * step)
        np.testing.assert_allclose(here.hessian[j], bend, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("family", ["weibull", "discrete"])
def test_row_scores_sum_to_the_gradient(family: str) -> None:
    likelihood, theta = small(family, "logit")
    total = np.zeros(theta.size)
    for rows, scores in likelihood.scores(theta):
        total += likelihood.sample.times.weight[rows] @ scores
    np.testing.assert_allclose(total, likelihood(theta).gradient, rtol=1e-9)


def test_gompertz_is_smooth_where_its_series_meets_its_closed_form() -> None:
    family, time = find_latency("gompertz"), np.array([1.0, 3.0])
    assert family is not None
    for rise in (1e-12, 0.0999999, 0.1000001, 2.0):
        curve = family.log_survival(np.array([-1.0, -1.0]), np.array([np.log(rise)]), time)
        exact = -np.exp(-1.0) * np.expm1(rise * time) / rise
        np.testing.assert_allclose(curve.value, exact, rtol=1e-12 if rise > 1e-3 else 1e-4)
    below, above = (
        family.log_survival(np.array([-1.0]), np.array([np.log(rise)]), np.array([1.0]))
        for rise in (0.1 - 1e-12, 0.1 + 1e-12)
    )
    for low, high in zip(below, above, strict=True):
        np.testing.assert_allclose(low, high, rtol=1e-10)


@pytest.mark.parametrize("link", LINKS)
def test_links_stay_finite_far_out(link: str) -> None:
    eta = np.array([-40.0, -10.0, 0.0, 5.0, 40.0])
    for curve in (LINKS[link].log_yes(eta), LINKS[link].log_no(eta)):
        for part in curve:
            assert np.isfinite(part).all()


def test_the_fit_reaches_the_maximum_a_lifelines_fitter_finds(spells: Callable[..., pd.DataFrame]) -> None:
    import autograd.numpy as anp
    from lifelines.fitters import ParametricRegressionFitter

    class Reference(ParametricRegressionFitter):  # type: ignore[misc]
        _fitted_parameter_names = ["lambda_", "rho_", "p_"]  # noqa: RUF012  (lifelines' own manner)

        def _cumulative_hazard(self, params: Any, T: Any, Xs: Any) -> Any:
            scale = anp.dot(Xs["lambda_"], params["lambda_"])
            shape = anp.exp(anp.dot(Xs["rho_"], params["rho_"]))
            p = 1 / (1 + anp.exp(-anp.dot(Xs["p_"], params["p_"])))
            return -anp.log(1 - p + p * anp.exp(-anp.exp(scale + shape * anp.log(T))))

    frame = spells("weibull", 1500)
    frame = frame[frame.event < 2]
    formula = "x1 + x2"
    reference = Reference().fit(
        frame[["x1", "x2", "months", "event", "entry"]],
        "months",
        "event",
        regressors={"lambda_": formula, "rho_": "1", "p_": formula},
        entry_col="entry",
    )
    model = MixtureCure().fit(frame, "months", "event", formula, formula, entry_col="entry")
    assert model.log_likelihood_ == pytest.approx(reference.log_likelihood_, rel=0, abs=1e-6)
    assert model.params_["incidence", "x1"] == pytest.approx(reference.params_["p_", "x1"], abs=1e-2)
    assert model.standard_errors_["latency", "x2"] == pytest.approx(
        reference.standard_errors_["lambda_", "x2"], rel=1e-2
    )
