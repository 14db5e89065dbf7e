"""Progress of long work: bars where a person looks on, plain log lines where none does."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """What a run tells while it works."""

    def say(self, text: str) -> None:
        """A line that stays."""

    def begin(self, task: str) -> None:
        """A task has begun; its length is not known yet."""

    def step(self, task: str, done: int, of: int) -> None:
        """So much of it is done."""

    def end(self, task: str, text: str) -> None:
        """It is over, and this is how it went."""


class Lines:
    """Log lines: a beginning and an end for each task, nothing between."""

    def say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    def begin(self, task: str) -> None:
        self.say(f"{task}: started")

    def step(self, task: str, done: int, of: int) -> None:
        """Left out: a log is read afterwards."""

    def end(self, task: str, text: str) -> None:
        self.say(f"{task}: {text}")


class Bars:
    """One bar a task, on stderr."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Display

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        self.display = Display(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
        self.tasks: dict[str, object] = {}

    def say(self, text: str) -> None:
        self.display.console.print(text, markup=False, highlight=False)

    def begin(self, task: str) -> None:
        self.tasks[task] = self.display.add_task(task, total=None)

    def step(self, task: str, done: int, of: int) -> None:
        if task not in self.tasks:
            self.begin(task)
        self.display.update(self.tasks[task], completed=done, total=of)  # type: ignore[arg-type]

    def end(self, task: str, text: str) -> None:
        if task in self.tasks:
            self.display.remove_task(self.tasks.pop(task))  # type: ignore[arg-type]
        self.say(f"{task}: {text}")


@contextmanager
def shown() -> Iterator[Progress]:
    """Progress on stderr, in the form that suits it."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    bars = Bars()
    with bars.display:
        yield bars
