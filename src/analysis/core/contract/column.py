"""How a column and a table of the contract are described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "category", "integer", "number", "boolean", "date", "timestamp"]
"""`category` is text with a closed list of values (`allowed`); `number` is double precision."""


@dataclass(frozen=True)
class Column:
    """One column.

    `minimum` and `maximum` are inclusive. `required` columns must be there and hold no null; all others may be
    missing, and a column that is null throughout counts as missing. `known_from` names the date column from
    which the value can be known: seen as of an earlier day it is blank (`*` stands for the column itself).
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    known_from: str = ""
    protected: bool = False

    @property
    def blank_after(self) -> str:
        """Date column whose lying in the future blanks this one, or an empty text."""
        return self.name if self.known_from == "*" else self.known_from


@dataclass(frozen=True)
class Reference:
    """`column` must be found among the keys of `table`, where it is not null."""

    column: str
    table: str
    target: str


@dataclass(frozen=True)
class Order:
    """`earlier` must not be after `later`, where both are known."""

    earlier: str
    later: str


@dataclass(frozen=True)
class Table:
    """One table. `dated` is the column by which a row becomes visible in the as-of view."""

    name: str
    row: str
    keys: tuple[str, ...]
    dated: str
    columns: tuple[Column, ...]
    references: tuple[Reference, ...] = ()
    orders: tuple[Order, ...] = ()
    prefixes: tuple[Column, ...] = ()
    notes: str = ""

    def column(self, name: str) -> Column | None:
        """The column of that name, open-ended families (`industry_index_…`) included; None where unknown."""
        for column in self.columns:
            if column.name == name:
                return column
        return next((family for family in self.prefixes if name.startswith(family.name)), None)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)
