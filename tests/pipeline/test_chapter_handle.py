"""The handle that a notebook holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from analysis.core.errors import ParameterError
from analysis.pipeline.chapter import Chapter, open_chapter
from analysis.pipeline.places import find_root
from analysis.report.headlines import Headline
from analysis.report.words import Words

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr("analysis.report.show.prose", texts.append)
    return texts


@pytest.fixture
def worded(project: Project, monkeypatch: pytest.MonkeyPatch) -> Chapter:
    """A chapter whose words are the common ones."""
    chapter = open_chapter("first")
    monkeypatch.setattr(Chapter, "words", Words("en", "common", currency="EUR"))
    return chapter


def test_a_kernel_may_start_anywhere_in_the_project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root / "notebooks")
    assert open_chapter("first", "params/quarterly.yml").work == project.work


def test_outside_the_project_the_message_says_where_to_go(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="is not inside the project"):
        find_root(tmp_path)


def test_a_resolved_parameter_file_means_its_own_work_folder(project: Project) -> None:
    restated = project.work.with_name("2025Q4-restated")
    restated.mkdir(parents=True)
    (restated / "params.yml").write_text(project.params.read_text(encoding="utf-8"), encoding="utf-8")
    assert open_chapter("first", restated / "params.yml").work == restated


def test_overrides_reach_the_chapter(project: Project) -> None:
    chapter = open_chapter("first", overrides={"delinquency.history_months": 7, "period": "2025Q3"})
    assert chapter.run.delinquency.history_months == 7
    assert chapter.portfolio.as_of == chapter.period.end
    assert chapter.work == project.work.with_name("2025Q3")


def test_an_unknown_chapter_is_refused(project: Project) -> None:
    with pytest.raises(ParameterError, match="chapter 'frist' is unknown; it can be first, second"):
        open_chapter("frist")


def test_a_section_whose_data_are_there_begins(worded: Chapter, shown: list[str]) -> None:
    assert worded.section("product.card", "cards", "months.balance")
    assert shown == ["## Credit cards {#sec-cards}"]
    assert worded.left_out == []


def test_a_section_without_its_data_says_so_in_a_line_and_is_recorded(
    project: Project, worded: Chapter, shown: list[str]
) -> None:
    assert not worded.section("channel.visit", "sec-visits", "months.balance", "contacts.outcome", "complaints")
    assert shown[0] == "## Visit {#sec-visits}"
    assert "`contacts.outcome` and `complaints`" in shown[1]
    worded.close()
    left_out = notes(project)["left_out"]
    assert left_out == [{"label": "sec-visits", "title": "Visit", "missing": ["contacts.outcome", "complaints"]}]


def test_closing_writes_headlines_and_gates(project: Project) -> None:
    chapter = open_chapter("first")
    chapter.headlines.append(Headline("rate", "Rate", 0.1, "fraction", chapter.period.end))
    chapter.gate("forecast_miss", "the forecast of a year ago missed")
    chapter.close()
    written = json.loads((project.work / "results" / "first" / "headline.json").read_text(encoding="utf-8"))
    assert [row["key"] for row in written] == ["rate"]
    assert notes(project)["gates"] == [{"key": "forecast_miss", "text": "the forecast of a year ago missed"}]


def notes(project: Project) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((project.work / "state" / "first" / "chapter.json").read_text("utf-8"))
    return content
