"""One run at a time on one quarter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.core.errors import InputError
from analysis.pipeline.lock import only_run

HOLD = """
import sys, time
from pathlib import Path
from analysis.pipeline.lock import only_run
with only_run(Path(sys.argv[1]), "demo 2025Q4"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_is_told_who_holds_the_quarter(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    message = rf"another run is at work on demo 2025Q4 \(process {holder.pid} on .*nothing was changed"
    with pytest.raises(InputError, match=message), only_run(tmp_path / "lock", "demo 2025Q4"):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    with only_run(tmp_path / "lock", "demo 2025Q4"):
        assert str(os.getpid()) in (tmp_path / "lock").read_text(encoding="utf-8")


def test_the_lock_is_given_back(tmp_path: Path) -> None:
    for _ in range(2):
        with only_run(tmp_path / "lock", "demo 2025Q4"):
            pass
    assert (tmp_path / "lock").is_file()


def test_another_quarter_is_another_lock(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with only_run(tmp_path / "other", "demo 2025Q3"):
        assert holder.poll() is None
