"""What scenarios ask, told where history cannot judge them, and where a path is farthest from today."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.core.scenarios import Scenario
from analysis.methods.stress.scenarios.facts import beside, farthest, scenario_table
from analysis.methods.stress.scenarios.paths import all_paths, monthly_path

Make = Callable[..., Scenario]


def test_without_a_history_to_judge_them_scenarios_are_told_without_distances(
    history: pd.DataFrame, make_scenario: Make
) -> None:
    one = make_scenario()
    table = scenario_table({"own": one}, {"own": monthly_path(one, history)}, None)
    assert table[["distance", "quantile", "normal_quantile"]].isna().all(axis=None)
    assert table["unemployment_rate"].iloc[0] == pytest.approx(history["unemployment_rate"].iloc[-1] + 0.02)


def test_the_farthest_month_of_each_variable_is_found_whichever_way_it_goes(history: pd.DataFrame) -> None:
    index = pd.date_range("2026-01-31", periods=12, freq="ME", name="month")
    path = pd.DataFrame([history.iloc[-1]] * 12, index=index)
    path.iloc[3, path.columns.get_loc("unemployment_rate")] += 0.03
    path.iloc[7, path.columns.get_loc("gdp_yoy")] -= 0.05
    path.iloc[8, path.columns.get_loc("gdp_yoy")] += 0.01
    industries = [place for place, name in enumerate(path.columns) if name.startswith("industry_index")]
    path.iloc[5, industries] *= [0.9, 0.7]
    told = farthest(path, history, ["unemployment_rate", "gdp_yoy", "industry_index"]).set_index("variable")
    assert told["month"].tolist() == [index[3], index[7], index[5]]
    assert told.loc["gdp_yoy", "value"] == pytest.approx(history["gdp_yoy"].iloc[-1] - 0.05)
    assert told.loc["industry_index", ["value", "now"]].tolist() == pytest.approx([-0.2, 0.0])


def test_a_path_beside_others_begins_where_history_ends(history: pd.DataFrame, make_scenario: Make) -> None:
    last, one = history.index[-1], make_scenario()
    worse = monthly_path(make_scenario(2.0), history)
    lines = beside(all_paths([one], history), worse, "breaking", ["gdp_yoy", "industry_index"], last)
    assert set(lines["variable"]) == {"gdp_yoy", "industry_index"}
    at_join = lines[lines["month"] == last].pivot(index="variable", columns="scenario", values="value")
    assert list(at_join.columns) == ["actual", "breaking", "own"]
    assert (at_join.nunique(axis=1) == 1).all()
    assert at_join.loc["industry_index"].tolist() == [0.0, 0.0, 0.0]
    drawn = lines[(lines["scenario"] == "breaking") & (lines["variable"] == "gdp_yoy") & (lines["month"] > last)]
    np.testing.assert_allclose(drawn["value"], worse["gdp_yoy"])
