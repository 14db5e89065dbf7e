from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest
import yaml
from editions import RUN, make_info, prepare, render

from analysis.core.errors import ParameterError
from analysis.report.render.edition import PROJECT
from analysis.report.render.pages import read_page
from analysis.report.render.processes import RenderError
from analysis.report.render.quarto import quarto_version, write_project

FAKE = """#!/bin/sh
echo "$@" >> "$FAKE_LOG"
[ "$1" = render ] && mkdir -p _book
case "$*" in
  "--version") echo "{version}" ;;
  "render . --to html") for page in {pages}; do printf '{page}' > _book/$page.html; done; echo "{said}" ;;
  "render report.qmd --to typst") echo "%PDF" > _book/report.pdf; echo "$TYPST_FONT_PATHS" >> "$FAKE_LOG" ;;
esac
"""
PAGE = (
    "<html><head><title>1  Delinquency – Arrears report</title></head><body>"
    '<figcaption class="quarto-float-caption-top quarto-float-caption" id="a">\\nTable&nbsp;1.2: Rates: all.\\n'
    '</figcaption><a href="./">First page</a></body></html>'
)
PAGES = ("index", "10-delinquency", "20-cure", "methods", "glossary")


@pytest.fixture
def install(tmp_path: Path, monkeypatch):
    """Put a program named quarto on the path that writes down how it was called."""

    def install(version: str = "1.7.34", pages: tuple[str, ...] = PAGES, said: str = "") -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "quarto"
        program.write_text(FAKE.format(version=version, pages=" ".join(pages), said=said, page=PAGE))
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
        return tmp_path / "log"

    return install


def test_auto_takes_quarto_where_it_is_installed(install, work: Path, tmp_path: Path):
    log = install()
    result = render(work, tmp_path / "to", make_info(), "auto")
    assert (result.renderer, result.version) == ("quarto", "1.7.34")
    calls = log.read_text().splitlines()
    assert calls[:3] == ["--version", "render . --to html", "render report.qmd --to typst"]
    assert "font_source_serif_pro" in calls[3]
    assert (tmp_path / "to" / "report.pdf").is_file() and (tmp_path / "to" / "annex" / "20_cure.html").is_file()


def test_auto_is_the_embedded_renderer_where_quarto_is_not(work: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert render(work, tmp_path / "to", make_info(), "auto").renderer == "embedded"


def test_an_old_quarto_is_refused(install):
    install(version="1.4.550")
    with pytest.raises(ParameterError, match=re.escape("Quarto 1.4.550 is too old; 1.6 or later is needed")):
        quarto_version()


def test_pages_that_quarto_did_not_write_are_named(install, work: Path, tmp_path: Path):
    install(pages=("index", "methods"))
    with pytest.raises(RenderError, match=r"did not write 10-delinquency\.html, 20-cure\.html, glossary\.html"):
        render(work, tmp_path / "to", make_info(), "quarto")


def test_references_that_quarto_left_unresolved_stop_the_report(install, work: Path, tmp_path: Path):
    install(said="[WARNING] Unable to resolve crossref @fig-x")
    with pytest.raises(RenderError, match="left references unresolved"):
        render(work, tmp_path / "to", make_info(), "quarto")


def test_the_assembled_folder_is_a_quarto_project_of_its_own(work: Path):
    edition = prepare(work, make_info())
    write_project(edition, PROJECT, "1.7.34")
    settings = yaml.safe_load((edition.folder / "_quarto.yml").read_text())
    assert settings["book"]["chapters"] == [f"{name}.qmd" for name in PAGES]
    footer = settings["book"]["page-footer"]["left"]
    for words in (RUN["run_id"], "2025Q4", "Rendered with Quarto 1.7.34", "Simulated data"):
        assert words in footer
    named = [*settings["filters"], settings["brand"], *settings["format"]["html"]["css"][1:]]
    assert not [name for name in named if not (edition.folder / name).is_file()]


def test_the_single_document_includes_every_page_once_in_order(work: Path):
    edition = prepare(work, make_info())
    write_project(edition, PROJECT)
    text = (edition.folder / "report.qmd").read_text()
    assert re.findall(r"include ([\w-]+)\.qmd", text) == list(PAGES)
    front = yaml.safe_load(text.split("---\n")[1])
    partials = front["format"]["typst"]["template-partials"]
    assert not [name for name in partials if not (edition.folder / name).is_file()]
    assert RUN["run_id"] in front["colophon"]


def test_settings_that_would_load_from_the_network_are_off():
    html = yaml.safe_load((PROJECT / "_quarto.yml").read_text())["format"]["html"]
    assert html["html-math-method"] == "mathml" and html["theme"] == "default"


def test_the_project_of_the_repository_is_complete():
    settings = yaml.safe_load((PROJECT / "_quarto.yml").read_text())
    assert not [name for name in settings["book"]["chapters"] if not (PROJECT / name).is_file()]
    assert "arrears report" in (PROJECT / "index.qmd").read_text()


def test_the_site_of_quarto_links_to_the_pdf_and_to_all_quarters(work: Path):
    edition = prepare(work, make_info())
    write_project(edition, PROJECT, catalogue="../../index.html")
    footer = yaml.safe_load((edition.folder / "_quarto.yml").read_text())["book"]["page-footer"]
    assert 'href="report.pdf"' in footer["right"] and 'href="../../index.html"' in footer["right"]


def test_the_pages_of_quarto_are_titled_by_the_quarter(install, work: Path, tmp_path: Path):
    install()
    render(work, tmp_path / "to", make_info(title="Cards & loans"), "quarto")
    titles = {name: read_page(tmp_path / "to" / f"{name}.html").title for name in PAGES}
    assert titles["10-delinquency"] == "Delinquency – Cards & loans, Q4 2025"
    assert titles["index"] == "Cards & loans: the fourth quarter of 2025"


def test_numbers_stand_out_in_the_captions_of_quarto(install, work: Path, tmp_path: Path):
    install()
    render(work, tmp_path / "to", make_info(), "quarto")
    page = (tmp_path / "to" / "20-cure.html").read_text()
    assert '<span class="number">Table&nbsp;1.2</span> Rates: all.' in page
    assert 'href="./index.html"' in page


def test_the_site_of_quarto_names_the_quarter_beside_its_contents(work: Path):
    edition = prepare(work, make_info(title="Cards & loans"))
    write_project(edition, PROJECT, catalogue="../../index.html")
    settings = yaml.safe_load((edition.folder / "_quarto.yml").read_text())
    sidebar, html = settings["book"]["sidebar"], settings["format"]["html"]
    assert "Cards &amp; loans, Q4 2025" in sidebar["header"]
    assert 'href="report.pdf"' in sidebar["footer"] and 'href="../../index.html"' in sidebar["footer"]
    assert html["toc-title"] == "On this page" and "Skip to the text" in html["include-before-body"][0]["text"]


def test_the_pdf_of_quarto_bears_the_date_of_the_data(work: Path):
    edition = prepare(work, make_info())
    write_project(edition, PROJECT)
    front = yaml.safe_load((edition.folder / "report.qmd").read_text().split("---\n")[1])
    assert front["data-until"] == {"year": 2025, "month": 12, "day": 31}
    assert "$data-until.year$" in (PROJECT / "typst-show.typ").read_text()
