"""Resume: what each chapter's last run was made from, and whether that still holds."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.core.parameters import RunParameters
from analysis.pipeline.chapters import ChapterFile, read_notebook
from analysis.pipeline.execute import Outcome
from analysis.pipeline.hashes import FileHashes, files_below, hash_notebook, hash_of, read_json, write_json
from analysis.pipeline.named_files import named_files
from analysis.pipeline.places import Places, notes_path

NOT_IN_NUMBERS = ("jobs", "renderer", "portfolio")
"""Run-level keys that no result depends on; the portfolio counts through the content of its tables."""

NAMED = re.compile(r"\brun\.(\w+)")

WORDS_FOR = {
    "notebook": "its notebook changed",
    "code": "the package's code changed",
    "parameters": "its parameters changed",
    "files": "a file that its parameters name changed",
    "inputs": "the tables changed",
    "packages": "installed packages changed",
    "upstream": "a chapter that it reads changed",
}


def parameters_of(params: RunParameters, chapter: str, named: Collection[str] = ()) -> dict[str, Any]:
    """What a chapter's results depend on: the run's own keys, the chapter's section, and those of other chapters
    that its notebook `named`."""
    dump = params.model_dump(mode="json")
    sections = {name for name, value in dump.items() if isinstance(value, dict)} - {chapter, "gates", *named}
    return {key: value for key, value in dump.items() if key not in sections and key not in NOT_IN_NUMBERS}


def sections_named(notebook: Mapping[str, Any]) -> set[str]:
    """What the code of a notebook takes from the run's parameters: `cure` of `run.cure.rules`."""
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return set(NAMED.findall("\n".join(code)))


class ChapterStates:
    """State of the chapters of one work folder. `common` holds the hashes that all chapters share."""

    def __init__(
        self, places: Places, params: RunParameters, hashes: FileHashes, common: Mapping[str, str]
    ) -> None:
        self.places, self.params, self.hashes, self.common = places, params, hashes, dict(common)
        self.begun: dict[str, dict[str, str]] = {}

    def reason_to_run(self, chapter: ChapterFile) -> str:
        """Why a chapter has to be run, in words; empty where its last results hold."""
        state = self.read(chapter.name)
        if not state:
            return "it has not been run"
        parts = self._parts(chapter)
        for part, why in WORDS_FOR.items():
            if state["parts"].get(part) != parts[part]:
                return why
        return "" if self.outputs(chapter) == state["outputs"] else "its results are not as it left them"

    def due(self, chapters: Sequence[ChapterFile]) -> list[str]:
        """Names of the chapters that may have to be run: those with a reason to, and all that read one of them."""
        names: list[str] = []
        for chapter in chapters:
            if set(chapter.reads) & set(names) or self.reason_to_run(chapter):
                names.append(chapter.name)
        return names

    def read(self, chapter: str) -> dict[str, Any]:
        return read_json(self._path(chapter))

    def forget(self, chapter: ChapterFile) -> None:
        """Before a run: what an earlier one left must not pass for its results."""
        self.begun[chapter.name] = self._parts(chapter)
        for folder in (self._path(chapter.name).parent, *self._folders(chapter.name)):
            shutil.rmtree(folder, ignore_errors=True)

    def remember(self, chapter: ChapterFile, outcome: Outcome) -> None:
        """After a run that succeeded."""
        record = {key: value for key, value in asdict(outcome).items() if value not in ("", None)}
        outputs = self.outputs(chapter)
        state = {"parts": self.begun[chapter.name], "outputs": outputs, "outcome": record}
        write_json(self._path(chapter.name), state)
        self.hashes.save()

    def outputs(self, chapter: ChapterFile) -> dict[str, str]:
        """Hashes of all files that a chapter left behind."""
        files = [file for folder in self._folders(chapter.name) for file in files_below(folder)]
        files += [self.places.notebooks / chapter.path.name, notes_path(self.places.work, chapter.name)]
        return self.hashes.of_files([file for file in files if file.is_file()], self.places.work)

    def notes(self, chapter: str) -> dict[str, Any]:
        """Gates and left-out sections."""
        return read_json(notes_path(self.places.work, chapter))

    def _parts(self, chapter: ChapterFile) -> dict[str, str]:
        notebook = read_notebook(chapter.path)
        return self.common | {
            "notebook": hash_notebook(notebook),
            "parameters": hash_of(parameters_of(self.params, chapter.name, sections_named(notebook))),
            "files": hash_of(self._named(chapter.name)),
            "upstream": hash_of([self._results_of(name) for name in chapter.reads]),
        }

    def _named(self, chapter: str) -> list[tuple[str, str, str]]:
        """Key, name and hash of each file that the chapter's parameters name."""
        files = named_files(self.places.root, self.params, chapter)
        return [(key, path.name, self.hashes.of(path)) for key, path in files]

    def _results_of(self, chapter: str) -> dict[str, str]:
        files = [file for folder in self._folders(chapter) for file in files_below(folder)]
        return self.hashes.of_files(files, self.places.work)

    def _folders(self, chapter: str) -> tuple[Path, Path]:
        work = self.places.work
        return work / "results" / chapter, work / "accounts" / chapter

    def _path(self, chapter: str) -> Path:
        return self.places.state / chapter / "state.json"
