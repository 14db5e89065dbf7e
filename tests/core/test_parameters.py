from datetime import date
from pathlib import Path

import pytest
import yaml

from analysis.core.errors import ParameterError
from analysis.core.parameters import (
    CHAPTER_SECTIONS,
    DelinquencyParameters,
    RunParameters,
    load_parameters,
    parse_override,
)
from analysis.core.periods import Period, months_between

SHIPPED = Path(__file__).parents[2] / "params" / "quarterly.yml"


def write(folder: Path, content: dict[str, object]) -> Path:
    path = folder / "p.yml"
    path.write_text(yaml.safe_dump({"period": "2025Q4", "portfolio": "data/portfolio/demo"} | content))
    return path


def test_the_shipped_file_says_the_defaults() -> None:
    shipped = load_parameters(SHIPPED)
    assert shipped == RunParameters(period="2025Q4", portfolio=Path("data/portfolio/demo"))


def test_every_chapter_has_a_section() -> None:
    assert set(CHAPTER_SECTIONS) <= set(RunParameters.model_fields)


def test_a_misspelt_key_is_named_with_the_nearest_right_one(tmp_path: Path) -> None:
    path = write(tmp_path, {"delinquency": {"histroy_months": 12}})
    with pytest.raises(
        ParameterError, match=r"'delinquency.histroy_months' is unknown; .*'delinquency.history_months'"
    ):
        load_parameters(path)


def test_all_wrong_parameters_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, {"levle": 0.9, "jobs": 0, "delinquency": {"alerts": {"sigma": 2}}})
    with pytest.raises(ParameterError) as caught:
        load_parameters(path)
    text = str(caught.value)
    assert "'levle' is unknown; the nearest known key is 'level'" in text
    assert "'jobs' is 0" in text
    assert "the nearest known key is 'delinquency.alerts.sigmas'" in text
    assert str(path) in text


def test_a_missing_period_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.yml"
    path.write_text("portfolio: x\n")
    with pytest.raises(ParameterError, match="'period' is required"):
        load_parameters(path)


def test_overrides_win_and_none_leaves_the_file_alone(tmp_path: Path) -> None:
    path = write(tmp_path, {"jobs": 3})
    read = load_parameters(path, {"delinquency.history_months": 24, "jobs": None, "period": "2024q2"})
    assert (read.delinquency.history_months, read.jobs, read.period) == (24, 3, "2024Q2")


def test_a_window_is_read_as_month_ends(tmp_path: Path) -> None:
    path = write(tmp_path, {"delinquency": {"window": {"start": "2005-04", "end": "2005-08"}}})
    window = load_parameters(path).delinquency.window
    assert window is not None
    assert (window.start, window.end) == (date(2005, 4, 30), date(2005, 8, 31))


def test_bucket_edges_are_checked_where_they_are_set(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="must start at 1 and rise"):
        load_parameters(write(tmp_path, {"delinquency": {"states": [30, 60]}}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a.b=3", ("a.b", 3)), ("a=[1, 90]", ("a", [1, 90])), ("a=x=y", ("a", "x=y")), ("a=", ("a", None))],
)
def test_an_override_is_read_as_yaml(text: str, expected: tuple[str, object]) -> None:
    assert parse_override(text) == expected


def test_an_override_without_equals_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"write chapter\.key=value"):
        parse_override("delinquency.history_months")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"nowhere\.yml does not exist"):
        load_parameters(tmp_path / "nowhere.yml")


def test_a_series_without_a_window_ends_with_the_data() -> None:
    assert DelinquencyParameters(history_months=12).window_until(date(2025, 11, 30)) == (
        date(2024, 12, 31),
        date(2025, 11, 30),
    )


def test_a_window_is_pooled_as_the_steps_within_it() -> None:
    params = DelinquencyParameters(window={"start": "2005-04", "end": "2005-08"})
    pooled = params.pooled(Period.parse("2005Q3"))
    assert list(pooled) == ["2005Q3", "2005Q2", "2004Q3", "2005-04–2005-08"]
    assert pooled["2005-04–2005-08"] == months_between(date(2005, 5, 31), date(2005, 8, 31))


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("floors", {"column": "sex", "group": "female", "share": 0.2, "treatments": ["agent"]}),
        ("forbidden", {"column": "marital_status", "value": "single", "treatment": "agent"}),
    ],
)
def test_a_rule_of_treatment_by_a_protected_attribute_is_refused(
    tmp_path: Path, key: str, rule: dict[str, object]
) -> None:
    with pytest.raises(ParameterError, match=f"'{rule['column']}' is a protected attribute"):
        load_parameters(write(tmp_path, {"segmentation": {"treatments": {key: [rule]}}}))


def test_a_range_of_days_past_due_that_holds_nobody_is_refused(tmp_path: Path) -> None:
    point = {"experiment": "x", "control": "a", "treated": "b", "from_days": 30, "to_days": 30}
    with pytest.raises(ParameterError, match="from_days 30 must be below to_days 30"):
        load_parameters(write(tmp_path, {"segmentation": {"treatments": {"decisions": [point]}}}))


def test_a_misspelt_key_of_a_treatments_limit_is_named_with_the_nearest(tmp_path: Path) -> None:
    limit = {"agent_hours": {"per_100": 5, "use": {"agent": 1}}}
    with pytest.raises(ParameterError, match=r"nearest known key is '.*per_1000'"):
        load_parameters(write(tmp_path, {"segmentation": {"treatments": {"capacities": limit}}}))
