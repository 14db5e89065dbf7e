"""Standard errors and intervals of the hazards, where customers' spells hang together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.hazard_path import occupancy
from analysis.statistics.hazards import MultinomialHazard

EXITS = ("cured", "charged_off")
FORMULA = "I(product == 'auto') + unemployment + k"
TRUTH = {
    ("cured", "Intercept"): -0.4,
    ("cured", "I(product == 'auto')"): 0.5,
    ("cured", "unemployment"): -0.2,
    ("cured", "k"): -0.3,
    ("charged_off", "Intercept"): -3.4,
    ("charged_off", "I(product == 'auto')"): 0.0,
    ("charged_off", "unemployment"): 0.1,
    ("charged_off", "k"): 0.5,
}
PATH = pd.DataFrame({"product": "auto", "unemployment": 5.0, "k": range(1, 6)})


def fitted(months: pd.DataFrame, cluster_col: str | None = None) -> MultinomialHazard:
    by = ["product", "unemployment", "k", *([cluster_col] if cluster_col else [])]
    cells = months.groupby(by, as_index=False)[["at_risk", *EXITS, "sold"]].sum()
    formulas = {"sold": "I(product == 'auto')"}
    return MultinomialHazard((*EXITS, "sold")).fit(
        cells, formula=FORMULA, formulas=formulas, cluster_col=cluster_col
    )


def test_clusters_widen_intervals_where_spells_end_alike(person_months):
    months = person_months(2000, seed=7, alike=1.0)
    ratio = fitted(months, "customer").standard_errors_ / fitted(months).standard_errors_
    # Three spells with one fate carry the information of one: √3 where all customers are so.
    assert ratio.mean() == pytest.approx(np.sqrt(3), rel=0.06)
    by_fold = fitted(months, "fold").standard_errors_ / fitted(months).standard_errors_
    assert by_fold.mean() == pytest.approx(np.sqrt(3), rel=0.2)


def test_clusters_leave_intervals_alone_where_spells_are_independent(person_months):
    months = person_months(2000, seed=7)
    ratio = fitted(months, "customer").standard_errors_ / fitted(months).standard_errors_
    assert ratio.mean() == pytest.approx(1.0, abs=0.05)


def test_clusters_leave_the_estimates_alone(person_months):
    months = person_months(500, seed=2, alike=0.5)
    pd.testing.assert_series_equal(fitted(months, "fold").params_, fitted(months).params_)


def test_the_sandwich_is_that_of_scores_summed_by_cluster(person_months):
    months = person_months(400, seed=9, alike=0.5)
    model = MultinomialHazard(("cured",)).fit(months, formula="k", cluster_col="fold")
    x = np.column_stack([np.ones(len(months)), months["k"]])
    p = 1 / (1 + np.exp(-x @ model.params_.to_numpy()))
    scores = pd.DataFrame(x * (months["cured"].to_numpy() - p)[:, None]).groupby(months["fold"]).sum().to_numpy()
    bread = np.linalg.inv(x.T @ (x * (p * (1 - p))[:, None]))
    assert model.variance_matrix_.to_numpy() == pytest.approx(
        bread @ scores.T @ scores @ bread * 32 / 31, rel=1e-6
    )


def coverage(person_months: Callable[..., pd.DataFrame], truth: np.ndarray, runs: int) -> pd.Series:
    """Share of simulated data sets whose 95% interval holds the truth, by coefficient and for month 5's shares."""
    hits = []
    for seed in range(runs):
        model = fitted(person_months(800, seed=1000 + seed, alike=0.5), "fold")
        table = model.coefficients().set_index(["exit", "covariate"]).loc[list(TRUTH)]
        value = pd.Series(TRUTH)
        inside = ((table["lower"] <= value) & (value <= table["upper"])).to_numpy()
        last = model.predict_path(PATH, interval=True).loc[5]
        hits.append([*inside, *((last["lower"] <= truth) & (truth <= last["upper"]))])
    names = [f"{name} ({exit_})" for exit_, name in TRUTH] + [*EXITS, "sold", "open"]
    return pd.Series(np.mean(hits, axis=0), index=names)


def test_95_percent_intervals_cover_the_truth_where_spells_of_customers_end_alike(person_months, hazard_truth):
    covered = coverage(person_months, occupancy(hazard_truth(PATH))[-1], runs=200)
    assert covered.between(0.90, 0.99).all(), covered
    assert 0.93 <= covered.mean() <= 0.97
