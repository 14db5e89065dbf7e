"""The PDF: the whole report through Typst, A4, tagged, with page numbers and the run at the foot of each page."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from analysis.report.render.edition import Edition, new_page
from analysis.report.render.embedded.pandoc import pandoc
from analysis.report.render.firstpage import PAGE
from analysis.report.render.processes import RenderError, run
from analysis.report.theme import font_folders

ACCESSIBLE = "ua-1"
HEAD = """\
#import "typst-template.typ": *
#let horizontalrule = line(start: (25%, 0%), end: (75%, 0%))
#show: report.with(
  title: {title}, running: {running}, footer: {colophon}, lang: {lang},
  date: datetime(year: {year}, month: {month}, day: {day}),
)
"""


def write_pdf(edition: Edition, to: Path) -> tuple[Path, bool]:
    """Write `report.pdf`; returns it and whether it meets PDF/UA-1, the standard of accessible documents.

    Where a chapter holds something that the standard refuses (a character no font has, for example), the PDF is
    written without its seal. The date inside is that of the data, so that equal reports are equal files.
    """
    body = edition.folder / "body.typ"
    source = edition.folder / "whole.qmd"
    source.write_text(_whole(edition), encoding="utf-8")
    pandoc(edition.folder, [source.name], body, ["--to", "typst", "--wrap", "none"])
    document = edition.folder / "report.typ"
    document.write_text(_head(edition) + body.read_text(encoding="utf-8"), encoding="utf-8")
    target = to / "report.pdf"
    try:
        _typeset(document, target, ACCESSIBLE)
    except RenderError:
        _typeset(document, target, "")
        return target, False
    return target, True


def _whole(edition: Edition) -> str:
    """First page, contents, then every other page on a new leaf."""
    texts = {name: (edition.folder / f"{name}.qmd").read_text(encoding="utf-8") for name in edition.pages}
    contents = json.dumps(edition.words.label("contents"), ensure_ascii=False)
    parts = [texts[PAGE], f"```{{=typst}}\n#contents(title: {contents})\n```\n"]
    parts += [f"{new_page()}\n{text}" for name, text in texts.items() if name != PAGE]
    return "\n\n".join(parts)


def _head(edition: Edition) -> str:
    texts = {
        "title": f"{edition.words.label('name')}: {edition.running}",
        "running": edition.running,
        "colophon": edition.colophon(edition.words.label("embedded")),
        "lang": edition.words.language,
    }
    day = edition.info.as_of_month
    quoted = {key: json.dumps(text, ensure_ascii=False) for key, text in texts.items()}
    return HEAD.format(**quoted, year=day.year, month=day.month, day=day.day)


def _typeset(document: Path, target: Path, standard: str) -> None:
    command = [sys.executable, "-m", "analysis.report.render.embedded.typeset", str(document.resolve())]
    fonts = [str(folder) for folder in font_folders()]
    run([*command, str(target.resolve()), standard, *fonts], cwd=document.parent, seconds=120, megabytes=3072)
