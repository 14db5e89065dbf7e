"""Notebooks as a finished run leaves them, built from Markdown and the outputs of the report protocol."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

CODE = "secret_code = read_accounts()"


def svg(title: str, bars: int = 12) -> str:
    """A bar chart by hand, with the date that drawing programs leave in their pictures."""
    heights = [20 + 9 * (i % 7) + 6 * i for i in range(bars)]
    marks = "".join(
        f'<rect x="{20 + 36 * i}" y="{210 - height}" width="24" height="{height}" fill="#878e96"/>'
        for i, height in enumerate(heights)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="453.6pt" height="230pt" viewBox="0 0 453.6 230">'
        "<metadata><date>2026-01-12T08:15:00</date></metadata>"
        f'<text x="0" y="16" font-family="sans-serif" font-size="13" font-weight="600">{title}</text>'
        f'{marks}<line x1="0" x2="453" y1="210" y2="210" stroke="#878e96"/></svg>'
    )


def png(width: int = 60, height: int = 30) -> str:
    """A grey picture, base64."""
    rows = b"".join(b"\0" + b"\xc0" * width for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + content).decode()


def shown(data, **note):
    return new_output("display_data", data=data, metadata={"arrears": note})


def figure(label: str, caption: str, alt: str = "Bars that rise from left to right.", picture: str = "svg"):
    data = {"image/png": png()} if picture == "png" else {"image/svg+xml": svg("Card arrears rose again")}
    told = {"title": "Arrears rose by < 1%", "measure": "Share of balance", "head": "0.0950"}
    return shown(data | {"text/plain": alt}, kind="figure", label=label, caption=caption, alt=alt, **told)


def table(label: str, caption: str, markdown: str):
    return shown({"text/markdown": markdown}, kind="table", label=label, caption=caption)


def prose(source: str):
    return shown({"text/markdown": source}, kind="prose")


def code(id: str, *outputs, tags: tuple[str, ...] = ()):
    made = new_code_cell(CODE, outputs=list(outputs), metadata={"tags": list(tags)})
    made["id"] = id
    return made


def text(id: str, source: str, tags: tuple[str, ...] = ()):
    made = new_markdown_cell(source.strip(), metadata={"tags": list(tags)})
    made["id"] = id
    return made


def pipe_table(columns: list[str], rows: list[list[str]]) -> str:
    ruler = "|:--" + "|--:" * (len(columns) - 1) + "|"
    return "\n".join("| " + " | ".join(row) + " |" for row in [columns]) + "\n" + ruler + "\n" + _rows(rows)


def _rows(rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def write_notebook(path: Path, cells: list) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return path


BUCKETS = ["current", "1–29", "30–59", "60–89", "90–119", "120–149", "150–179", "180+"]
WIDE = pipe_table(
    ["from", *BUCKETS, "charged off", "paid off", "sold", "closed", "accounts"],
    [
        [name, *(f"{(i * 7 + j * 3) % 100}.{j % 10}" for j in range(12)), f"{12345 * (i + 1):,}"]
        for i, name in enumerate(BUCKETS)
    ],
)
LONG = pipe_table(
    ["Region", "Accounts", "Balance, million CNY", "30+ rate, %", "95% interval"],
    [
        [
            f"Region {i}",
            f"{1000 + 37 * i:,}",
            f"{12.5 + i:.1f}",
            f"{2 + i / 20:.2f}",
            f"{i / 20:.2f}–{2 + i / 20:.2f}",
        ]
        for i in range(70)
    ],
)
ARMS = pipe_table(["Arm", "Accounts", "Cured, %"], [["agent", "1,204", "41.2"], ["control", "1,198", "36.0"]])

DELINQUENCY = [
    text(
        "lead",
        """
# Delinquency {#sec-delinquency}

At the end of December **8.5%** of the open balance was past due. This chapter says where the arrears are, how they
move between buckets, and what changed.
""",
    ),
    code("parameters", prose("never shown"), tags=("remove-cell",)),
    text(
        "rates",
        """
## Rates over time {#sec-delinquency-rates}

The rise is largest for cards, as @fig-delinquency-1 shows; @fig-delinquency-2 has the number of accounts. How each
rate is made is told in [How the numbers are made](methods.qmd). The rate is $r = y / x$.[^1]

[^1]: A footnote of the first chapter.
""",
    ),
    code("f1", figure("fig-delinquency-1", "Share of the open balance. Band: 95% interval, by customer.")),
    code("f2", figure("fig-delinquency-2", "Denominators are the $n$ open accounts at each month's end.")),
    text(
        "rolls",
        """
## Roll rates {#sec-delinquency-rolls}

Of the accounts 1–29 days past due, two in three were current a month later (@tbl-delinquency-rolls; compare
[@fig-delinquency-3; @fig-delinquency-4]).
""",
    ),
    code("t1", table("tbl-delinquency-rolls", "Percent of the accounts in each row's state.", WIDE)),
    code("f3", figure("fig-delinquency-3", "Share of bucket 1–29 that is current a month later.")),
    code("f4", figure("fig-delinquency-4", "Share of bucket 30–59 that is 60–89 a month later.", picture="png")),
    text(
        "why",
        r"""
### A closer look

The mean squared error of the forecast is

$$ \frac{1}{n} \sum_i (y_i - \hat y_i)^2 $$ {#eq-delinquency-error}

and @eq-delinquency-error is reported in @sec-delinquency-rolls.

::: {.callout-note}
## How to read this
A row adds up to one hundred.
:::
""",
    ),
    code("regions", table("tbl-delinquency-regions", "The open book by region, December 2025.", LONG)),
]

CURE = [
    text(
        "lead",
        """
# Cure and re-default {#sec-cure}

Who comes back, and how long it takes. The rates start from @sec-delinquency and @tbl-delinquency-regions.
""",
    ),
    text(
        "speed",
        """
## How fast accounts cure {#sec-cure-speed}

Half of all cures happen in the first two months (@fig-cure-1).[^1] "Quoted" text, `code`, and a list:

- first
- second

[^1]: A footnote of the second chapter.
""",
    ),
    *(code(f"f{i}", figure(f"fig-cure-{i}", f"Cumulative share cured, cohort {i}.")) for i in range(1, 5)),
    code(
        "said",
        prose("## By arm {#sec-cure-arms}"),
        prose("Treated accounts cured **sooner** than controls, as @tbl-cure-arms says."),
    ),
    code("t1", table("tbl-cure-arms", "Cures by arm.", ARMS)),
    code(
        "ignored",
        new_output("stream", name="stdout", text="a line that was printed"),
        new_output("execute_result", data={"text/plain": "an echo"}),
    ),
]
