"""How an import ends: a whole portfolio that keeps the contract, or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from analysis.core.errors import ContractError, InputError
from analysis.data.check import examine


@dataclass(frozen=True)
class ImportReport:
    """What an import read, what each column was filled from, and what it cannot fill.

    `rows` counts the rows written by table; `filled` maps `table.column` to its source.
    """

    source: str
    folder: Path
    files: tuple[str, ...]
    rows: Mapping[str, int]
    filled: Mapping[str, str]
    not_filled: tuple[str, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.source}: {', '.join(self.files)} → {self.folder}"]
        lines += [f"  {table}: {rows:,} rows" for table, rows in self.rows.items()]
        lines += ["Filled:", *(f"  {column} ← {origin}" for column, origin in self.filled.items())]
        lines += ["Cannot be filled:", *(f"  {what}" for what in self.not_filled)] if self.not_filled else []
        lines += ["Notes:", *(f"  {note}" for note in self.notes)] if self.notes else []
        return "\n".join(lines)


@contextmanager
def landing(to: Path, replace: bool = False) -> Iterator[Path]:
    """A temporary folder beside `to` that becomes `to` in one rename when the tables in it keep the contract.

    Raises InputError where `to` exists and is not to be replaced, ContractError where a rule is broken; the
    temporary folder is removed and what was there stays untouched.
    """
    to = to.resolve()
    if to.exists() and not replace:
        raise InputError(f"{to} exists already; choose another folder, or say that it is to be replaced")
    if to.exists() and not _is_portfolio(to):
        raise InputError(f"{to} is not a portfolio, so it is not replaced; choose another folder")
    to.parent.mkdir(parents=True, exist_ok=True)
    beside = to.with_name(f".{to.name}.importing-{os.getpid()}")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        yield beside
        problems = examine(beside).problems
        if problems:
            raise ContractError(str(to), problems)
        _move(beside, to)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _is_portfolio(folder: Path) -> bool:
    return folder.is_dir() and ((folder / "portfolio.yml").is_file() or not any(folder.iterdir()))


def _move(beside: Path, to: Path) -> None:
    """Put the new folder in the old one's place; the old one comes back if that fails."""
    old = to.with_name(f".{to.name}.replaced-{os.getpid()}")
    if to.exists():
        to.rename(old)
    try:
        beside.rename(to)
    except OSError:
        if old.exists():
            old.rename(to)
        raise
    shutil.rmtree(old, ignore_errors=True)


def existing_files(files: list[Path]) -> list[Path]:
    """The files given, if all are there; raises InputError naming those that are not."""
    if not files:
        raise InputError("no file was given to import")
    lost = [str(file) for file in files if not Path(file).is_file()]
    if lost:
        raise InputError(f"no such file: {', '.join(lost)}")
    return [Path(file) for file in files]


def refuse_unmapped(source: str, unmapped: Mapping[str, Mapping[str, int]], mend: str) -> None:
    """Raise one InputError that lists every code without a meaning, with its count; `unmapped` is by field."""
    fields = {field: codes for field, codes in unmapped.items() if codes}
    if not fields:
        return
    lines = [f"{source}: codes without a mapping. Nothing was written."]
    number = 0
    for field, codes in fields.items():
        for code, count in sorted(codes.items(), key=lambda pair: (-pair[1], pair[0])):
            number += 1
            lines.append(f"{number:3d}. {field} = '{code}' in {count:,} row{'' if count == 1 else 's'}")
    raise InputError("\n".join([*lines, mend]))
