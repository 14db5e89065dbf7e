"""The likelihood of the mixture over exits against scipy's distributions and against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.methods.cure import MixtureExits
from analysis.methods.cure.competing.exit_likelihood import ExitLikelihood, ExitSample
from analysis.methods.cure.competing.exit_model import ExitModel
from analysis.methods.cure.competing.exits import Exits
from analysis.methods.cure.mixture.family import LATENCIES, find_latency

NAMES = [name for name in LATENCIES if name != "cox"]
CUTS = [2.0, 5.0, 9.0]
BASELINE = {"weibull": [0.2], "lognormal": [-0.1], "loglogistic": [-0.3], "gompertz": [-2.5]}
IN_PIECES = [-2.0, -1.5, -1.2, -1.4]


def small(names: tuple[str, ...], never: bool, reference: int, seed: int = 8) -> tuple[ExitLikelihood, np.ndarray]:
    """A likelihood on rows of all kinds, some of them late, and a point that isn't special."""
    rng, n = np.random.default_rng(seed), 160
    months = rng.integers(1, 15, n).astype(float)
    entry = np.where(rng.random(n) < 0.5, np.floor(months * rng.random(n)), 0.0)
    kinds = rng.integers(-1, len(names), n)
    exits = Exits(months, kinds, tuple(names), entry, rng.integers(1, 4, n).astype(float))
    families = [find_latency(name, CUTS if name in ("piecewise", "discrete") else None) for name in names]
    x, z = np.c_[np.ones(n), rng.normal(size=(n, 2))], np.c_[np.ones(n), rng.normal(size=(n, 1))]
    model = ExitModel(tuple(range(len(names))), tuple(families), never, reference, 3, 2)  # type: ignore[arg-type]
    theta = [rng.normal(0.0, 0.5, 3 * (len(model.classes) - 1))]
    for name in names:
        level = [0.9 if name in ("lognormal", "loglogistic") else -2.3] if name in BASELINE else []
        theta += [np.array([*level, rng.normal(0.0, 0.3), *BASELINE.get(name, IN_PIECES)])]
    return ExitLikelihood(ExitSample(exits, None, x, z), model), np.concatenate(theta)


def wait(name: str, location: np.ndarray, rest: np.ndarray, z: np.ndarray) -> tuple[Callable[..., Any], ...]:
    """Density and survival of a wait, with scipy's distributions or month by month."""
    if name in BASELINE:
        mu, anc = z @ location, np.exp(rest[0])
        frozen = {
            "weibull": lambda: stats.weibull_min(anc, scale=np.exp(-mu / anc)),
            "lognormal": lambda: stats.lognorm(anc, scale=np.exp(mu)),
            "loglogistic": lambda: stats.fisk(1 / anc, scale=np.exp(mu)),
            "gompertz": lambda: stats.gompertz(np.exp(mu) / anc, scale=1 / anc),
        }[name]()
        return frozen.pdf, frozen.sf

    def hazard(month: np.ndarray) -> np.ndarray:
        level = rest[np.searchsorted(CUTS, month)] + z[:, 1:] @ location
        return np.exp(level) if name == "piecewise" else 1 / (1 + np.exp(-level))

    def survival(months: np.ndarray) -> np.ndarray:
        alive = np.ones(len(z))
        for month in range(1, 20):
            rate = hazard(np.full(len(z), float(month)))
            alive = np.where(month <= months, alive * (np.exp(-rate) if name == "piecewise" else 1 - rate), alive)
        return alive

    before = 0.0 if name == "piecewise" else 1.0
    return (lambda t: hazard(t) * survival(t - before)), survival


def direct(names: tuple[str, ...], likelihood: ExitLikelihood, theta: np.ndarray) -> float:
    """The sum of the textbook's logs, row by row and exit by exit."""
    model, sample = likelihood.model, likelihood.sample
    exits, at = sample.exits, 0
    eta = np.zeros((sample.rows, len(model.classes)))
    for k in range(len(model.classes)):
        if k != model.reference:
            eta[:, k] = sample.x @ theta[at : at + 3]
            at += 3
    pi = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
    left, running, before = np.zeros(sample.rows), np.zeros(sample.rows), np.zeros(sample.rows)
    for j, name in enumerate(names):
        q, m = (2 if name in BASELINE else 1), len(BASELINE.get(name, IN_PIECES))
        density, survival = wait(name, theta[at : at + q], theta[at + q : at + q + m], sample.z)
        at += q + m
        left = np.where(exits.exit == j, pi[:, j] * density(exits.time), left)
        running += pi[:, j] * survival(exits.time)
        before += pi[:, j] * np.where(exits.entry > 0, survival(np.maximum(exits.entry, 1e-9)), 1.0)
    if model.never:
        running, before = running + pi[:, -1], before + pi[:, -1]
    return float(exits.weight @ np.log(np.where(exits.exit < 0, running, left) / before))


SETS = [(name, other) for name, other in zip(NAMES, [*NAMES[1:], NAMES[0]], strict=True)]
CASES = [((name,), True, 1) for name in NAMES] + [(pair, never, 0) for pair in SETS for never in (True, False)]
CASES += [(("weibull", "lognormal", "discrete"), True, 3), (("weibull", "weibull", "gompertz"), False, 1)]


@pytest.mark.parametrize(("names", "never", "reference"), CASES)
def test_the_log_likelihood_is_the_textbook_sum_over_exits(
    names: tuple[str, ...], never: bool, reference: int
) -> None:
    likelihood, theta = small(names, never, reference)
    assert likelihood(theta).value == pytest.approx(direct(names, likelihood, theta), rel=1e-10)


@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(tuple),
    never=st.booleans(),
    last=st.booleans(),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=25, deadline=None)
def test_gradient_and_hessian_over_exits_are_those_of_the_value(
    names: tuple[str, ...], never: bool, last: bool, seed: int
) -> None:
    likelihood, theta = small(names, never, len(names) + never - 1 if last else 0, seed)
    here, step = likelihood(theta), 1e-5
    for j in range(theta.size):
        move = np.where(np.arange(theta.size) == j, step, 0.0)
        up, down = likelihood(theta + move), likelihood(theta - move)
        assert here.gradient[j] == pytest.approx((up.value - down.value) / (2 * step), rel=1e-6, abs=1e-3)
        bend = (up.gradient - down.gradient) / (2 * step)
        np.testing.assert_allclose(here.hessian[j], bend, rtol=1e-5, atol=1e-5 * np.abs(here.hessian).max())


def test_row_scores_over_exits_sum_to_the_gradient() -> None:
    likelihood, theta = small(("weibull", "discrete", "lognormal"), True, 1)
    total = np.zeros(theta.size)
    for rows, scores in likelihood.scores(theta):
        total += likelihood.sample.exits.weight[rows] @ scores
    np.testing.assert_allclose(total, likelihood(theta).gradient, rtol=1e-9)


def test_the_sum_does_not_depend_on_the_size_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    likelihood, theta = small(("weibull", "discrete"), True, 1)
    whole = likelihood(theta)
    monkeypatch.setattr("analysis.methods.cure.competing.exit_likelihood.BLOCK", 17)
    for one, other in zip(whole, likelihood(theta), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.filterwarnings("ignore::analysis.methods.cure.IdentificationWarning")
def test_a_fitted_log_likelihood_equals_scipys_at_the_same_parameters(exits: Callable[..., pd.DataFrame]) -> None:
    frame = exits()
    model = MixtureExits(reference="charged_off").fit(frame, "months", "exit", "x1", "x2", entry_col="entry")
    b = model.params_
    waits = {}
    for name in ("charged_off", "cured", "sold"):
        shape = np.exp(b["baseline", name, "ln_gamma"])
        mu = b["baseline", name, "ln_lambda"] + b["latency", name, "x2"] * frame.x2
        waits[name] = stats.weibull_min(shape, scale=np.exp(-mu / shape))
    eta = {
        name: b["incidence", name, "Intercept"] + b["incidence", name, "x1"] * frame.x1
        for name in ("cured", "sold")
    }
    odds = {"charged_off": np.ones(len(frame))} | {name: np.exp(value) for name, value in eta.items()}
    pi = {name: value / sum(odds.values()) for name, value in odds.items()}
    running = sum(pi[name] * waits[name].sf(frame.months) for name in pi)
    rows = np.select(
        [frame.exit == name for name in pi], [pi[name] * waits[name].pdf(frame.months) for name in pi], running
    )
    seen = sum(pi[name] * waits[name].sf(frame.entry) for name in pi)
    assert model.log_likelihood_ == pytest.approx(np.log(rows / seen).sum(), rel=1e-8)
