"""The command as a person or a scheduler meets it: messages, exit codes, and what is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from analysis.core.errors import InputError
from analysis.pipeline.faults import explain

if TYPE_CHECKING:
    from conftest import Project

SLEEPY = """
import os, time
from pathlib import Path
if not Path("asleep").exists():
    Path("asleep.part").write_text(str(os.getpid()))
    Path("asleep.part").rename("asleep")
    time.sleep(600)
"""


# The package may be worked on while its tests run, which must not look like a change to the run that resumes.
START = """
import analysis.pipeline.run as run
run.hash_package = lambda hashes: "code"
from analysis.pipeline.cli import main
main()
"""
COMMAND = (sys.executable, "-c", START)


@contextmanager
def sleeping(project: Project) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own, in the middle of a chapter that sleeps."""
    command, sign = [*COMMAND, "report"], project.root / "notebooks" / "asleep"
    run = subprocess.Popen(command, cwd=project.root, stderr=subprocess.PIPE, text=True)
    try:
        while not sign.exists():
            assert run.poll() is None, run.communicate()[1]
            time.sleep(0.1)
        yield run
    finally:
        run.kill()
        run.communicate()


def arrears(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture
def last_good(project: Project) -> Path:
    """A report that was published before."""
    project.target.mkdir(parents=True)
    (project.target / "index.html").write_text("the last good report", encoding="utf-8")
    return project.target


def test_a_misspelt_parameter_is_answered_with_the_nearest_right_one(project: Project, last_good: Path) -> None:
    done = arrears("report", "--set", "delinquency.histroy_months=12", cwd=project.root)
    assert done.returncode == 2
    assert "the nearest known key is 'delinquency.history_months'" in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in last_good.iterdir()] == ["index.html"]


@pytest.mark.parametrize(("period", "there"), [("2026Q1", "2025Q1 to 2025Q4"), ("2024Q4", "2025Q1 to 2025Q4")])
def test_a_period_outside_the_data_is_answered_with_those_there_are(
    project: Project, period: str, there: str
) -> None:
    done = arrears("report", "--period", period, cwd=project.root)
    assert done.returncode == 2
    assert f"period {period} lies outside the data; the portfolio covers {there}" in done.stderr


def test_bad_tables_end_in_one_numbered_list(project: Project, last_good: Path) -> None:
    (project.portfolio / "accounts.parquet").unlink()
    done = arrears("report", cwd=project.root)
    assert done.returncode == 2
    assert "  1. accounts" in done.stderr
    assert [p.name for p in last_good.iterdir()] == ["index.html"]


def test_a_chapter_that_raises_ends_in_three_and_publishes_nothing(project: Project, last_good: Path) -> None:
    project.write_chapter(10, "first", "1 / 0")
    done = arrears("report", cwd=project.root)
    assert done.returncode == 3
    assert "chapter 'first' failed at cell [4], id 'body': ZeroDivisionError: division by zero" in done.stderr
    assert (last_good / "index.html").read_text("utf-8") == "the last good report"


def test_a_second_run_on_the_same_quarter_is_refused(project: Project) -> None:
    project.write_chapter(10, "first", SLEEPY)
    with sleeping(project):
        done = arrears("report", cwd=project.root)
    assert done.returncode == 2
    assert "another run is at work on tiny 2025Q4" in done.stderr


def test_a_killed_run_leaves_nothing_running_and_the_next_resumes(project: Project, last_good: Path) -> None:
    project.write_chapter(20, "second", SLEEPY + project.read_body("second"), reads=("first",))
    with sleeping(project) as run:
        kernel = psutil.Process(int((project.root / "notebooks" / "asleep").read_text("utf-8")))
        run.kill()
        psutil.wait_procs([kernel], timeout=30)
        assert not kernel.is_running()
    assert (last_good / "index.html").read_text("utf-8") == "the last good report"
    done = arrears("run", cwd=project.root)
    assert done.returncode == 0, done.stderr
    assert "first: kept" in done.stderr
    assert "second: to be run, it has not been run" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_run_ends_its_chapters_and_publishes_nothing(
    project: Project, last_good: Path, number: signal.Signals, code: int
) -> None:
    project.write_chapter(10, "first", SLEEPY)
    with sleeping(project) as run:
        kernel = psutil.Process(int((project.root / "notebooks" / "asleep").read_text("utf-8")))
        run.send_signal(number)
        assert run.wait(timeout=60) == code
        psutil.wait_procs([kernel], timeout=10)
        assert not kernel.is_running()
    assert (last_good / "index.html").read_text("utf-8") == "the last good report"


def test_a_fault_of_the_program_is_one_line_and_its_traceback_is_kept(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(ZeroDivisionError("division by zero"), debug=False) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "a fault of this program: ZeroDivisionError: division by zero" in message
    kept = list((project.root / "reports" / "work" / "faults").iterdir())
    assert len(kept) == 1
    assert str(kept[0]) in message
    assert "ZeroDivisionError" in kept[0].read_text("utf-8")


def test_a_full_disk_anywhere_is_said_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(OSError(28, "No space left on device", "results.parquet"), debug=False) == 1
    assert "no space is left on the disk while writing results.parquet" in capsys.readouterr().err


def test_what_is_explained_comes_without_a_traceback_unless_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(InputError("months is empty"), debug=False) == 2
    assert capsys.readouterr().err == "arrears: months is empty\n"
    assert explain(InputError("months is empty"), debug=True) == 2
    assert "Traceback" not in capsys.readouterr().out


def test_help_is_there_for_every_command_with_an_example() -> None:
    for command in ("simulate", "import", "check", "run", "report", "restate"):
        done = arrears(command, "--help", cwd=Path.cwd())
        assert done.returncode == 0
        assert f"Example: arrears {command}" in done.stdout
