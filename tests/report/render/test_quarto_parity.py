"""The same report from both renderers; runs only where Quarto is installed."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import pytest
from editions import make_info, make_work, render
from pypdf import PdfReader

from analysis.report.render.pages import read_page
from analysis.report.render.verify import verify_edition

pytestmark = pytest.mark.skipif(not shutil.which("quarto"), reason="Quarto is not installed (nothing needs it)")

PAGES = ("index", "10-delinquency", "20-cure", "methods", "glossary")
ORDER_OR_RENDERER = r"[\s\u0300-\u036f]|Rendered with.*"
"""White space, accents (before or after their letter, by Typst's version), and the renderer's name."""
REFERENCE = r'<a[^>]*class="(?:reference|quarto-xref)"[^>]*>.*?</a>'


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An edition of each renderer, made from the same work folder."""
    folder = tmp_path_factory.mktemp("both")
    work = make_work(folder / "work")
    for renderer in ("embedded", "quarto"):
        render(work, folder / renderer, make_info(), renderer)
    return {renderer: folder / renderer for renderer in ("embedded", "quarto")}


def found(folder: Path, page: str, pattern: str) -> list[str]:
    """Text of every match, without tags, entities and differences of white space."""
    source = (folder / f"{page}.html").read_text(encoding="utf-8")
    bare = [re.sub(r"<[^>]*>", " ", match) for match in re.findall(pattern, source, re.DOTALL)]
    return [" ".join(html.unescape(text).split()) for text in bare]


def test_an_edition_of_quarto_passes_the_same_checks(both: dict[str, Path]):
    assert verify_edition(both["quarto"]) == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("captions", r"<figcaption.*?</figcaption>"),
        ("tables", r"<table.*?</table>"),
        ("references", REFERENCE),
        ("alternative texts", r'<img[^>]*?alt="([^"]*)"'),
    ],
)
def test_both_renderers_show_the_same(both: dict[str, Path], page: str, what: str, pattern: str):
    assert found(both["quarto"], page, pattern) == found(both["embedded"], page, pattern)


@pytest.mark.parametrize("page", PAGES)
def test_both_renderers_title_a_page_alike(both: dict[str, Path], page: str):
    titles = {read_page(folder / f"{page}.html").title for folder in both.values()}
    assert len(titles) == 1


def test_both_pdfs_have_the_same_words_on_the_same_pages(both: dict[str, Path]):
    words = {}
    for renderer, folder in both.items():
        texts = [page.extract_text() for page in PdfReader(folder / "report.pdf").pages]
        words[renderer] = [re.sub(ORDER_OR_RENDERER, "", text) for text in texts]
    assert words["quarto"] == words["embedded"]
