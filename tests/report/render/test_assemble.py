from __future__ import annotations

import re
from pathlib import Path

import pytest
from editions import CHAPTERS, RUN, SUMMARY, make_info, make_work, prepare
from nbformat.v4 import new_output
from notebooks import CODE, code, figure, prose, shown, table, text, write_notebook

from analysis.core.errors import ChapterError
from analysis.report.render.assemble import assemble, heading
from analysis.report.render.edition import Edition, prepare_edition

LEAD = text("lead", "# Rolls {#sec-rolls}\n\nA lead.")


def assembled(tmp_path: Path, *cells, **kwargs):
    return assemble(write_notebook(tmp_path / "10_rolls.ipynb", [LEAD, *cells]), **kwargs)


def test_code_and_unmarked_outputs_never_reach_the_chapter(edition: Edition):
    texts = "".join(path.read_text() for path in edition.folder.glob("*.qmd"))
    for hidden in (CODE, "a line that was printed", "an echo", "never shown"):
        assert hidden not in texts


def test_a_figure_becomes_a_file_and_an_image_with_its_alt_text(tmp_path: Path):
    chapter = assembled(tmp_path, code("f", figure("fig-a", "A *caption*\nin two lines.", 'Says "up".')))
    assert '![A *caption* in two lines.](figs/fig-a.svg){#fig-a fig-alt="Says \\"up\\"."}' in chapter.text
    assert chapter.figures["fig-a.svg"].startswith(b"<svg")
    assert b"2026-01-12" not in chapter.figures["fig-a.svg"]


def test_a_figure_has_its_finding_and_measure_as_text_too(tmp_path: Path):
    told = figure("fig-a", "Shares.")
    chapter = assembled(tmp_path, code("f", told))
    assert '<div class="chart" style="--head: 0.095">' in chapter.text
    assert '<p class="finding"><strong>Arrears rose by &lt; 1%</strong> Share of balance</p>' in chapter.text
    del told["metadata"]["arrears"]["head"]
    assert "finding" not in assembled(tmp_path, code("f", told)).text


def test_a_table_keeps_its_rows_and_gets_its_caption(tmp_path: Path):
    chapter = assembled(tmp_path, code("t", table("tbl-a", "Counts.", "| a |\n|--:|\n| 1 |")))
    assert "| a |\n|--:|\n| 1 |\n\n: Counts. {#tbl-a}" in chapter.text


def test_words_replace_a_markdown_cell_by_its_id(tmp_path: Path):
    chapter = assembled(tmp_path, text("why", "old"), replacements={"why": "new words", "other": "unused"})
    assert "new words" in chapter.text
    assert "old" not in chapter.text and "unused" not in chapter.text


def test_chapters_name_their_footnotes_apart(edition: Edition):
    for name in ("10-delinquency", "20-cure"):
        text = (edition.folder / f"{name}.qmd").read_text()
        assert f"[^{name}-1]: A footnote" in text and f".[^{name}-1]" in text


def test_a_callout_becomes_an_aside_whose_title_is_no_section(edition: Edition):
    text = (edition.folder / "10-delinquency.qmd").read_text()
    assert "::: {.note}\n**How to read this**" in text


def test_two_executions_give_the_same_bytes(tmp_path: Path):
    folders = [prepare(make_work(tmp_path / name), make_info()).folder for name in ("one", "two")]
    files = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in folders]
    assert files[0] == files[1]
    assert len(files[0]) > 12


def test_the_run_id_is_in_no_page(tmp_path: Path):
    edition = prepare(make_work(tmp_path), make_info())
    assert not [path for path in edition.folder.glob("*.qmd") if RUN["run_id"] in path.read_text()]


def test_every_page_says_that_simulated_data_are_simulated(edition: Edition):
    assert set(edition.pages) == {"index", "10-delinquency", "20-cure", "methods", "glossary"}
    for name in edition.pages:
        assert "**Simulated data.**" in (edition.folder / f"{name}.qmd").read_text()


def test_real_data_bear_no_notice(work: Path):
    edition = prepare(work, make_info(simulated=False))
    for name in ("index", "10-delinquency"):
        assert "Simulated data" not in (edition.folder / f"{name}.qmd").read_text()
    assert "Simulated" not in edition.colophon("x")


def test_a_heading_is_read_without_its_label():
    assert heading("# Cure and re-default {#sec-cure}\n\ntext") == "Cure and re-default"
    assert heading("no heading") == ""


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (
            code("bad", new_output("error", ename="ValueError", evalue="no rows", traceback=[])),
            "ValueError: no rows",
        ),
        (code("bad", shown({}, kind="picture")), "output kind 'picture' is none of figure, table, prose"),
        (code("bad", figure("fig_A", "c")), "label 'fig_A' must be 'fig-' and lower-case words"),
        (code("bad", table("fig-a", "c", "| a |")), "label 'fig-a' must be 'tbl-'"),
        (code("bad", figure("fig-a", "c", alt="")), "cell bad: the output lacks alt"),
        (code("bad", figure("fig-a", "")), "the output lacks caption"),
        (
            code("bad", shown({"text/html": "<p>"}, kind="prose")),
            "the output lacks text/markdown; it has text/html",
        ),
    ],
)
def test_an_output_that_breaks_the_protocol_is_refused(tmp_path: Path, cell, message: str):
    with pytest.raises(ChapterError, match=re.escape(message)):
        assembled(tmp_path, cell)


def test_a_chapter_without_a_heading_is_refused(tmp_path: Path):
    notebook = write_notebook(tmp_path / "10_rolls.ipynb", [text("lead", "Just text.")])
    with pytest.raises(ChapterError, match="must begin with a heading such as '# Delinquency"):
        assemble(notebook)


def test_a_label_given_twice_is_refused(work: Path, info):
    cells = [text("lead", "# Cure {#sec-cure}"), code("f", figure("fig-delinquency-1", "again"))]
    write_notebook(work / "notebooks" / "20_cure.ipynb", cells)
    with pytest.raises(ChapterError, match=r"fig-delinquency-1 \(in 10-delinquency, 20-cure\)"):
        prepare(work, info)


def test_a_reference_without_a_target_is_refused(work: Path, info):
    cells = [text("lead", "# Cure {#sec-cure}"), code("p", prose("See @fig-nowhere and `@fig-code`."))]
    write_notebook(work / "notebooks" / "20_cure.ipynb", cells)
    with pytest.raises(ChapterError, match="references without a target: 20-cure: @fig-nowhere"):
        prepare(work, info)


def test_a_chapter_that_was_not_run_is_named(work: Path, info):
    with pytest.raises(ChapterError, match="chapter stress has 0 executed notebooks"):
        prepare_edition(work, run=RUN, info=info, chapters=[*CHAPTERS, "stress"], summary=SUMMARY, language="en")
