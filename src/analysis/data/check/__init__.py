"""The table contract's checks, run in the engine: every broken rule of a portfolio in one numbered list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir

from analysis.core.errors import ContractError, InputError, Problem
from analysis.core.portfolio import FILE, PortfolioInfo, read_portfolio_info
from analysis.data.check import columns, files, history, keys, layout
from analysis.data.check.count import broken_rules
from analysis.data.check.rows import row_rules
from analysis.data.store import connect

__all__ = ["Findings", "check_portfolio", "examine", "require_valid"]


@dataclass(frozen=True)
class Findings:
    """Broken rules, and what a person may want to know although nothing is broken."""

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def check_portfolio(folder: Path | str, engine: str = "duckdb://") -> tuple[Problem, ...]:
    """Every way in which a portfolio's folder breaks the table contract; empty where it holds."""
    return examine(folder, engine).problems


def require_valid(folder: Path | str, engine: str = "duckdb://") -> tuple[str, ...]:
    """Raise ContractError with one complete numbered list unless the contract holds; returns the notes."""
    findings = examine(folder, engine)
    if findings.problems:
        raise ContractError(str(folder), findings.problems)
    return findings.notes


def examine(folder: Path | str, engine: str = "duckdb://") -> Findings:
    """Hold a folder to the contract: files, columns, rows, keys, references, order, histories.

    Rows dated after `as_of_month` are held to the same rules but are no problem by themselves: the as-of view
    does not show them.
    """
    folder = Path(folder)
    if not folder.is_dir():
        mend = f"A portfolio is a folder with {FILE} and its tables as Parquet files."
        return Findings((Problem(str(folder), "", "there is no such folder", 0, mend=mend),), ())
    check = _Check(folder, engine)
    return Findings(tuple(check.problems()), tuple(check.notes))


class _Check:
    """One look at one folder. `usable` are the columns that are there and of a right type, by table."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder, self.engine = folder, engine
        self.found, self.file_problems = files.open_tables(folder)
        self.notes: list[str] = []
        self.usable: dict[str, set[str]] = {}
        self.tables: dict[str, ir.Table] = {}

    def problems(self) -> Iterator[Problem]:
        info, wrong = _portfolio_info(self.folder)
        yield from wrong
        yield from self.file_problems
        unknown, notes = files.unknown_tables(self.folder)
        self.notes += notes
        yield from unknown
        for file in self.found.values():
            yield from self._column_problems(file)
        for name, file in self.found.items():
            if file.rows:
                self.tables[name] = self._read(file)
        for name in self.tables:
            yield from self._row_problems(name)
        yield from self._panel_problems(info)

    def _read(self, file: files.TableFile) -> ir.Table:
        """The table under its contract's name; the connection is the process's own, so the name tells the file."""
        name = f"check_{file.table.name}_{abs(hash((str(file.path.resolve()), file.path.stat().st_mtime_ns))):x}"
        return connect(self.engine).read_parquet(str(file.path), table_name=name)

    def _column_problems(self, file: files.TableFile) -> Iterator[Problem]:
        yield from columns.missing_columns(file)
        unknown, notes = columns.unknown_columns(file)
        self.notes += notes
        yield from unknown
        mistyped = self._with_values(file, columns.mistyped_columns(file))
        yield from mistyped.values()
        untyped = columns.untyped_columns(file)
        yield from columns.empty_columns(file, untyped)
        known = {name for name in file.schema.names if file.table.column(name) is not None}
        self.usable[file.table.name] = known - set(mistyped) - untyped
        if not file.rows and file.table.name in ("accounts", "months"):
            yield Problem(file.table.name, "", "the table holds no rows", 0, mend="There is nothing to report on.")

    def _with_values(self, file: files.TableFile, mistyped: dict[str, Problem]) -> dict[str, Problem]:
        """Of the mistyped columns those that hold a value: one that is null throughout counts as missing."""
        if not mistyped or not file.rows:
            return mistyped
        rows = self._read(file)
        held = rows.aggregate(**{name: rows[name].count() for name in mistyped}).to_pyarrow().to_pylist()[0]
        required = file.table.required
        return {name: problem for name, problem in mistyped.items() if held[name] or name in required}

    def _row_problems(self, name: str) -> Iterator[Problem]:
        rows, table = self.tables[name], self.found[name].table
        yield from broken_rules(rows, table, row_rules(rows, table, self.usable[name]))
        if name != "months":
            yield from keys.duplicate_keys(rows, table, self.usable[name])
        if name == "macro" and "month" in self.usable[name]:
            yield from history.month_gaps(rows, table, ())
        yield from keys.broken_references(rows, table, self.tables, self.usable)

    def _panel_problems(self, info: PortfolioInfo | None) -> Iterator[Problem]:
        usable = self.usable.get("months", set())
        if "months" not in self.tables or not {"account_id", "month"} <= usable:
            return
        months, file = self.tables["months"], self.found["months"]
        order = layout.read_layout(file)
        yield from layout.layout_problems(file, order)
        if not order.increasing:
            yield from keys.duplicate_keys(months, file.table, usable)
        yield from history.month_gaps(months, file.table, ("account_id",), order.increasing)
        opened = "opened_on" in self.usable.get("accounts", set()) and "account_id" in self.usable["accounts"]
        yield from history.broken_histories(months, self.tables.get("accounts") if opened else None, usable)
        yield from _as_of_problems(months, info)
        if "status" in usable:
            self._note_vanished(months)

    def _note_vanished(self, months: ir.Table) -> None:
        gone = history.vanished_accounts(months)
        if gone:
            self.notes.append(
                f"{gone:,} accounts stop before the last month without a row that is paid_off, sold or closed."
            )


def _portfolio_info(folder: Path) -> tuple[PortfolioInfo | None, list[Problem]]:
    try:
        return read_portfolio_info(folder), []
    except InputError as error:
        mend = "data/README.md shows one that works."
        return None, [Problem(FILE, "", str(error).rstrip("."), 0, mend=mend)]


def _as_of_problems(months: ir.Table, info: PortfolioInfo | None) -> Iterator[Problem]:
    if info is None:
        return
    last = months.month.cast("date").max().to_pyarrow().as_py()
    if last is not None and last < info.as_of_month:
        text = f"as_of_month is {info.as_of_month:%Y-%m}, but the last month in months is {last:%Y-%m}"
        mend = f"Write as_of_month: {last:%Y-%m}, or add the months that lack."
        yield Problem(FILE, "as_of_month", text, 0, mend=mend)
