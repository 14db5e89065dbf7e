"""The one door to a portfolio's tables: the as-of view.

Nothing dated after the as-of day is visible through it, and what was filled in later (`ended_on`, `resolved_at`,
proceeds, …; `Column.known_from` in the contract) is blank.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zlib import crc32

import ibis
import ibis.expr.types as ir
from ibis.util import gen_name

from analysis.core.contract import REQUIRED_TABLES, TABLES, Column, Table
from analysis.core.errors import InputError
from analysis.core.portfolio import PortfolioInfo, read_portfolio_info
from analysis.data.check.kinds import contract_types
from analysis.data.store import Engine, connect


@dataclass
class Portfolio:
    """A portfolio as it could be known on `as_of` (a month's end).

    `table(name)` is an Ibis expression; nothing is read until it is executed by the engine.
    """

    folder: Path
    info: PortfolioInfo
    engine: Engine
    as_of: date
    _views: dict[str, ir.Table] = field(default_factory=dict, repr=False)
    _present: dict[str, bool] = field(default_factory=dict, repr=False)
    _kept: dict[str, ir.Table] = field(default_factory=dict, repr=False)
    _covered: tuple[date, date] | None = field(default=None, repr=False)

    def path(self, name: str) -> Path:
        """Parquet file of a table."""
        return self.folder / f"{name}.parquet"

    def table(self, name: str) -> ir.Table:
        """One table of the contract as of the day; raises InputError where its file is missing."""
        if name not in self._views:
            if not self.path(name).is_file():
                raise InputError(f"{self.path(name)} is missing; ask with has('{name}') before opening it")
            raw = self.engine.read_parquet(str(self.path(name)), table_name=self._view_name(name))
            self._views[name] = as_of_view(contract_types(raw, TABLES[name]), TABLES[name], self.as_of)
        return self._views[name]

    def has(self, *names: str) -> bool:
        """Whether all the tables (`contacts`) and columns (`contacts.outcome`) hold something to work with."""
        return not self.missing(*names)

    def missing(self, *names: str) -> list[str]:
        """Those of the named tables and columns that are absent, empty, or null throughout as of the day."""
        return [name for name in names if not self._is_present(name)]

    def keep(self, name: str, build: Callable[[], ir.Table]) -> ir.Table:
        """An intermediate table that several measures need: held by the embedded engine, a view on a cluster."""
        if name not in self._kept:
            # Spark refuses names with anything but letters, digits and underscores.
            held = gen_name(re.sub(r"\W+", "_", name))
            if self.engine.name == "duckdb":
                self._kept[name] = self.engine.create_table(held, build(), temp=True)
            else:
                self._kept[name] = self.engine.create_view(held, build())
        return self._kept[name]

    def _is_present(self, name: str) -> bool:
        if name not in self._present:
            self._present[name] = self._look(name)
        return self._present[name]

    def _look(self, name: str) -> bool:
        table, _, column = name.partition(".")
        if table not in TABLES or (column and TABLES[table].column(column) is None):
            raise InputError(f"'{name}' is not in the table contract; see data/README.md")
        if not self.path(table).is_file():
            return False
        view = self.table(table)
        if column:
            if column not in view.columns:
                return False
            view = view.filter(view[column].notnull()).select(column)
        # One row is enough to know, and lets the engine stop early.
        return bool(view.limit(1).count().execute())

    def _view_name(self, name: str) -> str:
        return f"{self.info.name.replace('-', '_')}_{crc32(str(self.folder.resolve()).encode()):x}_{name}"

    @property
    def cluster(self) -> str:
        """Column of `accounts` within which observations are not independent."""
        return "customer_id" if self.has("accounts.customer_id") else "account_id"

    def months_covered(self) -> tuple[date, date]:
        """First and last month end of the account-month panel; raises InputError where it is empty."""
        if self._covered is None:
            self._covered = self._look_at_months()
        return self._covered

    def _look_at_months(self) -> tuple[date, date]:
        months = self.table("months")
        span = months.aggregate(first=months.month.min(), last=months.month.max(), rows=months.count()).execute()
        if not span["rows"][0]:
            raise InputError(f"{self.path('months')} holds no month up to {self.as_of:%Y-%m-%d}")
        return _as_date(span["first"][0]), _as_date(span["last"][0])


def open_portfolio(folder: Path | str, as_of: date | None = None, engine: str = "duckdb://") -> Portfolio:
    """Open a portfolio as of a day (default: the end of its last month).

    Raises InputError where the folder, `portfolio.yml` or a required table is missing.
    """
    folder = Path(folder)
    info = read_portfolio_info(folder)
    missing = [
        str(folder / f"{name}.parquet") for name in REQUIRED_TABLES if not (folder / f"{name}.parquet").is_file()
    ]
    if missing:
        raise InputError(f"required tables are missing: {', '.join(missing)}")
    return Portfolio(folder, info, connect(engine), as_of or info.as_of_month)


def as_of_view(raw: ir.Table, table: Table, as_of: date) -> ir.Table:
    """Rows of a raw table that could be known on `as_of`, with what was filled in later left blank."""
    if table.dated in raw.columns:
        dated = raw[table.dated]
        # An account whose opening day is not recorded is visible: its months are dated themselves.
        raw = raw.filter(_known(dated, as_of) | dated.isnull())
    blanks = {}
    for name in raw.columns:
        column = table.column(name)
        if column is not None and column.blank_after and column.blank_after in raw.columns:
            blanks[name] = _blank_later(raw, name, column, as_of)
    return raw.mutate(**blanks) if blanks else raw


def _blank_later(raw: ir.Table, name: str, column: Column, as_of: date) -> ir.Value:
    known = _known(raw[column.blank_after], as_of)
    return ibis.cases((known, raw[name]), else_=ibis.null(raw[name].type()))


def _known(dated: ir.Column, as_of: date) -> ir.BooleanColumn:
    """Whether a date, or a moment, lies on or before the day."""
    return dated.cast("date") <= ibis.literal(as_of)


def _as_date(value: object) -> date:
    return value.date() if hasattr(value, "date") else value  # type: ignore[return-value]
