"""When something first happened to accounts after a month end, and how far they are followed."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd

from analysis.core.spells import SpellRules
from analysis.data.panel.account_rows import ROW, back_in_place, engine_rows
from analysis.data.panel.months import number_of
from analysis.data.panel.parts import ACCOUNT, parts
from analysis.data.panel.spell_events import BACK, LEFT, RELAPSES, turns
from analysis.data.portfolio import Portfolio

KINDS = {
    "cured": (BACK,),
    "charged_off": (LEFT["charged_off"],),
    "paid_off": (LEFT["paid_off"], LEFT["closed"]),
    "sold": (LEFT["sold"],),
}
"""Exits, and the turns of an account (`spell_events`) that are such."""

LOSSES = ("charged_off", "sold")
"""Exits that count as lost: a claim sold while it was still open is sold at a loss."""

SETTLED = ("paid_off", "closed")
GONE = (*SETTLED, "sold")
"""Statuses of an account's last row: nothing comes after."""


def happened_within(after: pd.Series, h: int, covered: pd.Series, followed: pd.Series) -> pd.Series:
    """1 or 0 where it is known; an event seen is known even if the account's own rows stop later."""
    happened = after <= h
    return happened.astype(float).where(covered & (happened | followed))


def first_events(portfolio: Portfolio, rows: pd.DataFrame, rules: SpellRules) -> pd.DataFrame:
    """Month number of the first event of each kind after each row's month; missing where there is none.

    Columns: those of KINDS, and `relapse`, the first month end that would undo a cure.
    """
    numbers = engine_rows(rows)

    def first_of(turned: ir.Table) -> pd.DataFrame:
        joined = numbers.inner_join(turned, [numbers[ACCOUNT] == turned.held, numbers.m < turned["at"]])
        which = {name: joined.ender & joined.kind.isin(kinds) for name, kinds in KINDS.items()}
        which["relapse"] = joined.kind.isin(RELAPSES)
        sums = {name: joined["at"].min(where=chosen).cast("float64") for name, chosen in which.items()}
        return joined.group_by(ROW).aggregate(**sums).execute()

    pieces = []
    for part in parts(portfolio, clustered=False):
        found = turns(part, rules)
        found = found.filter(found.kind.notnull())
        pieces.append(first_of(found.select("kind", "ender", held=ACCOUNT, at="m")))
    return back_in_place(pd.concat(pieces), rows).astype(float)


def later_months(portfolio: Portfolio, rows: pd.DataFrame, horizons: Sequence[int]) -> pd.DataFrame:
    """Each row's own state and what its account's later months tell.

    stops (last month number), gone (1: nothing comes after it), open_then, late_then (open, and overdue, in its
    own month), open_next and sound_next (open, and current, in the next), sound (first later month current, or in
    which it is paid off or closed), and cash_<h> for each horizon.
    """
    months = portfolio.table("months")
    cash = {"cash": months.amount_paid.cast("float64")} if portfolio.has("months.amount_paid") else {}
    told = months.select(
        held=months[ACCOUNT], at=number_of(months.month), status="status", days="days_past_due", **cash
    )
    numbers = engine_rows(rows)
    joined = numbers.inner_join(told, [numbers[ACCOUNT] == told.held, numbers.m <= told["at"]])
    joined = joined.mutate(after=joined["at"] - joined.m)
    opened, late = joined.status == "open", joined.days >= 1
    now, soon = joined.after == 0, joined.after == 1
    flags = {"gone": joined.status.isin(GONE), "open_then": now & opened, "late_then": now & opened & late}
    flags |= {"open_next": soon & opened, "sound_next": soon & opened & ~late}
    settled = (opened & ~late) | joined.status.isin(SETTLED)
    sums = {name: happened.cast("int32").max() for name, happened in flags.items()}
    sums["stops"] = joined["at"].max().cast("float64")
    sums["sound"] = joined["at"].min(where=(joined.after >= 1) & settled).cast("float64")
    for h in horizons if cash else ():
        sums[f"cash_{h}"] = joined.cash.sum(where=joined.after.between(1, h))
    return back_in_place(joined.group_by(ROW).aggregate(**sums).execute(), rows)
