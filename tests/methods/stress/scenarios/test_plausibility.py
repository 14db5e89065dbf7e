"""How far out a path lies: a distance that history's own moves define."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.core.scenarios import Scenario
from analysis.methods.stress.scenarios.paths import monthly_path
from analysis.methods.stress.scenarios.plausibility import Plausibility, path_from_changes, plausibility

Make = Callable[..., Scenario]


@pytest.fixture(scope="module")
def judged(history: pd.DataFrame) -> Plausibility:
    return plausibility(history, 24, draws=1000)


def test_a_path_that_keeps_to_the_usual_drift_has_no_distance(history: pd.DataFrame, judged: Plausibility) -> None:
    index = pd.date_range("2026-01-31", periods=24, freq="ME")
    still = path_from_changes(judged, np.zeros(len(judged.covariance)), history, index)
    assert judged.distance(still) == pytest.approx(0.0, abs=1e-9)
    assert judged.quantile(0.0) == 0.0


def test_distance_grows_in_proportion_to_the_size_of_a_path(history: pd.DataFrame, judged: Plausibility) -> None:
    x = np.random.default_rng(0).normal(size=len(judged.covariance))
    assert judged.distance_of(3 * x) == pytest.approx(3 * judged.distance_of(x))


def test_a_worse_scenario_is_less_plausible(
    history: pd.DataFrame, judged: Plausibility, make_scenario: Make
) -> None:
    found = [judged.distance(monthly_path(make_scenario(size), history)) for size in (0.5, 1.0, 2.0)]
    assert found[0] < found[1] < found[2]
    assert judged.quantile(found[0]) <= judged.quantile(found[2]) < 1


def test_half_of_historys_own_paths_lie_within_the_median_distance(judged: Plausibility) -> None:
    assert judged.quantile(float(np.median(judged.distances))) == pytest.approx(0.5, abs=0.01)


def test_a_combination_that_history_does_not_show_is_farther_out_than_one_it_does(history: pd.DataFrame) -> None:
    judged = plausibility(history, 12, ["unemployment_rate", "gdp_yoy"], anchors=(12,), draws=2000)
    spread = np.sqrt(np.diag(judged.covariance))
    # Unemployment and growth move against each other in this history.
    assert judged.covariance[0, 1] < 0
    assert judged.distance_of(spread * [1, 1]) > judged.distance_of(spread * [1, -1])


def test_one_variable_at_one_anchor_is_told_in_standard_deviations(history: pd.DataFrame) -> None:
    judged = plausibility(history, 12, ["unemployment_rate"], anchors=(12,))
    spread = judged.spread().to_numpy()[0, 0]
    blocks = 100 * (history["unemployment_rate"] - history["unemployment_rate"].shift(12)).dropna()
    assert spread == pytest.approx(blocks.std(), rel=0.15)
    assert judged.distance_of(np.array([2 * spread])) == pytest.approx(2.0)
    assert judged.normal_quantile(1.959964) == pytest.approx(0.95, abs=1e-6)


def test_changes_and_paths_are_inverse_to_each_other(history: pd.DataFrame, judged: Plausibility) -> None:
    x = np.random.default_rng(1).normal(size=len(judged.covariance))
    index = pd.date_range("2026-01-31", periods=24, freq="ME")
    assert judged.changes(path_from_changes(judged, x, history, index)) == pytest.approx(x, abs=1e-9)


def test_variables_that_are_not_judged_stay_where_they_are(history: pd.DataFrame) -> None:
    judged = plausibility(history, 12, ["unemployment_rate"], draws=200)
    index = pd.date_range("2026-01-31", periods=12, freq="ME")
    path = path_from_changes(judged, np.ones(len(judged.covariance)), history, index)
    assert (path["gdp_yoy"] == history["gdp_yoy"].iloc[-1]).all()
    assert list(path.columns) == list(history.columns)


def test_the_table_tells_each_variables_standard_deviations(
    history: pd.DataFrame, judged: Plausibility, make_scenario: Make
) -> None:
    table = judged.table(monthly_path(make_scenario(), history)).set_index(["months_ahead", "variable"])
    assert table.loc[(24, "unemployment_rate"), "change"] == pytest.approx(2.0)
    assert (table["z"] == table["change"] / table["sd"]).all()


def test_short_or_still_histories_are_refused(history: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="macro history has 23 months; plausibility needs 24"):
        plausibility(history.iloc[-23:], 12)
    with pytest.raises(InputError, match="policy_rate never moves"):
        plausibility(history.assign(policy_rate=0.02), 12)


def test_unknown_variables_and_short_paths_are_refused(history: pd.DataFrame, judged: Plausibility) -> None:
    with pytest.raises(ParameterError, match="variables: rainfall is not of the history"):
        plausibility(history, 12, ["rainfall"])
    with pytest.raises(ParameterError, match="the path has 12 months; the last anchor lies 24 ahead"):
        judged.changes(history.iloc[-12:])
    with pytest.raises(ParameterError, match="the path lacks gdp_yoy"):
        judged.changes(history.drop(columns="gdp_yoy"))
