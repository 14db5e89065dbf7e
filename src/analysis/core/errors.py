"""The errors a person meets, and the exit code each one ends a run with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ArrearsError(Exception):
    """Base of all errors that are explained to a person instead of shown as a traceback."""

    exit_code = 1


class InputError(ArrearsError):
    """The data, or what was said about them, cannot be used as it is."""

    exit_code = 2


class ParameterError(ArrearsError, ValueError):
    """A parameter is unknown, of the wrong type, or out of range."""

    exit_code = 2


class ChapterError(ArrearsError):
    """A chapter failed; nothing of the run is published."""

    exit_code = 3


class IdentificationWarning(UserWarning):
    """The data do not pin a model down; the message names the cause and what to do."""


@dataclass(frozen=True)
class Problem:
    """One broken rule of the table contract.

    `rows` counts the rows that break it (0 where a file or a column is at fault, not rows); `examples` shows at
    most three of them.
    """

    table: str
    column: str
    rule: str
    rows: int
    examples: tuple[str, ...] = ()
    mend: str = ""

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}" if self.column else self.table
        count = [] if not self.rows else ["1 row" if self.rows == 1 else f"{self.rows:,} rows"]
        shown = [f"for example {'; '.join(self.examples)}"] if self.examples else []
        text = f"{where}: {self.rule}"
        text += f" ({'; '.join(count + shown)})" if count or shown else ""
        return f"{text}. {self.mend}" if self.mend else text


class ContractError(InputError):
    """All the ways in which a portfolio breaks the table contract, as one numbered list."""

    def __init__(self, where: str, problems: Sequence[Problem]) -> None:
        self.where, self.problems = where, tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = [f"{where}: {count} with the tables. Nothing was written."]
        lines += [f"{number:3d}. {problem}" for number, problem in enumerate(self.problems, 1)]
        super().__init__("\n".join(lines))
