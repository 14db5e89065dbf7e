"""From a tidy frame to a printed table: units in the header, numbers to the right, narrow enough for A4."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.core.errors import ChapterError
from analysis.report.numbers import Numbers, known

WIDEST = 104
"""Characters that fit across the text column of A4 in the size of tables."""

MOST_COLUMNS = 9
GAP = 2

KINDS = ("text", "count", "number", "rate", "points", "money")


@dataclass(frozen=True)
class Column:
    """How one column is printed.

    `kind` is text, count, number, rate (a fraction, as percent), points (a difference of fractions) or money.
    `lower` and `upper` name the columns of an interval. Units go to the header: percent, the currency with
    its scale, or `unit`.
    """

    header: str
    kind: str = "text"
    lower: str | None = None
    upper: str | None = None
    digits: int | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ChapterError(f"column '{self.header}': kind '{self.kind}'; it can be {', '.join(KINDS)}")


@dataclass(frozen=True)
class LaidOut:
    """Headers, cells and alignment of a table, ready to be written as Markdown or HTML."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]


def text(header: str) -> Column:
    """Words or labels, left-aligned."""
    return Column(header)


def count(header: str) -> Column:
    """Whole numbers with thousands separators."""
    return Column(header, "count")


def number(
    header: str, digits: int = 1, unit: str = "", lower: str | None = None, upper: str | None = None
) -> Column:
    """Plain numbers, such as days, with the interval beside where it is named."""
    return Column(header, "number", lower, upper, digits, unit)


def rate(header: str, lower: str | None = None, upper: str | None = None, digits: int = 2) -> Column:
    """Fractions as percent, with the interval beside: `2.31 (2.10–2.54)`."""
    return Column(header, "rate", lower, upper, digits)


def points(
    header: str, lower: str | None = None, upper: str | None = None, digits: int = 2, unit: str = "pp"
) -> Column:
    """Differences of fractions in percentage points, signed."""
    return Column(header, "points", lower, upper, digits, unit)


def money(header: str, digits: int | None = None, lower: str | None = None, upper: str | None = None) -> Column:
    """Amounts, scaled alike over the column to thousand, million or bn, with the interval beside where named.

    Without `digits` columns of a table of the same scale have one decimal where some need one and some none.
    """
    return Column(header, "money", lower, upper, digits)


def lay_out(
    frame: pd.DataFrame,
    formats: Mapping[str, Column],
    label: str = "table",
    numbers: Numbers | None = None,
) -> LaidOut:
    """Print the columns named in `formats`, in that order.

    Rows in which the column `suppressed` is true show `n<10` (or `withheld`, see `suppression`) where a number was
    blanked. Missing values are a dash. Raises ChapterError for a column that is not there, and for a table that is
    wider than A4, saying where to split it.
    """
    missing = [
        name
        for column, spec in formats.items()
        for name in (column, spec.lower, spec.upper)
        if name is not None and name not in frame.columns
    ]
    if missing:
        raise ChapterError(
            f"'{label}': no column '{missing[0]}'; the frame has {', '.join(map(str, frame.columns))}"
        )
    numbers = numbers or Numbers()
    formats = _agreed(frame, formats, numbers)
    printed = [_print_column(frame, name, spec, numbers) for name, spec in formats.items()]
    laid_out = LaidOut(
        headers=tuple(header for header, _ in printed),
        rows=tuple(zip(*(cells for _, cells in printed), strict=True)),
        right=tuple(spec.kind != "text" for spec in formats.values()),
    )
    _check_width(laid_out, label)
    return laid_out


def to_markdown(table: LaidOut) -> str:
    """Pipe table; a frame without rows gives the header alone."""
    rule = ["---:" if right else ":---" for right in table.right]
    lines = [table.headers, rule, *table.rows]
    return "\n".join("| " + " | ".join(_escape(cell) for cell in line) + " |" for line in lines)


def to_html(table: LaidOut) -> str:
    """HTML for JupyterLab: rules above and below the header only."""
    head = "".join(
        _cell("th", cell, right, "border-top:1px solid;border-bottom:1px solid;")
        for cell, right in zip(table.headers, table.right, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(_cell("td", cell, right) for cell, right in zip(row, table.right, strict=True)) + "</tr>"
        for row in table.rows
    )
    return f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _agreed(frame: pd.DataFrame, formats: Mapping[str, Column], numbers: Numbers) -> dict[str, Column]:
    """Decimals of amounts: as many as three figures of a column's largest need; one in all columns of a scale of
    which some need one and some none, so that they can be added up. Two stay two: smaller amounts, and their
    limits, would look alike with fewer."""
    free = [name for name, spec in formats.items() if spec.kind == "money" and spec.digits is None]
    scales = {name: numbers.scale(frame[name].tolist())[0] for name in free}
    digits = {name: _money_digits(frame[name].tolist(), scales[name]) for name in free}
    mixed = {scale for scale in scales.values() if {0, 1} <= {digits[n] for n in free if scales[n] == scale}}
    shown = {name: 1 if digits[name] == 0 and scales[name] in mixed else digits[name] for name in free}
    return {name: replace(spec, digits=shown[name]) if name in free else spec for name, spec in formats.items()}


def _print_column(frame: pd.DataFrame, name: str, spec: Column, numbers: Numbers) -> tuple[str, list[str]]:
    values = frame[name].tolist()
    scale, header = 1.0, f"{spec.header}, {spec.unit}" if spec.unit else spec.header
    if spec.kind == "rate":
        header = f"{spec.header}, %"
    elif spec.kind == "money":
        scale, word = numbers.scale(values)
        unit = " ".join(part for part in (numbers.currency, word) if part)
        header = f"{spec.header}, {unit}" if unit else spec.header
    lowers, uppers = (
        frame[bound].tolist() if bound else [None] * len(values) for bound in (spec.lower, spec.upper)
    )
    reasons = _reasons(frame)
    cells = [
        numbers.suppressed(reason)
        if reason and spec.kind != "text" and not _there(value)
        else _print(value, bounds, spec, numbers, scale, spec.digits or 0)
        for value, bounds, reason in zip(values, zip(lowers, uppers, strict=True), reasons, strict=True)
    ]
    return header, cells


def _print(value: Any, bounds: tuple[Any, Any], spec: Column, numbers: Numbers, scale: float, digits: int) -> str:
    if not _there(value):
        return numbers.missing
    if spec.kind == "text":
        return str(value)
    factor = 100 if spec.kind in ("rate", "points") else 1 / scale
    if all(map(_there, bounds)):
        middle, low, high = (one * factor / 100 for one in (value, *bounds))
        return numbers.interval(middle, low, high, digits, signed=spec.kind == "points")
    return numbers.number(value * factor, digits, signed=spec.kind == "points")


def _money_digits(values: Sequence[Any], scale: float) -> int:
    """Three figures for the largest amount."""
    largest = max((abs(v) for v in values if _there(v)), default=0.0) / scale
    return 0 if scale == 1 or largest >= 100 else 1 if largest >= 10 else 2


def _reasons(frame: pd.DataFrame) -> list[str]:
    """Why each row is suppressed, or nothing."""
    if "suppressed" not in frame.columns:
        return [""] * len(frame)
    because = frame["suppressed_because"] if "suppressed_because" in frame.columns else ["small_cell"] * len(frame)
    return [str(why) if hidden else "" for hidden, why in zip(frame["suppressed"], because, strict=True)]


def _there(value: Any) -> bool:
    """False for None, NaN, NaT and pandas' NA."""
    return not pd.isna(value) and (not isinstance(value, float) or known(value))


def _check_width(table: LaidOut, label: str) -> None:
    """The narrowest that a column can be is its longest number, or the longest word of a text or a header."""
    widths = []
    for place, header in enumerate(table.headers):
        cells = [row[place] for row in table.rows]
        pieces = cells if table.right[place] else [word for cell in cells for word in cell.split()]
        widths.append(GAP + max(map(len, [*pieces, *header.split()]), default=0))
    fits = next((n for n in range(len(widths) + 1) if sum(widths[:n]) > WIDEST), len(widths) + 1) - 1
    fits = min(fits, MOST_COLUMNS)
    if fits < len(widths):
        raise ChapterError(
            f"'{label}': {len(widths)} columns, {sum(widths)} characters wide; A4 takes {MOST_COLUMNS} columns "
            f"and {WIDEST} characters. Split it before '{table.headers[fits]}', repeating '{table.headers[0]}'."
        )


def _cell(tag: str, content: str, right: bool, style: str = "") -> str:
    style += f"text-align:{'right' if right else 'left'};padding:0.2em 0.7em"
    return f'<{tag} style="{style}">{html.escape(content)}</{tag}>'


def _escape(cell: str) -> str:
    """What Markdown would read as markup, taken literally."""
    for mark in ("\\", "|", "*", "_", "<", "`", "$", "~", "@", "[", "^"):
        cell = cell.replace(mark, f"\\{mark}")
    return " ".join(cell.split())
