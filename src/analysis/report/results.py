"""Results: the tables a chapter saves, for later chapters, the first page and the next quarter."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.core.errors import ChapterError
from analysis.report.headlines import Headline, read_headlines, write_headlines

IDENTIFIERS = frozenset(
    f"{thing}_id"
    for thing in (
        "account",
        "customer",
        "contact",
        "contact_point",
        "recording",
        "treatment",
        "complaint",
        "disposal",
    )
)
"""Columns that single out a person, an account or one event of theirs: never in `results/`."""

HEADLINE_FILE = "headline.json"


class Results:
    """Tables of one chapter under `reports/work/<portfolio>/<period>/`.

    `results/<chapter>/` is published with the report; `accounts/<chapter>/` holds account-level tables and stays
    in the work folder. The same content gives the same bytes.
    """

    def __init__(self, work: Path | str, chapter: str) -> None:
        self.work, self.chapter = Path(work), chapter

    @property
    def folder(self) -> Path:
        """Where this chapter's published results lie."""
        return self.work / "results" / self.chapter

    def path(self, name: str, account_level: bool = False) -> Path:
        """File of a table, whether or not it exists yet."""
        return self._path(self.chapter, name, account_level)

    def save(self, name: str, frame: pd.DataFrame, account_level: bool = False) -> None:
        """Write a tidy frame in one rename; a reader sees the old table or the new one, never half of it.

        Nothing is returned, so that a notebook doesn't print where the file lies: see `path`.

        Raises ChapterError when the frame is not tidy, or names accounts or customers without `account_level`.
        """
        where = f"result '{name}' of chapter '{self.chapter}'"
        _check_tidy(frame, where)
        if not account_level:
            _check_anonymous(frame, where)
        _write_parquet(frame, self.path(name, account_level), where)

    def load(self, name: str, account_level: bool = False) -> pd.DataFrame:
        """Read a table that this chapter saved; raises ChapterError when it has not."""
        return self.load_from(self.chapter, name, account_level)

    def has(self, chapter: str, name: str, account_level: bool = False) -> bool:
        """Whether an earlier chapter saved the table; some are left out where data are missing."""
        return self._path(chapter, name, account_level).is_file()

    def load_from(self, chapter: str, name: str, account_level: bool = False) -> pd.DataFrame:
        """Read a table of an earlier chapter; raises ChapterError saying what to run when it is missing."""
        path = self._path(chapter, name, account_level)
        if not path.is_file():
            raise ChapterError(self._missing(chapter, name, path))
        return pd.read_parquet(path)

    def headline(self, headlines: Sequence[Headline]) -> Path:
        """Write `headline.json` of this chapter, for the first page."""
        path = self.folder / HEADLINE_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _part(path)
        try:
            write_headlines(part, headlines)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def load_headlines(self, chapter: str | None = None) -> list[Headline]:
        """Headlines of this or another chapter; raises ChapterError when they are missing."""
        path = self.work / "results" / (chapter or self.chapter) / HEADLINE_FILE
        if not path.is_file():
            raise ChapterError(self._missing(chapter or self.chapter, "headline", path))
        return read_headlines(path)

    def _path(self, chapter: str, name: str, account_level: bool) -> Path:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ChapterError(f"'{name}' cannot name a result; use small letters, digits and underscores")
        return self.work / ("accounts" if account_level else "results") / chapter / f"{name}.parquet"

    def _missing(self, chapter: str, name: str, path: Path) -> str:
        reader = "" if chapter == self.chapter else f" (chapter '{self.chapter}' reads it)"
        there = sorted(p.stem for p in path.parent.glob("*.parquet")) if path.parent.is_dir() else []
        has = f"It has saved: {', '.join(there)}. " if there else ""
        return (
            f"the result '{name}' of chapter '{chapter}' is missing{reader}: {path}. {has}"
            f"Run `arrears run {chapter}` first."
        )


def _check_tidy(frame: object, where: str) -> None:
    """A tidy frame has plain, distinct column names and nothing in its index."""
    if not isinstance(frame, pd.DataFrame):
        raise ChapterError(f"{where}: a {type(frame).__name__} came; save a pandas DataFrame")
    wrong = [column for column in frame.columns if not isinstance(column, str)]
    if wrong:
        raise ChapterError(f"{where}: the column name {wrong[0]!r} is not text; flatten or rename the columns")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ChapterError(f"{where}: the column '{twice[0]}' comes more than once")
    if frame.index.names != [None] or frame.index.nlevels > 1:
        raise ChapterError(f"{where}: the index {list(frame.index.names)} would be lost; call reset_index() first")


def _check_anonymous(frame: pd.DataFrame, where: str) -> None:
    named = sorted(IDENTIFIERS & set(frame.columns))
    if named:
        raise ChapterError(
            f"{where}: the column '{named[0]}' singles out a person, and results are published. "
            "Aggregate it away, or save with account_level=True, which keeps the table in the work folder."
        )


def _write_parquet(frame: pd.DataFrame, path: Path, where: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = _arrow(frame, where)
    part = _part(path)
    try:
        pq.write_table(table, part, compression="zstd")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _arrow(frame: pd.DataFrame, where: str) -> pa.Table:
    """Arrow table without pandas' own metadata, which holds `attrs` and would make equal tables differ."""
    try:
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise ChapterError(
            f"{where}: a column cannot be written to Parquet: {'; '.join(map(str, error.args))}"
        ) from None


def _part(path: Path) -> Path:
    """Unfinished file beside the finished one, on the same disk so that the rename is atomic."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")
