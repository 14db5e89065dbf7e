"""Running a chapter's notebook in a project of its own, and what it leaves behind."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import yaml

from analysis.report.headlines import Headline, read_headlines

REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOKS = {path.stem.split("_", 1)[1]: path for path in sorted((REPOSITORY / "notebooks").glob("*.ipynb"))}
"""Notebooks of the chapters by their names, in the report's order."""
SHARED = REPOSITORY.parent / "shared" / "data"
CASES_QUICK = {"cases.replications": 200, "cases.programme_draws": 1000}
STRESS_QUICK = {"stress.draws": 60, "stress.losses.scenarios": 10_000, "stress.losses.levels": [0.95, 0.99]}
FEWER = {"segmentation.models.cure_months": [3], "segmentation.groups.candidates": [2, 3, 4]}
FEWER |= {"segmentation.groups.resamples": 5, "segmentation.models.charge_off_months": 6}


@dataclass
class Left:
    """What a run of the chapter left: results by name, headlines, sections left out, and what was shown."""

    work: Path
    chapter: str
    shown: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.work / "results" / self.chapter

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        return {path.stem: pd.read_parquet(path) for path in sorted(self.folder.glob("*.parquet"))}

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{name}.parquet")

    @property
    def headlines(self) -> dict[str, Headline]:
        return {headline.key: headline for headline in read_headlines(self.folder / "headline.json")}

    @property
    def left_out(self) -> dict[str, list[str]]:
        """Sections left out, with the tables and columns that they lack."""
        notes, start = self.notes, f"sec-{self.chapter}-"
        return {section["label"].removeprefix(start): section["missing"] for section in notes["left_out"]}

    @property
    def notes(self) -> dict[str, Any]:
        """What the first page is told of the chapter: gates, sections left out."""
        path = self.work / "state" / self.chapter / "chapter.json"
        return dict(yaml.safe_load(path.read_text(encoding="utf-8")))

    @property
    def sections(self) -> list[str]:
        """Sections that were begun."""
        return re.findall(rf"\{{#sec-{self.chapter}-([\w-]+)\}}", self.prose)

    @property
    def prose(self) -> str:
        return "\n".join(bundle["text/markdown"] for details, bundle in self.shown if details["kind"] == "prose")

    def markdown(self, label: str) -> str:
        """A table as it is printed."""
        (found,) = [bundle["text/markdown"] for details, bundle in self.shown if details.get("label") == label]
        return str(found)

    @property
    def labels(self) -> list[str]:
        return [details["label"] for details, _ in self.shown if "label" in details]

    @property
    def texts(self) -> str:
        """Every word and number that was shown, pictures apart from their titles and descriptions."""
        kept = [str(value) for details, _ in self.shown for value in details.values()]
        kept += [bundle["text/markdown"] for _, bundle in self.shown if "text/markdown" in bundle]
        return "\n".join(kept)


def make_project(root: Path, portfolio: Path, period: str, **chosen: Any) -> Path:
    """A project with the report's chapters; `chosen` are further keys of its parameters."""
    for folder in ("params", "notebooks", "reports"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    for name in ("scenarios", "claims", "programme"):
        shutil.copytree(REPOSITORY / "params" / name, root / "params" / name)
    for notebook in NOTEBOOKS.values():
        shutil.copy(notebook, root / "notebooks" / notebook.name)
    content = {"period": period, "portfolio": str(portfolio)} | chosen
    (root / "params" / "quarterly.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return root


def portfolio_of(root: Path) -> Path:
    """The portfolio that a project's parameters name."""
    content = yaml.safe_load((root / "params" / "quarterly.yml").read_text(encoding="utf-8"))
    return Path(content["portfolio"])


def lend_results(left: Left, root: Path) -> None:
    """Put a chapter's results into another project of the same period and a portfolio of the same name."""
    into = root / "reports" / "work" / left.work.parent.name / left.work.name
    for kind in ("results", "accounts", "state"):
        if (left.work / kind / left.chapter).is_dir():
            shutil.copytree(left.work / kind / left.chapter, into / kind / left.chapter)


def run_cells(
    root: Path, monkeypatch: Any, overrides: Mapping[str, Any] | None = None, chapter: str = "delinquency"
) -> Left:
    """Run a chapter's code from top to bottom in this process, which spares a kernel's start."""
    left = Left(root, chapter)
    monkeypatch.chdir(root)
    monkeypatch.setattr(
        "analysis.report.show._publish", lambda bundle, details: left.shown.append((details, bundle))
    )
    monkeypatch.setattr("analysis.report.show._shown", {})
    scope: dict[str, Any] = {}
    for cell in read_cells(root, chapter):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"cell '{cell.id}'", "exec"), scope)
        if cell.id == "parameters":
            scope["overrides"] = dict(overrides or {})
    left.work = scope["chapter"].work
    return left


def read_cells(root: Path, chapter: str) -> list[Any]:
    """Cells of a chapter's notebook in a folder that has `notebooks/`."""
    return list(nbformat.read(root / "notebooks" / NOTEBOOKS[chapter].name, as_version=4).cells)


def numbers_of(left: Left, name: str, **labels: str) -> pd.DataFrame:
    frame = left.table(name)
    for column, value in labels.items():
        frame = frame[frame[column] == value]
    return frame
