"""Chapters in processes of their own, on kernels of this very Python."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest

from analysis.core.errors import ChapterError, InputError
from analysis.pipeline.execute import Outcome, raise_failures
from analysis.pipeline.progress import Lines
from analysis.pipeline.run import Request, execute, open_run, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project


def run(project: Project, *chapters: str) -> list[Outcome]:
    request = Request(project.params, chapters=chapters)
    return execute(open_run(request, *resolve(project.root, request)), Lines())


@pytest.fixture
def foreign_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's own kernel that is called python3, too, and does not work."""
    folder = tmp_path / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {
        "argv": ["/nonexistent/python", "-f", "{connection_file}"],
        "display_name": "mine",
        "language": "python",
    }
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))


@pytest.mark.usefixtures("foreign_kernel")
def test_chapters_run_on_this_python_in_order_and_leave_clean_notebooks(project: Project) -> None:
    tell = "import sys, os\nfrom pathlib import Path\nPath('told').write_text(sys.executable)"
    project.write_chapter(10, "first", tell + project.read_body("first"))
    outcomes = run(project)
    assert [(o.chapter, o.status) for o in outcomes] == [("first", "done"), ("second", "done")]
    assert all(o.seconds > 0 and (o.peak_memory_mb or 0) > 10 for o in outcomes)
    assert (project.root / "notebooks" / "told").read_text("utf-8") == sys.executable
    executed = nbformat.read(project.work / "notebooks" / "20_second.ipynb", as_version=4)
    injected = next(cell for cell in executed.cells if cell.id == "injected-parameters")
    assert 'params_file = "reports/work/tiny/2025Q4/params.yml"' in injected.source
    assert "papermill" not in json.dumps(executed)
    assert executed.metadata.get("arrears") == {"reads": ["first"]}


def test_two_executions_leave_the_same_bytes(project: Project) -> None:
    run(project, "first")
    once = project.files(project.work / "notebooks") | project.files(project.work / "results")
    request = Request(project.params, chapters=("first",), fresh=True)
    execute(open_run(request, *resolve(project.root, request)), Lines())
    assert project.files(project.work / "notebooks") | project.files(project.work / "results") == once


def test_a_chapter_that_raises_is_named_with_its_cell_and_its_last_line(project: Project) -> None:
    project.write_chapter(10, "first", "value = 1\nraise RuntimeError('first line\\nlast line')")
    message = r"chapter 'first' failed at cell \[4\], id 'body': RuntimeError: first line … last line"
    with pytest.raises(ChapterError, match=message):
        run(project)
    executed = (project.work / "notebooks" / "10_first.ipynb").read_text("utf-8")
    assert "RuntimeError" in executed
    assert not (project.work / "notebooks" / "20_second.ipynb").exists()
    record = json.loads((project.work / "run.json").read_text("utf-8"))
    assert record["status"] == "failed"
    assert record["chapters"]["first"]["status"] == "failed"


def test_bad_input_that_a_chapter_finds_counts_as_bad_input(project: Project) -> None:
    body = "from analysis.core.errors import InputError\nraise InputError('months has no balance')"
    project.write_chapter(10, "first", body)
    with pytest.raises(InputError, match="chapter 'first': months has no balance"):
        run(project)


def test_a_kernel_that_dies_fails_its_chapter(project: Project) -> None:
    project.write_chapter(10, "first", "import os\nos._exit(9)")
    with pytest.raises(ChapterError, match="chapter 'first' failed: the kernel died"):
        run(project)


def test_a_chapter_that_forgets_to_close_is_not_published_without_headlines(project: Project) -> None:
    path = project.write_chapter(10, "first", "")
    path.write_text(path.read_text("utf-8").replace("chapter.close()", "pass"), "utf-8")
    with pytest.raises(ChapterError, match=r"headline\.json is missing; call chapter\.close\(\) last"):
        run(project)


def test_several_failures_are_all_told() -> None:
    failures = [
        Outcome("a", "failed", failure="cell [1]: KeyError: 'x'"),
        Outcome("b", "failed", failure="it died"),
    ]
    with pytest.raises(ChapterError, match=r"(?s)chapter 'a' failed at .*KeyError.*chapter 'b' failed: it died"):
        raise_failures([*failures, Outcome("c", "done")])


def test_independent_chapters_run_at_once(project: Project) -> None:
    """Each waits for the other's sign; one after the other they would fail."""
    wait = (
        "import time\nfrom pathlib import Path\nPath('{mine}').touch()\n"
        "for _ in range(600):\n    if Path('{other}').exists(): break\n    time.sleep(0.1)\n"
        "else: raise RuntimeError('alone')\n"
    )
    project.write_chapter(10, "first", wait.format(mine="a", other="b") + project.read_body("first"))
    project.write_chapter(20, "second", wait.format(mine="b", other="a") + project.read_body("first"))
    assert [outcome.status for outcome in run(project)] == ["done", "done"]
