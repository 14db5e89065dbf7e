"""The report of a quarter: rendered from a run's work folder and published."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.core.errors import ArrearsError, ChapterError
from analysis.core.portfolio import PortfolioInfo
from analysis.pipeline.chapters import find_chapters
from analysis.pipeline.firstpage import run_gates, summary
from analysis.pipeline.hashes import files_below, hash_of, read_json, write_json
from analysis.pipeline.lock import one_at_a_time, only_run
from analysis.pipeline.places import Places
from analysis.pipeline.progress import Progress
from analysis.pipeline.publish import recover, staged, swap
from analysis.pipeline.run import Request, Run, execute, names_of, open_run, resolve

RECORD, REVISIONS = "run.json", "revisions.html"


@dataclass(frozen=True)
class Published:
    """Where a report stands, and whether this run made it (or found it still true)."""

    folder: Path
    run_id: str
    renewed: bool

    @property
    def index(self) -> Path:
        return self.folder / "index.html"


def report(root: Path, request: Request, to: Path, progress: Progress) -> Published:
    """Run the quarter and publish its report under `to`; the last good report stays until the new one is whole.

    Raises InputError where another run is at work on the quarter; see `execute` for the rest.
    """
    params, places = resolve(root, request)
    with locked(places):
        target = places.published(to)
        if recover(target):
            progress.say(f"an earlier run was cut short; its predecessor is back at {target}")
        run = open_run(request, params, places)
        execute(run, progress)
        return publish(run, to, progress)


def locked(places: Places) -> Any:
    """Lock of the quarter's work folder."""
    path = places.work.with_name(f".{places.work.name}.lock")
    return only_run(path, f"{places.portfolio} {places.period}")


def publish(run: Run, to: Path, progress: Progress, revise: Callable[[Path], None] | None = None) -> Published:
    """Render what the chapters left and put it in place, unless the published report was made from the same.

    `revise` writes the revisions of a restatement into the staging folder; those of earlier ones are kept.
    """
    require_all_chapters(run)
    target = run.places.published(to)
    info, text = _front_matter(run, revised=revise is not None or (target / REVISIONS).is_file())
    made_from = _made_from(run, text)
    standing = "" if revise else _standing(run, target, made_from)
    if standing:
        progress.say("report: kept, nothing that it depends on changed")
        run.save_record("kept")
        return Published(target, standing, renewed=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    with staged(target, run.record["run_id"]) as staging:
        progress.begin("report")
        keep_revisions(target, staging)
        if revise:
            revise(staging)
        run.record["renderer"] = _render(run, staging, info, text)
        verify(staging)
        finish(run, staging, made_from)
        swap(staging, target)
        progress.end("report", f"rendered by {run.record['renderer']} and published")
    _write_index(to)
    write_json(run.places.record, run.record)
    return Published(target, run.record["run_id"], renewed=True)


def require_all_chapters(run: Run) -> None:
    """A report is of all chapters; raises ChapterError where only some were asked for."""
    missing = set(names_of(find_chapters(run.places.root))) - set(names_of(run.chapters))
    if missing or not run.chapters:
        raise ChapterError(f"a report needs all chapters; there is none of: {', '.join(sorted(missing)) or 'any'}")


def keep_revisions(published: Path, staging: Path) -> None:
    """What a report says of its revisions stays when it is published anew."""
    if (published / REVISIONS).is_file():
        shutil.copyfile(published / REVISIONS, staging / REVISIONS)
        shutil.copytree(published / "revisions", staging / "revisions")


def finish(run: Run, staging: Path, made_from: str) -> None:
    """Run record, with the hash of every file, into the folder that is about to be published."""
    base = {path.relative_to(staging).as_posix(): run.hashes.of(path) for path in files_below(staging)}
    run.record |= {"outputs": base, "made_from": made_from}
    run.save_record("published")
    write_json(staging / RECORD, run.record)


def _front_matter(run: Run, revised: bool) -> tuple[PortfolioInfo, str]:
    """Facts of the portfolio as of the period, and the summary; the run's gates are written to `gates.json`."""
    from analysis.report.headlines import read_headlines
    from analysis.report.words import Words

    words = Words(run.params.language, "summary", run.info.currency)
    chapters = list(run.record["chapters"].values())
    as_of = min(run.last_month, run.params.quarter.end)
    gates = run_gates(run.params, as_of, chapters, words)
    write_json(run.places.work / "gates.json", [asdict(gate) for gate in gates])
    folders = [run.places.results / name / "headline.json" for name in names_of(run.chapters)]
    headlines = [headline for path in folders for headline in read_headlines(path)]
    left_out = sum(len(chapter["left_out"]) for chapter in chapters)
    text = summary(headlines, left_out, words) + (f" {words.say('revised')}" if revised else "")
    return run.info.model_copy(update={"as_of_month": as_of}), text


def _render(run: Run, staging: Path, info: PortfolioInfo, text: str) -> str:
    from analysis.report.render import render_report

    result = render_report(
        run.places.work,
        staging,
        run=run.record,
        info=info,
        chapters=names_of(run.chapters),
        summary=text,
        renderer=run.params.renderer,
        language=run.params.language,
    )
    return str(result.renderer)


def verify(staging: Path) -> None:
    """Raise ArrearsError with all that is wrong with the pages: broken links, lost references, an empty PDF …"""
    from analysis.report.render.verify import verify_edition

    problems = verify_edition(staging)
    if problems:
        listed = "\n".join(f"{number:3d}. {problem}" for number, problem in enumerate(problems, 1))
        raise ArrearsError(f"the report was rendered, but is not fit to be published. Nothing was.\n{listed}")


def _made_from(run: Run, text: str) -> str:
    """Hash of everything that the pages are made from."""
    work, project = run.places.work, run.places.root / "reports"
    executed = [run.places.notebooks / chapter.path.name for chapter in run.chapters]
    files = [*executed, *files_below(run.places.results), work / "gates.json"]
    files += [path for path in sorted(project.glob("*")) if path.is_file()]
    contents = [(path.name, run.hashes.of(path)) for path in files]
    settings = [run.params.renderer, run.params.language, run.record["parameters_hash"]]
    return hash_of([contents, run.states.common, run.record["code"], settings, text])


def _standing(run: Run, target: Path, made_from: str) -> str:
    """Id of the run whose report stands whole at `target` and was made from the same; empty where none does."""
    record = {} if run.request.fresh else read_json(target / RECORD)
    if record.get("made_from") != made_from:
        return ""
    return str(record["run_id"]) if intact(target, record) else ""


def intact(folder: Path, record: Mapping[str, Any]) -> bool:
    """Whether every file that a run record names is there as it was written."""
    from analysis.pipeline.hashes import hash_file

    return all(
        (folder / name).is_file() and hash_file(folder / name) == known
        for name, known in record["outputs"].items()
    )


def _write_index(to: Path) -> None:
    from analysis.report.render import write_index

    with one_at_a_time(to / ".index.lock"):
        write_index(to)
