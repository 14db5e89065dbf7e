"""Competing monthly hazards fitted on weighted cells: the likelihood and what is fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from analysis.core.errors import IdentificationWarning, InputError, ParameterError
from analysis.statistics.hazards import MultinomialHazard
from analysis.statistics.multinomial import MANY, Designs, Multinomial, climb, softmax
from analysis.statistics.newton import maximise

EXITS = ("cured", "charged_off", "sold")
FORMULA = "product + unemployment + C(k)"


def fitted(
    data: pd.DataFrame, formula: str = FORMULA, exits: tuple[str, ...] = EXITS, **options
) -> MultinomialHazard:
    return MultinomialHazard(exits).fit(data, "at_risk", formula=formula, **options)


def dummies(months: pd.DataFrame) -> np.ndarray:
    """The columns of FORMULA but the intercept, written out."""
    columns = [months["product"] == name for name in ("card", "cash_loan")]
    columns += [months["unemployment"], *(months["k"] == k for k in (2, 3, 4, 5))]
    return np.column_stack(columns).astype(float)


def by_exit(model: MultinomialHazard) -> np.ndarray:
    return model.params_.to_numpy().reshape(len(model.exits_), -1)


@pytest.fixture(scope="module")
def model(cells: pd.DataFrame) -> MultinomialHazard:
    return fitted(cells)


def test_cells_reach_the_fit_of_scikit_learn_on_single_rows(months, model):
    from sklearn.linear_model import LogisticRegression

    x, y = dummies(months), months["fate"].map({3: 0, 0: 1, 1: 2, 2: 3}).to_numpy()
    oracle = LogisticRegression(C=np.inf, solver="newton-cg", tol=1e-10, max_iter=1000).fit(x, y)
    log_likelihood = oracle.predict_log_proba(x)[np.arange(len(y)), y].sum()
    assert model.log_likelihood_ == pytest.approx(log_likelihood, rel=1e-9, abs=1e-6)
    against_staying = oracle.coef_[1:] - oracle.coef_[0]
    assert by_exit(model)[:, 1:] == pytest.approx(against_staying, abs=1e-5)
    intercepts = oracle.intercept_[1:] - oracle.intercept_[0]
    assert by_exit(model)[:, 0] == pytest.approx(intercepts, abs=1e-5)


def test_cells_reach_the_fit_and_the_errors_of_statsmodels_on_single_rows(months, model):
    from statsmodels import api

    x = np.column_stack([np.ones(len(months)), dummies(months)])
    y = months["fate"].map({3: 0, 0: 1, 1: 2, 2: 3}).to_numpy()
    oracle = api.MNLogit(y, x).fit(method="newton", disp=0, tol=1e-12, maxiter=100)
    assert model.log_likelihood_ == pytest.approx(oracle.llf, abs=1e-6)
    assert model.params_.to_numpy() == pytest.approx(oracle.params.T.ravel(), abs=1e-6)
    assert model.standard_errors_.to_numpy() == pytest.approx(oracle.bse.T.ravel(), abs=1e-6)


def test_each_exit_may_have_a_formula_of_its_own(months, cells):
    model = fitted(cells, "product", formulas={"charged_off": "k", "sold": "1"})
    card, loan = ((months["product"] == name).to_numpy(dtype=float) for name in ("card", "cash_loan"))
    k, fate = months["k"].to_numpy(dtype=float), months["fate"].to_numpy()

    def loss(b: np.ndarray) -> float:
        eta = np.column_stack([b[0] + b[1] * card + b[2] * loan, b[3] + b[4] * k, np.full(k.size, b[5])])
        full = np.column_stack([eta, np.zeros(k.size)])
        return -float((full[np.arange(k.size), fate] - np.log(np.exp(full).sum(axis=1))).sum())

    best = minimize(loss, np.array([-1.0, 0, 0, -2, 0, -2]), method="BFGS", options={"gtol": 1e-4})
    assert model.log_likelihood_ == pytest.approx(-best.fun, abs=1e-5)
    assert model.params_.to_numpy() == pytest.approx(best.x, abs=1e-3)


def test_grouped_cells_equal_raw_rows(months, cells, model):
    raw = fitted(months)
    assert raw.log_likelihood_ == pytest.approx(model.log_likelihood_, rel=1e-12)
    pd.testing.assert_series_equal(raw.params_, model.params_, atol=1e-8)
    pd.testing.assert_frame_equal(raw.variance_matrix_, model.variance_matrix_, atol=1e-8)
    assert (raw.points_, raw.at_risk_, raw.cells_) == (model.points_, model.at_risk_, len(months))


def test_grouped_cells_equal_raw_rows_with_clusters(months, cells):
    raw, grouped = (fitted(data, cluster_col="fold") for data in (months, cells))
    pd.testing.assert_series_equal(raw.standard_errors_, grouped.standard_errors_, atol=1e-9)


def test_a_weight_counts_as_repeated_rows(cells):
    counts = ["at_risk", *EXITS]
    heavy = cells.assign(**{name: 3 * cells[name] for name in counts})
    repeated = fitted(pd.concat([cells] * 3))
    pd.testing.assert_series_equal(fitted(heavy).standard_errors_, repeated.standard_errors_)
    halved = fitted(cells.assign(**{name: cells[name] / 2 for name in counts}))
    assert halved.log_likelihood_ == pytest.approx(repeated.log_likelihood_ / 6)


def test_one_exit_is_an_ordinary_logit(months, cells):
    from sklearn.linear_model import LogisticRegression

    model = fitted(cells, exits=("cured",))
    x, y = dummies(months), months["cured"].to_numpy()
    oracle = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(x, y)
    assert model.params_.to_numpy()[1:] == pytest.approx(oracle.coef_[0], abs=1e-6)
    assert model.params_.to_numpy()[0] == pytest.approx(oracle.intercept_[0], abs=1e-6)


def test_without_covariates_the_hazards_are_the_rates(months, cells):
    model = fitted(cells, "1")
    rates = months[list(EXITS)].mean()
    assert model.predict_hazards(pd.DataFrame(index=[0]))[list(EXITS)].loc[0].to_numpy() == pytest.approx(rates)


def test_gradient_and_hessian_equal_finite_differences():
    rng = np.random.default_rng(3)
    wide = np.column_stack([np.ones(40), rng.normal(size=(40, 2))])
    at_risk = rng.integers(5, 30, 40).astype(float)
    exits = rng.multinomial(5, [0.3, 0.4, 0.3], 40)[:, :2].astype(float)
    likelihood = Multinomial(Designs([wide, wide[:, :2]]), at_risk, exits, np.array([0, 0.5, 1, 0, 2.0]))
    theta, h = rng.normal(size=5) / 3, 1e-5
    here = likelihood(theta)
    steps = [(likelihood(theta + h * e), likelihood(theta - h * e)) for e in np.eye(5)]
    slopes = [(up.value - down.value) / (2 * h) for up, down in steps]
    bends = [(up.gradient - down.gradient) / (2 * h) for up, down in steps]
    assert here.gradient == pytest.approx(np.array(slopes), rel=1e-6, abs=1e-6)
    assert here.hessian == pytest.approx(np.array(bends), rel=1e-6, abs=1e-6)


def test_blocks_of_rows_add_up():
    rng = np.random.default_rng(4)
    x = np.column_stack([np.ones(20_000), rng.normal(size=20_000)])
    at_risk, exits = np.full(20_000, 3.0), rng.integers(0, 2, (20_000, 2)).astype(float)
    theta = np.array([-1.0, 0.3, -2.0, 0.1])
    whole = Multinomial(Designs([x, x]), at_risk, exits, np.zeros(4))(theta)
    eta = x @ theta.reshape(2, 2).T
    assert whole.value == pytest.approx((exits * eta).sum() - at_risk @ np.log1p(np.exp(eta).sum(axis=1)))
    residual = exits - at_risk[:, None] * softmax(eta)[0]
    assert whole.gradient == pytest.approx((residual.T @ x).ravel())


@pytest.mark.parametrize("sold_among", ["all", "the emptiest"])
def test_a_start_on_the_fullest_rows_ends_at_the_same_maximum(sold_among):
    rng = np.random.default_rng(6)
    x = np.column_stack([np.ones(MANY), rng.normal(size=(MANY, 2))])
    at_risk = rng.integers(2, 40, MANY).astype(float)
    out = rng.binomial(1, 0.3, (MANY, 2)).astype(float)
    # The fullest tenth has at least 37 at risk: then it sees no sale at all.
    out[:, 1] *= sold_among == "all" or at_risk < 30
    likelihood = Multinomial(Designs([x, x[:, :2]]), at_risk, out, np.zeros(5))
    near, far = climb(likelihood), maximise(likelihood, likelihood.start())
    assert near.converged
    assert near.theta == pytest.approx(far.theta, abs=1e-8)
    assert likelihood.value(far.theta) == pytest.approx(far.at.value, rel=1e-12)


@pytest.mark.parametrize("ridge", [0.0, 20.0])
def test_scaling_a_covariate_scales_its_coefficient_alone(cells, ridge):
    plain = fitted(cells, "unemployment + k", ridge=ridge)
    scaled = fitted(cells.assign(unemployment=cells["unemployment"] / 100), "unemployment + k", ridge=ridge)
    assert scaled.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-10)
    rows = plain.params_.index.get_level_values("covariate") == "unemployment"
    assert scaled.params_[rows].to_numpy() == pytest.approx(100 * plain.params_[rows].to_numpy(), rel=1e-6)
    assert scaled.params_[~rows].to_numpy() == pytest.approx(plain.params_[~rows].to_numpy(), rel=1e-6)


def test_a_ridge_pulls_slopes_to_zero_and_not_the_rates(months, cells, model):
    pulled, flat = fitted(cells, ridge=50.0), fitted(cells, ridge=1e9)
    slopes = model.params_.index.get_level_values("covariate") != "Intercept"
    assert pulled.params_[slopes].abs().sum() < model.params_[slopes].abs().sum()
    assert pulled.log_likelihood_ < model.log_likelihood_
    assert flat.effective_parameters_ == pytest.approx(3, abs=1e-3)
    assert flat.predict_hazards(cells)["cured"].to_numpy() == pytest.approx(months["cured"].mean(), abs=1e-4)


def test_information_criteria_count_coefficients_and_person_months(months, model):
    assert model.effective_parameters_ == pytest.approx(model.params_.size)
    assert pytest.approx(-2 * model.log_likelihood_ + 2 * 24) == model.AIC_
    assert pytest.approx(-2 * model.log_likelihood_ + 24 * np.log(len(months))) == model.BIC_


def test_an_exit_without_events_is_left_out_by_name(cells):
    with pytest.warns(IdentificationWarning, match="no events of sold: left out") as caught:
        model = fitted(cells.assign(sold=0))
    assert caught[0].filename == __file__
    assert model.exits_ == ("cured", "charged_off")
    assert list(model.predict_hazards(cells)) == ["cured", "charged_off", "stay"]


def test_separation_is_named_and_a_ridge_holds_it(cells):
    never = cells.assign(sold=np.where(cells["product"] == "cash_loan", 0, cells["sold"]))
    with pytest.warns(
        IdentificationWarning, match=r"separation: product\[T.cash_loan\] \(sold\) runs to infinity"
    ):
        fitted(never)
    with pytest.warns(IdentificationWarning, match=r"separation: product\[T.cash_loan\] \(sold\) runs"):
        fitted(never, cluster_col="fold")
    assert fitted(never, ridge=1.0).params_["sold", "product[T.cash_loan]"] > -8


def test_cells_with_nobody_at_risk_and_levels_nobody_has_say_nothing(cells, model):
    empty = cells.iloc[[0]].assign(product="mortgage", at_risk=0, cured=0, charged_off=0, sold=0)
    wider = pd.concat([cells, empty], ignore_index=True).astype({"product": "category"})
    pd.testing.assert_series_equal(fitted(wider).params_, model.params_)


def test_columns_of_exits_may_be_named_otherwise(cells, model):
    names = {"cured": "n_cured", "charged_off": "n_off", "sold": "n_sold"}
    renamed = cells.rename(columns=names)
    for columns in (names, list(names.values())):
        pd.testing.assert_series_equal(fitted(renamed, exit_cols=columns).params_, model.params_)


def test_text_and_categories_are_merged_alike(cells, model):
    levelled = fitted(cells.astype({"product": "category"}))
    assert levelled.points_ == model.points_ == 45
    pd.testing.assert_series_equal(levelled.params_, model.params_, rtol=1e-10)


def changed(cells: pd.DataFrame, column: str, value: float) -> pd.DataFrame:
    out = cells.astype({column: float})
    out.loc[4, column] = value
    return out


@pytest.mark.parametrize(
    ("mend", "message"),
    [
        (lambda c: changed(c, "cured", -1), r"'cured' is negative in 1 row \(row 4\); counts are 0 or more"),
        (lambda c: changed(c, "at_risk", np.nan), r"'at_risk' is missing or infinite in 1 row \(row 4\)"),
        (
            lambda c: changed(c, "sold", 500),
            r"more exits than 'at_risk' in 1 row \(row 4\): 50\d of \d+ in the first",
        ),
        (lambda c: c.assign(cured="many"), "'cured' is not a column of counts"),
        (lambda c: c.drop(columns=["sold", "at_risk"]), "the cells lack at_risk, sold; they have product"),
        (lambda c: c.drop(columns="product"), "the hazard formula reads product, not in the data frame"),
        (lambda c: c.assign(unemployment=[np.nan, *c["unemployment"][1:]]), r"'unemployment' in 1 \(row 0\)"),
        (lambda c: c.assign(product=c["product"].where(c["k"] > 4)), r"'product' in 1,0\d\d \(rows 0, 1, 2, …\)"),
        (lambda c: c.assign(unemployment=5.0), "unemployment in the hazard formula is constant"),
        (
            lambda c: c.assign(at_risk=0, cured=0, charged_off=0, sold=0),
            "nobody is at risk: 'at_risk' is 0 in all",
        ),
        (
            lambda c: c.assign(cured=0, charged_off=0, sold=0),
            r"none of the exits \(cured, charged_off, sold\) happen",
        ),
        (lambda c: c.assign(fold=1), "'fold' has 1 cluster"),
        (lambda c: c.assign(fold=[None, *c["fold"][1:]]), r"'fold' is missing in 1 row \(row 0\)"),
        (lambda c: c.head(0), "there are no cells to fit"),
    ],
)
def test_cells_that_cannot_be_used_are_refused_by_name(cells, mend, message):
    with pytest.raises(InputError, match=message):
        fitted(mend(cells), cluster_col="fold")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formulas": {"curd": "1"}}, "formulas names curd; exits are cured"),
        ({"exit_cols": ["cured"]}, "give one column for each of cured, charged_off, sold"),
        ({"exit_cols": {"cured": "cured"}}, "disagree on charged_off, sold"),
        ({"ridge": -1.0}, "ridge is -1.0; it must be 0 or more"),
        ({"formula": "cured ~ k"}, "has a left side"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(cells, options, message):
    with pytest.raises(ParameterError, match=message):
        fitted(cells, **options)


@pytest.mark.parametrize(
    ("exits", "alpha", "message"),
    [
        (("cured", "open"), 0.05, "'open' means staying"),
        ("cured", 0.05, "give one or more different names"),
        (("cured", "cured"), 0.05, "give one or more different names"),
        (("cured",), 5, "alpha is 5; it must lie between 0 and 1"),
    ],
)
def test_a_model_that_cannot_be_is_refused(exits, alpha, message):
    with pytest.raises(ParameterError, match=message):
        MultinomialHazard(exits, alpha)


def test_the_printed_summary_says_what_was_fitted(cells, capsys):
    fitted(cells, cluster_col="fold").print_summary()
    printed = capsys.readouterr().out
    for text in ("exits against staying", "45 distinct", "robust to 32 clusters", "charged_off", "AIC ="):
        assert text in printed
