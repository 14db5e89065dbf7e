"""Spells of delinquency put together from their turns, with the exit that ended each."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from analysis.core.spells import STILL_OPEN, SpellRules
from analysis.core.states import PRODUCTS, Buckets
from analysis.data.panel.contacts import bucket_label
from analysis.data.panel.months import breaks, month_number, month_of, number_of
from analysis.data.panel.parts import ACCOUNT, CLUSTER, Part, parts
from analysis.data.panel.spell_events import BACK, ENTER, LEFT, has_relief, turns
from analysis.data.portfolio import Portfolio

LITIGATION = ("litigation", "payment_order")
"""Routes of disposals that take a claim to court."""

AT_A_BREAK = "began in a month from which something was recorded differently"
TOO_LATE = "began at the end of follow-up or later"
UNFOLLOWED = "not followed for a month: its rows stop, or it was in litigation when first seen"
"""Reasons for which spells are left out."""

EXIT_OF = {BACK: "cured"} | {code: {"closed": "paid_off"}.get(status, status) for status, code in LEFT.items()}


def follow_up_end(portfolio: Portfolio, rules: SpellRules) -> date:
    """Last month end up to which it is known how spells go on.

    A cure is known only once its probation is over. If exits of other kinds, or the mere going on, were followed
    longer than cures, late cures would pass for spells still running. So all follow-up ends together, as many
    months before the panel's last as the longest probation but one month: one end for all products, so that months
    and totals compare, and for spells with and without relief, because relief comes while a spell runs, and to
    stop following those who will have it is to look ahead. Probation of products that the portfolio lacks, and of
    relief that its tables don't tell of, doesn't count.
    """
    products = set(PRODUCTS)
    if rules.probation:
        accounts = portfolio.table("accounts")
        products = set(accounts.select("product").distinct().to_pyarrow()["product"].to_pylist())
    relief = rules.restructured_months is not None and has_relief(portfolio)
    longest = rules.longest(products, relief)
    return month_of(month_number(portfolio.months_covered()[1]) - (longest - 1))


def all_spells(portfolio: Portfolio, rules: SpellRules, buckets: Buckets) -> ir.Table:
    """Spells of the whole portfolio, those left out included, held by the engine; columns as every_spell()."""

    def build() -> ir.Table:
        end = follow_up_end(portfolio, rules)
        return ibis.union(*(every_spell(p, rules, buckets, end) for p in parts(portfolio, clustered=False)))

    return portfolio.keep(f"spells {rules!r} {buckets.edges}", build)


def every_spell(part: Part, rules: SpellRules, buckets: Buckets, end: date) -> ir.Table:
    """The part's spells: the columns of spells.spells(), and `reason` (why left out; null: it isn't)."""
    begun = _begun(_spans(part, rules), rules.entry_days)
    stopped = _stopped(_with_litigation(begun, part, month_number(end)), month_number(end))
    reason = ibis.cases(
        (~stopped.running & stopped.start.isin(_break_numbers(part)), AT_A_BREAK),
        (stopped.start >= month_number(end), TOO_LATE),
        (stopped.duration <= stopped.entry, UNFOLLOWED),
        else_=ibis.null("string"),
    )
    order = ibis.window(group_by=ACCOUNT, order_by="began")
    named = stopped.mutate(
        reason=reason,
        spell=(ibis.row_number().over(order) + 1).cast("int32"),
        bucket=bucket_label(stopped.days_past_due, buckets),
    )
    return _with_cluster(named, part).select(*COLUMNS, "reason")


_CLOCK = ("began", "entry", "duration", "exit", "spell", "running")
COLUMNS = (ACCOUNT, CLUSTER, *_CLOCK, "balance", "days_past_due", "bucket", "exit_balance")


def _spans(part: Part, rules: SpellRules) -> ir.Table:
    """Spells as they would run without litigation and without an end of follow-up.

    Turns of an account fall into sections, each ending with a turn that would end a spell. A section in which an
    account enters the entry bucket holds one spell, from the first entry on: later ones are relapses within it.
    """
    rows = sections(part, rules)
    enter = rows.kind == ENTER
    grouped = rows.group_by(ACCOUNT, "section").aggregate(
        start=rows.m.min(where=enter),
        month=rows.month.min(where=enter),
        running=(enter & rows["first"]).cast("int8").max(),
        balance=rows.balance.argmin(rows.m, where=enter),
        days_past_due=rows.days_past_due.argmin(rows.m, where=enter),
        finish=rows.m.max(where=rows.ender),
        kind=rows.kind.max(where=rows.ender),
        exit_balance=rows.balance.max(where=rows.ender),
        stops=rows.m.max(where=rows.stops),
    )
    spans = grouped.filter(grouped.start.notnull())
    return spans.mutate(running=spans.running == 1)


def sections(part: Part, rules: SpellRules) -> ir.Table:
    """Turns with the number of their `section`: enders before it."""
    rows = turns(part, rules)
    so_far = ibis.window(group_by=ACCOUNT, order_by="m", preceding=None, following=0)
    ended = rows.ender.cast("int32")
    return rows.mutate(section=(ended.sum().over(so_far) - ended).cast("int32"))


def _begun(spans: ir.Table, entry_days: int) -> ir.Table:
    """Spells with `began`, `entry` and the days past due at k = 0.

    A spell running when first seen reached the entry bucket `entry_days` after its oldest unpaid due date, which
    days past due tell; if instalments were paid on the way it was earlier.
    """
    reached = (spans.month - (spans.days_past_due - entry_days) * ibis.interval(days=1)).cast("date")
    began = spans.running.ifelse(number_of(reached), spans.start).cast("int32")
    found = spans.mutate(began=began, reached=reached)
    month_end = (found.reached.truncate("M") + ibis.interval(months=1) - ibis.interval(days=1)).cast("date")
    then = found.days_past_due - found.month.delta(month_end, unit="day")
    days = found.running.ifelse(then, found.days_past_due).cast("int32")
    kept = [name for name in found.columns if name not in ("days_past_due", "reached", "month")]
    return found.select(*kept, days_past_due=days, entry=(found.start - found.began).cast("int32"))


def _with_litigation(spans: ir.Table, part: Part, end: int) -> ir.Table:
    """Spells with `court`: month in which the first litigation begun during the spell began (null: none)."""
    if not part.portfolio.has("disposals"):
        return spans.mutate(court=ibis.null("int32"))
    disposals = part.loosely("disposals")
    taken = disposals.filter(disposals.route.isin(LITIGATION))
    begun = taken.select(ACCOUNT, court=number_of(taken.started_on.cast("date")))
    joined = spans.select(ACCOUNT, "section", "began", "finish", "stops").inner_join(begun, ACCOUNT)
    until = joined.finish.coalesce(joined.stops).coalesce(end)
    within = joined.filter((joined.court >= joined.began) & (joined.court <= until))
    first = within.group_by(found=within[ACCOUNT], found_section=within.section).aggregate(
        court=within.court.min()
    )
    return spans.left_join(first, [(ACCOUNT, "found"), ("section", "found_section")]).drop(
        "found", "found_section"
    )


def _stopped(spans: ir.Table, end: int) -> ir.Table:
    """Spells with `duration`, `exit` and `exit_balance` as they are seen up to the end of follow-up."""
    court, left = spans.court <= end, spans.finish <= end
    # Litigation begun in the month of the exit came before it: exits are dated by the month's end.
    stop = ibis.cases((court, spans.court), (left, spans.finish), else_=ibis.least(spans.stops.coalesce(end), end))
    names = [(spans.kind == code, name) for code, name in EXIT_OF.items()]
    outcome = ibis.cases((court, "litigation"), (left, ibis.cases(*names, else_=STILL_OPEN)), else_=STILL_OPEN)
    found = spans.mutate(stop=stop, exit=outcome)
    known = found.exit.notin(("litigation", STILL_OPEN))
    return found.mutate(
        duration=(found.stop - found.began).cast("int32"),
        exit_balance=known.ifelse(found.exit_balance, ibis.null("float64")),
    )


def _break_numbers(part: Part) -> list[int]:
    return [month_number(month) for month in sorted(breaks(part.portfolio))] or [-1]


def _with_cluster(rows: ir.Table, part: Part) -> ir.Table:
    """Spells with the customer as `cluster`, or the account where the customer isn't known."""
    name = part.portfolio.cluster
    if name == ACCOUNT:
        return rows.mutate(**{CLUSTER: rows[ACCOUNT]})
    accounts = part.loosely("accounts")
    held = accounts.select(found=accounts[ACCOUNT], customer=accounts[name])
    joined = rows.left_join(held, rows[ACCOUNT] == held.found)
    return joined.mutate(**{CLUSTER: joined.customer.coalesce(joined[ACCOUNT])})
