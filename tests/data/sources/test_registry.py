"""Every adapter is known by name, says what it cannot fill, and refuses options it does not have."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.core.errors import ParameterError
from analysis.data.sources import SOURCES, import_source

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "own-data" / "mapping.yml"


def test_the_options_listed_are_those_of_the_function() -> None:
    for source in SOURCES.values():
        parameters = inspect.signature(source.function).parameters
        keywords = {name for name, each in parameters.items() if each.kind is each.KEYWORD_ONLY}
        assert keywords == {"replace", *source.options}, source.name
        assert source.not_filled and source.description and source.files


def test_a_source_is_run_by_name_and_replaces_only_when_told(tmp_path: Path) -> None:
    report = import_source("csv", [EXAMPLE], tmp_path / "own")
    assert (report.source, report.rows["months"]) == ("csv", 10)
    with pytest.raises(Exception, match="exists already"):
        import_source("csv", [EXAMPLE], tmp_path / "own")
    assert import_source("csv", [EXAMPLE], tmp_path / "own", replace=True).rows["accounts"] == 4
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_an_unknown_source_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"source 'fanniemae' is unknown; did you mean fannie_mae\?"):
        import_source("fanniemae", [], tmp_path)


def test_an_unknown_option_is_named_with_those_known(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"source taiwan has no option region; its options are: codes"):
        import_source("taiwan", [], tmp_path, region="state")


def test_dotted_options_reach_the_adapter_nested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict = {}
    source = replace(SOURCES["taiwan"], function=lambda files, to, **options: seen.update(options))
    monkeypatch.setitem(SOURCES, "taiwan", source)
    import_source("taiwan", [], tmp_path, **{"codes.EDUCATION.7": "other", "codes.SEX.3": "unknown"})
    assert seen == {"replace": False, "codes": {"EDUCATION": {"7": "other"}, "SEX": {"3": "unknown"}}}
