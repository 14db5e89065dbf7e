"""Restatement: a published quarter, run again on today's tables and code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from analysis.core.errors import InputError
from analysis.core.parameters import load_parameters
from analysis.core.periods import Period
from analysis.pipeline.attribution import attribute, changed_tables, factors
from analysis.pipeline.compare import compare_results
from analysis.pipeline.hashes import FileHashes, read_json, write_text
from analysis.pipeline.places import Places, portfolio_folder
from analysis.pipeline.progress import Progress
from analysis.pipeline.publish import recover
from analysis.pipeline.record import read_inputs
from analysis.pipeline.report import RECORD, Published, locked, publish
from analysis.pipeline.revisions import Revision, write_revision
from analysis.pipeline.run import Request, Run, execute, open_run

SUFFIX = "-restated"


@dataclass(frozen=True)
class Restatement:
    """What is asked for. `folder` is today's portfolio; `exact` demands the recorded tables."""

    period: Period
    portfolio: str
    folder: Path
    to: Path
    overrides: Mapping[str, Any] = field(default_factory=dict)
    exact: bool = False


@dataclass(frozen=True)
class Restated:
    """What came of it: how many cells differ, how many were lost, and the new edition unless nothing differs."""

    differences: int
    published: Published | None


def restate(root: Path, asked: Restatement, progress: Progress) -> Restated:
    """Run a published quarter again, compare cell by cell, and publish the restated report with its revisions.

    Nothing is published where no cell differs. Raises InputError where the quarter was not published, or with
    `exact` where a table is not as it was; see `execute` for the rest.
    """
    places = Places(root, asked.portfolio, asked.period, SUFFIX)
    target = places.published(asked.to)
    with locked(replace(places, suffix="")):
        recover(target)
        before = _recorded(target, asked)
        if asked.exact:
            _require_same(before, asked.folder, places)
        run = _run_again(places, before, asked, asked.overrides, progress)
        differences = compare_results(target / "results", run.places.results)
        if not differences:
            return Restated(0, None)
        revision = _explain(run, before, target, asked, progress)
        from analysis.report.words import Words

        words = Words(run.params.language, "revisions", run.info.currency)
        run.record["restates"] = before["run_id"]
        done = publish(run, asked.to, progress, lambda staging: write_revision(revision, target, staging, words))
        return Restated(len(differences), done)


def _recorded(target: Path, asked: Restatement) -> dict[str, Any]:
    record = read_json(target / RECORD)
    if not record:
        there = sorted(path.parent.name for path in target.parent.glob(f"*/{RECORD}"))
        raise InputError(
            f"{asked.portfolio} {asked.period} is not published under {asked.to}, so there is nothing to restate; "
            f"published are: {', '.join(there) or 'none'}"
        )
    return record


def _require_same(before: Mapping[str, Any], folder: Path, places: Places) -> None:
    hashes = FileHashes(places.root / "reports" / "work" / ".hashes.json")
    changed = changed_tables(before["inputs"], read_inputs(folder, hashes))
    if changed:
        raise InputError(
            f"--exact: the tables are not those that run {before['run_id']} was made from: {'; '.join(changed)}. "
            "Restore them, or restate without --exact to see what they change."
        )


def _run_again(
    places: Places, before: Mapping[str, Any], asked: Restatement, overrides: Mapping[str, Any], progress: Progress
) -> Run:
    """Run the recorded parameters, with overrides, on today's tables and code."""
    file = write_recorded(places, before, asked.folder)
    request = Request(file, overrides)
    run = open_run(request, load_parameters(file, overrides), places)
    execute(run, progress)
    return run


def write_recorded(places: Places, before: Mapping[str, Any], folder: Path) -> Path:
    """The recorded parameters as a file, pointing at today's portfolio."""
    file = places.work / "recorded.yml"
    content = dict(before["parameters"]) | {"portfolio": str(folder.resolve())}
    write_text(file, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    return file


def _explain(
    run: Run, before: Mapping[str, Any], target: Path, asked: Restatement, progress: Progress
) -> Revision:
    """Differences between the published and the restated results, each with what it comes from."""
    found = factors(before, run.record)
    recorded = run.places.results
    if found.parameters:
        progress.say("restate: once more with the recorded parameters, to tell their effect from the rest")
        places = replace(run.places, suffix=f"{SUFFIX}-recorded")
        recorded = _run_again(places, before, asked, {}, progress).places.results
    progress.begin("comparison")
    attribution = attribute(
        run.places.root,
        before,
        target / "results",
        recorded,
        run.places.results,
        found,
        write_recorded(run.places, before, portfolio_folder(run.places.root, run.params)),
    )
    differences = compare_results(target / "results", run.places.results)
    progress.end("comparison", f"{len(differences):,} cells differ")
    return Revision(before, run.record, found, differences, attribution)
