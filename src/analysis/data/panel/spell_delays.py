"""Spells by how long the first contact took, from a landmark on at which that is known.

Who is contacted late must have stayed overdue long enough to be: compared from the due date on, late contact
would seem to keep spells open. So spells are counted from the month end after k = 0 on, only those still running
then, in bands of what had happened by then (Anderson, Cain and Gelber 1983, J. Clin. Oncol. 1, 710–719).
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.periods import Period
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.contacts import contacts, log_begins
from analysis.data.panel.covariates import FOLD, Bands
from analysis.data.panel.first_contact import with_delay_band
from analysis.data.panel.months import Window, month_number, month_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.panel.spell_groups import began_in, count_cells, with_groups
from analysis.data.panel.spells import kept
from analysis.data.portfolio import Portfolio

LANDMARK = 1
"""k at which spells are first looked at: the bands' days lie before it, but for the last of a February."""

MILESTONES = ("attempt", "right_party")
"""First outbound attempt of ours; first contact, in either direction, in which the debtor was spoken to."""


def delay_cells(
    portfolio: Portfolio,
    rules: SpellRules,
    buckets: Buckets,
    milestone: str = "attempt",
    by: Sequence[str] = (),
    period: Period | Window | None = None,
    bands: Bands | None = None,
) -> pd.DataFrame:
    """Spells still running at k = 1, counted by days from due date to first contact.

    Columns: delay_band, delay_order, `by`, entry (1 throughout), duration, exit, fold, spells, balance; `by`,
    `period` and `bands` as in spells.spell_cells(). Survival estimated from them, with `entry` as entry time, is
    that of spells which lasted a month. Only contacts up to that month end count; spells without one by day 30
    are a band of their own. The due date is the month end of k = 0 less the days past due then.

    Taken are spells seen to begin and due since the contact log began. Bands are not randomised: who is contacted
    early may differ in what no column tells. Without contacts (for right_party: without outcomes) there are no
    rows. Raises ParameterError for another milestone.
    """
    if milestone not in MILESTONES:
        raise ParameterError(f"milestone '{milestone}' is unknown; use {' or '.join(MILESTONES)}")
    needed = "contacts.outcome" if milestone == "right_party" else "contacts"
    columns = ["delay_band", "delay_order", *by, "entry", "duration", "exit", FOLD, "spells", "balance"]
    begins = log_begins(portfolio) if portfolio.has(needed) else None
    if begins is None:
        return pd.DataFrame(columns=columns)
    rows = began_in(kept(portfolio, rules, buckets), period)
    rows = _due(rows.filter(~rows.running & (rows.duration > LANDMARK)), rules, portfolio)
    rows = _with_delay(rows.filter(rows.due_on >= ibis.literal(begins)), portfolio, milestone)
    grouped, names = with_groups(with_delay_band(rows), portfolio, by, bands)
    landed = grouped.mutate(entry=ibis.literal(LANDMARK, "int32"))
    return count_cells(landed, ["delay_band", "delay_order", *names, "entry", "duration", "exit", FOLD])


def _due(rows: ir.Table, rules: SpellRules, portfolio: Portfolio) -> ir.Table:
    """Spells with due_on, the oldest unpaid due date, and landmark, the month end of k = 1."""
    first, last = portfolio.months_covered()
    numbers = range(month_number(first) - 1, month_number(last) + 2)
    calendar = pd.DataFrame({"m": list(numbers), "month": [month_of(number) for number in numbers]})
    ends = ibis.memtable(calendar, schema={"m": "int32", "month": "date"})
    before, at, after = (ends.rename({f"m_{name}": "m", name: "month"}) for name in ("before", "at", "after"))
    joined = rows.inner_join(at, rows.began == at.m_at)
    joined = joined.inner_join(before, joined.began - 1 == before.m_before)
    joined = joined.inner_join(after, joined.began + LANDMARK == after.m_after)
    due = (joined["at"] - joined.days_past_due * ibis.interval(days=1)).cast("date")
    # A month end earlier it was not yet so many days past due.
    earliest = (joined.before - ibis.interval(days=rules.entry_days - 1)).cast("date")
    return joined.select(*rows.columns, due_on=ibis.greatest(due, earliest), landmark=joined.after)


def _with_delay(rows: ir.Table, portfolio: Portfolio, milestone: str) -> ir.Table:
    """Spells with `delay`, days from due date to first contact by the landmark; null where there was none."""
    first, last = log_begins(portfolio) or portfolio.as_of, portfolio.months_covered()[1]
    log = contacts(portfolio, first, last)
    made = log.filter(log.outbound if milestone == "attempt" else log.right_party).select(ACCOUNT, "day")
    within = rows.select(ACCOUNT, "began", "due_on", "landmark").inner_join(made, ACCOUNT)
    within = within.filter((within.day >= within.due_on) & (within.day <= within.landmark))
    days = within.day.delta(within.due_on, unit="day").cast("int64")
    reached = within.mutate(days=days).group_by(found=within[ACCOUNT], found_began=within.began)
    joined = rows.left_join(
        reached.aggregate(delay=ibis._.days.min()), [(ACCOUNT, "found"), ("began", "found_began")]
    )
    return joined.select(*rows.columns, "delay")
