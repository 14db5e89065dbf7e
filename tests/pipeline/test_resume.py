"""What is run again, and what is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from analysis.pipeline.hashes import FileHashes, hash_package
from analysis.pipeline.progress import Lines
from analysis.pipeline.run import Request, execute, open_run, resolve

if TYPE_CHECKING:
    from conftest import Project

FIRST_BODY = """
import pandas as pd
from analysis.report.headlines import Headline
chapter.results.save("rates", pd.DataFrame({"product": ["card"], "rate": [0.75], "accounts": [4]}))
chapter.headlines.append(Headline("rate", "Rate", 0.75, "fraction", chapter.period.end))
"""


@pytest.fixture(autouse=True)
def _without_kernels(in_process: list[str]) -> None:
    """What is decided here does not depend on how a notebook is executed."""


def run(project: Project, ran: list[str], **asked: Any) -> list[str]:
    """Run the project; names of the chapters that were executed."""
    ran.clear()
    request = Request(project.params, **asked)
    execute(open_run(request, *resolve(project.root, request)), Lines())
    return list(ran)


def test_nothing_is_run_twice(project: Project, in_process: list[str]) -> None:
    assert run(project, in_process) == ["first", "second"]
    assert run(project, in_process) == []


def test_fresh_runs_everything_again(project: Project, in_process: list[str]) -> None:
    run(project, in_process)
    assert run(project, in_process, fresh=True) == ["first", "second"]


def test_a_changed_notebook_is_run_again_and_so_is_what_reads_its_changed_results(
    project: Project, in_process: list[str]
) -> None:
    run(project, in_process)
    project.write_chapter(10, "first", FIRST_BODY)
    assert run(project, in_process) == ["first", "second"]


def test_a_reader_is_kept_when_what_it_reads_came_out_the_same(project: Project, in_process: list[str]) -> None:
    run(project, in_process)
    path = project.root / "notebooks" / "10_first.ipynb"
    path.write_text(path.read_text("utf-8").replace("What this chapter tells.", "What it tells."), "utf-8")
    assert run(project, in_process) == ["first"]


def test_outputs_in_the_working_copy_of_a_notebook_change_nothing(project: Project, in_process: list[str]) -> None:
    run(project, in_process)
    path = project.root / "notebooks" / "10_first.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    code = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["run by hand"]}]
    code["execution_count"] = 7
    path.write_text(json.dumps(notebook), "utf-8")
    assert run(project, in_process) == []


def test_a_parameter_that_no_number_depends_on_changes_nothing(project: Project, in_process: list[str]) -> None:
    run(project, in_process)
    assert run(project, in_process, overrides={"jobs": 1, "renderer": "embedded"}) == []


def test_another_chapters_parameters_change_nothing(project: Project, in_process: list[str]) -> None:
    run(project, in_process)
    assert run(project, in_process, overrides={"delinquency.history_months": 12}) == []


def test_a_parameter_of_the_run_changes_all(project: Project, in_process: list[str]) -> None:
    run(project, in_process)
    assert run(project, in_process, overrides={"level": 0.9}) == ["first", "second"]


def test_changed_tables_change_all(project: Project, in_process: list[str]) -> None:
    run(project, in_process)
    project.write_portfolio(accounts=3)
    assert run(project, in_process) == ["first", "second"]


def test_changed_code_changes_all(
    project: Project, in_process: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(project, in_process)
    monkeypatch.setattr("analysis.pipeline.run.hash_package", lambda hashes: "other code")
    assert run(project, in_process) == ["first", "second"]


def test_a_chapter_that_names_another_sections_parameters_is_run_again_when_they_change(
    project: Project, in_process: list[str]
) -> None:
    body = FIRST_BODY + "\nhistory = chapter.run.delinquency.history_months"
    project.write_chapter(20, "second", body)
    assert run(project, in_process) == ["first", "second"]
    text = project.params.read_text(encoding="utf-8")
    project.params.write_text(text + "\ndelinquency: {history_months: 17}\n", encoding="utf-8")
    assert run(project, in_process) == ["second"]


@pytest.mark.parametrize("damage", ["changed", "deleted"])
def test_results_that_are_not_as_they_were_left_are_made_again(
    project: Project, in_process: list[str], damage: str
) -> None:
    run(project, in_process)
    file = project.work / "results" / "second" / "doubled.parquet"
    file.unlink() if damage == "deleted" else file.write_bytes(b"by hand")
    assert run(project, in_process) == ["second"]
    assert file.read_bytes()[:4] == b"PAR1"


def test_a_table_that_a_chapter_no_longer_saves_does_not_linger(project: Project, in_process: list[str]) -> None:
    run(project, in_process)
    project.write_chapter(20, "second", FIRST_BODY, reads=("first",))
    run(project, in_process)
    assert sorted(p.name for p in (project.work / "results" / "second").iterdir()) == [
        "headline.json",
        "rates.parquet",
    ]


def test_the_tables_are_checked_once(
    project: Project, in_process: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(project, in_process)
    assert "check: the tables hold to the contract" in capsys.readouterr().err
    run(project, in_process, fresh=True)
    assert "check:" not in capsys.readouterr().err


def test_the_package_hash_follows_every_file_of_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    package = project.root / "package"
    (package / "words").mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "words" / "en.yml").write_text("a: b", encoding="utf-8")
    monkeypatch.setattr("analysis.__file__", str(package / "__init__.py"))
    before = hash_package(FileHashes(project.root / "hashes.json"))
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_bytes(b"")
    assert hash_package(FileHashes(project.root / "hashes.json")) == before
    (package / "words" / "en.yml").write_text("a: c", encoding="utf-8")
    assert hash_package(FileHashes(project.root / "hashes.json")) != before


def test_a_remembered_hash_is_not_believed_once_the_file_changed(project: Project) -> None:
    file, memory = project.root / "table", project.root / "hashes.json"
    file.write_text("one", encoding="utf-8")
    hashes = FileHashes(memory)
    first = hashes.of(file)
    hashes.save()
    file.write_text("another", encoding="utf-8")
    assert FileHashes(memory).of(file) != first
