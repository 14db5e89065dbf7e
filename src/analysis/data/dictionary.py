"""The data dictionary, generated from the table contract.

`python -m analysis.data.dictionary > data/README.md` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from analysis.core.contract import REQUIRED_TABLES, TABLES, Column, Kind, Table
from analysis.core.portfolio import PortfolioInfo

INTRO = """\
# Data dictionary

<!-- Generated from the table contract: python -m analysis.data.dictionary > data/README.md -->

A portfolio is a folder, by habit `data/portfolio/<name>/`, that holds `portfolio.yml` and one Parquet file a
table: `accounts.parquet`, `months.parquet`, and as many of the others as there are. `accounts` and `months` are
required. All other tables, and all columns not marked required, may be missing; a column without any value counts
as missing. What rests on a missing table or column is left out of the report, and the report says so.

`arrears check data/portfolio/<name>` holds a folder to everything below and lists every broken rule at once.
`arrears import` makes such a folder from other files; [docs/own-data.md](../docs/own-data.md) shows how.
"""

TYPES: dict[Kind, str] = {
    "text": "text",
    "category": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "date": "date",
    "timestamp": "local time",
}

PORTFOLIO_MEANINGS = {
    "name": "short name: small letters, digits, `-` and `_`",
    "title": "the name that readers see",
    "currency": "currency of all amounts, for example `USD`",
    "source": "where the data come from, and under what terms",
    "simulated": "`true` where the data are simulated; every page of the report then says so",
    "as_of_month": "last month that the tables cover, `YYYY-MM`",
    "charge_off_days": "days past due at which the lender charges off, by product; `default` serves the others",
    "breaks": "months from which something was recorded differently; a step into such a month is never pooled",
    "outcome": "an attribute (`attribute`, `known_by`) that models are judged on where no charge-off is recorded",
    "notes": "sentences that a reader must know before any number: what is missing, what was mapped how",
}

EXAMPLE = """\
```yaml
name: northbank-cards
title: Northbank, credit cards
currency: EUR
source: Northbank data warehouse, extract of 2026-01-05
simulated: false
as_of_month: 2025-12
charge_off_days: {default: 180, instalment: 120}
notes:
  - Recoveries after charge-off are not recorded before 2023-06.
```
"""

RULES = """\
## Rules for all tables

- **Amounts** are in the portfolio's currency and in double precision; **rates** are fractions of 1 (0.18, not 18);
  **dates** are dates, and moments are the customer's local time without a zone.
- **Types.** Whole numbers and decimals may stand where numbers are expected, floats and decimals for whole numbers
  where they are whole, timestamps for dates where they are midnights, dates for timestamps. Identifiers are text,
  never numbers. Single-precision floats are refused for money: they lose cents of amounts over 131,072.
- **Unknown values** are null. A number that is not finite (NaN, infinity) is refused.
- **Categories** hold the values listed and no others.
- **Columns and tables of your own** are allowed and ignored, with a note, unless they look like a misspelling of a
  known one that is missing.
- **Later knowledge.** A report as of a day sees no row dated after it. A column marked *visible from* is blank as
  long as the date named lies after that day, so rows may be filled in later without changing past reports.
- **Order of `months`.** Sorted by `account_id` (as text) and `month`, with row groups that never split an account,
  so that one streamed pass can follow each account. A file of one row group may come in any order.
  `python -m analysis.data.parquet FOLDER` puts a table in order.
- **After the end.** `paid_off`, `sold` and `closed` are an account's last row; `paid_off` and `closed` owe nothing
  and are 0 days past due. After `charged_off` an account is never open again, and goes on with its claim as
  balance and its recoveries as `amount_paid`; `charged_off_amount` stands in the month of charge-off only. Days
  past due are free after charge-off: some lenders count on, some stop.
"""


def render() -> str:
    """The data dictionary as Markdown."""
    parts = [INTRO, *_portfolio_file(), RULES]
    for table in TABLES.values():
        parts.append("\n".join(_table(table)))
    return "\n".join(parts)


def _portfolio_file() -> Iterator[str]:
    yield "## portfolio.yml\n"
    rows = [
        f"| {name} | {'yes' if field.is_required() else ''} | {PORTFOLIO_MEANINGS[name]} |"
        for name, field in PortfolioInfo.model_fields.items()
    ]
    yield "\n".join(["| key | required | meaning |", "|---|---|---|", *rows, ""])
    yield EXAMPLE


def _table(table: Table) -> Iterator[str]:
    yield f"## {table.name}\n"
    required = " Required." if table.name in REQUIRED_TABLES else ""
    yield f"One row is {table.row}.{required} Key: {', '.join(f'**{key}**' for key in table.keys)}."
    yield f"A row is visible from `{table.dated}` on.\n"
    yield "| column | type | unit | required | allowed | visible from | meaning |"
    yield "|---|---|---|---|---|---|---|"
    for column in table.columns:
        yield _row(table, column, column.name)
    for family in table.prefixes:
        yield _row(table, family, f"{family.name}<…>")
    yield ""
    for reference in table.references:
        yield f"- `{reference.column}` is found in `{reference.table}.{reference.target}`."
    for order in table.orders:
        yield f"- `{order.earlier}` is not after `{order.later}`."
    if table.references or table.orders:
        yield ""
    if table.notes:
        yield f"{table.notes}\n"


def _row(table: Table, column: Column, name: str) -> str:
    shown = f"**{name}**" if name in table.keys else name
    cells = (
        shown,
        TYPES[column.kind],
        column.unit,
        "yes" if column.required else "",
        _allowed(column),
        f"`{column.blank_after}`" if column.blank_after else "",
        column.meaning,
    )
    return f"| {' | '.join(cells)} |"


def _allowed(column: Column) -> str:
    if column.allowed:
        return ", ".join(f"`{value}`" for value in column.allowed)
    if column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:g} to {column.maximum:g}"
    if column.minimum is not None:
        return f"{column.minimum:g} or more"
    return f"{column.maximum:g} or less" if column.maximum is not None else ""


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(render())
