"""What MixtureExits predicts: shares that add up, curves that rise, and intervals that are the delta method's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure import MixtureExits
from analysis.methods.cure.competing.exit_predict import FittedExits

Draw = Callable[..., pd.DataFrame]
pytestmark = pytest.mark.filterwarnings("ignore::analysis.methods.cure.IdentificationWarning")

TIMES = [0, 1, 2, 3, 6, 12, 24, 60, 600]
MIXED = {"charged_off": "gompertz", "cured": "lognormal", "sold": "weibull"}
MODELS: dict[str, tuple[Any, bool]] = {
    "weibull": ("weibull", False),
    "loglogistic": ("loglogistic", True),
    "piecewise": ("piecewise", False),
    "discrete": ("discrete", True),
    "mixed": (MIXED, False),
}


@pytest.fixture(scope="module")
def fitted(exits: Draw) -> dict[str, MixtureExits]:
    models = {}
    for name, (latency, never) in MODELS.items():
        frame = exits("discrete" if never else "weibull", rows=1500)
        models[name] = MixtureExits(latency, never).fit(
            frame, "months", "exit", "x1 + x2", "x1", entry_col="entry"
        )
    return models


@pytest.fixture
def some(exits: Draw) -> pd.DataFrame:
    return exits(rows=200).head(20)


@pytest.mark.parametrize("after", [None, 5, 40])
@pytest.mark.parametrize("name", MODELS)
def test_exit_probabilities_of_a_row_sum_to_one(
    fitted: dict[str, MixtureExits], some: pd.DataFrame, name: str, after: float | None
) -> None:
    found = fitted[name].predict_exit_probabilities(some, conditional_after=after)
    assert list(found.columns) == list(fitted[name].fitted_.model.classes)
    assert ((found >= 0) & (found <= 1)).all().all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)


@pytest.mark.parametrize("after", [None, 5, 40])
@pytest.mark.parametrize("name", MODELS)
def test_exits_rise_and_add_up_to_one_with_those_still_open(
    fitted: dict[str, MixtureExits], some: pd.DataFrame, name: str, after: float | None
) -> None:
    model = fitted[name]
    by_exit = [
        model.predict_cumulative_incidence(some, TIMES, each, conditional_after=after)
        for each in model.fitted_.model.exits
    ]
    for curves in by_exit:
        assert (curves.to_numpy() >= 0).all() and (curves.to_numpy() <= 1).all()
        assert (np.diff(curves, axis=0) >= -1e-15).all()
        assert (curves.iloc[0] == 0).all()
    still = model.predict_survival_function(some, TIMES, conditional_after=after)
    np.testing.assert_allclose(sum(by_exit) + still, 1.0, rtol=1e-12)
    together = model.predict_cumulative_incidence(some, TIMES, conditional_after=after)
    assert together.columns.names[0] == "exit"
    np.testing.assert_array_equal(together["cured"], by_exit[1])


@pytest.mark.parametrize("name", ["weibull", "loglogistic", "piecewise", "mixed"])
def test_incidence_in_the_end_is_the_exit_probability(
    fitted: dict[str, MixtureExits], some: pd.DataFrame, name: str
) -> None:
    last = fitted[name].predict_cumulative_incidence(some, [1e9], "cured").iloc[0]
    np.testing.assert_allclose(last, fitted[name].predict_exit_probabilities(some)["cured"], rtol=1e-5)


@given(after=st.floats(0.5, 30.0), within=st.floats(0.5, 30.0))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("name", ["weibull", "mixed"])
def test_a_conditional_incidence_is_the_ratio_of_unconditional_ones(
    fitted: dict[str, MixtureExits], exits: Draw, name: str, after: float, within: float
) -> None:
    model, rows = fitted[name], exits(rows=60).head(5)
    whole = model.predict_cumulative_incidence(rows, [after, after + within], "sold")
    open_then = model.predict_survival_function(rows, [after]).iloc[0]
    given_open = model.predict_cumulative_incidence(rows, [within], "sold", conditional_after=after).iloc[0]
    np.testing.assert_allclose(given_open, (whole.iloc[1] - whole.iloc[0]) / open_then, rtol=1e-6, atol=1e-10)


def test_conditional_after_may_differ_by_row(fitted: dict[str, MixtureExits], some: pd.DataFrame) -> None:
    model = fitted["mixed"]
    after = np.arange(len(some)).astype(float)
    mixed = model.predict_exit_probabilities(some, conditional_after=after)
    one = model.predict_exit_probabilities(some.iloc[[7]], conditional_after=7.0)
    np.testing.assert_allclose(mixed.iloc[7], one.iloc[0], rtol=1e-12)


def moved(model: MixtureExits, j: int, step: float) -> MixtureExits:
    """The model with one parameter moved."""
    other = MixtureExits(model.latency, model.never)
    other.__dict__.update(model.__dict__)
    theta = model.fitted_.theta + np.where(np.arange(model.fitted_.theta.size) == j, step, 0.0)
    other.fitted_ = FittedExits(theta, model.fitted_.variance, model.fitted_.model, model.fitted_.horizon)
    return other


PREDICTIONS: dict[str, Callable[[MixtureExits, pd.DataFrame, bool], pd.DataFrame]] = {
    "probabilities": lambda m, rows, i: m.predict_exit_probabilities(rows, i, conditional_after=4),
    "incidence": lambda m, rows, i: m.predict_cumulative_incidence(
        rows, [7], "cured", conditional_after=4, interval=i
    ),
    "survival": lambda m, rows, i: m.predict_survival_function(rows, [7], conditional_after=4, interval=i),
}


@pytest.mark.parametrize("what", PREDICTIONS)
@pytest.mark.parametrize("name", MODELS)
def test_intervals_of_exits_are_the_delta_method_on_the_logit_scale(
    fitted: dict[str, MixtureExits], some: pd.DataFrame, name: str, what: str
) -> None:
    model, rows, predict = fitted[name], some.head(3), PREDICTIONS[what]

    def logit(other: MixtureExits) -> np.ndarray:
        p = predict(other, rows, False).to_numpy().ravel()
        return np.log(p / (1 - p))

    step = 1e-5
    slopes = [
        (logit(moved(model, j, step)) - logit(moved(model, j, -step))) / (2 * step)
        for j in range(model.fitted_.theta.size)
    ]
    error = np.sqrt(np.einsum("ji,jk,ki->i", slopes, model.fitted_.variance, slopes))
    found = predict(model, rows, True)
    for bound, z in (("lower", -1.959964), ("upper", 1.959964)):
        expected = 1 / (1 + np.exp(-(logit(model) + z * error)))
        np.testing.assert_allclose(found[bound].to_numpy().ravel(), expected, rtol=1e-5)


def test_average_exit_probabilities_are_the_rows_average(exits: Draw) -> None:
    frame = exits("discrete", rows=900).assign(weight=lambda f: 1.0 + np.arange(len(f)) % 3)
    model = MixtureExits("discrete", never=True)
    model.fit(frame, "months", "exit", "x1 + x2", entry_col="entry", weights_col="weight")
    rows = model.predict_exit_probabilities(frame)
    mean = np.average(rows, axis=0, weights=frame.weight)
    np.testing.assert_allclose(model.exit_probabilities_["estimate"], mean, rtol=1e-12)
    step, slopes = 1e-5, []
    for j in range(model.fitted_.theta.size):
        up, down = (
            np.average(moved(model, j, s).predict_exit_probabilities(frame), axis=0, weights=frame.weight)
            for s in (step, -step)
        )
        slopes.append((up - down) / (2 * step))
    error = np.sqrt(np.einsum("ji,jk,ki->i", slopes, model.fitted_.variance, slopes)) / (mean * (1 - mean))
    upper = 1 / (1 + np.exp(-(np.log(mean / (1 - mean)) + 1.959964 * error)))
    np.testing.assert_allclose(model.exit_probabilities_["upper"], upper, rtol=1e-6)


def test_the_share_of_exits_after_the_follow_up_is_that_of_the_curves(exits: Draw) -> None:
    frame = exits(rows=900)
    model = MixtureExits().fit(frame, "months", "exit", "x1", "x1", entry_col="entry")
    last = frame.months.max()
    gone = model.predict_cumulative_incidence(frame, [last], "sold").iloc[0].mean()
    ever = model.predict_exit_probabilities(frame)["sold"].mean()
    assert model.tails_["sold"] == pytest.approx(1 - gone / ever, abs=1e-9)


def test_predictions_of_exits_say_what_they_cannot_take(
    fitted: dict[str, MixtureExits], some: pd.DataFrame
) -> None:
    model = fitted["weibull"]
    with pytest.raises(
        ParameterError, match="exit_name 'paid' is not known; choose one of charged_off, cured, sold"
    ):
        model.predict_cumulative_incidence(some, [3], "paid")
    with pytest.raises(ParameterError, match="not fitted yet; call fit first"):
        MixtureExits().predict_exit_probabilities(some)
    with pytest.raises(ParameterError, match="not fitted yet; call fit first"):
        MixtureExits().predict_cumulative_incidence(some, [3], "cured")
    with pytest.raises(InputError, match="conditional_after must be 0 or more"):
        model.predict_survival_function(some, [3], conditional_after=-1)
    with pytest.raises(InputError, match="times must be a list of finite numbers"):
        model.predict_survival_function(some, [-3])
    with pytest.raises(InputError, match="reads x1, not in the data frame"):
        model.predict_exit_probabilities(some.drop(columns="x1"))
