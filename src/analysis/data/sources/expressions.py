"""DuckDB expressions that turn a source's texts into the contract's types, and find what cannot be turned."""

from __future__ import annotations

from analysis.core.contract import Column
from analysis.data.sources.mapping import ColumnMapping, TableMapping

SQL_TYPES = {
    "text": "VARCHAR",
    "category": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}

ZONED = r"\d:\d.*([zZ]|[+-]\d{2}(:?\d{2})?)$"
"""A time with a zone: casting it would move it to UTC without a word."""


def literal(value: object) -> str:
    """An SQL literal of a text, number, truth value or nothing."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def source_text(origin: str, table: TableMapping) -> str:
    """Source column as trimmed text, NULL where it stands for unknown."""
    text = f"nullif(trim(CAST({identifier(origin)} AS VARCHAR)), '')"
    for empty in table.empty:
        text = f"nullif({text}, {literal(empty)})"
    return text


def contract_value(column: Column, mapping: ColumnMapping, table: TableMapping) -> str:
    """Expression of a contract column; NULL also where the source's text cannot be turned (see `unusable`)."""
    if mapping.constant is not None:
        return f"CAST({literal(mapping.constant)} AS {SQL_TYPES[column.kind]})"
    text = source_text(str(mapping.column), table)
    if mapping.values is not None:
        text = _mapped(text, mapping)
    return _parsed(text, column, mapping, table)


def _mapped(text: str, mapping: ColumnMapping) -> str:
    cases = "".join(
        f" WHEN {literal(source)} THEN {literal(None if value is None else _as_text(value))}"
        for source, value in (mapping.values or {}).items()
    )
    return f"(CASE {text}{cases} ELSE NULL END)"


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parsed(text: str, column: Column, mapping: ColumnMapping, table: TableMapping) -> str:
    if column.kind == "category":
        allowed = ", ".join(literal(value) for value in column.allowed)
        return f"(CASE WHEN {text} IN ({allowed}) THEN {text} END)"
    if column.kind == "text":
        return text
    if column.kind == "boolean":
        lower = f"lower({text})"
        return f"(CASE WHEN {lower} IN ('true', '1') THEN TRUE WHEN {lower} IN ('false', '0') THEN FALSE END)"
    if column.kind in ("date", "timestamp"):
        return _moment(text, column, mapping)
    number = _number(text, mapping, table)
    return (
        number
        if column.kind == "number"
        else f"(CASE WHEN {number} = floor({number}) THEN CAST({number} AS BIGINT) END)"
    )


def _number(text: str, mapping: ColumnMapping, table: TableMapping) -> str:
    # Written values (after `values`) always have a decimal point; only the source's own texts have its marks.
    if mapping.values is None and table.thousands:
        text = f"replace({text}, {literal(table.thousands)}, '')"
    if mapping.values is None and table.decimal != ".":
        text = f"replace({text}, {literal(table.decimal)}, '.')"
    number = f"TRY_CAST({text} AS DOUBLE)"
    finite = f"(CASE WHEN isfinite({number}) THEN {number} END)"
    return finite if mapping.scale == 1 else f"({finite} * {literal(mapping.scale)})"


def _moment(text: str, column: Column, mapping: ColumnMapping) -> str:
    if mapping.date_format:
        moment = f"try_strptime({text}, {literal(mapping.date_format)})"
    else:
        moment = f"(CASE WHEN NOT regexp_matches({text}, {literal(ZONED)}) THEN TRY_CAST({text} AS TIMESTAMP) END)"
    if column.kind == "timestamp":
        return f"CAST({moment} AS TIMESTAMP)"
    day = f"CAST({moment} AS DATE)"
    return f"last_day({day})" if mapping.month_end else day


def unusable(column: Column, mapping: ColumnMapping, table: TableMapping) -> str:
    """Condition under which a source's text says something that the contract's value would lose."""
    text = source_text(str(mapping.column), table)
    lost = f"({text} IS NOT NULL AND {contract_value(column, mapping, table)} IS NULL)"
    unknown = [source for source, value in (mapping.values or {}).items() if value is None]
    if unknown:
        lost = f"({lost} AND {text} NOT IN ({', '.join(literal(source) for source in unknown)}))"
    return lost


def refusal(column: Column, mapping: ColumnMapping, table: TableMapping) -> tuple[str, str]:
    """What to say of unusable texts, and how to mend them."""
    if mapping.values is not None:
        return "values without a mapping", "Add each of them under values (null where it means unknown)."
    if column.kind == "category":
        mend = f"Add values that map each of them to {', '.join(column.allowed)} (or null)."
        return "values that the contract does not allow", mend
    if column.kind in ("date", "timestamp"):
        expected = mapping.date_format or "ISO dates (2025-01-31), times without a zone"
        return f"texts that are not {expected}", "Give date_format as they are written, for example '%d.%m.%Y'."
    if column.kind == "boolean":
        return "texts that are neither true, false, 1 nor 0", "Add values that map each of them to true or false."
    what = "whole numbers" if column.kind == "integer" else "numbers"
    mend = (
        f"Numbers are read with decimal '{table.decimal}' and thousands '{table.thousands}'; list texts that mean "
    )
    return f"texts that are not {what}", mend + "unknown under empty."
