"""Figures, tables, sections and equations: their numbers, and the references to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.core.errors import ChapterError

KINDS = ("fig", "tbl", "sec", "eq")

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_HEADING = re.compile(r"^(#{1,6})\s+(?P<title>.*?)(?:\s*\{(?P<attributes>[^{}]*)\})?\s*$")
_LABEL = re.compile(r"\{[^{}]*#(?P<id>(?:fig|tbl|eq)-[\w-]+)[^{}]*\}")
_REFERENCE = re.compile(r"(?<![\w@.\\])-?@(?P<id>(?:fig|tbl|sec|eq)-\w+(?:-\w+)*)")
_CODE = re.compile(r"(`+).*?\1")


@dataclass(frozen=True)
class Label:
    """Something that prose can refer to.

    `number` is empty for an unnumbered section; `text` is what a reference to it reads ("Figure 2.1").
    """

    id: str
    kind: str
    number: str
    page: str
    text: str


def prose_lines(text: str) -> Iterator[str]:
    """Lines outside fenced code."""
    fence = ""
    for line in text.splitlines():
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[1][:3]
        elif fence and line.strip().startswith(fence):
            fence = ""
        elif not fence:
            yield line


def number_labels(pages: Mapping[str, str], words: Mapping[str, str]) -> dict[str, Label]:
    """Number every label of the report.

    `pages` maps a page's name (without ending) to its Markdown, in reading order; `words` gives the nouns under
    `figure`, `table`, `chapter`, `section`, `equation`. Figures, tables and equations count within a chapter, as
    Quarto's books do. Raises ChapterError that names every label given twice.
    """
    found: list[Label] = []
    chapter = 0
    for page, text in pages.items():
        numbering = _Numbering(page, words, chapter)
        found += numbering.read(text)
        chapter = numbering.chapter
    _refuse_duplicates(found)
    return {label.id: label for label in found}


class _Numbering:
    """Counters while one page is read from top to bottom."""

    def __init__(self, page: str, words: Mapping[str, str], chapter: int) -> None:
        self.page, self.words, self.chapter = page, words, chapter
        self.sections: list[int] = []
        self.counts = dict.fromkeys(("fig", "tbl", "eq"), 0)

    def read(self, text: str) -> Iterator[Label]:
        for line in prose_lines(text):
            heading = _HEADING.match(line)
            if heading:
                yield from self._heading(heading)
            else:
                yield from self._floats(_CODE.sub("", line))

    def _heading(self, match: re.Match[str]) -> Iterator[Label]:
        attributes = (match["attributes"] or "").split()
        number = "" if {".unnumbered", "-"} & set(attributes) else self._step(len(match[1]))
        for attribute in attributes:
            if attribute.startswith("#sec-"):
                noun = self.words["chapter" if len(match[1]) == 1 else "section"]
                text = f"{noun} {number}" if number else match["title"]
                yield Label(attribute[1:], "sec", number, self.page, text)

    def _step(self, level: int) -> str:
        if level == 1:
            self.chapter += 1
            self.sections = []
            self.counts = dict.fromkeys(self.counts, 0)
            return str(self.chapter)
        depth = level - 1
        inner = (self.sections + [0] * depth)[:depth]
        inner[-1] += 1
        self.sections = inner
        return ".".join(map(str, (self.chapter, *inner)))

    def _floats(self, line: str) -> Iterator[Label]:
        nouns = {"fig": "figure", "tbl": "table", "eq": "equation"}
        for match in _LABEL.finditer(line):
            kind = match["id"].split("-")[0]
            self.counts[kind] += 1
            number = f"{self.chapter}.{self.counts[kind]}" if self.chapter else str(self.counts[kind])
            yield Label(match["id"], kind, number, self.page, f"{self.words[nouns[kind]]} {number}")


def _refuse_duplicates(labels: Sequence[Label]) -> None:
    pages: dict[str, list[str]] = {}
    for label in labels:
        pages.setdefault(label.id, []).append(label.page)
    twice = [f"{id} (in {', '.join(where)})" for id, where in pages.items() if len(where) > 1]
    if twice:
        raise ChapterError(f"labels given more than once: {'; '.join(twice)}. A label may occur once in a report.")


def references(text: str) -> list[str]:
    """Ids that prose refers to by `@fig-…`, `@tbl-…`, `@sec-…` or `@eq-…`, in order, with repeats."""
    return [m["id"] for line in prose_lines(text) for m in _REFERENCE.finditer(_CODE.sub("", line))]


def refuse_unresolved(pages: Mapping[str, str], labels: Mapping[str, Label]) -> None:
    """Raise ChapterError that lists every reference to a label that no page gives."""
    missing = [f"{page}: @{id}" for page, text in pages.items() for id in references(text) if id not in labels]
    if missing:
        known = ", ".join(sorted(labels)) or "none"
        raise ChapterError(f"references without a target: {'; '.join(missing)}. Labels given: {known}.")
