"""The table contract: what a portfolio's tables are called, hold and promise.

One file a group of tables; `TABLES` is all of them. The checks that hold data to it run in the engine
(`analysis.data.check`); `data/README.md` is generated from it (`analysis.data.dictionary`).
"""

from analysis.core.contract.activity import COMPLAINTS, CONTACT_POINTS, CONTACTS, TREATMENTS
from analysis.core.contract.column import Column, Kind, Order, Reference, Table
from analysis.core.contract.economy import MACRO
from analysis.core.contract.ledger import ACCOUNTS, ATTRIBUTES, DISPOSALS, MONTHS

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ACCOUNTS,
        MONTHS,
        ATTRIBUTES,
        CONTACT_POINTS,
        CONTACTS,
        TREATMENTS,
        COMPLAINTS,
        DISPOSALS,
        MACRO,
    )
}

REQUIRED_TABLES = ("accounts", "months")

__all__ = ["REQUIRED_TABLES", "TABLES", "Column", "Kind", "Order", "Reference", "Table"]
