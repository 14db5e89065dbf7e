"""What was done about an account in the month that ends at a given month end: contacts, and treatment in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from analysis.data.panel.contacts import contacts, log_begins
from analysis.data.panel.dimensions import NONE, with_dimensions
from analysis.data.panel.months import month_number, number_of
from analysis.data.panel.parts import ACCOUNT, Part

CONTACT, TREATMENT = "contact_last_month", "treatment_last_month"
CONTACTED = (NONE, "attempted", "right_party")
NOT_RECORDED = "not_recorded"
"""Value where the data cannot say: no table, or months that ended before the contact log began."""


def with_last_month(rows: ir.Table, part: Part, names: Sequence[str] = (CONTACT, TREATMENT)) -> ir.Table:
    """Rows of account_id and m with `contact_last_month` and `treatment_last_month`, as of that month's end.

    contact_last_month: `right_party` where the debtor was spoken to in the calendar month m, in either direction;
    else `attempted` where we tried; else `none`. Where outcomes are not recorded nobody is known to be reached.
    treatment_last_month: the strategy in force at the month's end (`dimensions`), `none` without one.
    """
    rows = _with_contact(rows, part) if CONTACT in names else rows
    return _with_treatment(rows, part) if TREATMENT in names else rows


def _with_contact(rows: ir.Table, part: Part) -> ir.Table:
    portfolio = part.portfolio
    begins = log_begins(portfolio) if portfolio.has("contacts") else None
    if begins is None:
        return rows.mutate(**{CONTACT: ibis.literal(NOT_RECORDED)})
    found = _contacted(part, begins)
    same = [rows[ACCOUNT] == found.contacted_account, rows.m == found.contacted_m]
    joined = rows.left_join(found, same)
    known = joined.level.coalesce(ibis.literal(NONE))
    value = (joined.m < month_number(begins)).ifelse(ibis.literal(NOT_RECORDED), known)
    return joined.select(*rows.columns, **{CONTACT: value})


def _contacted(part: Part, begins: date) -> ir.Table:
    """Months in which an account was contacted: contacted_account, contacted_m, level."""
    log = part.within(contacts(part.portfolio, begins, part.portfolio.as_of))
    log = log.filter(log.outbound | log.right_party)
    months = log.mutate(contacted_m=number_of(log.day)).group_by(
        contacted_account=ACCOUNT, contacted_m="contacted_m"
    )
    reached = months.aggregate(reached=ibis._.right_party.max())
    level = reached.reached.ifelse(ibis.literal("right_party"), ibis.literal("attempted"))
    return reached.select("contacted_account", "contacted_m", level=level)


def _with_treatment(rows: ir.Table, part: Part) -> ir.Table:
    if not part.portfolio.has("treatments.treatment"):
        return rows.mutate(**{TREATMENT: ibis.literal(NOT_RECORDED)})
    found = with_dimensions(rows, part, ["strategy"])
    return found.select(*rows.columns, **{TREATMENT: found.strategy})
