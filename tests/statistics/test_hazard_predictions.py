"""Predicted hazards and paths of a fitted hazard, their intervals, and rebuilding from saved tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.statistics.hazard_path import hazard_slopes, occupancy, occupancy_slopes
from analysis.statistics.hazards import MultinomialHazard
from analysis.statistics.multinomial import Designs, softmax

EXITS = ("cured", "charged_off", "sold")
FORMULA = "product * unemployment + C(unemployment > 5) + np.log(k)"
MIXED = {"charged_off": "k", "sold": "product"}


@pytest.fixture(scope="module")
def model(cells: pd.DataFrame) -> MultinomialHazard:
    return MultinomialHazard(EXITS).fit(cells, formula="product + unemployment + C(k)", formulas=MIXED)


@pytest.fixture(scope="module")
def path() -> pd.DataFrame:
    """Five months of a car loan while unemployment rises."""
    return pd.DataFrame({"product": "auto", "unemployment": [4.0, 4.5, 5.0, 5.5, 6.0], "k": range(1, 6)})


predictors = st.lists(st.lists(st.floats(-900, 900), min_size=3, max_size=3), min_size=1, max_size=12)


@given(predictors)
@settings(max_examples=200, deadline=None)
def test_hazards_and_paths_are_probabilities_that_sum_to_one(eta):
    hazards, log_total = softmax(np.array(eta))
    assert (hazards >= 0).all() and (hazards.sum(axis=1) <= 1 + 1e-12).all()
    assert np.exp(-log_total) + hazards.sum(axis=1) == pytest.approx(np.ones(len(eta)))
    gone = occupancy(hazards)
    assert gone.sum(axis=1) == pytest.approx(np.ones(len(eta)))
    assert (np.diff(gone[:, :3], axis=0) >= -1e-12).all() and (np.diff(gone[:, 3]) <= 1e-12).all()


def test_a_path_worked_by_hand():
    # Of 100, 30 cure and 10 are sold in the first month; half of the remaining 60 cure in the second.
    gone = occupancy(np.array([[0.3, 0.1], [0.5, 0.0]]))
    assert gone.tolist() == [pytest.approx([0.3, 0.1, 0.6]), pytest.approx([0.6, 0.1, 0.3])]


def test_slopes_of_hazards_and_paths_equal_finite_differences():
    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(6), rng.normal(size=(6, 2))])
    designs, theta, h = Designs([x, x[:, :2]]), rng.normal(size=5) / 2 - 1, 1e-6
    for slopes in (hazard_slopes, occupancy_slopes):
        _, exact = slopes(designs, theta)
        moved = [
            (slopes(designs, theta + h * e)[0] - slopes(designs, theta - h * e)[0]) / (2 * h) for e in np.eye(5)
        ]
        assert exact == pytest.approx(np.stack(moved, axis=-1), abs=1e-8)


def test_hazards_sum_to_one_and_lie_within_their_intervals(model, cells):
    plain, bounds = model.predict_hazards(cells), model.predict_hazards(cells, interval=True)
    assert plain.sum(axis=1).to_numpy() == pytest.approx(np.ones(len(cells)))
    pd.testing.assert_frame_equal(bounds["estimate"], plain)
    assert ((bounds["lower"] < plain) & (plain < bounds["upper"])).all(axis=None)
    assert ((bounds["lower"] > 0) & (bounds["upper"] < 1)).all(axis=None)


def test_a_path_is_the_hazards_chained(model, path):
    pd.testing.assert_frame_equal(model.cumulative(model.predict_hazards(path)), model.predict_path(path))
    last = model.predict_path(path).loc[5]
    stay = model.predict_hazards(path)["stay"]
    assert last["open"] == pytest.approx(stay.prod())


def test_intervals_of_a_path_agree_with_draws_of_the_coefficients(model, path):
    bounds = model.predict_path(path, interval=True)
    rng = np.random.default_rng(8)
    draws = rng.multivariate_normal(model.params_, model.variance_matrix_, 4000)
    designs = model._coded(path)
    drawn = np.stack([occupancy(designs.hazards(theta)) for theta in draws])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    width = high - low
    assert (np.abs(bounds["lower"].to_numpy() - low) < 0.1 * width).all()
    assert (np.abs(bounds["upper"].to_numpy() - high) < 0.1 * width).all()


def test_many_units_are_each_their_own_path(model, path):
    units = pd.concat([path.assign(unit="b"), path.assign(unit="a", product="card")])
    mixed = units.sort_values("k", kind="stable")
    together = model.predict_path(mixed, unit_col="unit", interval=True)
    pd.testing.assert_frame_equal(together.loc["b"], model.predict_path(path, interval=True))
    pd.testing.assert_frame_equal(
        together.loc["a"], model.predict_path(path.assign(product="card"), interval=True)
    )
    pd.testing.assert_frame_equal(model.predict_path(mixed, unit_col="unit"), together["estimate"])


def test_paths_lie_near_the_truth(person_months, hazard_truth, path):
    months = person_months(20_000, seed=3)
    cells = months.groupby(["product", "unemployment", "k"], as_index=False)[["at_risk", *EXITS]].sum()
    model = MultinomialHazard(EXITS).fit(cells, formula="product + unemployment + k")
    found = model.predict_path(path)
    assert found.to_numpy() == pytest.approx(occupancy(hazard_truth(path)), abs=0.01)


def test_intervals_use_students_t_where_there_are_clusters(cells):
    model = MultinomialHazard(EXITS).fit(cells, formula="product", cluster_col="fold")
    table = model.coefficients()
    # 2.0395 is the 97.5% point of Student's t with 31 degrees of freedom.
    assert (table["upper"] - table["coef"]).to_numpy() == pytest.approx(2.0395 * table["se"].to_numpy(), rel=1e-4)
    assert model.summary["coef upper 95%"].to_numpy() == pytest.approx(table["upper"].to_numpy())
    assert model.degrees_ == 31


@pytest.mark.parametrize(
    ("formula", "formulas", "retype"),
    [
        (FORMULA, None, {}),
        ("product + unemployment + C(k)", MIXED, {}),
        ("product:k + late", None, {"late": "bool"}),
        ("product + C(k)", None, {"product": pd.CategoricalDtype(["cash_loan", "card", "auto"])}),
        ("C(unemployment) + I(k ** 2)", None, {"k": float}),
        ("1", None, {}),
    ],
)
def test_a_hazard_rebuilt_from_saved_tables_predicts_alike(cells, path, tmp_path, formula, formulas, retype):
    rows, path = (frame.assign(late=frame["k"] > 3).astype(retype) for frame in (cells, path.iloc[[0, 2, 4]]))
    model = MultinomialHazard(EXITS).fit(rows, formula=formula, formulas=formulas, cluster_col="fold")
    for name in ("coefficients", "coding", "covariances"):
        getattr(model, name)().to_parquet(tmp_path / name)
    saved = {name: pd.read_parquet(tmp_path / name) for name in ("coefficients", "coding", "covariances")}
    rebuilt = MultinomialHazard.from_coefficients(
        **saved, formula=formula, formulas=formulas, degrees=model.degrees_
    )
    pd.testing.assert_frame_equal(rebuilt.predict_hazards(rows), model.predict_hazards(rows), rtol=0, atol=0)
    expected = model.predict_path(path, interval=True)
    pd.testing.assert_frame_equal(rebuilt.predict_path(path, interval=True), expected, rtol=1e-12)
    pd.testing.assert_frame_equal(rebuilt.coefficients(), model.coefficients())
    pd.testing.assert_frame_equal(rebuilt.coding(), model.coding())


def test_saved_tables_that_do_not_belong_together_are_refused(model, cells):
    coefficients, coding = model.coefficients(), model.coding()
    with pytest.raises(InputError, match=r"missing product\[T.card\] \(cured\)"):
        MultinomialHazard.from_coefficients(
            coefficients.drop(index=1), coding, "product + unemployment + C(k)", MIXED
        )
    with pytest.raises(InputError, match=r"unknown .*unemployment \(cured\)"):
        MultinomialHazard.from_coefficients(coefficients, coding, "product", MIXED)
    with pytest.raises(InputError, match="table of coefficients lacks coef"):
        MultinomialHazard.from_coefficients(coefficients.drop(columns="coef"), coding, "k")
    with pytest.raises(InputError, match="coding table lacks level"):
        MultinomialHazard.from_coefficients(coefficients, coding.drop(columns="level"), "k")
    with pytest.raises(InputError, match="covariances are not those of the coefficients"):
        MultinomialHazard.from_coefficients(
            coefficients, coding, "product + unemployment + C(k)", MIXED, model.covariances().head(9)
        )


def test_without_covariances_there_are_no_intervals(model, path):
    tables = model.coefficients(), model.coding()
    rebuilt = MultinomialHazard.from_coefficients(*tables, "product + unemployment + C(k)", MIXED)
    with pytest.raises(ParameterError, match="intervals need the covariances"):
        rebuilt.predict_path(path, interval=True)


def test_a_coding_that_rests_on_the_data_cannot_be_saved(cells):
    model = MultinomialHazard(EXITS).fit(cells, formula="center(unemployment)")
    with pytest.raises(ParameterError, match=r"center\(unemployment\) is coded from the data"):
        model.coding()


def test_rows_that_cannot_be_predicted_are_refused(model, path):
    with pytest.raises(InputError, match="mortgage"):
        model.predict_hazards(path.assign(product="mortgage"))
    with pytest.raises(InputError, match="the cured formula reads unemployment, not in the data frame"):
        model.predict_hazards(path.drop(columns="unemployment"))
    with pytest.raises(InputError, match=r"missing values in 1 of 5 rows: 'unemployment' in 1 \(row 2\)"):
        model.predict_path(path.assign(unemployment=[1, 2, None, 4, 5]))
    with pytest.raises(InputError, match="there are no rows to predict"):
        model.predict_path(path.head(0))
    with pytest.raises(InputError, match="every unit have equally many months"):
        model.predict_path(path.assign(unit=[1, 1, 1, 2, 2]), unit_col="unit")
    with pytest.raises(InputError, match="'account' names the units and is not in the data frame"):
        model.predict_path(path, unit_col="account")
    with pytest.raises(InputError, match="sum to at most 1"):
        model.cumulative(model.predict_hazards(path) + 0.5)
    with pytest.raises(ParameterError, match="not fitted yet; call fit first"):
        MultinomialHazard().predict_hazards(path)
