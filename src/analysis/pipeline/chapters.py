"""Chapters: the notebooks that are scheduled, and which of them read which."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

from analysis.core.errors import ChapterError, ParameterError

NAME = re.compile(r"(\d{2})_([a-z][a-z0-9_]*)\.ipynb")


@dataclass(frozen=True)
class ChapterFile:
    """A chapter's notebook, `notebooks/NN_name.ipynb`.

    `reads` are the earlier chapters whose results it uses, declared in the notebook's metadata as
    `"arrears": {"reads": ["delinquency"]}`.
    """

    number: int
    name: str
    path: Path
    reads: tuple[str, ...] = ()


def find_chapters(root: Path) -> list[ChapterFile]:
    """Chapters of the project in the order of their numbers; `notebooks/explore/` is never looked at.

    Raises ChapterError where two share a name or a number, or one reads what does not come before it.
    """
    found = []
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        match = NAME.fullmatch(path.name)
        if match:
            found.append(ChapterFile(int(match[1]), match[2], path, _reads(path)))
    _check_distinct(found)
    _check_order(found)
    return found


def read_notebook(path: Path) -> dict[str, Any]:
    """Content of a notebook file; raises ChapterError where it is not one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ChapterError(f"{path} is not a notebook: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise ChapterError(f"{path} is not a notebook: it has no list of cells")
    return content


def chosen(chapters: Sequence[ChapterFile], names: Iterable[str]) -> list[ChapterFile]:
    """The named chapters and all that they read, in order; all of them where none is named.

    Raises ParameterError for an unknown name, with the nearest known one.
    """
    by_name = {chapter.name: chapter for chapter in chapters}
    wanted = [_known(name, by_name) for name in names] or list(by_name)
    needed: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in needed:
            needed.add(name)
            wanted += by_name[name].reads
    return [chapter for chapter in chapters if chapter.name in needed]


def graph_of(chapters: Sequence[ChapterFile]) -> TopologicalSorter[str]:
    """Graph of the chapters, ready to be worked through."""
    graph = TopologicalSorter({chapter.name: chapter.reads for chapter in chapters})
    graph.prepare()
    return graph


def _reads(path: Path) -> tuple[str, ...]:
    reads = read_notebook(path).get("metadata", {}).get("arrears", {}).get("reads", [])
    return tuple(str(name) for name in reads)


def _known(name: str, by_name: dict[str, ChapterFile]) -> str:
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(by_name) or 'none'}"
        raise ParameterError(f"chapter '{name}' is unknown; {hint}")
    return name


def _check_distinct(chapters: Sequence[ChapterFile]) -> None:
    for one, other in pairwise(chapters):
        if one.number == other.number:
            raise ChapterError(f"{one.path.name} and {other.path.name} have the same number; give each its own")
    names = [chapter.name for chapter in chapters]
    for chapter in chapters:
        if names.count(chapter.name) > 1:
            raise ChapterError(f"two notebooks are called '{chapter.name}'; give each chapter its own name")


def _check_order(chapters: Sequence[ChapterFile]) -> None:
    """A chapter reads only earlier ones, so that the order of the numbers is an order of running."""
    earlier: list[str] = []
    for chapter in chapters:
        for name in chapter.reads:
            if name not in earlier:
                raise ChapterError(
                    f"{chapter.path.name} reads '{name}', which is not an earlier chapter; "
                    f"it can read: {', '.join(earlier) or 'none'}"
                )
        earlier.append(chapter.name)
