"""Chapter notebooks load, call, say and save; what they call is defined, typed and tested elsewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from analysis.pipeline.chapters import find_chapters

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = [chapter.path for chapter in find_chapters(ROOT)]

pytestmark = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code(path: Path) -> list[ast.Module]:
    return [ast.parse(cell.source) for cell in read(path).cells if cell.cell_type == "code"]


def test_a_notebook_defines_nothing(path: Path) -> None:
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [ast.unparse(node) for tree in code(path) for node in ast.walk(tree) if isinstance(node, definitions)]
    assert found == []


def test_a_notebook_is_committed_without_outputs(path: Path) -> None:
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count is not None] == []


def test_a_notebook_takes_its_parameters_in_one_tagged_cell(path: Path) -> None:
    (cell,) = [c for c in read(path).cells if "parameters" in c.metadata.get("tags", [])]
    names = [target.id for node in ast.parse(cell.source).body for target in getattr(node, "targets", [])]
    assert names == ["params_file", "overrides"]


def test_a_notebook_opens_its_own_chapter_and_closes_it_last(path: Path) -> None:
    name = path.stem.partition("_")[2]
    calls = [node for tree in code(path) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    (opened,) = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "open_chapter"]
    assert isinstance(opened.args[0], ast.Constant)
    assert opened.args[0].value == name
    last = [tree for tree in code(path) if tree.body][-1]
    assert ast.unparse(last.body[-1]) == "chapter.close()"


def test_markdown_cells_have_ids_that_a_translation_can_name(path: Path) -> None:
    """Ids that Jupyter draws are random; a name is kept."""
    ids = [cell.id for cell in read(path).cells if cell.cell_type == "markdown"]
    assert [i for i in ids if not re.fullmatch(r"[a-z][a-z0-9_-]*", i) or re.fullmatch(r"[0-9a-f]{8}", i)] == []


def test_the_first_cell_is_the_chapters_heading(path: Path) -> None:
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert re.match(r"# .+ \{#sec-[a-z0-9-]+\}", first.source)
