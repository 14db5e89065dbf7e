"""The semiparametric latency."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ParameterError
from analysis.methods.cure import MixtureCure, Truth, draw_spells

Draw = Callable[..., pd.DataFrame]
pytestmark = pytest.mark.filterwarnings("ignore::analysis.methods.cure.IdentificationWarning")


@pytest.fixture(scope="module")
def tied() -> pd.DataFrame:
    """Spells with eight event times, so that the whole likelihood can be written out."""
    truth = Truth("weibull", (0.4, 0.7), (0.5,), (-1.8, 0.2), follow_up=(3.0, 12.0), resolved=0.1)
    frame = draw_spells(truth, 400, seed=4)
    return frame.assign(months=np.ceil(frame.months).clip(upper=8))


def full_log_likelihood(point: np.ndarray, frame: pd.DataFrame) -> float:
    """Of intercept, slope, latency slope, and the log jumps of the baseline at months 1 … 8."""
    month, event, x = (frame[c].to_numpy() for c in ("months", "event", "x1"))
    p = 1 / (1 + np.exp(-point[0] - point[1] * x))
    hazard = np.cumsum(np.exp(point[3:]))[month.astype(int) - 1] * np.exp(point[2] * x)
    density = np.exp(point[3:])[month.astype(int) - 1] * np.exp(point[2] * x) * np.exp(-hazard)
    rows = np.select([event == 1, event == 0], [p * density, 1 - p + p * np.exp(-hazard)], 1 - p)
    return float(np.log(rows).sum())


def test_em_ends_where_the_full_likelihood_does_with_its_errors(tied: pd.DataFrame) -> None:
    model = MixtureCure("cox").fit(tied, "months", "event", "x1", "x1")
    jumps = np.log(np.diff(model.baseline_cumulative_hazard_, prepend=0.0))
    point = np.concatenate([model.params_, jumps])
    assert model.log_likelihood_ == pytest.approx(full_log_likelihood(point, tied), abs=1e-8)
    hessian, slope = differences(lambda at: full_log_likelihood(at, tied), point)
    assert np.abs(slope).max() < 1e-3
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)))[:3]
    np.testing.assert_allclose(model.standard_errors_, errors, rtol=2e-3)


def differences(function: Callable[[np.ndarray], float], at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hessian and gradient by central differences."""
    step, n = 1e-3, at.size
    unit = np.eye(n) * step
    slope = np.array([(function(at + u) - function(at - u)) / (2 * step) for u in unit])
    hessian = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
            parts = [a * b * function(at + a * unit[i] + b * unit[j]) for a, b in signs]
            hessian[i, j] = sum(parts) / (4 * step * step)
    return hessian, slope


def test_cox_finds_the_truth_of_a_weibull() -> None:
    truth = Truth("weibull", (0.4, 0.7), (0.5,), (-1.8, 0.2), follow_up=(12.0, 40.0))
    model = MixtureCure("cox").fit(draw_spells(truth, 3000, seed=2), "months", "event", "x1", "x1")
    z = (model.params_ - [*truth.incidence, *truth.latency]) / model.standard_errors_
    assert model.converged_ and (z.abs() < 2.6).all()


def test_without_a_never_cure_fraction_cox_is_lifelines_cox() -> None:
    from lifelines import CoxPHFitter

    truth = Truth("weibull", (9.0, 0.0), (0.5,), (-1.0, 0.2), follow_up=(30.0, 31.0))
    frame = draw_spells(truth, 800, seed=3)
    frame = frame.assign(event=1)
    reference = CoxPHFitter().fit(frame[["months", "event", "x1"]], "months", "event")
    model = MixtureCure("cox").fit(frame, "months", "event", "1", "x1")
    assert model.params_["latency", "x1"] == pytest.approx(reference.params_["x1"], abs=1e-4)
    assert model.standard_errors_["latency", "x1"] == pytest.approx(reference.standard_errors_["x1"], rel=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"entry_col": "entry"}, "no delayed entry"),
        ({"cluster_col": "x1"}, "profile-likelihood errors only"),
        ({"robust": True}, "profile-likelihood errors only"),
    ],
)
def test_cox_refuses_what_it_cannot_do(tied: pd.DataFrame, options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        MixtureCure("cox").fit(tied, "months", "event", **options)  # type: ignore[arg-type]
