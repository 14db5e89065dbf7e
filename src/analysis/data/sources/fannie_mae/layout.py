"""Positions of the fields that are read, in Fannie Mae's three file layouts.

Single-Family Loan Performance Data, "Glossary and File Layout": the acquisition and performance files published
until 2020, and since October 2020 one file of 108 fields, to which later releases append more. Files are
pipe-delimited, without a header. Positions count from 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from analysis.core.errors import InputError

Layout = Literal["combined", "acquisition", "performance"]

DELIMITER = "|"

COMBINED: dict[str, int] = {
    "loan_id": 2,
    "period": 3,
    "channel": 4,
    "original_rate": 8,
    "current_rate": 9,
    "original_upb": 10,
    "current_upb": 12,
    "original_term": 13,
    "origination_date": 14,
    "loan_age": 16,
    "original_ltv": 20,
    "debt_to_income": 23,
    "credit_score": 24,
    "state": 31,
    "zip3": 33,
    "delinquency": 40,
    "modified": 42,
    "zero_balance_code": 44,
    "removal_upb": 46,
    "foreclosure_date": 52,
    "disposition_date": 53,
    "foreclosure_costs": 54,
    "preservation_costs": 55,
    "recovery_costs": 56,
    "holding_expenses": 57,
    "holding_taxes": 58,
    "sales_proceeds": 59,
    "enhancement_proceeds": 60,
    "make_whole_proceeds": 61,
    "other_proceeds": 62,
    "forgiven": 64,
    "assistance": 102,
}

ACQUISITION: dict[str, int] = {
    "loan_id": 1,
    "channel": 2,
    "original_rate": 4,
    "original_upb": 5,
    "original_term": 6,
    "origination_date": 7,
    "original_ltv": 9,
    "debt_to_income": 12,
    "credit_score": 13,
    "state": 19,
    "zip3": 20,
}

PERFORMANCE: dict[str, int] = {
    "loan_id": 1,
    "period": 2,
    "current_rate": 4,
    "current_upb": 5,
    "loan_age": 6,
    "delinquency": 11,
    "modified": 12,
    "zero_balance_code": 13,
    "foreclosure_date": 16,
    "disposition_date": 17,
    "foreclosure_costs": 18,
    "preservation_costs": 19,
    "recovery_costs": 20,
    "holding_expenses": 21,
    "holding_taxes": 22,
    "sales_proceeds": 23,
    "enhancement_proceeds": 24,
    "make_whole_proceeds": 25,
    "other_proceeds": 26,
    "forgiven": 28,
}

POSITIONS: dict[Layout, dict[str, int]] = {
    "combined": COMBINED,
    "acquisition": ACQUISITION,
    "performance": PERFORMANCE,
}

ORIGINATION = tuple(name for name in ACQUISITION if name != "loan_id")
MONTHLY = tuple(name for name in COMBINED if name not in ACQUISITION)


def layout_of(file: Path) -> tuple[Layout, int]:
    """Layout of a file, told by the number of fields in its first line, and that number.

    Acquisition files had 22 to 25 fields, performance files 28 to 31, combined files have 108 or more.
    """
    with file.open(encoding="utf-8", errors="replace") as lines:
        first = lines.readline().rstrip("\r\n")
    fields = first.count(DELIMITER) + 1
    if fields >= 108:
        return "combined", fields
    if 28 <= fields <= 31:
        return "performance", fields
    if 22 <= fields <= 25:
        return "acquisition", fields
    raise InputError(
        f"fannie_mae: {file} has {fields} fields in its first line; expected are pipe-delimited files without a "
        "header of 22–25 fields (acquisition), 28–31 (performance), or 108 and more (since October 2020)"
    )
