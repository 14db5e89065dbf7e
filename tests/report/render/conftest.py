"""Two executed chapters as the notebooks hand them over: figures, wide and long tables, references, mathematics."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from analysis.core.portfolio import PortfolioInfo
from analysis.report.headlines import Gate, Headline, write_headlines
from analysis.report.render.edition import Edition, prepare_edition

PNG = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
).decode()
RUN = {"run_id": "20260112T0815-7f3c", "period": "2025Q4"}
SUMMARY = (
    "Arrears rose for the third quarter in a row. At the end of December **8.5%** of the open balance was past due, "
    "half a point more than in September; the rise came from credit cards (@fig-delinquency-1), while instalment "
    "loans held still. Half of the accounts that fell behind in the summer are current again."
)


def svg(title: str, bars: int = 12) -> str:
    """A bar chart by hand."""
    marks = "".join(
        f'<rect x="{20 + 36 * i}" y="{190 - 9 * (i % 7) - 6 * i}" width="24" height="{20 + 9 * (i % 7) + 6 * i}" '
        f'fill="{"#0f5579" if i == bars - 1 else "#878e96"}"/>'
        for i in range(bars)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="453.6pt" height="230pt" viewBox="0 0 453.6 230">'
        "<metadata><date>2026-01-12T08:15:00</date></metadata>"
        f'<text x="0" y="16" font-family="Source Sans Pro, sans-serif" font-size="13" font-weight="600">{title}</text>'
        f'<text x="0" y="32" font-family="Source Sans Pro, sans-serif" font-size="10" fill="#5a626b">'
        f"Balance 30+ days past due, percent of open balance, 2025</text>{marks}"
        '<line x1="0" x2="453" y1="210" y2="210" stroke="#878e96"/></svg>'
    )


def figure(label: str, caption: str, alt: str = "Bars that rise from left to right.", png: bool = False):
    picture = {"image/png": PNG} if png else {"image/svg+xml": svg("Card arrears rose for the third quarter in a row")}
    note = {"kind": "figure", "label": label, "caption": caption, "alt": alt, "title": "Card arrears rose"}
    return new_output("display_data", data=picture | {"text/plain": alt}, metadata={"arrears": note})


def table(label: str, caption: str, markdown: str):
    note = {"kind": "table", "label": label, "caption": caption}
    return new_output("display_data", data={"text/markdown": markdown}, metadata={"arrears": note})


def prose(text: str):
    return new_output("display_data", data={"text/markdown": text}, metadata={"arrears": {"kind": "prose"}})


def cell(id: str, *outputs, tags: tuple[str, ...] = (), source: str = "secret_code = read_accounts()"):
    made = new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})
    made["id"] = id
    return made


def text(id: str, source: str, tags: tuple[str, ...] = ()):
    made = new_markdown_cell(source, metadata={"tags": list(tags)})
    made["id"] = id
    return made


def pipe_table(columns: list[str], rows: list[list[str]]) -> str:
    ruler = "|:--" + "|--:" * (len(columns) - 1) + "|"
    return "\n".join(["| " + " | ".join(columns) + " |", ruler, *("| " + " | ".join(row) + " |" for row in rows)])


BUCKETS = ["current", "1–29", "30–59", "60–89", "90–119", "120–149", "150–179", "180+"]
WIDE = pipe_table(
    ["from", *BUCKETS, "charged off", "paid off", "sold", "closed", "accounts"],
    [[name, *(f"{(i * 7 + j * 3) % 100}.{j % 10}" for j in range(12)), f"{12345 * (i + 1):,}"] for i, name in enumerate(BUCKETS)],
)
LONG = pipe_table(
    ["Region", "Accounts", "Balance, million CNY", "30+ rate, %", "95% interval"],
    [[f"Region {i}", f"{1000 + 37 * i:,}", f"{12.5 + i:.1f}", f"{2 + i / 20:.2f}", f"{1.8 + i / 20:.2f}–{2.3 + i / 20:.2f}"] for i in range(70)],
)

DELINQUENCY = [
    text("lead", "# Delinquency {#sec-delinquency}\n\nAt the end of December **8.5%** of the open balance was past due. "
         "This chapter says where the arrears are, how they move between buckets, and what changed."),
    cell("parameters", prose("never shown"), tags=("remove-cell",)),
    text("rates", "## Rates over time {#sec-delinquency-rates}\n\nThe rise is largest for cards, as @fig-delinquency-1 "
         "shows; @fig-delinquency-2 has the number of accounts. How each rate is made is told in "
         "[How the numbers are made](methods.qmd). The rate is $r = y / x$.[^1]\n\n[^1]: A footnote of the first chapter."),
    cell("f1", figure("fig-delinquency-1", "Balance 30 or more days past due, share of the open balance. Band: 95% interval, clustered by customer.")),
    cell("f2", figure("fig-delinquency-2", "Accounts 30+ days past due; denominators are the $n$ open accounts at each month's end.")),
    text("rolls", "## Roll rates {#sec-delinquency-rolls}\n\nOf the accounts 1–29 days past due, two in three were current "
         "a month later (@tbl-delinquency-rolls; compare [@fig-delinquency-3; @fig-delinquency-4]). 见[@fig-delinquency-1]和表。"),
    cell("t1", table("tbl-delinquency-rolls", "Roll rates of the quarter, percent of the accounts in each row's state.", WIDE)),
    cell("f3", figure("fig-delinquency-3", "Share of bucket 1–29 that is current a month later.")),
    cell("f4", figure("fig-delinquency-4", "Share of bucket 30–59 that is 60–89 a month later.", png=True)),
    text("why", "### A closer look\n\nThe mean squared error of the forecast is\n\n"
         "$$ \\textstyle \\frac{1}{n} \\sum_i (y_i - \\hat y_i)^2 $$ {#eq-delinquency-error}\n\nand @eq-delinquency-error is reported in "
         "@sec-delinquency-rolls.\n\n::: {.callout-note}\n## How to read this\nA row adds up to one hundred.\n:::"),
    cell("regions", table("tbl-delinquency-regions", "The open book by region at the end of December 2025.", LONG)),
]
CURE = [
    text("lead", "# Cure and re-default {#sec-cure}\n\nWho comes back, and how long it takes. The rates start from "
         "@sec-delinquency and @tbl-delinquency-regions."),
    text("speed", "## How fast accounts cure {#sec-cure-speed}\n\nHalf of all cures happen in the first two months "
         "(@fig-cure-1).[^1] \"Quoted\" text, `code`, and a list:\n\n- first\n- second\n\n[^1]: A footnote of the second chapter."),
    *(cell(f"f{i}", figure(f"fig-cure-{i}", f"Cumulative share cured, cohort {i}.")) for i in range(1, 5)),
    cell("said", prose("Treated accounts cured **sooner** than controls, as @tbl-cure-arms says.")),
    cell("t1", table("tbl-cure-arms", "Cures by arm.", pipe_table(["Arm", "Accounts", "Cured, %"], [["agent", "1,204", "41.2"], ["control", "1,198", "36.0"]]))),
    cell("ignored", new_output("stream", name="stdout", text="account A000123"), new_output("execute_result", data={"text/plain": "1"})),
]


def headlines(chapter: str, count: int) -> list[Headline]:
    rate = {"unit": "fraction", "as_of": date(2025, 12, 31), "good_direction": "down"}
    first = [
        Headline("overdue_balance_rate", "Balance past due", 0.0851, lower=0.0822, upper=0.0880, numerator=1.23456e8,
                 denominator=1.45e9, previous=0.0803, year_ago=0.0712, priority=100, **rate),
        Headline("rate_30", "Accounts 30+ days past due", 0.0412, lower=0.0401, upper=0.0423, numerator=1648, denominator=40000,
                 previous=0.0409, year_ago=0.0377, priority=90, gates=(Gate("stale_data", "The last month in the tables is November 2025."),), **rate),
        Headline("npl", "Non-performing balance", 3.4567e7, "currency", date(2025, 12, 31), lower=3.1e7, upper=3.8e7, previous=3.2e7,
                 year_ago=2.2e7, good_direction="down", priority=80),
    ]
    rest = [
        Headline(f"{chapter}_{i}", f"Cure rate of bucket {i}, monthly", 0.31 + i / 50, lower=0.29 + i / 50, upper=0.33 + i / 50, numerator=120 + i,
                 denominator=400, previous=0.30, year_ago=None, priority=50 - i, unit="fraction", as_of=date(2025, 12, 31), good_direction="up")
        for i in range(count)
    ]
    return (first if chapter == "delinquency" else []) + rest


def write_notebook(path: Path, cells: list) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture
def info() -> PortfolioInfo:
    return PortfolioInfo(name="demo", title="Demo portfolio", currency="CNY", source="simulated with seed 7", simulated=True,
                         as_of_month=date(2025, 12, 31), notes=["Mortgages are not part of this portfolio."])


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder as a finished run leaves it."""
    folder = tmp_path / "work" / "demo" / "2025Q4"
    write_notebook(folder / "notebooks" / "10_delinquency.ipynb", DELINQUENCY)
    write_notebook(folder / "notebooks" / "20_cure.ipynb", CURE)
    for chapter, count in (("delinquency", 6), ("cure", 9)):
        (folder / "results" / chapter).mkdir(parents=True)
        write_headlines(folder / "results" / chapter / "headline.json", headlines(chapter, count))
    gates = [{"key": "failed_check", "text": "Cash in the ledger and cash by route differ by 0.4%."}]
    (folder / "gates.json").write_text(json.dumps(gates))
    return folder


@pytest.fixture
def edition(work: Path, info: PortfolioInfo) -> Edition:
    return prepare_edition(work, run=RUN, info=info, chapters=["delinquency", "cure"], summary=SUMMARY, language="en")
