"""Discovery of chapters and their graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.core.errors import ChapterError, ParameterError
from analysis.pipeline.chapters import chosen, find_chapters

if TYPE_CHECKING:
    from conftest import Project


def names(project: Project, *wanted: str) -> list[str]:
    return [chapter.name for chapter in chosen(find_chapters(project.root), wanted)]


def test_chapters_come_in_the_order_of_their_numbers(project: Project) -> None:
    project.write_chapter(15, "between", "")
    assert names(project) == ["first", "between", "second"]


def test_scratch_notebooks_are_never_scheduled(project: Project) -> None:
    (project.root / "notebooks" / "explore").mkdir()
    path = project.write_chapter(30, "idea", "")
    path.rename(project.root / "notebooks" / "explore" / path.name)
    (project.root / "notebooks" / "Untitled.ipynb").write_text("{}", encoding="utf-8")
    assert names(project) == ["first", "second"]


def test_asking_for_a_chapter_brings_what_it_reads(project: Project) -> None:
    project.write_chapter(30, "third", "")
    assert names(project, "second") == ["first", "second"]
    assert names(project, "third") == ["third"]


def test_an_unknown_chapter_is_answered_with_the_nearest(project: Project) -> None:
    with pytest.raises(ParameterError, match="chapter 'secnd' is unknown; did you mean 'second'"):
        names(project, "secnd")


def test_a_chapter_cannot_read_a_later_one(project: Project) -> None:
    project.write_chapter(10, "first", "", reads=("second",))
    with pytest.raises(ChapterError, match=r"10_first\.ipynb reads 'second', which is not an earlier chapter"):
        find_chapters(project.root)


@pytest.mark.parametrize(
    ("number", "name", "message"),
    [(10, "other", "have the same number"), (40, "first", "two notebooks are called 'first'")],
)
def test_two_chapters_cannot_share_a_number_or_a_name(
    project: Project, number: int, name: str, message: str
) -> None:
    project.write_chapter(number, name, "")
    with pytest.raises(ChapterError, match=message):
        find_chapters(project.root)


def test_a_file_that_is_no_notebook_is_named(project: Project) -> None:
    (project.root / "notebooks" / "30_broken.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(ChapterError, match=r"30_broken\.ipynb is not a notebook"):
        find_chapters(project.root)
