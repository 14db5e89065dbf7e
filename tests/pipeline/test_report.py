"""A quarter from the tables to the published folder."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analysis.core.errors import ArrearsError, ChapterError, InputError
from analysis.pipeline import run
from analysis.pipeline.progress import Lines
from analysis.pipeline.report import Published, publish, report
from analysis.pipeline.run import Request, execute, open_run, resolve

if TYPE_CHECKING:
    from conftest import Project

pytestmark = pytest.mark.usefixtures("in_process", "renderer")


def make(project: Project, **asked: Any) -> Published:
    return report(project.root, Request(project.params, **asked), project.published, Lines())


def test_a_published_quarter_holds_pages_results_and_its_run_record(project: Project) -> None:
    done = make(project)
    assert done.index == project.target / "index.html"
    assert sorted(project.files(project.target)) == [
        "index.html",
        "results/first/headline.json",
        "results/first/rates.parquet",
        "results/second/doubled.parquet",
        "results/second/headline.json",
        "run.json",
    ]
    assert (project.published / "index.html").is_file()
    assert not [p for p in project.target.parent.iterdir() if p.name.startswith(".")]


def test_the_run_record_tells_what_the_report_was_made_from(project: Project) -> None:
    make(project)
    record = project.record()
    assert record["status"] == "published"
    assert record["portfolio"] == "tiny"
    assert (record["title"], record["simulated"]) == ("Tiny", True)
    assert record["inputs"]["months"]["rows"] == 24
    assert record["parameters"]["portfolio"] == "data/portfolio/tiny"
    assert set(record["chapters"]) == {"first", "second"}
    assert set(record["code"]) == {"version", "commit", "dirty", "hash", "notebooks"}
    assert record["packages"]["pandas"]
    assert set(record["outputs"]) == set(project.files(project.target)) - {"run.json"}
    assert record["started"] <= record["ended"]
    kept = json.loads((project.work / "runs" / f"{record['run_id']}.json").read_text("utf-8"))
    assert kept == record


def test_a_rerun_with_nothing_changed_leaves_the_report_as_it_is(project: Project) -> None:
    first = make(project)
    before = project.files(project.target)
    second = make(project)
    assert (second.renewed, second.run_id) == (False, first.run_id)
    assert project.files(project.target) == before


@pytest.mark.parametrize("damage", ["changed", "deleted"])
def test_a_published_report_that_was_tampered_with_is_made_again(project: Project, damage: str) -> None:
    make(project)
    page = project.target / "index.html"
    page.unlink() if damage == "deleted" else page.write_text("by hand", encoding="utf-8")
    assert make(project).renewed
    assert "30+ rate" in page.read_text("utf-8")


def test_a_changed_notebook_is_published(project: Project) -> None:
    make(project)
    project.write_chapter(20, "second", project.read_body("second").replace("2 *", "3 *"), reads=("first",))
    assert make(project).renewed


def test_a_disk_that_fills_up_while_rendering_leaves_the_last_good_report(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(project)
    before = project.files(project.target)
    project.write_portfolio(accounts=3)

    def fill(work: Path, to: Path, **_: Any) -> None:
        (to / "index.html").write_text("half", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device", str(to / "report.pdf"))

    monkeypatch.setattr("analysis.report.render.render_report", fill)
    with pytest.raises(ArrearsError, match="no space is left on the disk while writing") as error:
        make(project)
    assert error.value.exit_code == 1
    assert project.files(project.target) == before
    assert [p.name for p in project.target.parent.iterdir()] == ["2025Q4"]


def test_a_report_that_does_not_verify_is_not_published(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    make(project)
    before = project.files(project.target)
    project.write_portfolio(accounts=3)

    def find(folder: Path) -> list[str]:
        return ["link a.html leads nowhere", "report.pdf is missing"]

    monkeypatch.setattr("analysis.report.render.verify.verify_edition", find)
    with pytest.raises(ArrearsError, match=r"not fit to be published.*\n  1\. link a.*\n  2\. report\.pdf"):
        make(project)
    assert project.files(project.target) == before


def test_an_interrupted_swap_is_mended_before_the_next_run(project: Project) -> None:
    make(project)
    project.target.rename(project.target.with_name(".previous-2025Q4"))
    assert not make(project).renewed
    assert (project.target / "index.html").is_file()


def test_a_report_needs_all_chapters(project: Project) -> None:
    request = Request(project.params, chapters=("first",))
    run = open_run(request, *resolve(project.root, request))
    execute(run, Lines())
    with pytest.raises(ChapterError, match="a report needs all chapters; there is none of: second"):
        publish(run, project.published, Lines())


def test_a_project_without_chapters_has_nothing_to_report(project: Project) -> None:
    shutil.rmtree(project.root / "notebooks")
    with pytest.raises(ChapterError, match="a report needs all chapters"):
        make(project)


def test_tables_replaced_while_chapters_read_them_publish_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(project)
    before, run_chapters = project.files(project.target), run.run_chapters

    def replacing(*arguments: Any) -> Any:
        outcomes = run_chapters(*arguments)
        project.write_portfolio(days_past_due=31)
        return outcomes

    monkeypatch.setattr(run, "run_chapters", replacing)
    with pytest.raises(InputError, match=r"months changed while the run was reading\. Nothing was published"):
        make(project, fresh=True)
    assert project.files(project.target) == before
    monkeypatch.setattr(run, "run_chapters", run_chapters)
    assert make(project).renewed
