"""The report through Quarto, where it is installed: a book for the site, one document for the PDF."""

from __future__ import annotations

import html
import os
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from analysis.core.errors import ArrearsError, ParameterError
from analysis.report.render.edition import Edition, new_page, project_settings
from analysis.report.render.firstpage import PAGE
from analysis.report.render.fonts import write_web_fonts
from analysis.report.render.processes import RenderError, run
from analysis.report.theme import font_folders

OLDEST = (1, 6)
"""First version that reads `_brand.yml` in books and ships the Typst that the look is written for."""

CHAPTERS_MARK = "<!-- chapters -->"
OWN_FILES = ("_brand.yml", "quarto.css", "typst-show.typ")
UNRESOLVED = "Unable to resolve crossref"
SKIP = '<a class="skip" href="#quarto-document-content">{}</a>'

_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)
_NUMBER = re.compile(r"""(<figcaption class="quarto-float-caption[^>]*>\s*)([^<>:]{1,40}?[\d.]+):\s""")


def quarto_version(executable: str = "quarto") -> str:
    """Version of Quarto on the path, such as `1.7.34`; empty where there is none.

    A newer Quarto than OLDEST is needed; an older one is refused with ParameterError.
    """
    if not shutil.which(executable):
        return ""
    printed = run([executable, "--version"], cwd=Path.cwd(), seconds=60, megabytes=4096).strip()
    match = re.search(r"(\d+)\.(\d+)(\.\d+)*", printed)
    if not match:
        raise RenderError(f"{executable} --version printed {printed!r}, which is no version")
    if (int(match[1]), int(match[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise ParameterError(f"Quarto {match[0]} is too old; {oldest} or later is needed, or --renderer embedded")
    return match[0]


def write_project(edition: Edition, project: Path, version: str = "", catalogue: str = "") -> None:
    """Make the assembled folder a Quarto project: `_quarto.yml` names the pages, `report.qmd` joins them.

    Written for the embedded renderer too, so that an edition can be rendered again by hand. `catalogue` is the
    relative address of the list of all quarters.
    """
    for file in OWN_FILES:
        shutil.copyfile(project / file, edition.folder / file)
    colophon = edition.colophon(f"Quarto {version}".strip())
    settings = project_settings(project)
    settings["lang"] = edition.words.language
    settings["resources"] = ["fonts"]
    elsewhere = _elsewhere(edition, catalogue)
    settings["book"] |= {
        "title": edition.words.label("name"),
        "subtitle": edition.running,
        "chapters": [f"{name}.qmd" for name in edition.pages],
        "sidebar": {"header": f"<p>{html.escape(edition.running)}</p>", "footer": _lines(elsewhere)},
        "page-footer": {"left": colophon, "right": " · ".join(elsewhere)},
    }
    settings["format"]["html"] |= {
        "toc-title": edition.words.label("on_this_page"),
        "include-before-body": [{"text": SKIP.format(edition.words.label("skip"))}],
    }
    _dump(edition.folder / "_quarto.yml", settings)
    _write_single_document(edition, project, colophon)


def _elsewhere(edition: Edition, catalogue: str) -> list[str]:
    """Links to the PDF and to the other quarters, as HTML: Quarto would look for them among its pages."""
    links = {"report.pdf": "whole_pdf"} | ({catalogue: "all_quarters"} if catalogue else {})
    return [f'<a href="{to}">{edition.words.label(word)}</a>' for to, word in links.items()]


def _lines(parts: list[str]) -> str:
    return "".join(f"<p>{part}</p>" for part in parts)


def _write_single_document(edition: Edition, project: Path, colophon: str) -> None:
    """`report.qmd`: the first page, contents, and every other page on a new leaf of the PDF."""
    front, body = _front_matter((project / "report.qmd").read_text(encoding="utf-8"))
    head, mark, tail = body.partition(CHAPTERS_MARK)
    if not mark:
        raise ArrearsError(f"{project / 'report.qmd'} lacks the line {CHAPTERS_MARK}")
    day = edition.info.as_of_month
    front |= {
        "title": f"{edition.words.label('name')}: {edition.running}",
        "running": edition.running,
        "colophon": colophon,
        "lang": edition.words.language,
        "data-until": {"year": day.year, "month": day.month, "day": day.day},
    }
    includes = "\n".join(
        f"{new_page()}\n{{{{< include {name}.qmd >}}}}\n" for name in edition.pages if name != PAGE
    )
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    (edition.folder / "report.qmd").write_text(f"---\n{text}---\n{head}{includes}{tail}", encoding="utf-8")


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    match = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    return (yaml.safe_load(match[1]), text[match.end() :]) if match else ({}, text)


def _dump(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def render_with_quarto(edition: Edition, to: Path, executable: str = "quarto") -> list[Path]:
    """Render site and `report.pdf` into `to`; returns the pages.

    Raises RenderError when Quarto fails, leaves a reference unresolved (it ends with exit code 0 then), or writes
    fewer pages than the edition has.
    """
    write_web_fonts(edition.folder / "fonts")
    env = os.environ | {"TYPST_FONT_PATHS": os.pathsep.join(map(str, font_folders()))}
    _quarto(edition, [executable, "render", ".", "--to", "html"], env)
    shutil.copytree(edition.folder / "_book", to, dirs_exist_ok=True)
    _quarto(edition, [executable, "render", "report.qmd", "--to", "typst"], env)
    made = [
        path for path in (edition.folder / "_book" / "report.pdf", edition.folder / "report.pdf") if path.is_file()
    ]
    pages = [to / f"{name}.html" for name in edition.pages]
    missing = [path.name for path in pages if not path.is_file()] + ([] if made else ["report.pdf"])
    if missing:
        raise RenderError(f"Quarto ended without an error and did not write {', '.join(missing)}")
    for name, page in zip(edition.pages, pages, strict=True):
        page.write_text(_mended(page.read_text(encoding="utf-8"), edition.page_title(name)), encoding="utf-8")
    shutil.copyfile(made[0], to / "report.pdf")
    return pages


def _mended(page: str, title: str) -> str:
    """What Quarto's settings cannot say: a title that names the quarter, and numbers that stand out in captions.

    Its links to the first page name a folder, which a browser that reads files shows as a list of files.
    """
    page = _TITLE.sub(lambda _: f"<title>{html.escape(title, quote=False)}</title>", page, count=1)
    page = _NUMBER.sub(r'\1<span class="number">\2</span> ', page)
    return page.replace('href="./"', 'href="./index.html"')


def _quarto(edition: Edition, command: list[str], env: dict[str, str]) -> None:
    printed = run(command, cwd=edition.folder, seconds=600, megabytes=6144, env=env)
    lost = [line for line in printed.splitlines() if UNRESOLVED in line]
    if lost:
        raise RenderError("Quarto left references unresolved:\n" + "\n".join(lost))
