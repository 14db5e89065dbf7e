"""Render one edition: site, PDF, annex and results, with Quarto or without."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from analysis.core.errors import ParameterError
from analysis.core.portfolio import PortfolioInfo
from analysis.report.render.annex import write_annex
from analysis.report.render.edition import PROJECT, Edition, prepare_edition
from analysis.report.render.embedded.pdf import write_pdf
from analysis.report.render.embedded.site import copy_assets, write_site
from analysis.report.render.quarto import quarto_version, render_with_quarto, write_project

Renderer = Literal["auto", "quarto", "embedded"]
RENDERERS = ("auto", "quarto", "embedded")
CATALOGUE = "../../index.html"


@dataclass(frozen=True)
class RenderResult:
    """What was rendered: `renderer` is quarto or embedded, `accessible` whether the PDF meets PDF/UA-1."""

    renderer: str
    version: str
    pages: tuple[Path, ...]
    pdf: Path
    accessible: bool
    notes: tuple[str, ...] = field(default=())


def render_report(
    work: Path,
    to: Path,
    *,
    run: Mapping[str, Any],
    info: PortfolioInfo,
    chapters: Sequence[str],
    summary: str,
    renderer: Renderer,
    language: str,
    catalogue: str = CATALOGUE,
    project: Path = PROJECT,
) -> RenderResult:
    """Render a finished run from `work` into the fresh folder `to`.

    Of `run` only `run_id` and `period` are read. `summary` is the opening paragraph, in Markdown. `auto` takes
    Quarto where it is on the path. Writes the pages, `report.pdf`, `assets/`, `figs/`, `annex/` and `results/`;
    account-level tables stay in `work`. Raises ChapterError for a chapter that cannot be assembled, RenderError
    for a renderer that stops, ParameterError for a renderer that isn't there.
    """
    name, version = _choose(renderer)
    edition = prepare_edition(
        work, run=run, info=info, chapters=chapters, summary=summary, language=language, project=project
    )
    write_project(edition, project, version, catalogue)
    to.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=2) as pool:
        annex = pool.submit(_write_annex, edition, to, version)
        if name == "quarto":
            pages, accessible = render_with_quarto(edition, to), False
            copy_assets(edition, to)
        else:
            pdf = pool.submit(write_pdf, edition, to)
            pages = write_site(edition, to, catalogue)
            accessible = pdf.result()[1]
        annex.result()
    _copy_results(work, to)
    notes = () if accessible or name == "quarto" else ("the PDF is tagged but does not meet PDF/UA-1",)
    return RenderResult(name, version, tuple(pages), to / "report.pdf", accessible, notes)


def _choose(renderer: str) -> tuple[str, str]:
    if renderer not in RENDERERS:
        raise ParameterError(f"renderer is {renderer!r}; it can be {', '.join(RENDERERS)}")
    version = quarto_version() if renderer in ("auto", "quarto") else ""
    if renderer == "quarto" and not version:
        raise ParameterError(
            "renderer is 'quarto', and there is no quarto on the path. Install it from https://quarto.org or "
            "conda-forge, or use --renderer embedded"
        )
    return ("quarto", version) if version else ("embedded", "")


def _write_annex(edition: Edition, to: Path, version: str) -> None:
    renderer = f"Quarto {version}" if version else edition.words.label("embedded")
    for notebook in edition.chapters:
        write_annex(notebook, to / "annex", edition.words, edition.colophon(renderer), edition.labels)


def _copy_results(work: Path, to: Path) -> None:
    """Saved results, without what belongs to accounts or is half written."""
    shutil.copytree(
        work / "results", to / "results", dirs_exist_ok=True, ignore=shutil.ignore_patterns("accounts", ".*")
    )
