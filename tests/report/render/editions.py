"""A finished run of two chapters, and the report that is made of it: what several tests build on."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from notebooks import CURE, DELINQUENCY, write_notebook

from analysis.core.portfolio import PortfolioInfo
from analysis.report.headlines import Gate, Headline, write_headlines
from analysis.report.render import RenderResult, render_report
from analysis.report.render.edition import Edition, prepare_edition

RUN = {"run_id": "20260112T0815-7f3c", "period": "2025Q4"}
CHAPTERS = ["delinquency", "cure"]
SUMMARY = (
    "Arrears rose for the third quarter in a row. At the end of December **8.5%** of the open balance was past "
    "due, half a point more than in September; the rise came from credit cards (@fig-delinquency-1), while "
    "instalment loans held still. Half of the accounts that fell behind in the summer are current again."
)
YEAR_END = date(2025, 12, 31)


def delinquency_headlines() -> list[Headline]:
    stale = Gate("stale_data", "The last month in the tables is November 2025.")
    return [
        Headline(
            "overdue_balance_rate",
            "Balance past due",
            0.0851,
            "fraction",
            YEAR_END,
            0.0822,
            0.0880,
            1.23456e8,
            1.45e9,
            0.0803,
            0.0712,
            "down",
            (),
            100,
        ),
        Headline(
            "rate_30",
            "Accounts 30+ days past due",
            0.0412,
            "fraction",
            YEAR_END,
            0.0401,
            0.0423,
            1648,
            40000,
            0.0409,
            0.0377,
            "down",
            (stale,),
            90,
        ),
        Headline(
            "npl",
            "Non-performing balance",
            3.4567e7,
            "currency",
            YEAR_END,
            3.1e7,
            3.8e7,
            previous=3.2e7,
            year_ago=2.2e7,
            good_direction="down",
            priority=80,
        ),
        Headline("contact_days", "Days to the first contact", 4.2, "days", YEAR_END, previous=4.2, priority=70),
        Headline("new", "New delinquent accounts", 2310, "count", YEAR_END, previous=2250, priority=60),
    ]


def cure_headlines(count: int = 9) -> list[Headline]:
    return [
        Headline(
            f"cure_{i}",
            f"Cure rate of bucket {i}, monthly",
            0.31 + i / 50,
            "fraction",
            YEAR_END,
            0.29 + i / 50,
            0.33 + i / 50,
            120 + i,
            400,
            previous=0.30,
            good_direction="up",
            priority=50 - i,
        )
        for i in range(count)
    ]


def make_info(**changes: object) -> PortfolioInfo:
    facts = {
        "name": "demo",
        "title": "Demo portfolio",
        "currency": "CNY",
        "source": "simulated with seed 7",
        "simulated": True,
        "as_of_month": "2025-12",
        "notes": ["Mortgages are not part of this portfolio."],
    }
    return PortfolioInfo.model_validate(facts | changes)


def make_work(folder: Path) -> Path:
    """A work folder as a finished run leaves it."""
    write_notebook(folder / "notebooks" / "10_delinquency.ipynb", DELINQUENCY)
    write_notebook(folder / "notebooks" / "20_cure.ipynb", CURE)
    for chapter, headlines in (("delinquency", delinquency_headlines()), ("cure", cure_headlines())):
        (folder / "results" / chapter).mkdir(parents=True, exist_ok=True)
        write_headlines(folder / "results" / chapter / "headline.json", headlines)
    gates = [{"key": "failed_check", "text": "Cash in the ledger and cash by route differ by 0.4%."}]
    (folder / "gates.json").write_text(json.dumps(gates))
    return folder


def prepare(work: Path, info: PortfolioInfo) -> Edition:
    return prepare_edition(work, run=RUN, info=info, chapters=CHAPTERS, summary=SUMMARY, language="en")


def render(work: Path, to: Path, info: PortfolioInfo, renderer: str = "embedded") -> RenderResult:
    return render_report(
        work, to, run=RUN, info=info, chapters=CHAPTERS, summary=SUMMARY, renderer=renderer, language="en"
    )
