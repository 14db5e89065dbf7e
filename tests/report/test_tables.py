"""Tables carry units in their headers and fit an A4 page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import ChapterError
from analysis.report import tables as t
from analysis.report.numbers import Numbers


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product": ["Cards", "Loans"],
            "accounts": [12_345, 9],
            "balance": [45_600_000.0, 1_230_000.0],
            "rate": [0.0231, np.nan],
            "rate_lower": [0.0210, np.nan],
            "rate_upper": [0.0254, np.nan],
            "change": [-0.004, np.nan],
        }
    )


FORMATS = {
    "product": t.text("Product"),
    "accounts": t.count("Accounts"),
    "balance": t.money("Balance"),
    "rate": t.rate("30+ rate", "rate_lower", "rate_upper"),
    "change": t.points("Change"),
}


def test_a_table_is_printed_in_the_trades_form(frame: pd.DataFrame) -> None:
    laid_out = t.lay_out(frame, FORMATS, numbers=Numbers(currency="CNY"))
    assert t.to_markdown(laid_out).split("\n") == [
        "| Product | Accounts | Balance, CNY million | 30+ rate, % | Change, pp |",
        "| :--- | ---: | ---: | ---: | ---: |",
        "| Cards | 12,345 | 45.6 | 2.31 (2.10–2.54) | −0.40 |",
        "| Loans | 9 | 1.2 | — | — |",
    ]


def test_a_suppressed_cell_says_so(frame: pd.DataFrame) -> None:
    marked = frame.assign(suppressed=[False, True])
    assert t.lay_out(marked, FORMATS).rows[1][3:] == ("n<10", "n<10")
    other = marked.assign(suppressed_because=["", "complement"])
    assert t.lay_out(other, FORMATS).rows[1][3:] == ("withheld", "withheld")
    assert t.lay_out(marked, FORMATS, numbers=Numbers(minimum=20)).rows[1][3] == "n<20"
    assert t.lay_out(marked, FORMATS).rows[1][:2] == ("Loans", "9")


def test_html_and_markdown_hold_the_same_cells(frame: pd.DataFrame) -> None:
    html = t.to_html(t.lay_out(frame, FORMATS))
    assert "2.31 (2.10–2.54)" in html
    assert html.count("<tr>") == 3


def test_a_frame_without_rows_is_a_header(frame: pd.DataFrame) -> None:
    assert len(t.to_markdown(t.lay_out(frame.iloc[:0], FORMATS)).split("\n")) == 2


def test_markup_in_the_data_is_taken_literally() -> None:
    laid_out = t.lay_out(pd.DataFrame({"a": ["x|y_*z* <b>"]}), {"a": t.text("A")})
    assert t.to_markdown(laid_out).split("\n")[2] == r"| x\|y\_\*z\* \<b> |"
    assert "&lt;b&gt;" in t.to_html(laid_out)


def test_a_missing_column_is_named(frame: pd.DataFrame) -> None:
    with pytest.raises(ChapterError, match="'tbl-x': no column 'rates'; the frame has product, accounts"):
        t.lay_out(frame, {"rates": t.rate("Rate")}, label="tbl-x")
    with pytest.raises(ChapterError, match="no column 'low'"):
        t.lay_out(frame, {"rate": t.rate("Rate", "low", "rate_upper")})


def test_a_table_wider_than_a4_says_where_to_split() -> None:
    frame = pd.DataFrame({f"c{i}": [0.1] for i in range(12)})
    with pytest.raises(
        ChapterError, match=r"12 columns.*A4 takes 9 columns.*Split it before 'Column c9, %', repeating"
    ):
        t.lay_out(frame, {c: t.rate(f"Column {c}") for c in frame})


def test_long_numbers_count_as_width_and_long_texts_wrap() -> None:
    frame = pd.DataFrame({"a": ["word " * 60], "b": [1.0]})
    t.lay_out(frame, {"a": t.text("A"), "b": t.count("B")})
    wide = pd.DataFrame({f"c{i}": ["x" * 30] for i in range(5)})
    with pytest.raises(ChapterError, match="160 characters wide"):
        t.lay_out(wide, {c: t.text(c) for c in wide})


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ChapterError, match="kind 'percent'; it can be text, count"):
        t.Column("A", "percent")


def test_amounts_and_numbers_have_their_interval_beside_in_the_columns_scale() -> None:
    frame = pd.DataFrame(
        {
            "cost": [45.6e6, 1.2e6],
            "low": [40e6, np.nan],
            "high": [51e6, np.nan],
            "n": [4.25, 3.0],
            "n_low": [-1.0, 2.0],
            "n_high": [6.0, 4.0],
        }
    )
    formats = {
        "cost": t.money("Cost", lower="low", upper="high"),
        "n": t.number("N", lower="n_low", upper="n_high"),
    }
    assert t.lay_out(frame, formats).rows == (
        ("45.6 (40.0–51.0)", "4.2 (−1.0 to 6.0)"),
        ("1.2", "3.0 (2.0–4.0)"),
    )


def columns(formats: dict[str, t.Column], frame: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(zip(*t.lay_out(frame, formats).rows, strict=True))


def test_amounts_of_which_some_need_a_decimal_and_some_none_all_have_one() -> None:
    frame = pd.DataFrame(
        {"lost": [54.2e6, 127.4e6], "added": [0.0, 24.9e6], "low": [0.0, 9.0e6], "high": [0.0, 32.9e6]}
    )
    formats = {"lost": t.money("Lost"), "added": t.money("Besides", lower="low", upper="high")}
    assert columns(formats, frame) == [("54.2", "127.4"), ("0.0 (0.0–0.0)", "24.9 (9.0–32.9)")]


def test_small_amounts_beside_large_ones_keep_the_decimals_that_tell_their_limits_apart() -> None:
    frame = pd.DataFrame({"owed": [18.7e6, 0.72e6], "lost": [6.87e6, 0.21e6], "low": [6.1e6, 0.17e6],
                          "high": [7.6e6, 0.24e6]})  # fmt: skip
    formats = {"owed": t.money("Owed"), "lost": t.money("Lost", lower="low", upper="high")}
    assert columns(formats, frame) == [("18.7", "0.7"), ("6.87 (6.10–7.60)", "0.21 (0.17–0.24)")]


def test_amounts_that_need_the_same_decimals_anyway_keep_them() -> None:
    frame = pd.DataFrame({"lower": [6.11e6, 2.27e6], "upper": [7.65e6, 2.49e6]})
    formats = {"lower": t.money("Lower"), "upper": t.money("Upper")}
    assert columns(formats, frame) == [("6.11", "2.27"), ("7.65", "2.49")]


def test_decimals_asked_for_and_other_scales_stay_as_they_are() -> None:
    frame = pd.DataFrame({"lost": [127.4e6], "asked": [24.9e6], "thousands": [7_350.0]})
    formats = {"lost": t.money("Lost"), "asked": t.money("Asked", digits=2), "thousands": t.money("Each")}
    assert columns(formats, frame) == [("127",), ("24.90",), ("7.35",)]
