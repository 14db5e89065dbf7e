"""The file that says which column of a lender's own files fills which column of the contract."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from analysis.core.contract import REQUIRED_TABLES, TABLES
from analysis.core.errors import InputError
from analysis.core.portfolio import PortfolioInfo

Scalar = str | int | float | bool


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ColumnMapping(_Strict):
    """Where one column of the contract comes from: a source column, or one constant for all rows.

    `values` maps source texts to contract values (null for unknown); texts it does not list are refused.
    `date_format` is as for strptime (`%d.%m.%Y`); without it dates are ISO (2025-01-31). `month_end` moves a date
    to the last day of its month. `scale` multiplies numbers (0.01 turns percent into a fraction).
    """

    column: str | None = None
    constant: Scalar | None = None
    values: dict[str, Scalar | None] | None = None
    date_format: str | None = None
    month_end: bool = False
    scale: float = 1.0

    @field_validator("values", mode="before")
    @classmethod
    def _texts(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        if any(isinstance(key, bool) or key is None for key in values):
            raise ValueError(
                "YAML reads yes, no, on, off, true, false and null unquoted as something else than text"
            )
        return {str(key): value for key, value in values.items()}

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnMapping:
        if (self.column is None) == (self.constant is None):
            raise ValueError("give either column or constant")
        return self


class TableMapping(_Strict):
    """One table of the contract: the file or files it is read from, and the origin of each column.

    `file` may be a pattern (`loans-*.csv`) and is looked for beside the mapping. `empty` lists texts that stand
    for unknown, besides the empty text. `decimal` and `thousands` say how numbers are written.
    """

    file: str
    columns: dict[str, ColumnMapping]
    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    encoding: str = "utf-8"
    empty: list[str] = Field(default_factory=list)

    @field_validator("columns", mode="before")
    @classmethod
    def _names_alone(cls, columns: Any) -> Any:
        if not isinstance(columns, dict):
            return columns
        return {
            name: {"column": origin} if isinstance(origin, str) else origin for name, origin in columns.items()
        }


class Mapping(_Strict):
    """The whole file: what the portfolio says of itself, and its tables."""

    portfolio: PortfolioInfo
    tables: dict[str, TableMapping]


def read_mapping(file: Path) -> Mapping:
    """Read a mapping; raises InputError with one numbered list of all that is wrong in it."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not valid YAML: {error}") from None
    try:
        mapping = Mapping.model_validate(content or {})
    except ValidationError as error:
        raise _refusal(file, [_explain(each) for each in error.errors()]) from None
    wrong = list(_against_contract(mapping))
    if wrong:
        raise _refusal(file, wrong)
    return mapping


def _refusal(file: Path, wrong: list[str]) -> InputError:
    lines = [f"{file}: the mapping cannot be used. Nothing was written."]
    return InputError("\n".join(lines + [f"{number:3d}. {text}" for number, text in enumerate(wrong, 1)]))


def _explain(error: Any) -> str:
    """One of pydantic's errors as a sentence; an unknown key with the nearest known one."""
    where = ".".join(map(str, error["loc"]))
    if error["type"] != "extra_forbidden":
        return f"{where}: {error['msg'].removeprefix('Value error, ')}"
    models: dict[int, type[BaseModel]] = {1: Mapping, 3: TableMapping, 5: ColumnMapping}
    depth = len(error["loc"])
    model: type[BaseModel] = PortfolioInfo if error["loc"][0] == "portfolio" and depth > 1 else models[depth]
    return f"{where} is unknown{nearest(str(error['loc'][-1]), model.model_fields)}"


def nearest(name: str, known: Iterable[str]) -> str:
    """`; the nearest known name is '…'`, or all known names where none is near."""
    known = list(known)
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; the nearest known name is '{near[0]}'" if near else f"; known are {', '.join(known)}"


def _against_contract(mapping: Mapping) -> Iterable[str]:
    for name in REQUIRED_TABLES:
        if name not in mapping.tables:
            yield f"tables.{name} is missing; accounts and months are required"
    for name, table in mapping.tables.items():
        contract = TABLES.get(name)
        if contract is None:
            yield f"tables.{name} is not a table of the contract{nearest(name, TABLES)}"
            continue
        for column in table.columns:
            if contract.column(column) is None:
                known = nearest(column, contract.names)
                yield f"tables.{name}.columns.{column} is not a column of the contract{known}"
        for column in contract.required:
            if column not in table.columns:
                yield f"tables.{name}.columns.{column} is missing; the contract requires it"
