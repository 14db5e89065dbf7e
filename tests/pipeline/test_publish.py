"""Publishing in one rename."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from analysis.core.errors import ArrearsError
from analysis.pipeline.publish import recover, staged, swap


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A published report with one page."""
    folder = tmp_path / "demo" / "2025Q4"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("old", encoding="utf-8")
    return folder


def put(target: Path) -> None:
    with staged(target, "run-2") as staging:
        (staging / "index.html").write_text("new", encoding="utf-8")
        swap(staging, target)


def page(target: Path) -> str:
    return (target / "index.html").read_text(encoding="utf-8")


def test_the_new_report_takes_the_place_of_the_old_and_nothing_else_stays(target: Path) -> None:
    put(target)
    assert page(target) == "new"
    assert list(target.parent.iterdir()) == [target]


def test_the_first_report_of_a_quarter_needs_no_predecessor(target: Path) -> None:
    shutil.rmtree(target)
    put(target)
    assert page(target) == "new"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_the_old_report_stays(target: Path, code: int) -> None:
    def fill(staging: Path) -> None:
        (staging / "half").write_text("…", encoding="utf-8")
        raise OSError(code, "no room", str(staging / "index.html"))

    with (
        pytest.raises(ArrearsError, match=r"no space is left on the disk while writing .*Nothing was published"),
        staged(target, "run-2") as staging,
    ):
        fill(staging)
    assert page(target) == "old"
    assert list(target.parent.iterdir()) == [target]


def test_a_renderer_that_finds_the_disk_full_is_understood(target: Path) -> None:
    with (
        pytest.raises(ArrearsError, match=r"no space is left on the disk\. Nothing was published"),
        staged(target, "run-2"),
    ):
        raise ArrearsError("typst ended with exit code 1: No space left on device (os error 28)")
    assert page(target) == "old"


def test_a_rename_that_fails_puts_the_old_report_back(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def failing(self: Path, to: Path) -> Path:
        if self.name.startswith(".staging-"):
            raise OSError(errno.ENOSPC, "no room")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(ArrearsError, match="no space is left"):
        put(target)
    assert page(target) == "old"
    assert list(target.parent.iterdir()) == [target]


def test_a_run_killed_between_the_two_renames_is_mended_at_the_next_start(target: Path) -> None:
    target.rename(target.with_name(".previous-2025Q4"))
    target.with_name(".staging-2025Q4-run-2").mkdir()
    assert recover(target)
    assert page(target) == "old"
    assert list(target.parent.iterdir()) == [target]


def test_a_run_killed_after_both_renames_leaves_the_new_report(target: Path) -> None:
    shutil.copytree(target, target.with_name(".previous-2025Q4"))
    (target / "index.html").write_text("new", encoding="utf-8")
    assert not recover(target)
    assert page(target) == "new"
    assert list(target.parent.iterdir()) == [target]


def test_mending_one_quarter_leaves_the_work_on_another_alone(target: Path) -> None:
    other = target.with_name(".staging-2025Q3-run-7")
    other.mkdir()
    recover(target)
    assert other.is_dir()
