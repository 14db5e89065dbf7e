"""One run: parameters resolved, tables checked, chapters executed, all of it written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from analysis.core.errors import InputError
from analysis.core.parameters import RunParameters, load_parameters
from analysis.core.periods import Period, parse_month
from analysis.core.portfolio import PortfolioInfo, read_portfolio_info
from analysis.pipeline.chapters import ChapterFile, chosen, find_chapters, read_notebook
from analysis.pipeline.execute import Outcome, raise_failures, run_chapters, warm_up
from analysis.pipeline.hashes import (
    FileHashes,
    hash_notebook,
    hash_of,
    hash_package,
    read_json,
    write_json,
    write_text,
)
from analysis.pipeline.job import Job
from analysis.pipeline.named_files import faults, join_faults, refuse
from analysis.pipeline.places import Places, places_of, portfolio_folder
from analysis.pipeline.progress import Progress
from analysis.pipeline.record import (
    begin_record,
    now,
    parameters_as_written,
    read_inputs,
)
from analysis.pipeline.state import ChapterStates


@dataclass(frozen=True)
class Request:
    """What is asked for: a parameter file with overrides, some chapters (none named: all), rerun or not."""

    params_file: Path
    overrides: Mapping[str, Any] = field(default_factory=dict)
    chapters: tuple[str, ...] = ()
    fresh: bool = False


@dataclass
class Run:
    """A run under way."""

    request: Request
    places: Places
    params: RunParameters
    info: PortfolioInfo
    chapters: list[ChapterFile]
    hashes: FileHashes
    states: ChapterStates
    record: dict[str, Any]
    last_month: Any = None

    @property
    def folder(self) -> Path:
        """The portfolio's folder."""
        return portfolio_folder(self.places.root, self.params)

    def save_record(self, status: str) -> None:
        """Write `run.json`, and a copy under `runs/` that later runs leave alone."""
        self.record |= {"status": status, "ended": now() if status != "running" else None}
        write_json(self.places.record, self.record)
        write_json(self.places.work / "runs" / f"{self.record['run_id']}.json", self.record)


def resolve(root: Path, request: Request) -> tuple[RunParameters, Places]:
    """Parameters of a request and the places of its quarter; raises ParameterError or InputError."""
    params = load_parameters(request.params_file, request.overrides)
    return params, places_of(root, params)


def open_run(request: Request, params: RunParameters, places: Places) -> Run:
    """Everything a run needs to know before its first chapter; nothing is executed yet."""
    hashes = FileHashes(places.root / "reports" / "work" / ".hashes.json")
    folder = portfolio_folder(places.root, params)
    inputs, package, info = read_inputs(folder, hashes), hash_package(hashes), read_portfolio_info(folder)
    hashes.save()
    chapters = chosen(find_chapters(places.root), request.chapters)
    notebooks = {chapter.name: hash_notebook(read_notebook(chapter.path)) for chapter in chapters}
    record = begin_record(places, params, {"hash": package, "notebooks": notebooks}, inputs)
    record |= {"title": info.title, "simulated": info.simulated}
    common = {"code": package, "inputs": hash_of(inputs), "packages": hash_of(record["packages"])}
    states = ChapterStates(places, params, hashes, common)
    return Run(request, places, params, info, chapters, hashes, states, record)


def execute(run: Run, progress: Progress) -> list[Outcome]:
    """Check the files that parameters name, and the tables, then run the chapters that have to be run.

    Raises ContractError, InputError or ParameterError for what the data or parameters lack, ChapterError where a
    chapter failed.
    """
    due = names_of(run.chapters) if run.request.fresh else run.states.due(run.chapters)
    require_named_files(run, due)
    if due:
        warm_up()
    check(run, progress)
    require_scenarios_join(run, due)
    _write_params(run)
    run.save_record("running")
    prepare, finish = _Preparing(run, progress), _Finishing(run)
    outcomes = run_chapters(run.chapters, prepare, finish, run.params.jobs, progress)
    for outcome in outcomes:
        run.record["chapters"][outcome.chapter] = _chapter_record(run, outcome)
    failed = any(outcome.status == "failed" for outcome in outcomes)
    run.save_record("failed" if failed else "done")
    raise_failures(outcomes)
    require_same_tables(run)
    return outcomes


def require_same_tables(run: Run) -> None:
    """Raise InputError where a table was replaced while chapters read it: their numbers would mix two states."""
    before, after = run.record["inputs"], read_inputs(run.folder, run.hashes)
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if changed:
        for chapter in run.chapters:
            run.states.forget(chapter)
        run.save_record("failed")
        raise InputError(
            f"{run.folder}: {', '.join(changed)} changed while the run was reading. Nothing was published; "
            "run it again once the tables are complete"
        )


def require_named_files(run: Run, chapters: Sequence[str]) -> None:
    """Raise ParameterError with all that is wrong with the files that the parameters of these chapters name."""
    has_macro = "macro" in run.record["inputs"]
    refuse(run.request.params_file, faults(run.places.root, run.params, chapters, has_macro))


def require_scenarios_join(run: Run, chapters: Sequence[str]) -> None:
    """Raise ParameterError unless the stress chapter's scenarios continue the macro history of valid tables."""
    if "stress" in chapters and (run.params.stress.macro or "macro" in run.record["inputs"]):
        last = min(run.params.quarter.end, run.last_month)
        refuse(run.request.params_file, join_faults(run.places.root, run.params, last))


def check(run: Run, progress: Progress) -> None:
    """Hold the portfolio to the contract and the period to its months, unless that was done on the same tables."""
    key = hash_of([run.states.common[part] for part in ("inputs", "code")])
    path = run.places.root / "reports" / "work" / run.places.portfolio / "check.json"
    found = read_json(path)
    if found.get("key") != key:
        found = {"key": key} | _examine(run, progress)
        write_json(path, found)
    for note in found["notes"]:
        progress.say(f"note: {note}")
    run.record["notes"] = found["notes"]
    run.last_month = parse_month(found["last"])
    require_covered(run.places.period, Period.of(parse_month(found["first"])), Period.of(run.last_month))


def _examine(run: Run, progress: Progress) -> dict[str, Any]:
    from analysis.data.check import require_valid
    from analysis.data.portfolio import open_portfolio

    progress.begin("check")
    notes = require_valid(run.folder, run.params.engine)
    first, last = open_portfolio(run.folder, engine=run.params.engine).months_covered()
    progress.end("check", "the tables hold to the contract")
    return {"notes": list(notes), "first": f"{first:%Y-%m}", "last": f"{last:%Y-%m}"}


def require_covered(period: Period, first: Period, last: Period) -> None:
    """Raise InputError, naming the quarters there are, unless the period is one of them."""
    if not first <= period <= last:
        there = f"{first} to {last}" if first < last else str(first)
        raise InputError(f"period {period} lies outside the data; the portfolio covers {there}")


def _write_params(run: Run) -> None:
    head = f"# Parameters of run {run.record['run_id']}, resolved; written by the run, read by its notebooks.\n"
    text = yaml.safe_dump(parameters_as_written(run.places, run.params), sort_keys=False, allow_unicode=True)
    write_text(run.places.params, head + text)


@dataclass
class _Preparing:
    """Decides whether a chapter has to be run, and clears its place if so."""

    run: Run
    progress: Progress

    def __call__(self, chapter: ChapterFile) -> Job | None:
        run = self.run
        reason = "asked for" if run.request.fresh else run.states.reason_to_run(chapter)
        if not reason:
            self.progress.say(f"{chapter.name}: kept, nothing that it depends on changed")
            return None
        self.progress.say(f"{chapter.name}: to be run, {reason}")
        run.states.forget(chapter)
        executed = run.places.notebooks / chapter.path.name
        executed.parent.mkdir(parents=True, exist_ok=True)
        executed.unlink(missing_ok=True)
        parameters = {"params_file": run.places.relative(run.places.params), "overrides": {}}
        return Job(chapter.name, chapter.path, executed, chapter.path.parent, parameters)


@dataclass
class _Finishing:
    """Remembers a chapter that succeeded at once: a run that is killed later need not repeat it."""

    run: Run

    def __call__(self, chapter: ChapterFile, outcome: Outcome) -> None:
        if outcome.status == "done":
            missing = self._missing(chapter)
            if missing:
                outcome.status, outcome.failure = "failed", missing
                return
            self.run.states.remember(chapter, outcome)

    def _missing(self, chapter: ChapterFile) -> str:
        """A chapter that forgot to close has no headlines, and would silently be absent from the first page."""
        path = self.run.places.results / chapter.name / "headline.json"
        return "" if path.is_file() else f"{path.name} is missing; call chapter.close() last"


def _chapter_record(run: Run, outcome: Outcome) -> dict[str, Any]:
    """Status of this run; time and memory of the run in which the chapter was executed."""
    executed = run.states.read(outcome.chapter).get("outcome", {}) if outcome.status == "kept" else {}
    notes = run.states.notes(outcome.chapter)
    record = {
        "status": outcome.status,
        "seconds": executed.get("seconds", outcome.seconds),
        "peak_memory_mb": executed.get("peak_memory_mb", outcome.peak_memory_mb),
        "gates": notes.get("gates", []),
        "left_out": notes.get("left_out", []),
    }
    return record | ({"failure": outcome.failure} if outcome.failure else {})


def names_of(chapters: Sequence[ChapterFile]) -> list[str]:
    return [chapter.name for chapter in chapters]
