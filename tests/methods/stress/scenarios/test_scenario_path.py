"""Scenarios that continue history month by month, and macro tables of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError, ParameterError
from analysis.core.scenarios import Scenario
from analysis.methods.stress.scenarios.macro import macro_history, read_macro
from analysis.methods.stress.scenarios.paths import all_paths, monthly_path

Make = Callable[..., Scenario]


def test_quarterly_points_are_met_and_joined_by_straight_lines(history: pd.DataFrame, make_scenario: Make) -> None:
    found = monthly_path(make_scenario(), history)["unemployment_rate"].to_numpy()
    last = history["unemployment_rate"].iloc[-1]
    assert found[2::3] == pytest.approx(last + 0.02 * np.minimum(np.arange(1, 13) / 6, 1.0))
    assert np.diff([last, *found[:3]]) == pytest.approx(0.02 / 18)


def test_an_index_moves_by_equal_ratios_between_points(history: pd.DataFrame, make_scenario: Make) -> None:
    found = monthly_path(make_scenario(), history)["industry_index_retail"].to_numpy()
    last = history["industry_index_retail"].iloc[-1]
    assert found[17:] == pytest.approx(0.9 * last)
    ratios = found[:3] / np.array([last, *found[:2]])
    assert ratios == pytest.approx(ratios[0])


def test_the_path_begins_in_the_month_after_the_last_actual(history: pd.DataFrame, make_scenario: Make) -> None:
    found = monthly_path(make_scenario(), history, 12)
    assert found.index[0] == pd.Timestamp("2026-01-31") and found.index[-1] == pd.Timestamp("2026-12-31")
    assert list(found.columns) == list(history.columns)


def test_an_industry_of_its_own_overrides_that_of_all(history: pd.DataFrame, make_scenario: Make) -> None:
    paths = {name: path.model_dump() for name, path in make_scenario().paths.items()}
    paths["industry_index_retail"] = {"given": "growth", "values": [-0.3] * 12}
    found = monthly_path(make_scenario(paths=paths), history)
    assert found["industry_index_retail"].iloc[-1] == pytest.approx(
        0.7 * history["industry_index_retail"].iloc[-1]
    )
    assert found["industry_index_transport"].iloc[-1] > 0.8 * history["industry_index_transport"].iloc[-1]


def without(scenario: Scenario, name: str) -> Scenario:
    paths = {key: path for key, path in scenario.paths.items() if key != name}
    return scenario.model_copy(update={"paths": paths})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cpi_yoy", "no path for cpi_yoy, which the macro history has"),
        (
            "industry_index",
            r"no path for industry_index_retail, industry_index_transport.*industry_index serves all",
        ),
    ],
)
def test_a_missing_variable_is_named(history: pd.DataFrame, make_scenario: Make, name: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        monthly_path(without(make_scenario(), name), history)


def test_a_jump_at_the_join_is_refused_unless_allowed(history: pd.DataFrame, make_scenario: Make) -> None:
    paths = {name: path.model_dump() for name, path in make_scenario().paths.items()}
    # Half a percent, written as 0.5 by one who thinks in percent: within the range, but not where history ended.
    paths["policy_rate"] = {"given": "level", "values": [0.5] * 12}
    with pytest.raises(ParameterError, match=r"policy_rate jumps at the join: from 0\.0\d+ to 0\.5 at value 1"):
        monthly_path(make_scenario(paths=paths), history)
    assert (
        monthly_path(make_scenario(paths=paths, allow_jump=("policy_rate",)), history)["policy_rate"].iloc[2]
        == 0.5
    )


def test_a_change_that_leaves_the_range_is_refused(history: pd.DataFrame, make_scenario: Make) -> None:
    paths = {name: path.model_dump() for name, path in make_scenario().paths.items()}
    paths["unemployment_rate"] = {"given": "change", "values": [0.05] * 5 + [0.45] * 7}
    with pytest.raises(
        ParameterError, match=r"unemployment_rate reaches 0\.\d+ at value 6, .*allowed is 0 to 0\.4"
    ):
        monthly_path(make_scenario(paths=paths), history)


def test_more_months_than_the_scenario_has_are_refused(history: pd.DataFrame, make_scenario: Make) -> None:
    with pytest.raises(ParameterError, match="48 months are asked for, its paths have 36"):
        monthly_path(make_scenario(), history, 48)


def test_all_problems_are_told_at_once(history: pd.DataFrame, make_scenario: Make) -> None:
    with pytest.raises(
        ParameterError, match=r"(?s)cannot be run from 2025-12.*1\. 48 months.*2\. no path for gdp_yoy"
    ):
        monthly_path(without(make_scenario(), "gdp_yoy"), history, 48)


def test_several_paths_follow_the_history_they_continue(history: pd.DataFrame, make_scenario: Make) -> None:
    found = all_paths([make_scenario(), make_scenario(2.0, "worse")], history, 12)
    assert list(found["scenario"].unique()) == ["actual", "own", "worse"]
    assert len(found) == history.size + 2 * 12 * history.shape[1]


def test_a_macro_file_of_ones_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "macro.csv"
    file.write_text("month,unemployment_rate\n2025-02,0.06\n2025-01-31,0.05\n", encoding="utf-8")
    found = read_macro(file)
    assert found["unemployment_rate"].tolist() == [0.05, 0.06]
    assert found.index[-1] == pd.Timestamp("2025-02-28")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,unemployment_rate\n2025-01,0.05\n", "no column 'month'; it has date, unemployment_rate"),
        ("month,unemployment\n2025-01,0.05\n", "column 'unemployment' is not of the macro table"),
        (
            "month,unemployment_rate\n2025-01,5.1\n",
            r"unemployment_rate in 2025-01 is 5\.1; allowed is 0 to 1; 0\.05 is",
        ),
        ("month,unemployment_rate\n2025-01,0.05\n2025-03,0.05\n", r"1 months are left out \(2025-02\)"),
        ("month,unemployment_rate\n2025-01,0.05\n2025-01,0.05\n", "2025-01 is there more than once"),
        (
            "month,unemployment_rate\n2025-01,0.05\n2025-02,\n2025-03,0.05\n",
            "unemployment_rate is blank in 2025-02",
        ),
        ("month,unemployment_rate\n2025-01,five\n", "unemployment_rate in 2025-01 is 'five', not a number"),
        (
            "month,industry_index_retail\n2025-01,-3\n",
            "industry_index_retail in 2025-01 is -3; an index is above 0",
        ),
    ],
)
def test_a_macro_file_that_cannot_be_used_is_explained(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "macro.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_macro(file)


def test_a_macro_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv does not exist"):
        read_macro(tmp_path / "none.csv")


def test_columns_without_values_are_left_out() -> None:
    table = pd.DataFrame({"month": ["2025-01"], "gdp_yoy": [0.03], "cpi_yoy": [None]})
    assert list(macro_history(table).columns) == ["gdp_yoy"]
