from __future__ import annotations

import pytest
from editions import prepare

from analysis.report.render.labels import number_labels, prose_lines, references

NOUNS = {"figure": "Figure", "table": "Table", "chapter": "Chapter", "section": "Section", "equation": "Equation"}
FIRST = """
# One {#sec-one}

## A {#sec-a}

![x](figs/a.svg){#fig-a fig-alt="y"}

### Deep {#sec-deep}

: Counts. {#tbl-a}

## B {#sec-b}

$$ x $$ {#eq-x}
"""
SECOND = """
# Two {#sec-two}

![x](figs/b.svg){#fig-b}

```python
# not a heading {#sec-code}
![x](figs/c.svg){#fig-c}
```

![x](figs/d.svg){#fig-d}
"""


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("sec-one", "Chapter 1"),
        ("sec-a", "Section 1.1"),
        ("sec-deep", "Section 1.1.1"),
        ("sec-b", "Section 1.2"),
        ("fig-a", "Figure 1.1"),
        ("tbl-a", "Table 1.1"),
        ("eq-x", "Equation 1.1"),
        ("fig-b", "Figure 2.1"),
        ("fig-d", "Figure 2.2"),
        ("sec-front", "Front"),
    ],
)
def test_labels_count_within_their_chapter(label: str, text: str):
    pages = {"index": "# Front {#sec-front .unnumbered}", "one": FIRST, "two": SECOND}
    assert number_labels(pages, NOUNS)[label].text == text


def test_code_holds_neither_labels_nor_headings():
    labels = number_labels({"two": SECOND}, NOUNS)
    assert "fig-c" not in labels and "sec-code" not in labels
    assert not [line for line in prose_lines(SECOND) if "not a heading" in line]


def test_references_are_found_singly_in_groups_and_beside_chinese():
    text = "As @fig-a; [@tbl-b, @sec-c] and 见[@fig-d]和, not me@fig-e.org nor `@fig-f`."
    assert references(text) == ["fig-a", "tbl-b", "sec-c", "fig-d"]


def test_numbers_in_the_site_and_in_the_pdf_are_those_of_the_labels(site, work, info):
    from pypdf import PdfReader

    labels = prepare(work, info).labels.values()
    pdf = "\n".join(page.extract_text() for page in PdfReader(site / "report.pdf").pages).replace("\xa0", " ")
    for label in labels:
        if label.kind in ("fig", "tbl"):
            html = (site / f"{label.page}.html").read_text(encoding="utf-8")
            assert f'<span class="number">{label.text.replace(" ", chr(160))}</span>' in html
            assert label.text in pdf
