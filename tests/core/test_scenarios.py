"""Scenario files: what is read, and each way in which one can be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from analysis.core.errors import ParameterError
from analysis.core.scenarios import LONGEST, TEMPLATE, load_scenario, load_scenarios

FOLDER = Path(__file__).parents[2] / "params" / "scenarios"


def content(**changes: Any) -> dict[str, Any]:
    paths = {
        "unemployment_rate": {"given": "level", "values": [0.05, 0.06]},
        "gdp_yoy": {"given": "change", "values": [0.0, -0.02]},
        "industry_index": {"given": "growth", "values": [0.0, -0.1]},
    }
    return {"name": "own", "title": "Own", "step": "quarter", "paths": paths} | changes


def written(folder: Path, file: str = "own.yml", **changes: Any) -> Path:
    path = folder / file
    path.write_text(yaml.safe_dump(content(**changes)), encoding="utf-8")
    return path


def test_the_five_scenarios_of_the_project_can_be_read_and_their_weights_sum_to_one() -> None:
    found = load_scenarios(FOLDER)
    assert set(found) == {"baseline", "adverse", "severe", "epidemic", "inflation"}
    assert sum(one.weight for one in found.values()) == pytest.approx(1.0)
    assert {one.months for one in found.values()} == {LONGEST}


def test_the_inflation_scenario_goes_above_five_percent() -> None:
    assert max(load_scenarios(FOLDER)["inflation"].paths["cpi_yoy"].values) > 0.05


def test_the_template_can_be_read_but_is_not_run() -> None:
    assert load_scenario(FOLDER / TEMPLATE).name == "template"
    assert "template" not in load_scenarios(FOLDER)


def test_months_follow_from_the_step(tmp_path: Path) -> None:
    assert load_scenario(written(tmp_path)).months == 6
    assert load_scenario(written(tmp_path, step="month")).months == 2


def path(variable: str, given: str, *values: float) -> dict[str, Any]:
    return {"paths": {variable: {"given": given, "values": list(values)}}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (path("unemployment_rate", "level", 0.05, 5.0), r"value 2 is 5; allowed is 0 to 0\.4.*0\.05 is 5%"),
        (path("gdp_yoy", "change", -5.0), r"'gdp_yoy', value 1 is -5; allowed is -0\.5 to 0\.5 as change"),
        (path("cpi_yoy", "level", 1.5), r"'cpi_yoy', value 1 is 1\.5; allowed is -0\.15 to 1"),
        (path("industry_index", "level", 0.9), r"'industry_index', value 1 is 0\.9; allowed is 1 to 1000"),
        (path("gdp_yoy", "growth", 0.1), r"'gdp_yoy' is a rate: give level or change, not growth"),
        (path("industry_index_retail", "change", 0.1), r"is an index: give growth"),
        (
            path("unemploymentrate", "level", 0.05),
            r"no variable of the macro table; the nearest is 'unemployment_rate'",
        ),
        (
            path("gdp_yoy", "level", *[0.0] * 13),
            r"reach 39 months ahead; the models serve 36 at most: 12 values a path",
        ),
        ({"horizon": 3}, r"'horizon' is unknown; the nearest known key is"),
        ({"title": None}, r"'title' is None"),
        ({"weight": 1.5}, r"'weight' is 1\.5"),
        ({"allow_jump": ["gdp"]}, r"'gdp' is no variable of the macro table"),
        ({"paths": {}}, r"'paths' is \{\}"),
        ({"name": "Own scenario"}, r"'name' is 'Own scenario'"),
    ],
)
def test_what_is_wrong_is_told_with_what_is_allowed(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=message):
        load_scenario(written(tmp_path, **changes))


def test_paths_of_different_lengths_are_refused(tmp_path: Path) -> None:
    paths = content()["paths"] | {"gdp_yoy": {"given": "change", "values": [0.0]}}
    with pytest.raises(ParameterError, match=r"different lengths \(.*gdp_yoy 1.*unemployment_rate 2"):
        load_scenario(written(tmp_path, paths=paths))


def test_all_that_is_wrong_is_listed_at_once(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"(?s)own\.yml: scenario that cannot be used.*1\..*2\."):
        load_scenario(written(tmp_path, weight=2, colour="red"))


def test_a_file_that_is_missing_or_no_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"none\.yml does not exist"):
        load_scenario(tmp_path / "none.yml")
    (tmp_path / "bad.yml").write_text("name: [", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"bad\.yml is not valid YAML"):
        load_scenario(tmp_path / "bad.yml")
    (tmp_path / "bad.yml").write_text("- a", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"must hold keys and values, not list"):
        load_scenario(tmp_path / "bad.yml")


def test_a_folder_without_scenarios_or_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="holds no scenario file"):
        load_scenarios(tmp_path)
    written(tmp_path, "a.yml"), written(tmp_path, "b.yml")
    with pytest.raises(ParameterError, match=r"b\.yml: a scenario 'own' is there already"):
        load_scenarios(tmp_path)


def test_every_file_of_a_folder_that_cannot_be_used_is_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, "a.yml", weight=2), written(tmp_path, "c.yml")
    (tmp_path / "b.yml").write_text("name: [", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"(?s)a\.yml: .*'weight' is 2.*b\.yml is not valid YAML") as error:
        load_scenarios(tmp_path)
    assert "c.yml" not in str(error.value)
