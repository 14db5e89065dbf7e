from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typst

from analysis.core.errors import InputError
from analysis.report.render.identifiers import find_ids, is_distinctive, read_ids
from analysis.report.render.verify import main, verify_edition

IDS = {"A0001234", "C0000042"}


@pytest.fixture(scope="module")
def short_pdf(tmp_path_factory) -> bytes:
    """Nine pages with a word on each: quicker to read than the report."""
    folder = tmp_path_factory.mktemp("pdf")
    (folder / "short.typ").write_text("#pagebreak()\n".join(f"page {n}\n" for n in range(9)))
    typst.compile(folder / "short.typ", output=folder / "short.pdf")
    return (folder / "short.pdf").read_bytes()


@pytest.fixture
def copy(site: Path, tmp_path: Path, short_pdf: bytes) -> Path:
    folder = Path(shutil.copytree(site, tmp_path / "2025Q4"))
    (folder / "report.pdf").write_bytes(short_pdf)
    return folder


def portfolio(folder: Path) -> Path:
    folder.mkdir()
    table = pa.table({"account_id": ["A0001234"], "customer_id": ["C0000042"], "product": ["card"]})
    pq.write_table(table, folder / "accounts.parquet")
    return folder


def change(page: Path, old: str, new: str) -> None:
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_rendered_edition_passes(site: Path):
    assert verify_edition(site) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('href="20-cure.html"', 'href="30-none.html"', "10-delinquency.html: link 30-none.html leads nowhere"),
        ('href="#fig-delinquency-1"', 'href="#fig-x"', "link #fig-x leads to no place on that page"),
        ('href="methods.html"', 'href="../../secret.txt"', "link ../../secret.txt leaves the edition"),
        ('src="figs/fig-delinquency-1.svg"', 'src="figs/none.svg"', "figs/none.svg is missing"),
        ('alt="Bars that rise from left to right."', "", "figs/fig-delinquency-1.svg has no alternative text"),
        (
            'href="assets/site.css"',
            'href="https://cdn.example/site.css"',
            "https://cdn.example/site.css is loaded",
        ),
        (
            "</main>",
            '<script src="//cdn.example/x.js"></script></main>',
            "//cdn.example/x.js is loaded from outside",
        ),
        ("</main>", "<p>See ?@fig-lost.</p></main>", "unresolved reference ?@fig-lost"),
        ("</main>", "<p>See @tbl-lost.</p></main>", "unresolved reference @tbl-lost"),
        ("</main>", '<p style="background: url(http://x.example/y.png)"></p></main>', "x.example/y.png is loaded"),
        ('<html lang="en">', "<html>", "the page lacks lang"),
        ('<main id="main"', '<div id="main"', "the page lacks main"),
    ],
)
def test_what_is_wrong_with_a_page_is_named(copy: Path, old: str, new: str, problem: str):
    change(copy / "10-delinquency.html", old, new)
    assert any(problem in found for found in verify_edition(copy))


def test_code_may_hold_what_looks_like_a_reference(copy: Path):
    change(copy / "methods.html", "</main>", "<pre>@fig-code</pre></main>")
    assert verify_edition(copy) == []


def test_a_page_over_ten_megabytes_is_named(copy: Path):
    change(copy / "methods.html", "</main>", "<p>" + "x" * 11_000_000 + "</p></main>")
    assert any(re.fullmatch(r"methods.html: 10\.\d MB, more than 10", found) for found in verify_edition(copy))


def test_a_style_sheet_that_lacks_a_font_is_named(copy: Path):
    (copy / "assets" / "SourceSerifPro-Regular.woff").unlink()
    assert "assets/fonts.css: SourceSerifPro-Regular.woff is missing" in verify_edition(copy)


def test_a_pdf_with_too_few_pages_or_none_is_named(copy: Path):
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.write(copy / "report.pdf")
    found = verify_edition(copy)
    assert any(re.match(r"report.pdf has 1 pages for \d+ HTML pages", text) for text in found)
    assert "report.pdf: page 1 is empty" in found
    (copy / "report.pdf").write_bytes(b"no pdf")
    assert any("report.pdf cannot be read" in text for text in verify_edition(copy))
    (copy / "report.pdf").unlink()
    assert "report.pdf is missing" in verify_edition(copy)


def test_a_folder_without_a_first_page_is_no_edition(tmp_path: Path):
    assert verify_edition(tmp_path) == [f"{tmp_path} has no index.html"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("annex/x.html", "<td>A0001234</td>"),
        ("results/x.json", '{"worst": "A0001234"}'),
        ("figs/x.svg", "<text>acct-A0001234</text>"),
        ("x.html", "row_A0001234_1"),
    ],
)
def test_an_identifier_in_text_is_found(copy: Path, file: str, content: str):
    (copy / file).write_text(content)
    assert find_ids(copy, IDS) == [f"{file} holds the identifier A0001234"]


def test_an_identifier_in_a_parquet_value_or_column_is_found(copy: Path):
    path = copy / "results" / "cure" / "x.parquet"
    pq.write_table(pa.table({"worst": ["a", "C0000042"]}), path)
    assert find_ids(copy, IDS) == ["results/cure/x.parquet holds the identifier C0000042"]
    pq.write_table(pa.table({"account_id": [1, 2]}), path)
    assert find_ids(copy, set()) == ["results/cure/x.parquet holds a column or key account_id"]


def test_an_identifier_in_the_pdf_is_found(work: Path, info, tmp_path: Path):
    from editions import render
    from notebooks import code, prose, text, write_notebook

    cells = [text("lead", "# Cure {#sec-cure}"), code("p", prose("The account A0001234 is the largest."))]
    write_notebook(work / "notebooks" / "20_cure.ipynb", cells)
    render(work, tmp_path / "to", info)
    assert "report.pdf holds the identifier A0001234" in find_ids(tmp_path / "to", IDS)


def test_a_pattern_finds_identifiers_too(copy: Path):
    (copy / "x.html").write_text("A0009999")
    assert find_ids(copy, re.compile(r"\bA\d{7}\b")) == ["x.html holds the identifier A0009999"]


def test_numbers_that_look_like_counts_are_no_proof():
    assert is_distinctive("A0001234") and is_distinctive("1234567890")
    assert not is_distinctive("12345") and not is_distinctive("123456789")


def test_a_clean_edition_holds_no_identifier(site: Path):
    assert find_ids(site, IDS) == []


def test_the_identifiers_of_a_portfolio_are_those_of_its_accounts(tmp_path: Path):
    assert read_ids(portfolio(tmp_path / "demo")) == IDS
    with pytest.raises(InputError, match="has no accounts table"):
        read_ids(tmp_path)


def test_the_command_prints_a_numbered_list_and_fails(copy: Path, tmp_path: Path, capsys):
    lender = portfolio(tmp_path / "demo")
    assert main([str(copy), "--portfolio", str(lender)]) == 0
    assert "none of 2 identifiers" in capsys.readouterr().out
    (copy / "results" / "x.json").write_text('{"worst": "A0001234"}')
    assert main([str(copy), "--portfolio", str(lender)]) == 1
    assert "  1. results/x.json holds the identifier A0001234" in capsys.readouterr().out
