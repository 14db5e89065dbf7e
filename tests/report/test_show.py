"""What a cell shows carries all that the report needs of it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient

from analysis.core.errors import ChapterError
from analysis.report import figures, show, theme
from analysis.report import tables as t

TEXTS = {"caption": "12,345 accounts.", "alt": "Three lines that rise."}


@pytest.fixture
def chart(rates: pd.DataFrame) -> object:
    return figures.series(rates, group="product", title="Cards rose", subtitle="30+ rate")


def test_a_figure_is_svg_with_its_alt_text(published: list, chart: Any) -> None:
    show.figure(chart, "fig-rates", **TEXTS)
    bundle, details = published[0]
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert bundle["text/plain"] == "Three lines that rise."
    assert "<title>Cards rose</title>" in bundle["image/svg+xml"]
    told = {"title": "Cards rose", "measure": "30+ rate", "head": f"{chart.head:.4f}"}
    assert details == {"kind": "figure", "label": "fig-rates", **told, **TEXTS}


def test_a_figure_with_very_many_marks_is_a_picture_of_points(
    published: list, chart: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "LARGEST_SVG", 1000)
    show.figure(chart, "fig-rates", **TEXTS)
    png = base64.b64decode(published[0][0]["image/png"])
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") >= theme.TEXT_WIDTH * 200


@pytest.mark.parametrize("empty", ["alt", "caption"])
def test_a_figure_without_alt_text_or_caption_is_refused(published: list, chart: object, empty: str) -> None:
    with pytest.raises(ChapterError, match=f"'fig-rates' has no {empty}"):
        show.figure(chart, "fig-rates", **TEXTS | {empty: " "})


@pytest.mark.parametrize("label", ["rates", "tbl-rates", "fig-", "fig-Rates", "fig-a b", "fig-a_b"])
def test_a_label_says_what_it_labels(published: list, chart: object, label: str) -> None:
    with pytest.raises(ChapterError, match="write fig- and small letters"):
        show.figure(chart, label, **TEXTS)


def test_a_label_belongs_to_one_cell(published: list, chart: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "_running", lambda: ("cell-1", 1))
    show.figure(chart, "fig-rates", **TEXTS)
    with pytest.raises(ChapterError, match="'fig-rates' is taken"):
        show.figure(chart, "fig-rates", **TEXTS)
    monkeypatch.setattr(show, "_running", lambda: ("cell-1", 2))
    show.figure(chart, "fig-rates", **TEXTS)
    monkeypatch.setattr(show, "_running", lambda: ("cell-2", 3))
    with pytest.raises(ChapterError, match="'fig-rates' is taken"):
        show.figure(chart, "fig-rates", **TEXTS)


def test_a_table_is_markdown_and_html(published: list) -> None:
    show.table(pd.DataFrame({"n": [1]}), "tbl-n", "Counts.", {"n": t.count("Accounts")})
    bundle, details = published[0]
    assert bundle["text/markdown"] == "| Accounts |\n| ---: |\n| 1 |"
    assert bundle["text/html"].startswith("<table")
    assert details == {"kind": "table", "label": "tbl-n", "caption": "Counts."}


def test_prose_is_markdown_and_empty_prose_is_nothing(published: list) -> None:
    show.prose("See @fig-rates.\n")
    show.prose("  ")
    assert published == [({"text/markdown": "See @fig-rates."}, {"kind": "prose"})]


def test_a_notebook_keeps_the_details_in_its_outputs(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook()
    source = "from analysis.report import show\nshow.prose('Said.')"
    notebook.cells = [nbformat.v4.new_code_cell(source)]
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    output = notebook.cells[0].outputs[0]
    assert output.output_type == "display_data"
    assert output.data == {"text/markdown": "Said."}
    assert output.metadata == {"arrears": {"kind": "prose"}}


def test_the_same_figure_gives_the_same_bytes(rates: pd.DataFrame) -> None:
    drawn = [figures.series(rates, group="product", title="A", subtitle="B") for _ in range(2)]
    assert theme.to_svg(drawn[0]) == theme.to_svg(drawn[1])
    assert theme.to_png(drawn[0], 100) == theme.to_png(drawn[1], 100)
    assert np.isfinite(len(theme.to_svg(drawn[0])))
