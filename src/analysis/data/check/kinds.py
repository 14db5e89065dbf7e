"""Which Parquet types can stand for which kind of column without losing anything."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.types as pt

from analysis.core.contract import Column, Kind, Table
from analysis.core.contract.ledger import MONEY

EXPECTED: dict[Kind, str] = {
    "text": "text (string)",
    "category": "text (string)",
    "integer": "whole numbers (int64)",
    "number": "numbers in double precision (double)",
    "boolean": "true or false (bool)",
    "date": "dates (date32)",
    "timestamp": "local times without a zone (timestamp)",
}

IBIS_TYPES: dict[Kind, str] = {
    "text": "string",
    "category": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}

DOUBLE_DIGITS = 15
"""Decimal digits that every double holds exactly (IEEE 754, binary64)."""


def misfit(column: Column, came: pa.DataType) -> str:
    """Why a Parquet type cannot stand for a column, as a sentence that mends it; empty where it can.

    Taken without loss: whole numbers for `number`, floats and decimals that hold whole numbers for `integer`,
    decimals for `number`, midnights for `date`, dates for `timestamp`. Single-precision floats hold seven digits
    and are refused for money.
    """
    if pt.is_dictionary(came):
        came = came.value_type
    if pt.is_null(came):
        return ""
    return _FITS[column.kind](column, came)


def _text(column: Column, came: pa.DataType) -> str:
    fits = pt.is_string(came) or pt.is_large_string(came) or pt.is_string_view(came)
    return "" if fits else "Cast it to text; identifiers keep their leading zeros only as text."


def _integer(column: Column, came: pa.DataType) -> str:
    fits = pt.is_integer(came) or pt.is_floating(came) or pt.is_decimal(came)
    return "" if fits else "Cast it to int64."


def _number(column: Column, came: pa.DataType) -> str:
    if pt.is_floating(came) and not pt.is_float64(came) and column.unit.startswith(MONEY):
        return "Cast it to double; single precision loses cents of amounts over 131,072."
    fits = pt.is_integer(came) or pt.is_floating(came) or pt.is_decimal(came)
    return "" if fits else "Cast it to double."


def _boolean(column: Column, came: pa.DataType) -> str:
    return "" if pt.is_boolean(came) else "Cast it to bool; write null where it is not known."


def _date(column: Column, came: pa.DataType) -> str:
    if pt.is_timestamp(came) and came.tz is not None:
        return "Convert to the local date and cast it to date32."
    return "" if pt.is_date(came) or pt.is_timestamp(came) else "Cast it to date32."


def _timestamp(column: Column, came: pa.DataType) -> str:
    if pt.is_timestamp(came) and came.tz is not None:
        return "Convert to the customer's local time, drop the zone, and keep the offset in utc_offset_minutes."
    return "" if pt.is_date(came) or pt.is_timestamp(came) else "Cast it to timestamp without a zone."


_FITS = {
    "text": _text,
    "category": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}


def contract_types(raw: ir.Table, table: Table) -> ir.Table:
    """The same rows with each column of the contract in the contract's own type.

    Nothing is lost on tables that pass the checks; on others a value may be cut, so hold them to the contract
    first.
    """
    casts = {}
    for name in raw.columns:
        column = table.column(name)
        if column is not None and raw[name].type() != ibis.dtype(IBIS_TYPES[column.kind]):
            casts[name] = IBIS_TYPES[column.kind]
    return raw.cast(casts) if casts else raw
