"""A small project of its own: two chapters, a portfolio of two accounts, and a renderer that only copies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from analysis.core.periods import months_between, parse_month
from analysis.core.portfolio import PortfolioInfo, write_portfolio_info
from analysis.pipeline.execute import Outcome
from analysis.pipeline.job import Job

FIRST, LAST = "2025-01", "2025-12"

OPEN = """
params_file = "params/quarterly.yml"
overrides = {}
"""

FIRST_CHAPTER = """
import pandas as pd
from analysis.report.headlines import Headline
frame = pd.DataFrame({"product": ["card", "auto"], "rate": [0.25, 0.5], "accounts": [4, 2]})
chapter.results.save("rates", frame)
chapter.headlines.append(
    Headline("rate", "30+ rate", 0.25, "fraction", chapter.period.end, 0.2, 0.3, previous=0.1, priority=10)
)
"""

SECOND_CHAPTER = """
from analysis.report.headlines import Headline
frame = chapter.results.load_from("first", "rates")
chapter.results.save("doubled", frame.assign(rate=2 * frame.rate))
accounts = float(frame.accounts.sum())
chapter.headlines.append(Headline("accounts", "Accounts", accounts, "count", chapter.period.end))
"""


def chapter_notebook(name: str, body: str, reads: tuple[str, ...] = ()) -> Any:
    """A chapter that opens itself, does `body`, and closes."""
    cells = [
        new_markdown_cell(f"# {name.title()} {{#sec-{name}}}\n\nWhat this chapter tells.", id="title"),
        new_code_cell(OPEN.strip(), id="parameters", metadata={"tags": ["parameters"]}),
        new_code_cell(
            "from analysis.pipeline.chapter import open_chapter\n"
            f'chapter = open_chapter("{name}", params_file, overrides)',
            id="open",
        ),
        new_code_cell(body.strip(), id="body"),
        new_code_cell("chapter.close()", id="close"),
    ]
    return new_notebook(cells=cells, metadata={"arrears": {"reads": list(reads)}})


@dataclass
class Project:
    """A project in a temporary folder."""

    root: Path

    @property
    def portfolio(self) -> Path:
        return self.root / "data" / "portfolio" / "tiny"

    @property
    def work(self) -> Path:
        return self.root / "reports" / "work" / "tiny" / "2025Q4"

    @property
    def published(self) -> Path:
        return self.root / "reports" / "published"

    @property
    def target(self) -> Path:
        return self.published / "tiny" / "2025Q4"

    @property
    def params(self) -> Path:
        return self.root / "params" / "quarterly.yml"

    def write_chapter(self, number: int, name: str, body: str, reads: tuple[str, ...] = ()) -> Path:
        path = self.root / "notebooks" / f"{number}_{name}.ipynb"
        nbformat.write(chapter_notebook(name, body, reads), path)
        return path

    def read_body(self, name: str) -> str:
        """What the chapter as first written does, on lines of its own."""
        return {"first": FIRST_CHAPTER, "second": SECOND_CHAPTER}[name]

    def write_portfolio(self, accounts: int = 2, days_past_due: int = 0) -> None:
        write_portfolio(self.portfolio, accounts, days_past_due)

    def files(self, folder: Path) -> dict[str, bytes]:
        """Content of every file below a folder."""
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    def record(self) -> dict[str, Any]:
        """Run record of the published report."""
        content: dict[str, Any] = json.loads((self.target / "run.json").read_text(encoding="utf-8"))
        return content


def write_portfolio(folder: Path, accounts: int = 2, days_past_due: int = 0) -> None:
    """A portfolio that holds to the contract: so many cards over the twelve months of 2025."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"A{number}" for number in range(accounts)]
    pq.write_table(pa.table({"account_id": names, "product": ["card"] * accounts}), folder / "accounts.parquet")
    months = months_between(parse_month(FIRST), parse_month(LAST))
    rows = [(name, month) for name in names for month in months]
    table = pa.table(
        {
            "account_id": [name for name, _ in rows],
            "month": pa.array([month for _, month in rows], pa.date32()),
            "days_past_due": pa.array([days_past_due] * len(rows), pa.int64()),
            "status": ["open"] * len(rows),
            "balance": [100.0] * len(rows),
        }
    )
    pq.write_table(table, folder / "months.parquet")
    info = PortfolioInfo(
        name="tiny",
        title="Tiny",
        currency="EUR",
        source="made for a test",
        simulated=True,
        as_of_month=date(2025, 12, 31),
    )
    write_portfolio_info(info, folder)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Two chapters, the second reading the first; the working directory is its root."""
    made = Project(tmp_path / "project")
    for folder in ("params", "notebooks", "reports"):
        (made.root / folder).mkdir(parents=True)
    (made.root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    made.params.write_text("period: 2025Q4\nportfolio: data/portfolio/tiny\n", encoding="utf-8")
    write_portfolio(made.portfolio)
    made.write_chapter(10, "first", FIRST_CHAPTER)
    made.write_chapter(20, "second", SECOND_CHAPTER, reads=("first",))
    monkeypatch.chdir(made.root)
    # The package may be worked on while its tests run; its hash is tested by itself.
    monkeypatch.setattr("analysis.pipeline.run.hash_package", lambda hashes: "code")
    return made


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Chapters are executed without kernels where running them is not the subject; returns those that were run."""
    ran: list[str] = []

    def run_chapters(chapters: Any, prepare: Any, finish: Any, at_once: int, progress: Any) -> list[Outcome]:
        outcomes = []
        for chapter in chapters:
            job = prepare(chapter)
            outcome = Outcome(chapter.name, "done" if job else "kept")
            if job:
                ran.append(chapter.name)
                _execute(job)
                finish(chapter, outcome)
            outcomes.append(outcome)
        return outcomes

    monkeypatch.setattr("analysis.pipeline.run.run_chapters", run_chapters)
    monkeypatch.setattr("analysis.pipeline.run.warm_up", lambda: None)
    return ran


def _execute(job: Job) -> None:
    notebook = nbformat.read(job.notebook, as_version=4)
    scope: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, scope)
        if cell.id == "parameters":
            scope |= job.parameters
    nbformat.write(notebook, job.executed)


@dataclass
class Rendered:
    renderer: str = "fake"


@pytest.fixture
def renderer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Rendered]:
    """Rendering is another layer's business: one page with the summary stands in for it."""

    def render_report(work: Path, to: Path, *, summary: str, **_: Any) -> Rendered:
        (to / "index.html").write_text(f"<p>{summary}</p>", encoding="utf-8")
        shutil.copytree(work / "results", to / "results")
        return Rendered()

    def write_index(published: Path) -> Path:
        (published / "index.html").write_text("all quarters", encoding="utf-8")
        return published / "index.html"

    monkeypatch.setattr("analysis.report.render.render_report", render_report, raising=False)
    monkeypatch.setattr("analysis.report.render.verify.verify_edition", lambda folder: [])
    monkeypatch.setattr("analysis.report.render.write_index", write_index, raising=False)
    return render_report
