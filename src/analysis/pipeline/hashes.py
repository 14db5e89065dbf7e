"""Content hashes of files, and of what a run depends on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import analysis

LENGTH = 16
"""Hexadecimal digits kept: 64 bits tell apart any number of files that a project will ever have."""


class FileHashes:
    """Content hashes of files, remembered by size and time of change so that a rerun need not read the tables."""

    def __init__(self, memory: Path) -> None:
        self.memory = memory
        self.known: dict[str, list[Any]] = read_json(memory)
        self.changed = False

    def of(self, path: Path) -> str:
        """Hash of a file's content."""
        status = path.stat()
        key, seen = str(path.resolve()), [status.st_size, status.st_mtime_ns]
        if self.known.get(key, [])[:2] != seen:
            self.known[key] = [*seen, hash_file(path)]
            self.changed = True
        return str(self.known[key][2])

    def of_files(self, paths: Iterable[Path], base: Path) -> dict[str, str]:
        """Hashes by path relative to `base`, sorted."""
        return {path.relative_to(base).as_posix(): self.of(path) for path in sorted(paths)}

    def save(self) -> None:
        """Remember for the next run; files that are gone are forgotten."""
        if self.changed:
            self.known = {key: value for key, value in self.known.items() if Path(key).is_file()}
            write_json(self.memory, self.known)
            self.changed = False


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:LENGTH]


def hash_of(content: Any) -> str:
    """Hash of anything that can be written as JSON, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def files_below(folder: Path) -> list[Path]:
    """All files below a folder; hidden ones and Python's own caches are left out."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(p.startswith(".") or p == "__pycache__" for p in path.relative_to(folder).parts)
    ]


def hash_package(hashes: FileHashes) -> str:
    """Hash of the package's code and words."""
    package = Path(analysis.__file__).parent
    return hash_of(hashes.of_files(files_below(package), package))


def hash_notebook(content: Mapping[str, Any]) -> str:
    """Hash of what is executed and shown of a notebook: not its outputs, nor how often it was run."""
    cells = [
        (cell["cell_type"], "".join(cell["source"]), cell.get("id"), cell.get("metadata", {}).get("tags"))
        for cell in content["cells"]
    ]
    return hash_of([cells, content.get("metadata", {}).get("arrears")])


def read_json(path: Path) -> dict[str, Any]:
    """Content of a JSON file of ours; empty where it is missing or was left half written by other means."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: Any) -> None:
    """Write JSON in one rename."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text in one rename: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
