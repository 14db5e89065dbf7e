"""One edition of the report: its chapters assembled beside the project's own pages, ready for either renderer."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from analysis.core.errors import ArrearsError, ChapterError
from analysis.core.periods import Period
from analysis.core.portfolio import PortfolioInfo
from analysis.report.render.assemble import Chapter, assemble, heading
from analysis.report.render.firstpage import PAGE, first_page, read_chapter_headlines, read_gates
from analysis.report.render.labels import Label, number_labels, refuse_unresolved
from analysis.report.words import Words

PROJECT = Path(__file__).resolve().parents[4] / "reports"
"""The Quarto project of the repository: its settings, look, and the pages that every edition has."""

SHARED_FILES = ("report.css", "report.lua", "typst-template.typ")
"""The look, which both renderers use."""

NOUNS = ("figure", "table", "chapter", "section", "equation")


@dataclass(frozen=True)
class Edition:
    """A portfolio's report of one quarter.

    `folder` holds the assembled pages; `pages` maps a page's name to its title in reading order, `index` first.
    """

    folder: Path
    info: PortfolioInfo
    period: Period
    run_id: str
    words: Words
    chapters: tuple[Path, ...]
    pages: Mapping[str, str]
    labels: Mapping[str, Label]

    @property
    def running(self) -> str:
        return self.words.label("running", portfolio=self.info.title, period=self.period)

    def page_title(self, name: str) -> str:
        """What a browser calls the page; the first page's heading names portfolio and quarter itself."""
        return self.pages[name] if name == PAGE else f"{self.pages[name]} – {self.running}"

    def colophon(self, renderer: str) -> str:
        """What stands at the foot of every page: simulated or not, period, run, renderer."""
        parts = [self.words.label("simulated_short")] if self.info.simulated else []
        parts += [str(self.period), self.words.label("run", run=self.run_id)]
        return " · ".join([*parts, self.words.label("made_by", renderer=renderer)])


def find_notebooks(work: Path, chapters: Sequence[str]) -> dict[str, Path]:
    """Executed notebook of each chapter, `NN_name.ipynb`; a chapter is given by its name or the file's stem."""
    found = {}
    for chapter in chapters:
        matches = [
            path
            for path in sorted((work / "notebooks").glob("*.ipynb"))
            if chapter in (path.stem, re.sub(r"^\d+_", "", path.stem))
        ]
        if len(matches) != 1:
            folder = work / "notebooks"
            there = ", ".join(p.name for p in sorted(folder.glob("*.ipynb"))) or "none"
            raise ChapterError(
                f"chapter {chapter} has {len(matches)} executed notebooks in {folder}; there are: {there}"
            )
        found[re.sub(r"^\d+_", "", matches[0].stem)] = matches[0]
    return found


def prepare_edition(
    work: Path,
    *,
    run: Mapping[str, Any],
    info: PortfolioInfo,
    chapters: Sequence[str],
    summary: str,
    language: str,
    project: Path = PROJECT,
) -> Edition:
    """Write `work/assembled/` anew: every page as Markdown, figures, look, and a Quarto project file.

    Nothing in the pages depends on when or under which id the run was made: two runs on the same data give the
    same bytes. Raises ChapterError for failed notebooks, duplicate labels and references without a target.
    """
    words, period = Words(language, "frame", info.currency), Period.parse(run["period"])
    notebooks = find_notebooks(work, chapters)
    assembled = [assemble(path, replacements(language, name, info)) for name, path in notebooks.items()]
    headlines = read_chapter_headlines(work / "results", list(notebooks))
    gates = read_gates(work / "gates.json")
    front = first_page(headlines, gates, info=info, period=period, summary=summary, words=words)
    texts = {PAGE: front, **{c.name: _with_annex(c, words) for c in assembled}, **_closing_pages(project)}
    labels = number_labels(texts, {key: words.label(f"noun.{key}") for key in NOUNS})
    refuse_unresolved(texts, labels)
    folder = _fresh(work / "assembled")
    for chapter in assembled:
        chapter.write(folder)
    for name, text in texts.items():
        (folder / f"{name}.qmd").write_text(_with_notice(text, info, words), encoding="utf-8")
    edition = Edition(
        folder=folder,
        info=info,
        period=period,
        run_id=str(run["run_id"]),
        words=words,
        chapters=tuple(notebooks.values()),
        pages={name: heading(text) for name, text in texts.items()},
        labels=labels,
    )
    for file in SHARED_FILES:
        shutil.copyfile(project / file, folder / file)
    known = {label.id: {"text": label.text, "page": label.page} for label in labels.values()}
    (folder / "labels.json").write_text(json.dumps(known, indent=1, ensure_ascii=False), encoding="utf-8")
    return edition


def replacements(language: str, chapter: str, info: PortfolioInfo) -> dict[str, str]:
    """Markdown cells that the language's words replace, by cell id; none for a chapter without words."""
    from analysis.report.words import FOLDER

    if not (FOLDER / language / f"{chapter}.yml").is_file():
        return {}
    words = Words(language, chapter, info.currency)
    return {cell: words.cell(cell) or "" for cell in words.cells}


def _closing_pages(project: Path) -> dict[str, str]:
    """Pages that every edition has after its chapters, in the order of `_quarto.yml`."""
    names = [Path(entry).stem for entry in project_settings(project)["book"]["chapters"]]
    return {name: (project / f"{name}.qmd").read_text(encoding="utf-8") for name in names if name != PAGE}


def project_settings(project: Path) -> dict[str, Any]:
    """`_quarto.yml` of the project; raises ArrearsError where the package was installed without it."""
    path = project / "_quarto.yml"
    if not path.is_file():
        raise ArrearsError(
            f"{path} is missing: the report is made from the project's own folder, so run from a checkout"
        )
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _fresh(folder: Path) -> Path:
    """The folder, empty."""
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def new_page() -> str:
    """Page break of the PDF, as raw Typst that HTML leaves out."""
    return "```{=typst}\n#pagebreak(weak: true)\n```\n"


def _with_notice(text: str, info: PortfolioInfo, words: Words) -> str:
    """The page with the notice on simulated data under its first heading."""
    if not info.simulated:
        return text
    first, _, rest = text.partition("\n")
    return f"{first}\n\n::: {{.notice}}\n{words.label('simulated')}\n:::\n{rest}"


def _with_annex(chapter: Chapter, words: Words) -> str:
    file = f"{chapter.name.replace('-', '_')}.html"
    return f"{chapter.text}\n::: {{.screen-only}}\n[{words.label('annex')}](annex/{file})\n:::\n"
