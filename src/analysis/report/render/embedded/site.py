"""The HTML site: one page a chapter, with contents, skip link and turns; works from a file, without network."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from analysis.report.render.edition import Edition
from analysis.report.render.embedded.pandoc import pandoc
from analysis.report.render.firstpage import PAGE
from analysis.report.render.fonts import write_web_fonts

TEMPLATE = Path(__file__).with_name("page.html")
STYLE = Path(__file__).with_name("site.css")
FRAME_WORDS = ("name", "skip", "contents", "on_this_page", "previous", "next", "whole_pdf", "all_quarters", "page")


def write_site(edition: Edition, to: Path, catalogue: str = "") -> list[Path]:
    """Write `NAME.html` for every page of the edition, with `assets/` and `figs/`; returns the pages.

    `catalogue` is the relative address of the list of all quarters, left out where empty.
    """
    copy_assets(edition, to)
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda name: _write_page(edition, name, to, catalogue), edition.pages))


def copy_assets(edition: Edition, to: Path) -> None:
    """Fonts, style sheets and figures, beside the pages."""
    fonts = write_web_fonts(edition.folder / "fonts").parent
    shutil.copytree(fonts, to / "assets", dirs_exist_ok=True)
    shutil.copyfile(edition.folder / "report.css", to / "assets" / "report.css")
    shutil.copyfile(STYLE, to / "assets" / "site.css")
    if (edition.folder / "figs").is_dir():
        shutil.copytree(edition.folder / "figs", to / "figs", dirs_exist_ok=True)


def _write_page(edition: Edition, name: str, to: Path, catalogue: str) -> Path:
    variables = edition.folder / f"{name}.json"
    variables.write_text(json.dumps(_variables(edition, name, catalogue), ensure_ascii=False), encoding="utf-8")
    options = [
        "--to",
        "html5",
        "--wrap",
        "none",
        "--standalone",
        "--template",
        str(TEMPLATE),
        "--mathml",
        "--section-divs",
    ]
    options += ["--toc", "--toc-depth", "3", "--metadata-file", str(variables), "--metadata", f"page={name}"]
    if name != PAGE:
        options += ["--number-sections", "--number-offset", str(_chapters_before(edition, name))]
    target = to / f"{name}.html"
    pandoc(edition.folder, [f"{name}.qmd"], target.resolve(), options)
    variables.unlink()
    return target


def _chapters_before(edition: Edition, name: str) -> int:
    names = [page for page in edition.pages if page != PAGE]
    return names.index(name)


def _variables(edition: Edition, name: str, catalogue: str) -> dict[str, Any]:
    pages = [{"title": _short(edition, page), "href": f"{page}.html"} for page in edition.pages]
    place = list(edition.pages).index(name)
    variables: dict[str, Any] = {
        "lang": edition.words.language,
        "pagetitle": edition.page_title(name),
        "running": edition.running,
        "colophon": edition.colophon(edition.words.label("embedded")),
        "words": {key: edition.words.label(key) for key in FRAME_WORDS},
        "pages": [page | ({"current": True} if i == place else {}) for i, page in enumerate(pages)],
    }
    if catalogue:
        variables["catalogue"] = catalogue
    if place:
        variables["previous"] = pages[place - 1]
    if place + 1 < len(pages):
        variables["next"] = pages[place + 1]
    return variables


def _short(edition: Edition, name: str) -> str:
    """Title in the site's contents: the first page bears the name of the portfolio, which is said elsewhere."""
    return edition.words.label("first_page") if name == PAGE else edition.pages[name]
