"""Families of measures: what shares one denominator, and the rows that each rate is counted from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir

from analysis.core.states import Buckets
from analysis.data.panel.moments import flag
from analysis.data.panel.months import (
    CURRENT,
    Window,
    account_months,
    exit_code,
    month_number,
    month_of,
    steps,
)
from analysis.data.panel.parts import ACCOUNT, CLUSTER, Part

LATE = Buckets((1,))
"""Current or not: all that the flows of this file need to know of a state."""
OVERDUE_STATE = 1
CHARGED_OFF = exit_code(LATE, "charged_off")
SOLD = exit_code(LATE, "sold")


@dataclass(frozen=True)
class Family:
    """Measures with one denominator.

    `rows(part, window)` gives account_id, cluster, m, base amount x, and for each event its flag and amount.
    `steps`: a row is a step from a month to the next (m is the month stepped into), so that the window must
    begin one month earlier, and steps into broken months are marked. `last`: months after it can't be judged.
    """

    events: tuple[str, ...]
    rows: Callable[[Part, Window | None], ir.Table]
    steps: bool = True
    last: date | None = None


OVERDUE_FROM = {"overdue_1": 1, "overdue_30": 30, "overdue_60": 60, "overdue_90": 90}
"""Days past due from which each overdue rate counts; overdue_90 is the non-performing share."""


def _open_rows(part: Part, window: Window | None) -> ir.Table:
    rows = account_months(part, LATE, window)
    rows = rows.filter(rows.state <= OVERDUE_STATE)
    flags: dict[str, ir.Value] = {}
    for event, days in OVERDUE_FROM.items():
        flags |= flag(event, rows.days_past_due >= days, rows.balance)
    return rows.select(ACCOUNT, CLUSTER, "m", x=rows.balance, **flags)


def _charge_off_rows(part: Part, window: Window | None) -> ir.Table:
    taken = steps(part, LATE, window, carry=("balance", "charged_off_amount"))
    taken = taken.filter(taken.state <= OVERDUE_STATE)
    amount = taken.to_charged_off_amount.coalesce(taken.to_balance)
    flags = flag("written_off", taken.to_state == CHARGED_OFF, amount)
    return taken.select(ACCOUNT, CLUSTER, "m", x=taken.balance, **flags)


def _delinquent_rows(part: Part, window: Window | None) -> ir.Table:
    taken = steps(part, LATE, window, carry=("paid",))
    taken = taken.filter(taken.state == OVERDUE_STATE)
    flags = flag("cure", taken.to_state == CURRENT, taken.balance)
    flags |= flag("liquidation", taken.to_paid > 0, taken.to_paid)
    return taken.select(ACCOUNT, CLUSTER, "m", x=taken.balance, **flags)


def _current_rows(part: Part, window: Window | None) -> ir.Table:
    taken = steps(part, LATE, window)
    taken = taken.filter(taken.state == CURRENT)
    return taken.select(
        ACCOUNT, CLUSTER, "m", x=taken.balance, **flag("entered", taken.to_state == OVERDUE_STATE, taken.balance)
    )


ENTERED = Family(("entered",), _current_rows)
"""Accounts past due at the month's end ÷ current at its start; by balance what they owed at the start.

Lower is better. Accounts that left the book in the month are in the denominator only.
"""

OVERDUE = Family(tuple(OVERDUE_FROM), _open_rows, steps=False)
"""Overdue 1+, 30+, 60+, 90+: open accounts so many days past due ÷ all open accounts, at the month's end.

Lower is better. Charged-off accounts are in neither, so a lender who charges off sooner shows lower rates.
"""

WRITTEN_OFF = Family(("written_off",), _charge_off_rows)
"""Accounts charged off in the month ÷ open at its start; in money the amount charged off ÷ balance at the start.

Where `charged_off_amount` isn't recorded the claim at the month's end stands in. Lower is better.
"""

COLLECTED = Family(("cure", "liquidation"), _delinquent_rows)
"""What the month brought from accounts delinquent (1+ dpd, open) at its start; higher is better.

cure: current at the month's end ÷ delinquent at the start. liquidation: cash of the month ÷ balance delinquent at
the start; by accounts, those that paid anything. Accounts paid off or charged off in the month are no cures.
"""


def sustained(months_current: int, last: date) -> Family:
    """Cures that lasted: current for `months_current` months from the cure on ÷ delinquent at the start.

    Dated at the first current month, but known only months_current − 1 later, so months after `last` less that
    can't be judged and have no cells. An account paid off or closed while current counts as kept; one charged
    off or sold doesn't. Higher is better.
    """
    known = month_of(month_number(last) - (months_current - 1))

    def rows(part: Part, window: Window | None) -> ir.Table:
        found = COLLECTED.rows(part, window)
        cured = found.filter(found.e_cure == 1).select(ACCOUNT, "m")
        relapsed = _happened_after(cured, _lapses(part, 1), 0, months_current - 1, last)
        marked = _mark(found, relapsed)
        kept = flag("sustained_cure", (marked.e_cure == 1) & ~marked.happened, marked.x)
        return marked.select(ACCOUNT, CLUSTER, "m", "x", **kept)

    return Family(("sustained_cure",), rows, last=known)


def redefault(days: int, within: int, last: date) -> Family:
    """Delinquent again by `days` days or more, or charged off, within so many months of a cure ÷ cures.

    By the month of the cure (the first current month); every cure counts, sustained or not. Only cures followed
    for the whole time up to `last` have cells. By balance: owed before the cure. Lower is better.
    """
    known = month_of(month_number(last) - within)

    def rows(part: Part, window: Window | None) -> ir.Table:
        found = COLLECTED.rows(part, window)
        cured = found.filter(found.e_cure == 1)
        again = _happened_after(cured.select(ACCOUNT, "m"), _lapses(part, days), 1, within, last)
        marked = _mark(cured, again)
        return marked.select(ACCOUNT, CLUSTER, "m", "x", **flag("redefault", marked.happened, marked.x))

    return Family(("redefault",), rows, last=known)


def _lapses(part: Part, days: int) -> ir.Table:
    """Months in which an account is so many days past due, charged off or sold: account_id, at."""
    rows = account_months(part, LATE)
    late = (rows.state == OVERDUE_STATE) & (rows.days_past_due >= days)
    return rows.filter(late | rows.state.isin((CHARGED_OFF, SOLD))).select(ACCOUNT, at=rows.m)


def _happened_after(cured: ir.Table, lapses: ir.Table, least: int, most: int, last: date) -> ir.Table:
    """Cures (account_id, m) followed by a lapse `least` to `most` months later, no later than `last`."""
    seen = lapses.filter(lapses["at"] <= month_number(last))
    joined = cured.inner_join(seen, ACCOUNT)
    after = joined["at"] - joined.m
    return joined.filter(after.between(least, most)).select(ACCOUNT, "m").distinct()


def _mark(rows: ir.Table, found: ir.Table) -> ir.Table:
    marks = found.select(found_account=found[ACCOUNT], found_m=found.m)
    joined = rows.left_join(marks, [(ACCOUNT, "found_account"), ("m", "found_m")])
    return joined.select(*rows.columns, happened=joined.found_account.notnull())
