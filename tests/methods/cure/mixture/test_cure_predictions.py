"""What a fitted cure model says of new rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.cure import MixtureCure
from analysis.methods.cure.mixture import predict

Draw = Callable[..., pd.DataFrame]
pytestmark = pytest.mark.filterwarnings("ignore::analysis.methods.cure.IdentificationWarning")

NAMES = ["weibull", "lognormal", "loglogistic", "gompertz", "piecewise", "discrete", "cox"]
WITH_INTERVALS = NAMES[:-1]
TIMES = [0, 1, 2, 3, 6, 12, 24, 60]
NEW = pd.DataFrame({"x1": [-1.5, 0.0, 1.0, 3.0], "x2": [0.3, 0.0, -2.0, 1.0]}, index=["a", "b", "c", "d"])


@pytest.fixture(scope="module")
def models(spells: Draw) -> dict[str, MixtureCure]:
    frame = spells(rows=800)
    fitted = {}
    for name in NAMES:
        entry = None if name == "cox" else "entry"
        fitted[name] = MixtureCure(name).fit(frame, "months", "event", "x1 + x2", "x1", entry_col=entry)
    return fitted


@pytest.mark.parametrize("name", NAMES)
def test_incidence_starts_at_zero_rises_and_ends_at_the_susceptible(
    models: dict[str, MixtureCure], name: str
) -> None:
    curve = models[name].predict_cumulative_incidence(NEW, TIMES)
    assert list(curve.index) == TIMES and list(curve.columns) == list(NEW.index)
    assert (curve.loc[0] == 0).all()
    assert (np.diff(curve, axis=0) >= 0).all() and (curve <= 1).all(axis=None)
    ever = models[name].predict_susceptible(NEW)
    late = models[name].predict_cumulative_incidence(NEW, [1e5]).iloc[0]
    np.testing.assert_allclose(late, ever, rtol=2e-2)
    assert (curve.iloc[-1] <= ever + 1e-12).all()


@settings(max_examples=30, deadline=None)
@given(
    x1=st.floats(-20, 20),
    x2=st.floats(-20, 20),
    waited=st.floats(0, 100),
    name=st.sampled_from(WITH_INTERVALS),
)
def test_probabilities_and_bounds_stay_in_order(
    models: dict[str, MixtureCure], x1: float, x2: float, waited: float, name: str
) -> None:
    row = pd.DataFrame({"x1": [x1], "x2": [x2]})
    waited = np.floor(waited)
    curve = models[name].predict_cumulative_incidence(row, TIMES, conditional_after=waited, interval=True)
    lower, middle, upper = (curve[part].to_numpy() for part in ("lower", "estimate", "upper"))
    assert np.isfinite(middle).all()
    assert (lower >= 0).all() and (lower <= middle).all() and (middle <= upper).all() and (upper <= 1).all()
    ever = models[name].predict_susceptible(row, conditional_after=waited, interval=True).iloc[0]
    assert 0 <= ever["lower"] <= ever["estimate"] <= ever["upper"] <= 1


@pytest.mark.parametrize("name", NAMES)
def test_survival_and_incidence_sum_to_one(models: dict[str, MixtureCure], name: str) -> None:
    survival = models[name].predict_survival_function(NEW, TIMES)
    incidence = models[name].predict_cumulative_incidence(NEW, TIMES)
    np.testing.assert_allclose(survival + incidence, 1.0)


@pytest.mark.parametrize("name", NAMES)
def test_conditional_survival_is_a_ratio_of_survivals(models: dict[str, MixtureCure], name: str) -> None:
    waited = np.array([1.0, 4.0, 8.0, 2.0])
    conditional = models[name].predict_survival_function(NEW, [3], conditional_after=waited).iloc[0]
    for row, k in zip(NEW.index, waited, strict=True):
        curve = models[name].predict_survival_function(NEW.loc[[row]], [k, k + 3]).iloc[:, 0]
        assert conditional[row] == pytest.approx(curve.iloc[1] / curve.iloc[0], rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_waiting_lowers_the_chance_of_ever_curing_as_bayes_says(models: dict[str, MixtureCure], name: str) -> None:
    model = models[name]
    before = model.predict_susceptible(NEW)
    after = model.predict_susceptible(NEW, conditional_after=6)
    survival = model.predict_survival_function(NEW, [6]).iloc[0]
    np.testing.assert_allclose(after, 1 - (1 - before) / survival, rtol=1e-7)
    assert (after < before).all()


@pytest.mark.parametrize("name", WITH_INTERVALS)
def test_interval_widths_are_those_of_the_parameters(models: dict[str, MixtureCure], name: str) -> None:
    # The delta method again, by moving each parameter a little and predicting anew.
    model = models[name]
    fitted, row = model.fitted_, NEW.loc[["c"]]

    def logit(theta: np.ndarray) -> float:
        model.fitted_ = replace(fitted, theta=theta)
        p = model.predict_cumulative_incidence(row, [6], conditional_after=2).iloc[0, 0]
        model.fitted_ = fitted
        return float(np.log(p / (1 - p)))

    moves = np.eye(fitted.theta.size) * 1e-5
    slope = np.array([(logit(fitted.theta + m) - logit(fitted.theta - m)) / 2e-5 for m in moves])
    error = np.sqrt(slope @ fitted.variance @ slope)
    bounds = model.predict_cumulative_incidence(row, [6], conditional_after=2, interval=True).iloc[0].droplevel(1)
    width = np.log(bounds["upper"] / (1 - bounds["upper"])) - np.log(bounds["lower"] / (1 - bounds["lower"]))
    assert width == pytest.approx(2 * 1.959964 * error, rel=1e-5)


@pytest.mark.parametrize("name", WITH_INTERVALS)
def test_the_median_is_where_the_incidence_crosses_one_half(models: dict[str, MixtureCure], name: str) -> None:
    median = models[name].predict_median(NEW)
    ever = models[name].predict_susceptible(NEW)
    assert (np.isinf(median) == (ever < 0.5)).all()
    for row in median.index[np.isfinite(median)]:
        step = 1.0 if name == "discrete" else 1e-6
        around = models[name].predict_cumulative_incidence(
            NEW.loc[[row]], [median[row] - step, median[row] + 1e-9]
        )
        assert around.iloc[0, 0] < 0.5 <= around.iloc[1, 0] + 1e-9


@pytest.mark.parametrize("name", WITH_INTERVALS)
def test_the_median_lies_in_its_interval(models: dict[str, MixtureCure], name: str) -> None:
    found = models[name].predict_median(NEW, interval=True)
    assert (found.lower <= found.estimate).all() and (found.estimate <= found.upper).all()


def test_a_survival_bound_is_one_minus_the_other_incidence_bound(models: dict[str, MixtureCure]) -> None:
    survival = models["weibull"].predict_survival_function(NEW, [6], interval=True)
    incidence = models["weibull"].predict_cumulative_incidence(NEW, [6], interval=True)
    np.testing.assert_allclose(survival["lower"], 1 - incidence["upper"])


def test_new_rows_are_coded_like_those_of_the_fit(spells: Draw) -> None:
    frame = spells().assign(product=lambda f: np.select([f.x1 > 0.5, f.x1 < -0.5], ["card", "auto"], "loan"))
    model = MixtureCure().fit(frame, "months", "event", "C(product)")
    together = model.predict_susceptible(frame.head(20))
    alone = pd.concat([model.predict_susceptible(frame.iloc[[i]]) for i in range(20)])
    pd.testing.assert_series_equal(together, alone)


def test_splines_keep_their_knots_for_new_rows(spells: Draw) -> None:
    frame = spells()
    model = MixtureCure().fit(frame, "months", "event", "bs(x1, df=4)")
    together = model.predict_susceptible(frame.head(20))
    pd.testing.assert_series_equal(model.predict_susceptible(frame.head(3)), together.head(3))


def test_an_unseen_category_is_refused_by_name(spells: Draw) -> None:
    frame = spells().assign(product=lambda f: np.where(f.x1 > 0, "card", "auto"))
    model = MixtureCure().fit(frame, "months", "event", "C(product)")
    with pytest.raises(InputError, match="boat"):
        model.predict_susceptible(frame.head(3).assign(product="boat"))


def test_cox_refuses_intervals_of_curves(models: dict[str, MixtureCure]) -> None:
    with pytest.raises(ParameterError, match="no intervals of curves"):
        models["cox"].predict_cumulative_incidence(NEW, [6], interval=True)
    ever = models["cox"].predict_susceptible(NEW, interval=True)
    assert (ever.lower < ever.estimate).all()


def test_predicting_before_fitting_is_refused() -> None:
    with pytest.raises(ParameterError, match="call fit first"):
        MixtureCure().predict_susceptible(NEW)


@pytest.mark.parametrize(
    ("waited", "message"), [([1.0, 2.0], "2 values for 4 rows"), (-1.0, "0 or more"), (np.nan, "0 or more")]
)
def test_a_wrong_wait_is_refused(models: dict[str, MixtureCure], waited: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        models["weibull"].predict_susceptible(NEW, conditional_after=waited)


def test_negative_times_are_refused(models: dict[str, MixtureCure]) -> None:
    with pytest.raises(InputError, match="times must be"):
        models["weibull"].predict_survival_function(NEW, [-1, 3])


def test_many_rows_are_predicted_in_parts_without_a_seam(
    models: dict[str, MixtureCure], monkeypatch: pytest.MonkeyPatch
) -> None:
    many, waited = pd.concat([NEW] * 5, ignore_index=True), np.arange(20.0)
    whole = models["discrete"].predict_cumulative_incidence(many, [2, 6], conditional_after=waited, interval=True)
    monkeypatch.setattr(predict, "PART", 7)
    parts = models["discrete"].predict_cumulative_incidence(many, [2, 6], conditional_after=waited, interval=True)
    pd.testing.assert_frame_equal(parts, whole)
