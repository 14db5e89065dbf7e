"""Month ends at which something happens to a spell of delinquency: it begins, breaks off, or ends.

Few rows of a panel are such turns, so they are found in one pass in the order of the file, and only they are then
put together account by account. Nothing here is executed: each function returns an Ibis expression.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from analysis.core.spells import SpellRules
from analysis.core.states import EXITS, Buckets
from analysis.data.panel.months import CURRENT, exit_code, in_file_order, number_of, state_code
from analysis.data.panel.parts import ACCOUNT, Part
from analysis.data.portfolio import Portfolio

ENTER, LAPSE, BACK = 1, 2, 3
"""In the entry bucket after not being so; overdue below it after being current; current after being overdue."""
LEFT = {status: 10 + place for place, status in enumerate(EXITS)}
"""Codes of the turns in which an open account leaves the book."""

RELAPSES = (ENTER, LAPSE, LEFT["charged_off"], LEFT["sold"])
"""Turns that undo a cure. Who leaves paid off or closed owes nothing, so that cure stands."""

RELIEF = ("deferral_months", "extension_months", "forgiven", "rate_after")
"""Columns of treatments any of which says that relief was given."""


def ladder(rules: SpellRules) -> Buckets:
    """Current, overdue below the entry bucket (where it has a below), and in it."""
    return Buckets((1,)) if rules.entry_days == 1 else Buckets((1, rules.entry_days))


def turns(part: Part, rules: SpellRules) -> ir.Table:
    """Turns of the part's accounts.

    Columns: account_id, month, m, kind (ENTER, LAPSE, BACK or one of LEFT; null where only `stops`), `first` (the
    account's first row), `stops` (overdue in its last row), `was_open` (so in the row before), days_past_due,
    balance, and `ender`: the turn would end a spell, being a sustained cure or an exit.
    """
    found = _rows_that_turn(part, rules)
    if in_file_order(part):
        # Accounts are left out only after their rows were followed: a join need not keep the file's order.
        found = part.without_shared(found)
    return _with_enders(found.mutate(m=number_of(found.month)), part, rules)


def _rows_that_turn(part: Part, rules: SpellRules) -> ir.Table:
    ordered, states = in_file_order(part), ladder(rules)
    months = part.loosely("months") if ordered else part.table("months")
    rows = months.select(
        ACCOUNT, "month", "days_past_due", state=state_code(months, states), balance=months.balance.cast("float64")
    )
    # Without partition or order a window streams in DuckDB (`months.steps` tells why).
    beside = ibis.window() if ordered else ibis.window(group_by=ACCOUNT, order_by="month")
    rows = rows.mutate(
        before=rows[ACCOUNT].lag(1).over(beside),
        prior=rows.state.lag(1).over(beside),
        after=rows[ACCOUNT].lead(1).over(beside),
    )
    late = (rows.state > CURRENT) & (rows.state < len(states.labels))
    first = (rows.before != rows[ACCOUNT]).coalesce(True)
    last = (rows.after != rows[ACCOUNT]).coalesce(True)
    moved = ~first & (rows.state != rows.prior)
    chosen = rows.mutate(first=first, stops=late & last, late=late).filter(moved | (late & (first | last)))
    return _with_kind(chosen, states)


def _with_kind(rows: ir.Table, states: Buckets) -> ir.Table:
    entry = len(states.labels) - 1
    prior = rows["first"].ifelse(ibis.null("int8"), rows.prior)
    was_late = ((prior > CURRENT) & (prior <= entry)).coalesce(False)
    was_open = (prior <= entry).coalesce(False)
    left = [((rows.state == exit_code(states, status)) & was_open, code) for status, code in LEFT.items()]
    kind = ibis.cases(
        ((rows.state == entry) & (prior.isnull() | (prior != entry)), ENTER),
        ((rows.state > CURRENT) & (rows.state < entry) & (prior == CURRENT), LAPSE),
        ((rows.state == CURRENT) & was_late, BACK),
        *left,
        else_=ibis.null("int8"),
    )
    return rows.select(
        ACCOUNT, "month", "first", "stops", "days_past_due", "balance", was_open=was_open, kind=kind.cast("int8")
    ).filter(_.kind.notnull() | _.stops)


def _with_enders(found: ir.Table, part: Part, rules: SpellRules) -> ir.Table:
    rows = with_probation(found, part, rules)
    ahead = ibis.window(group_by=ACCOUNT, order_by="m")
    rows = rows.mutate(next_kind=rows.kind.lead(1).over(ahead), next_m=rows.m.lead(1).over(ahead))
    undone = rows.next_kind.isin(RELAPSES) & (rows.next_m < rows.m + rows.probation)
    cured = (rows.kind == BACK) & ~undone.coalesce(False)
    ender = (cured | rows.kind.isin(tuple(LEFT.values()))).coalesce(False)
    return rows.mutate(ender=ender).drop("next_kind", "next_m", "probation")


def with_probation(rows: ir.Table, part: Part, rules: SpellRules) -> ir.Table:
    """Turns (account_id, m, kind) with `probation`, the months that their account's cure would have to last."""
    usual = ibis.literal(rules.sustained_months, "int32")
    if rules.probation:
        accounts = part.loosely("accounts")
        own = [(accounts["product"] == name, months) for name, months in rules.probation.items()]
        facts = accounts.select(held=accounts[ACCOUNT], usual=ibis.cases(*own, else_=usual).cast("int32"))
        rows = rows.left_join(facts, rows[ACCOUNT] == facts.held).drop("held")
        usual = rows.usual.coalesce(usual)
    rows = rows.select(*(name for name in rows.columns if name != "usual"), probation=usual)
    if rules.restructured_months is None or not has_relief(part.portfolio):
        return rows
    return _after_relief(rows, part, rules.restructured_months)


def _after_relief(rows: ir.Table, part: Part, months: int) -> ir.Table:
    """The longer probation for accounts back to current within so many months of relief."""
    granted = _relief(part)
    back = rows.filter(rows.kind == BACK).select(ACCOUNT, "m").inner_join(granted, ACCOUNT)
    near = back.filter((back.granted <= back.m) & (back.granted > back.m - months))
    marks = near.select(found=near[ACCOUNT], found_m=near.m).distinct()
    joined = rows.left_join(marks, [(ACCOUNT, "found"), ("m", "found_m")])
    longer = ibis.greatest(joined.probation, ibis.literal(months, "int32"))
    probation = joined.found.isnull().ifelse(joined.probation, longer)
    return joined.select(*(name for name in rows.columns if name != "probation"), probation=probation)


def has_relief(portfolio: Portfolio) -> bool:
    """Whether treatments tell of relief."""
    return any(portfolio.has(f"treatments.{name}") for name in RELIEF)


def _relief(part: Part) -> ir.Table:
    """Relief given: account_id, granted (month number of its first day in force, or of its decision)."""
    treatments = part.loosely("treatments")
    given = [treatments[name] > 0 for name in RELIEF[:3] if name in treatments.columns]
    if "rate_after" in treatments.columns:
        given.append(treatments.rate_after.notnull())
    dated = "started_on" if part.portfolio.has("treatments.started_on") else "decided_at"
    relief = treatments.filter(ibis.or_(*given))
    return relief.select(ACCOUNT, granted=number_of(relief[dated].cast("date")))
