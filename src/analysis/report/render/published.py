"""The list of all portfolios and quarters that have been published."""

from __future__ import annotations

import html
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.core.errors import ArrearsError
from analysis.core.periods import Period
from analysis.report.render.edition import PROJECT
from analysis.report.words import Words

PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{fonts}<style>
{style}
body {{ margin: 0 auto; max-width: 46rem; padding: 3rem 1.2rem; }}
main ul {{ list-style: none; padding: 0; }}
main li {{ display: flex; flex-wrap: wrap; gap: 0 1.5rem; align-items: baseline; padding: 0.35rem 0;
  border-bottom: 1px solid var(--hairline); font-family: var(--sans); font-size: var(--table); }}
main li .run {{ color: var(--muted); font-size: var(--small); overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{lead}</p>
{sections}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Published:
    """A published quarter, as its `run.json` tells."""

    portfolio: str
    title: str
    period: Period
    run_id: str
    simulated: bool

    @property
    def folder(self) -> str:
        return f"{self.portfolio}/{self.period}"


def list_published(published: Path) -> list[Published]:
    """Every `PORTFOLIO/PERIOD/run.json` under `published`, portfolios by name, newest quarter first.

    Folders whose name begins with a dot (a publication under way) are passed over. Raises ArrearsError for a
    `run.json` that cannot be read.
    """
    found = [_read(path) for path in published.glob("*/*/run.json") if not _hidden(path, published)]
    return sorted(found, key=lambda entry: (entry.portfolio, -entry.period.year, -entry.period.quarter))


def _hidden(path: Path, published: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(published).parts)


def _read(path: Path) -> Published:
    folder = path.parent
    try:
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Published(
            portfolio=folder.parent.name,
            title=str(run.get("title") or folder.parent.name),
            period=Period.parse(run["period"]),
            run_id=str(run["run_id"]),
            simulated=bool(run.get("simulated", False)),
        )
    except (json.JSONDecodeError, KeyError) as error:
        raise ArrearsError(f"{path} is not a run record: {error!r}") from None


def write_index(published: Path, language: str = "en") -> Path:
    """Write `published/index.html` in one rename; returns it."""
    entries, words = list_published(published), Words(language, "frame")
    fonts = (
        f'<link rel="stylesheet" href="{entries[0].folder}/assets/fonts.css">\n'
        if _has_fonts(published, entries)
        else ""
    )
    page = PAGE.format(
        language=language,
        title=words.label("published"),
        lead=words.label("published_lead"),
        fonts=fonts,
        style=(PROJECT / "report.css").read_text(encoding="utf-8"),
        sections="\n".join(_section(name, entries, words) for name in dict.fromkeys(e.portfolio for e in entries)),
    )
    target, part = published / "index.html", published / f".index.html.{os.getpid()}.part"
    part.write_text(page, encoding="utf-8")
    return part.replace(target)


def _has_fonts(published: Path, entries: list[Published]) -> bool:
    return bool(entries) and (published / entries[0].folder / "assets" / "fonts.css").is_file()


def _section(portfolio: str, entries: list[Published], words: Words) -> str:
    mine = [entry for entry in entries if entry.portfolio == portfolio]
    items = "\n".join(_item(entry, words) for entry in mine)
    return f"<h2>{html.escape(mine[0].title)}</h2>\n<ul>\n{items}\n</ul>"


def _item(entry: Published, words: Words) -> str:
    mark = f"<span>{words.label('simulated_short')}</span>" if entry.simulated else ""
    return (
        f'<li><a href="{entry.folder}/index.html">{words.quarter(entry.period)}</a>'
        f'<a href="{entry.folder}/report.pdf">PDF</a>{mark}'
        f'<span class="run">{html.escape(words.label("run", run=entry.run_id))}</span></li>'
    )
