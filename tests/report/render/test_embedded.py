from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from editions import CHAPTERS, RUN, make_info, render
from notebooks import CODE, code, figure, table, text, write_notebook
from pypdf import PdfReader

from analysis.core.errors import ChapterError, ParameterError
from analysis.report import theme
from analysis.report.render import write_index
from analysis.report.render.edition import PROJECT
from analysis.report.render.pages import read_page
from analysis.report.render.processes import RenderError, run

PAGES = ("index", "10-delinquency", "20-cure", "methods", "glossary")


def html(site: Path, name: str) -> str:
    return (site / f"{name}.html").read_text(encoding="utf-8")


def test_an_edition_holds_everything_a_reader_needs(site: Path):
    there = {path.relative_to(site).parts[0] for path in site.rglob("*")}
    assert {f"{name}.html" for name in PAGES} | {"report.pdf", "results", "annex", "assets", "figs"} <= there
    assert not list(site.rglob("*.ipynb"))


def test_account_level_results_stay_in_the_work_folder(work: Path, tmp_path: Path):
    for folder in (work / "accounts" / "delinquency", work / "results" / "delinquency" / "accounts"):
        folder.mkdir(parents=True)
        (folder / "scores.parquet").write_bytes(b"")
    render(work, tmp_path / "to", make_info())
    assert not list((tmp_path / "to").rglob("scores.parquet"))
    assert (tmp_path / "to" / "results" / "cure" / "headline.json").is_file()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_names_period_run_renderer_and_simulation(site: Path, name: str):
    page = html(site, name)
    for words in ("2025Q4", RUN["run_id"], "Rendered with the embedded renderer", "Simulated data"):
        assert words in page


@pytest.mark.parametrize("name", PAGES)
def test_every_page_can_be_used_by_keyboard_and_screen_reader(site: Path, name: str):
    page = html(site, name)
    assert '<a class="skip" href="#main">' in page and '<main id="main"' in page
    assert page.count("<h1") == 1
    assert 'aria-current="page"' in page


def test_pages_turn_in_reading_order(site: Path):
    assert 'rel="next" href="20-cure.html"' in html(site, "10-delinquency")
    assert 'rel="prev" href="10-delinquency.html"' in html(site, "20-cure")
    assert 'rel="prev"' not in html(site, "index") and 'rel="next"' not in html(site, "glossary")


def test_references_lead_to_the_page_of_their_target(site: Path):
    assert 'href="10-delinquency.html#tbl-delinquency-regions"' in html(site, "20-cure")
    assert 'href="#fig-cure-1"' in html(site, "20-cure")
    assert 'href="methods.html"' in html(site, "10-delinquency")


def test_words_in_a_cell_wrap_where_they_are_long_and_numbers_never(work: Path, tmp_path: Path):
    long = "the growth rate does not follow from the levels and years"
    markdown = f"| In | Why | Printed, percent a year |\n|:--|:--|--:|\n| S2 | {long} | 1{'0' * 40} |"
    shown_table = table("tbl-cure-claims", "Claims.", markdown)
    cells = [text("title", "# Cure {#sec-cure}"), code("t", shown_table)]
    write_notebook(work / "notebooks" / "20_cure.ipynb", cells)
    render(work, tmp_path / "to", make_info())
    page = html(tmp_path / "to", "20-cure")
    assert f'<span class="long">{long}</span>' in page
    assert page.count('class="long"') == 1


def test_a_wide_table_scrolls_in_its_own_box_below_its_caption(site: Path):
    page = html(site, "10-delinquency")
    block = page[page.index('id="tbl-delinquency-rolls"') :]
    assert block.index("<figcaption>") < block.index('class="scroll"') < block.index("<table>")


def test_a_narrow_screen_shows_the_finding_as_text_in_place_of_the_pictures_head(site: Path):
    page = (site / "20-cure.html").read_text()
    charts = re.findall(
        r'<div class="chart" style="--head: 0.095">\s*<p class="finding">.*?</div>', page, re.DOTALL
    )
    assert len(charts) == page.count("<img") > 0
    assert all(chart.count("<figure") == chart.count("</figure>") == 1 for chart in charts)
    style = (PROJECT / "report.css").read_text()
    wide, narrow = style.split("@media screen and (max-width: 40rem)")
    assert ".finding { display: none; }" in wide
    assert ".finding { display: block;" in narrow and "inset(calc(var(--head) * 32rem) 0 0 0)" in narrow


def test_no_page_runs_a_script(site: Path):
    assert not [path.name for path in site.rglob("*.html") if "<script" in path.read_text(encoding="utf-8")]


def test_the_pdf_is_tagged_accessible_and_holds_every_page(site: Path):
    document = PdfReader(site / "report.pdf")
    assert json.loads((site / "run.json").read_text())["pdf_ua"] is True
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert document.trailer["/Root"]["/Lang"] == "en"
    assert document.metadata.title == "Arrears report: Demo portfolio, Q4 2025"
    assert tuple(round(float(side) / 72 * 25.4) for side in document.pages[0].mediabox[2:]) == (210, 297)


def test_every_pdf_page_has_its_number_period_and_run(site: Path):
    pages = PdfReader(site / "report.pdf").pages
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert f"{number} / {len(pages)}" in text
        assert "2025Q4" in text and RUN["run_id"] in text


def test_a_long_table_repeats_its_header_on_the_next_page(site: Path):
    texts = [page.extract_text() for page in PdfReader(site / "report.pdf").pages]
    long = [text for text in texts if re.search(r"Region \d+", text)]
    assert len(long) > 1 and all("Balance, million CNY" in text for text in long)


def test_the_pdf_has_a_finding_inside_its_picture_alone(site: Path):
    text = "".join(page.extract_text() for page in PdfReader(site / "report.pdf").pages)
    assert "Arrears rose by" not in text


def test_the_pdf_says_what_the_site_says(site: Path):
    pdf = " ".join(" ".join(page.extract_text() for page in PdfReader(site / "report.pdf").pages).split())
    for words in (
        "stale data",
        "within chance",
        "1,648 of 40,000",
        "A footnote of the second chapter",
        "Glossary",
    ):
        assert words in pdf
        assert any(words in read_page(site / f"{name}.html").text for name in PAGES)


def test_a_table_without_caption_stands_in_the_column_of_the_prose(site: Path):
    body = (site.parents[2] / "work" / "demo" / "2025Q4" / "assembled" / "body.typ").read_text(encoding="utf-8")
    before, mark, _ = body.partition("[mark], [meaning]")
    assert mark and before.rindex("#table(") > before.rindex("#figure(")
    assert "#figure" not in before[before.rindex("bears") :]


def test_two_renderings_give_the_same_bytes(site: Path, work: Path, tmp_path: Path):
    render(work, tmp_path / "again", make_info())
    for path in (p for p in (tmp_path / "again").rglob("*") if p.is_file()):
        assert path.read_bytes() == (site / path.relative_to(tmp_path / "again")).read_bytes(), path.name


def test_chinese_text_is_kept_and_its_references_resolve(work: Path, tmp_path: Path):
    cells = [
        text("lead", "# 化解 {#sec-cure}\n\n见[@fig-cure-a]和表。"),
        code("f", figure("fig-cure-a", "化解率。", "柱状图")),
    ]
    write_notebook(work / "notebooks" / "20_cure.ipynb", cells)
    result = render(work, tmp_path / "to", make_info(title="示范组合"))
    page = html(tmp_path / "to", "20-cure")
    assert "化解" in page and '<a href="#fig-cure-a" class="reference">Figure\xa02.1</a>和表' in page
    assert result.pdf.is_file()


def test_the_annex_shows_the_code_without_scripts_or_metadata(site: Path):
    page = (site / "annex" / "10_delinquency.html").read_text(encoding="utf-8")
    assert CODE.split(" = ")[0] in page
    assert "Figure 1.3, Figure 1.4)" in page
    assert re.search(r'<img alt="Bars that rise from left to right." src="data:image/svg', page)
    assert 'href="annex/10_delinquency.html"' in html(site, "10-delinquency")


def test_the_annex_reads_computed_prose_as_the_report_does(site: Path):
    page = (site / "annex" / "20_cure.html").read_text(encoding="utf-8")
    assert "By arm</h2>" in page and "as Table 2.1 says" in page
    assert "{#sec" not in page and "@tbl-" not in page


def test_the_list_of_quarters_names_each_edition(site: Path):
    published = site.parent.parent
    page = write_index(published).read_text(encoding="utf-8")
    assert 'href="demo/2025Q4/index.html"' in page and "Demo portfolio" in page and RUN["run_id"] in page
    assert "Simulated data" in page


def test_an_unfinished_publication_is_not_listed(tmp_path: Path):
    for folder in ("demo/.2025Q4.tmp", "demo/2025Q3"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "run.json").write_text(json.dumps({"period": folder[-6:], "run_id": "r"}))
    assert write_index(tmp_path).read_text().count("<li>") == 1


@pytest.mark.parametrize(
    ("renderer", "message"),
    [
        ("word", "renderer is 'word'; it can be auto, quarto, embedded"),
        ("quarto", "there is no quarto on the path"),
    ],
)
def test_a_renderer_that_is_not_there_is_refused(work, tmp_path, monkeypatch, renderer: str, message: str):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ParameterError, match=re.escape(message)):
        render(work, tmp_path / "to", make_info(), renderer)


def test_nothing_is_rendered_when_a_chapter_is_missing(work: Path, tmp_path: Path):
    (work / "notebooks" / "20_cure.ipynb").unlink()
    with pytest.raises(ChapterError, match=f"chapter {CHAPTERS[1]} has 0 executed notebooks"):
        render(work, tmp_path / "to", make_info())
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("command", "limits", "message"),
    [
        ("import time; time.sleep(30)", {"seconds": 0.2}, "ran longer than 0.2 seconds and was ended"),
        ("x = bytearray(400_000_000); import time; time.sleep(30)", {"megabytes": 150}, "took more than 150 MB"),
        ("print('what went wrong'); raise SystemExit(3)", {}, "ended with exit code 3(.|\n)*what went wrong"),
    ],
)
def test_a_renderer_that_misbehaves_is_ended_with_its_reason(tmp_path, command: str, limits: dict, message: str):
    import sys

    with pytest.raises(RenderError, match=message):
        run([sys.executable, "-c", command], cwd=tmp_path, **limits)


def test_a_program_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(RenderError, match="no-such-program could not be started"):
        run(["no-such-program"], cwd=tmp_path)


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("ink", theme.INK),
        ("muted", theme.MUTED),
        ("hairline", theme.HAIRLINE),
        ("wash", theme.WASH),
        ("accent", theme.ACCENT),
        ("second", theme.SECOND),
    ],
)
def test_the_style_sheet_and_the_pdf_have_the_colours_of_the_theme(name: str, colour: str):
    assert f"--{name}: {colour};" in (PROJECT / "report.css").read_text()
    assert f'#let {name} = rgb("{colour}")' in (PROJECT / "typst-template.typ").read_text()


def test_the_brand_has_the_colours_and_families_of_the_theme():
    import yaml

    brand = yaml.safe_load((PROJECT / "_brand.yml").read_text())
    assert brand["color"]["palette"] == {
        "paper": theme.PAPER,
        "ink": theme.INK,
        "muted": theme.MUTED,
        "accent": theme.ACCENT,
    }
    families = {part: brand["typography"][part]["family"] for part in ("base", "headings")}
    assert families == {"base": theme.SERIF, "headings": theme.SANS}


@pytest.mark.parametrize("name", ["body", "small", "table", "caption", "h1", "h2", "h3", "headline"])
def test_the_style_sheet_has_the_sizes_of_the_theme(name: str):
    assert f"--{name}: {theme.SCREEN_PIXELS[name] / 16:g}rem;" in (PROJECT / "report.css").read_text()
