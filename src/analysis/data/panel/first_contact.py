"""Days from due date to contact, and what became of spells by how long the first contact took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from analysis.core.periods import shift_months
from analysis.core.states import Buckets
from analysis.data.panel.contacts import (
    bucket_label,
    contacts,
    customers,
    log_begins,
    month_index,
    overdue_spells,
)
from analysis.data.panel.dimensions import available, with_dimensions
from analysis.data.panel.months import number_of
from analysis.data.panel.parts import Part
from analysis.data.portfolio import Portfolio

RIGHT_PARTY_MILESTONE = "right_party"
DELAY_BANDS: tuple[int, ...] = (3, 7, 14, 30)
"""Last day of each delay band; spells without a contact by the last of them are a band of their own."""


def contact_delays(
    portfolio: Portfolio, first: date, last: date, attempts: int = 3, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Spells of arrears by days from due date to each contact, for spells that began from `first` to `last`.

    Columns: milestone (`attempt_1` … `attempt_n`, our outbound attempts; `right_party`, the first contact in
    either direction in which the debtor was spoken to), `by`, fold, days, and counts of spells: `contacted` on
    that day, `ended` (no longer overdue, or off the books, before the contact), `open` (still waiting when the
    data end). `by` may name columns of accounts, and strategy or agency (in force at the first month end overdue,
    `none` where there was none; relief is agreed in a contact, so its spells were reached early by construction).
    Spells due before the contact log begins are left out.

    Month ends do not tell on which day arrears ended. A contact up to the month end at which they were gone
    counts; a spell without one is taken to have ended in the middle of that month, as withdrawals are in a life
    table (Cutler and Ederer 1958, J. Chronic Diseases 8, 699–712).
    """
    spells = _spells_with_log(portfolio, first, last)
    delays = _delays(portfolio, spells, attempts)
    delays, in_force = _with_in_force(portfolio, delays, by)
    who = customers(portfolio, [name for name in by if name not in in_force])
    by = [name for name in by if name in (*in_force, *who.columns)]
    names = [name for name in delays.columns if name.startswith(("attempt_", RIGHT_PARTY_MILESTONE))]
    long = delays.pivot_longer(names, names_to="milestone", values_to="contacted_after")
    long = long.mutate(days=long.contacted_after.coalesce(long.followed), contacted=long.contacted_after.notnull())
    counts = long.inner_join(who, "account_id").group_by("milestone", *by, "fold", "days")
    frame = counts.aggregate(
        contacted=_.contacted.sum(),
        ended=(~_.contacted & _.until.notnull()).sum(),
        open=(~_.contacted & _.until.isnull()).sum(),
    )
    return frame.order_by("milestone", *by, "fold", "days").to_pandas()


def _with_in_force(portfolio: Portfolio, spells: ir.Table, by: Sequence[str]) -> tuple[ir.Table, list[str]]:
    """Spells with the strategy and agency in force at their first month end, where asked for; and which were."""
    asked = [name for name in available(portfolio, ("strategy", "agency")) if name in by]
    if not asked:
        return spells, []
    rows = spells.mutate(m=number_of(spells.start))
    return with_dimensions(rows, Part(portfolio), asked).drop("m"), asked


def _spells_with_log(portfolio: Portfolio, first: date, last: date) -> ir.Table:
    spells = portfolio.keep(f"spells {first} {last}", lambda: overdue_spells(portfolio, first, last))
    # Spark truncates dates to timestamps, which shows once a view is read.
    spells = spells.cast({"due_on": "date", "until": "date"})
    begins = log_begins(portfolio)
    return spells.filter(spells.due_on >= ibis.literal(begins)) if begins else spells.limit(0)


def _delays(portfolio: Portfolio, spells: ir.Table, attempts: int) -> ir.Table:
    """Spells with days to each attempt and to the first right-party contact (missing: none), and days followed."""
    begins, ends = log_begins(portfolio) or portfolio.as_of, portfolio.months_covered()[1]
    log = contacts(portfolio, begins, ends).select(
        "account_id", "contact_id", "at", "day", "outbound", "right_party"
    )
    within = spells.inner_join(log, "account_id").filter(
        _.day >= _.due_on, _.day <= _.until.coalesce(ibis.literal(ends))
    )
    order = ibis.window(group_by=["account_id", "start"], order_by=["at", "contact_id"], following=0)
    within = within.mutate(
        attempt=within.outbound.cast("int64").sum().over(order), after=_days(within.due_on, within.day)
    )
    found = {
        f"attempt_{n}": within.after.min(where=within.outbound & (within.attempt == n))
        for n in range(1, attempts + 1)
    }
    if portfolio.has("contacts.outcome"):
        found[RIGHT_PARTY_MILESTONE] = within.after.min(where=within.right_party)
    reached = within.group_by("account_id", "start").aggregate(**found)
    joined = spells.left_join(reached, ["account_id", "start"])
    to_end, to_until = _days(joined.due_on, joined.end), _days(joined.due_on, joined.until)
    middle = ((to_end + to_until) / 2).floor().cast("int64")
    return joined.select(
        "account_id",
        "start",
        "due_on",
        "end",
        "until",
        *found,
        followed=joined.until.isnull().ifelse(to_end, middle),
    )


def cure_by_delay(
    portfolio: Portfolio,
    first: date,
    last: date,
    buckets: Buckets,
    months: Sequence[int] = (1, 3),
    milestone: str = "attempt_1",
    by: Sequence[str] = (),
) -> pd.DataFrame:
    """Spells still overdue at the landmark, and those cured soon after it, by delay of the first contact.

    The landmark is the first month end at least 30 days (the last of `DELAY_BANDS`) after the due date, so every
    band of delay lies before it and no spell must survive to be counted as contacted late.

    Columns: delay_band, delay_order, bucket and balance_band (quarter of all these spells, 1 the smallest) at the
    landmark, `by` (columns of accounts), fold, months, spells (followed so many months after the landmark), cured
    (not overdue, or paid off, at some month end within them; a spell whose rows stop without that is not cured).
    """
    spells = _delays(portfolio, _spells_with_log(portfolio, first, last), attempts=1)
    if milestone not in spells.columns:
        return pd.DataFrame(columns=[*_CURE_KEYS, *by, "fold", "months", "spells", "cured"])
    landmark = _at_landmark(portfolio, spells, milestone)
    name = f"landmark {first} {last} {milestone} {buckets.edges}"
    rows = _with_balance_band(portfolio.keep(name, lambda: _with_outcome(portfolio, landmark, buckets)))
    who = customers(portfolio, by)
    keys = [*_CURE_KEYS, *(name for name in by if name in who.columns), "fold"]
    rows = with_delay_band(rows.inner_join(who, "account_id"))
    panel_end = portfolio.months_covered()[1]
    parts = [
        rows.filter(rows.landmark <= ibis.literal(shift_months(panel_end, -k)))
        .group_by(keys)
        .aggregate(months=ibis.literal(k), spells=_.count(), cured=(_.cured_after <= k).sum().coalesce(0))
        for k in months
    ]
    return ibis.union(*parts).order_by(*keys, "months").to_pandas()


_CURE_KEYS = ("delay_band", "delay_order", "bucket", "balance_band")


def _at_landmark(portfolio: Portfolio, spells: ir.Table, milestone: str) -> ir.Table:
    """Spells still overdue at the landmark: account_id, landmark, until, delay, balance, days_past_due."""
    month = (spells.due_on + ibis.interval(days=DELAY_BANDS[-1])).truncate("M")
    landmark = (month + ibis.interval(months=1) - ibis.interval(days=1)).cast("date")
    chosen = spells.mutate(landmark=landmark, delay=spells[milestone])
    chosen = chosen.filter(chosen.landmark <= chosen.end)
    state = portfolio.table("months").select("account_id", "balance", "days_past_due", landmark=_.month)
    return chosen.inner_join(state, ["account_id", "landmark"]).select(
        "account_id", "landmark", "until", "delay", "balance", "days_past_due"
    )


def _with_outcome(portfolio: Portfolio, spells: ir.Table, buckets: Buckets) -> ir.Table:
    """The same spells with bucket, and `cured_after` months from landmark to cure (missing: not cured)."""
    months = portfolio.table("months")
    cured = (months.status == "paid_off") | ((months.status == "open") & (months.days_past_due == 0))
    ends = months.filter(cured).select("account_id", until=months.month)
    # Joined twice, so that the engine never has to hold the whole panel to look spells up in.
    ends = spells.select("account_id", "until").inner_join(ends, ["account_id", "until"]).distinct()
    ends = ends.mutate(cure_index=month_index(ends.until))
    joined = spells.left_join(ends, ["account_id", "until"])
    return joined.select(
        "account_id",
        "landmark",
        "delay",
        "balance",
        bucket=bucket_label(joined.days_past_due, buckets),
        cured_after=joined.cure_index - month_index(joined.landmark),
    )


def with_delay_band(rows: ir.Table) -> ir.Table:
    """Rows with the band (delay_band; delay_order sorts) of their `delay` in days, null being no contact."""
    starts = [0, *(day + 1 for day in DELAY_BANDS)]
    labels = [f"{a}–{b}" for a, b in zip(starts, DELAY_BANDS, strict=False)]
    none = f"none by day {DELAY_BANDS[-1]}"
    delay = rows.delay
    band = ibis.cases(*[(delay <= day, label) for day, label in zip(DELAY_BANDS, labels, strict=True)], else_=none)
    order = ibis.cases(*[(delay <= day, i) for i, day in enumerate(DELAY_BANDS)], else_=len(DELAY_BANDS))
    return rows.mutate(delay_band=band, delay_order=order.cast("int64"))


def _with_balance_band(rows: ir.Table) -> ir.Table:
    """The same rows with the quarter of all their balances that each lies in, 1 the smallest."""
    cuts = rows.aggregate(**{f"q{i}": rows.balance.quantile(i / 4) for i in (1, 2, 3)}).to_pyarrow().to_pylist()[0]
    above = [(rows.balance > cut).cast("int64") for cut in cuts.values() if cut is not None]
    return rows.mutate(balance_band=sum(above, start=ibis.literal(1, "int64")))


def _days(start: ir.DateValue, end: ir.DateValue) -> ir.IntegerValue:
    return end.delta(start, unit="day").cast("int64")
