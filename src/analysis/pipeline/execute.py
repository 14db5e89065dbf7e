"""Running chapters: one process each, so many at once, each after those that it reads."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

from analysis.core import errors
from analysis.pipeline.chapters import ChapterFile, graph_of
from analysis.pipeline.job import Job
from analysis.pipeline.progress import Progress

SECONDS_TO_END = 10


@dataclass
class Outcome:
    """How a chapter went. `status` is "done", "kept" (nothing changed) or "failed"."""

    chapter: str
    status: str
    seconds: float = 0.0
    peak_memory_mb: float | None = None
    failure: str = ""
    error: str = ""
    message: str = ""


@dataclass
class _Running:
    process: ForkServerProcess
    connection: Connection
    began: float = field(default_factory=time.perf_counter)
    last: dict[str, Any] | None = None


def warm_up() -> None:
    """Let the process that chapters are forked from import papermill, beside whatever this one does meanwhile."""
    from multiprocessing import forkserver

    _context().set_forkserver_preload(["analysis.pipeline.worker"])
    forkserver.ensure_running()


def run_chapters(
    chapters: Sequence[ChapterFile],
    prepare: Callable[[ChapterFile], Job | None],
    finish: Callable[[ChapterFile, Outcome], None],
    at_once: int,
    progress: Progress,
) -> list[Outcome]:
    """Run chapters, `at_once` at a time; returns their outcomes in the order of the chapters.

    `prepare` is called when all that a chapter reads is there, and returns None for one that need not run;
    `finish` is called when it has run. After a failure no further chapter is begun, and those that run are waited
    for.
    """
    return _Schedule(chapters, prepare, finish, at_once, progress).run()


class _Schedule:
    def __init__(
        self,
        chapters: Sequence[ChapterFile],
        prepare: Callable[[ChapterFile], Job | None],
        finish: Callable[[ChapterFile, Outcome], None],
        at_once: int,
        progress: Progress,
    ) -> None:
        self.chapters = {chapter.name: chapter for chapter in chapters}
        self.prepare, self.finish, self.at_once, self.progress = prepare, finish, at_once, progress
        self.graph = graph_of(chapters)
        self.ready: list[str] = []
        self.running: dict[str, _Running] = {}
        self.outcomes: dict[str, Outcome] = {}

    def run(self) -> list[Outcome]:
        with _ended_on_leaving(self.running):
            while self._begin_what_can():
                self._hear()
        return [self.outcomes[name] for name in self.chapters if name in self.outcomes]

    def _begin_what_can(self) -> bool:
        """Begin chapters while there is room; False when nothing runs any more."""
        failed = any(outcome.status == "failed" for outcome in self.outcomes.values())
        while not failed and self.graph.is_active():
            self.ready += sorted(self.graph.get_ready(), key=list(self.chapters).index)
            if not self.ready or len(self.running) >= self.at_once:
                break
            self._begin(self.ready.pop(0))
        return bool(self.running)

    def _begin(self, name: str) -> None:
        job = self.prepare(self.chapters[name])
        if job is None:
            self._close(Outcome(name, "kept"))
            return
        self.progress.begin(name)
        self.running[name] = _start(job)

    def _hear(self) -> None:
        """Wait for news of any chapter: a cell done, the end, or a process that is gone."""
        by_connection = {running.connection: name for name, running in self.running.items()}
        for connection in wait(list(by_connection)):
            name = by_connection[connection]  # type: ignore[index]
            try:
                kind, *news = self.running[name].connection.recv()
            except EOFError:
                self._collect(name)
                continue
            if kind == "cell":
                self.progress.step(name, *news)
            else:
                self.running[name].last = news[0]

    def _collect(self, name: str) -> None:
        running = self.running[name]
        running.process.join()
        del self.running[name]
        seconds = round(time.perf_counter() - running.began, 2)
        news = running.last or {"failure": f"its process ended with code {running.process.exitcode}"}
        outcome = Outcome(name, "failed" if news.get("failure") else "done", seconds, **news)
        self.finish(self.chapters[name], outcome)
        memory = f", peak memory {outcome.peak_memory_mb:,.0f} MB" if outcome.peak_memory_mb else ""
        verdict = "failed" if outcome.status == "failed" else "done"
        self.progress.end(name, f"{verdict} in {seconds:.1f} s{memory}")
        self._close(outcome)

    def _close(self, outcome: Outcome) -> None:
        self.outcomes[outcome.chapter] = outcome
        if outcome.status != "failed":
            self.graph.done(outcome.chapter)


def raise_failures(outcomes: Sequence[Outcome]) -> None:
    """Raise what the chapters that failed died of.

    Bad input or parameters found by a chapter is an InputError or a ParameterError; all else a ChapterError that
    names chapter, cell and the exception's last line.
    """
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if not failed:
        return
    kinds = {getattr(errors, outcome.error, errors.ChapterError) for outcome in failed}
    if all(getattr(kind, "exit_code", 0) == errors.InputError.exit_code for kind in kinds):
        raise errors.InputError("\n".join(f"chapter '{o.chapter}': {o.message}" for o in failed))
    raise errors.ChapterError("\n".join(f"chapter '{o.chapter}' failed{_in_short(o)}" for o in failed))


def _in_short(outcome: Outcome) -> str:
    """Where, and the first and the last line of why."""
    lines = [line for line in outcome.failure.splitlines() if line.strip()]
    text = lines[0] if len(lines) == 1 else f"{lines[0]} … {lines[-1]}"
    return f" at {text}" if text.startswith("cell") else f": {text}"


def _work(job: Job, connection: Connection) -> None:
    from analysis.pipeline.worker import work

    work(job, connection)


def _start(job: Job) -> _Running:
    ours, theirs = multiprocessing.Pipe()
    process = _context().Process(target=_work, args=(job, theirs), name=f"chapter {job.chapter}")
    process.start()
    theirs.close()
    return _Running(process, ours)


@contextmanager
def _ended_on_leaving(running: dict[str, _Running]) -> Iterator[None]:
    """However a run ends, nothing that it started goes on."""
    try:
        yield
    finally:
        for chapter in running.values():
            chapter.connection.close()  # its process takes this for the end of the run
        for chapter in running.values():
            chapter.process.join(SECONDS_TO_END)
            if chapter.process.is_alive():
                chapter.process.kill()


def _context() -> ForkServerContext:
    return multiprocessing.get_context("forkserver")
