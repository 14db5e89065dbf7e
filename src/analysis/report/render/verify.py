"""Check a rendered edition: links, images, references, sizes, the PDF, and that it names no account.

`python -m analysis.report.render.verify FOLDER [--portfolio DIR]` prints a numbered list and ends with exit code 1
when something is wrong.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis.report.render.identifiers import find_ids, read_ids
from analysis.report.render.pages import Page, read_page

LARGEST_PAGE = 10 * 2**20
"""Bytes of one HTML page."""

_UNRESOLVED = re.compile(r"\?@\w[\w-]*|(?<![\w@])@(?:fig|tbl|sec|eq)-\w[\w-]*|\{#(?:fig|tbl|sec|eq)-[^}]*\}")
_CSS_ADDRESS = re.compile(r"url\(\s*[\"']?([^\"')]+)|@import\s+[\"']([^\"']+)")
_OUTSIDE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_HARMLESS = ("data:", "mailto:", "tel:")


def verify_edition(folder: Path) -> list[str]:
    """Everything wrong with the edition in `folder`, a sentence each; empty when all is well.

    A page must resolve every link, image and fragment, load nothing from outside, give every image an alternative
    text, hold no unresolved reference, and stay below ten megabytes. `report.pdf` needs at least as many
    pages as there are HTML pages.
    """
    pages = {path.resolve(): read_page(path) for path in sorted(folder.rglob("*.html"))}
    if not (folder / "index.html").is_file():
        return [f"{folder} has no index.html"]
    problems = [problem for page in pages.values() for problem in _page_problems(page, pages, folder)]
    for path in sorted(folder.rglob("*.css")):
        css = path.read_text(encoding="utf-8")
        problems += [f"{path.relative_to(folder)}: {text}" for text in _css_problems(css, path.parent)]
    return problems + _pdf_problems(folder)


def _page_problems(page: Page, pages: dict[Path, Page], folder: Path) -> Iterator[str]:
    name = page.path.relative_to(folder)
    if page.path.stat().st_size > LARGEST_PAGE:
        yield f"{name}: {page.path.stat().st_size / 2**20:.1f} MB, more than {LARGEST_PAGE // 2**20}"
    for attribute, found in (("lang", page.language), ("title", page.title), ("main", page.mains == 1)):
        if not found:
            yield f"{name}: the page lacks {attribute}"
    for source in page.images_without_alt:
        yield f"{name}: image {source} has no alternative text"
    for address in page.loaded:
        yield from (f"{name}: {text}" for text in _resource_problems(address, page.path.parent))
    for css in page.styles:
        yield from (f"{name}: {text}" for text in _css_problems(css, page.path.parent))
    for address in page.links:
        yield from (f"{name}: {text}" for text in _link_problems(address, page, pages, folder))
    for reference in dict.fromkeys(_UNRESOLVED.findall(page.text)) if page.path.parent.name != "annex" else ():
        yield f"{name}: unresolved reference {reference}"


def _resource_problems(address: str, base: Path) -> Iterator[str]:
    if address.startswith(_HARMLESS):
        return
    if _OUTSIDE.match(address):
        yield f"{address} is loaded from outside"
    elif not (base / address.split("#", maxsplit=1)[0].split("?", maxsplit=1)[0]).is_file():
        yield f"{address} is missing"


def _css_problems(css: str, base: Path) -> Iterator[str]:
    for match in _CSS_ADDRESS.finditer(css):
        address = match[1] or match[2]
        if not address.startswith("#"):
            yield from _resource_problems(address.strip(), base)


def _link_problems(address: str, page: Page, pages: dict[Path, Page], folder: Path) -> Iterator[str]:
    """A link may leave the edition only for the list of all quarters above it, or for the web."""
    if address.startswith(_HARMLESS) or _OUTSIDE.match(address):
        return
    file, _, fragment = address.partition("#")
    target = (page.path.parent / file).resolve() if file else page.path.resolve()
    if not target.is_relative_to(folder.resolve()):
        if target.name != "index.html":
            yield f"link {address} leaves the edition"
    elif not target.is_file():
        yield f"link {address} leads nowhere"
    elif fragment and target in pages and fragment not in pages[target].ids:
        yield f"link {address} leads to no place on that page"


def _pdf_problems(folder: Path) -> list[str]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    path, least = folder / "report.pdf", len(list(folder.glob("*.html")))
    if not path.is_file():
        return ["report.pdf is missing"]
    try:
        document = PdfReader(path)
        texts = [page.extract_text() for page in document.pages]
    except (PyPdfError, OSError, ValueError) as error:
        return [f"report.pdf cannot be read: {error}"]
    problems = [] if len(texts) >= least else [f"report.pdf has {len(texts)} pages for {least} HTML pages"]
    problems += [f"report.pdf: page {number} is empty" for number, text in enumerate(texts, 1) if not text.strip()]
    lost = dict.fromkeys(found for text in texts for found in _UNRESOLVED.findall(text))
    return problems + [f"report.pdf: unresolved reference {reference}" for reference in lost]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 when nothing is wrong, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m analysis.report.render.verify", description=__doc__)
    parser.add_argument("folder", type=Path, help="a rendered edition, for example reports/published/demo/2025Q4")
    parser.add_argument("--portfolio", type=Path, help="folder of the portfolio whose identifiers must not appear")
    chosen = parser.parse_args(arguments)
    problems = verify_edition(chosen.folder)
    looked = ""
    if chosen.portfolio:
        ids = read_ids(chosen.portfolio)
        problems += find_ids(chosen.folder, ids)
        looked = f", none of {len(ids):,} identifiers"
    for number, problem in enumerate(problems, 1):
        print(f"{number:3d}. {problem}")
    if not problems:
        print(f"{chosen.folder}: every link, image and reference resolves{looked}.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
