"""The revisions page of a restated report."""

from __future__ import annotations

import csv
import html
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.core.periods import Period
from analysis.pipeline.attribution import Attribution, Factors
from analysis.pipeline.compare import CHANGED, GAINS, LOSSES, Difference
from analysis.pipeline.report import REVISIONS
from analysis.report.words import Words

SHOWN = 200
"""Rows of each list on the page; the file beside it has all."""

PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="assets/fonts.css">
<link rel="stylesheet" href="assets/report.css">
<link rel="stylesheet" href="assets/site.css">
<style>
body {{ margin: 0 auto; max-width: 60rem; padding: 2rem 1.2rem; }}
main td:nth-child(3) {{ white-space: normal; min-width: 18rem; }}
</style>
</head>
<body>
<main id="main">
<h1>{title}</h1>
<p><a href="index.html">{back}</a></p>
{body}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Revision:
    """A restatement: the records of both runs, what differs in their making, and in their results."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    factors: Factors
    differences: Sequence[Difference]
    attribution: Attribution


def write_revision(revision: Revision, published: Path, to: Path, words: Words) -> None:
    """Write `revisions.html` into `to`, beside it the earlier results, their run record and all differences."""
    folder = to / "revisions" / str(revision.before["run_id"])
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(published / "results", folder / "results")
    shutil.copyfile(published / "run.json", folder / "run.json")
    if (published / REVISIONS).is_file():
        page = (published / REVISIONS).read_text(encoding="utf-8")
        for address in ("assets/", "index.html", "revisions/"):
            page = page.replace(f'href="{address}', f'href="../../{address}')
        (folder / REVISIONS).write_text(page, encoding="utf-8")
    with (folder / "differences.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["table", "kind", "row", "column", "before", "after", "size", "causes"])
        for d in revision.differences:
            causes = " ".join(revision.attribution.causes_of(d))
            writer.writerow([d.table, d.kind, d.key, d.column, d.before, d.after, d.size, causes])
    (to / REVISIONS).write_text(revision_page(revision, words), encoding="utf-8")


def revision_page(revision: Revision, words: Words) -> str:
    """The page: what the runs were made from, what the differences come from, losses, gains, changes by size."""
    before, after = revision.before, revision.after
    title = words.label("title", portfolio=after["title"], period=Period.parse(after["period"]))
    lead = words.label(
        "lead",
        before=before["run_id"],
        after=after["run_id"],
        published=before["started"][:10],
        restated=after["started"][:10],
        parameters=bool(revision.factors.parameters),
        cells=len(revision.differences),
        tables=len({d.table for d in revision.differences}),
    )
    parts = [
        _paragraph(lead),
        *_earlier(before, words),
        *_making(revision.factors, words),
        *_causes(revision, words),
    ]
    parts += _lists(revision, words)
    return PAGE.format(
        language=words.language, title=html.escape(title), back=words.label("back"), body="\n".join(parts)
    )


def _earlier(before: Mapping[str, Any], words: Words) -> list[str]:
    """Link to the revisions of the run that was restated, where that was a restatement itself."""
    if "restates" not in before:
        return []
    return [f'<p><a href="revisions/{before["run_id"]}/{REVISIONS}">{words.label("earlier")}</a></p>']


def _making(factors: Factors, words: Words) -> list[str]:
    rows = [
        (f"{words.label(f'causes_of.{cause}')}: {name}", old, new)
        for cause in factors.causes
        for name, (old, new) in getattr(factors, cause).items()
    ]
    heading = f"<h2>{words.label('made_from')}</h2>"
    if not rows:
        return [heading, _paragraph(words.label("same"))]
    return [heading, _table(("what", "before", "after"), rows, words)]


def _causes(revision: Revision, words: Words) -> list[str]:
    """One row a step; and what could not be told apart, or explained."""
    rows = []
    for step in revision.attribution.steps:
        losses = sum(d.kind in LOSSES for d in step.differences)
        largest = max((d.size for d in step.differences if d.kind == CHANGED), default=None)
        rows.append((_caused(step.causes, words), len(step.differences), losses, words.numbers.pct(largest)))
    parts = [f"<h2>{words.label('causes')}</h2>", _paragraph(words.label("causes_lead"))]
    parts.append(_table(("step", "cells", "losses", "largest"), rows, words))
    return parts + [_paragraph(note) for note in _notes(revision, words)]


def _notes(revision: Revision, words: Words) -> list[str]:
    notes = []
    first = revision.attribution.steps[0].causes
    if revision.attribution.inseparable:
        causes = [words.label(f"causes_of.{cause}") for cause in first]
        notes.append(words.label("notes.code", causes=causes, why=revision.attribution.inseparable))
    elif "packages" in first and len(first) > 1:
        notes.append(words.label("notes.packages"))
    if not first and revision.attribution.steps[0].differences:
        notes.append(words.label("notes.irreproducible"))
    return notes


def _lists(revision: Revision, words: Words) -> list[str]:
    lost = [d for d in revision.differences if d.kind in LOSSES]
    gained = [d for d in revision.differences if d.kind in GAINS]
    changed = [d for d in revision.differences if d.kind == CHANGED]
    parts = [f"<h2>{words.label('lost')}</h2>"]
    parts += _differences(revision, lost, words) if lost else [_paragraph(words.label("nothing_lost"))]
    for key, found in (("added", gained), ("changed", changed)):
        if found:
            parts += [f"<h2>{words.label(key)}</h2>", *_differences(revision, found, words)]
    return parts


def _differences(revision: Revision, found: Sequence[Difference], words: Words) -> list[str]:
    names: tuple[str, ...] = ("table", "kind", "row", "column", "before", "after", "size", "cause")
    rows = []
    for d in found[:SHOWN]:
        size = words.numbers.pct(d.size) if d.kind == CHANGED else ""
        cause = _caused(revision.attribution.causes_of(d), words)
        rows.append((d.table, words.label(f"kinds.{d.kind}"), d.key, d.column, d.before, d.after, size, cause))
    note = words.label("shown_of", shown=len(rows), all=len(found), before=revision.before["run_id"])
    return ([_paragraph(note)] if len(found) > SHOWN else []) + [_table(names, rows, words)]


def _caused(causes: Sequence[str], words: Words) -> str:
    return words.listed([words.label(f"causes_of.{cause}") for cause in causes or ("nothing",)])


def _table(columns: Iterable[str], rows: Iterable[Sequence[Any]], words: Words) -> str:
    head = "".join(f"<th>{words.label(f'columns.{name}')}</th>" for name in columns)
    body = "\n".join("<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row) + "</tr>" for row in rows)
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    return f'<div class="scroll">\n{table}\n</div>'


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    return html.escape(f"{value:.6g}" if isinstance(value, float) else str(value))


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"
