"""Spells of delinquency: when each began, how long it lasted, and how it ended.

Time is in whole months. k = 0 is the first month end at which an account is found in the entry bucket; a spell
that ends k month ends later has duration k. In survival terms the event is the exit: here, mostly, a cure.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd

from analysis.core.periods import Period
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.covariates import FOLD, Bands
from analysis.data.panel.months import Window
from analysis.data.panel.parts import Part
from analysis.data.panel.spell_exits import COLUMNS, all_spells, every_spell, follow_up_end
from analysis.data.panel.spell_groups import began_in, count_cells, with_groups
from analysis.data.panel.spell_reconciliation import reconciliation
from analysis.data.portfolio import Portfolio

__all__ = ["follow_up_end", "kept", "left_out", "reconciliation", "spell_cells", "spells"]


def spells(part: Part, rules: SpellRules, buckets: Buckets) -> ir.Table:
    """The part's spells of delinquency, one row a spell.

    account_id; cluster (the customer, or the account where that isn't known)
    began     month number (`months.month_number`) of k = 0
    entry     months already run when the spell was first seen; 0 where it was seen to begin
    duration  k at the exit, or at the end of follow-up where exit is `open`
    exit      cured, charged_off, paid_off (closed too), sold, litigation, open
    spell     1, 2, … of the account since the data begin
    running   overdue in the account's first row: nobody saw it begin
    balance   owed at k = 0, or when first seen
    days_past_due, bucket   at k = 0, reckoned back from when first seen
    exit_balance   owed at the exit; null for litigation and open

    **Exits.** A cure is a return to current, 0 days past due, from which on none of the months of probation
    (`SpellRules`) is overdue, charged off or sold; it is dated at the first current month. An account that falls
    back is in the same spell, its clock running on; charged off or sold while current it exits so, then. One that
    leaves paid off or closed, or whose rows stop, before its probation is over counts as cured: nothing is owed,
    or nothing known against it (as in `families.sustained`). `litigation` is the month in which the first
    litigation or payment order that begins during the spell begins (`disposals`). It comes before any other exit
    of that month or later, charge-off in the same month included: the court is a way of its own, and the months
    after it, up to what would have been the exit, belong to no spell.

    **Follow-up** of every spell ends at `follow_up_end`: exits after it aren't seen, whatever they are. A spell
    whose rows stop before is open at its last month.

    **Delayed entry.** Of a spell running when first seen, days past due tell the due date, and so the month end at
    which it reached `entry_days`. Instalments paid on the way move that date, so `entry` is a lower bound: right
    for nine in ten arrears one month old in the simulated portfolio, three in four at three months, hardly any
    past five; a source that tells arrears in whole months (30, 60, …) may shift it by one. Give it to the
    estimator as entry time: spells that ended before the data began are missing, so durations alone would be too
    long. An account that is on probation when first seen, current, and then falls back passes for a new spell;
    leave out what began in the data's first months, as many as the probation has, where that matters.

    **Left out** (`left_out` counts them): spells that began at the end of follow-up or later, or were not followed
    for a month (duration ≤ entry: no information); and those seen to begin in a month from which something was
    recorded differently (`breaks` of portfolio.yml), as `contacts.overdue_spells` does. Spells that run across
    such a month stay.
    """
    every = every_spell(part, rules, buckets, follow_up_end(part.portfolio, rules))
    return _informative(every)


def kept(portfolio: Portfolio, rules: SpellRules, buckets: Buckets) -> ir.Table:
    """All spells of the portfolio, held by the engine: the table that others join to; columns as spells()."""
    return _informative(all_spells(portfolio, rules, buckets))


def left_out(portfolio: Portfolio, rules: SpellRules, buckets: Buckets) -> pd.DataFrame:
    """Spells left out of kept(): reason, spells."""
    every = all_spells(portfolio, rules, buckets)
    gone = every.filter(every.reason.notnull())
    return gone.group_by("reason").aggregate(spells=gone.count()).order_by("reason").to_pandas()


def _informative(every: ir.Table) -> ir.Table:
    return every.filter(every.reason.isnull()).select(*COLUMNS)


def spell_cells(
    portfolio: Portfolio,
    rules: SpellRules,
    buckets: Buckets,
    by: Sequence[str] = ("product", "bucket"),
    period: Period | Window | None = None,
    bands: Bands | None = None,
) -> pd.DataFrame:
    """Spells counted by groups known at entry.

    Columns: `by`, entry, duration, exit, fold (0 to 31, random groups of customers), spells, balance (owed when
    first seen). `by` takes columns of accounts and groups of the spell itself (`spell_groups.OF_SPELL`: bucket,
    began_quarter, spell, balance_band); values not recorded are `unknown`. Those that the portfolio lacks, and
    numbers that are the same throughout, are left out of the frame. Numbers are cut at `bands`, by default at the
    quarters of all accounts (balance_band: of all spells), rounded; give them where cells of several days must
    compare. `period`: only spells whose k = 0 lies in it, a quarter, or a first and a last month end.

    Raises ParameterError for unknown names.
    """
    rows = began_in(kept(portfolio, rules, buckets), period)
    rows, names = with_groups(rows, portfolio, by, bands)
    return count_cells(rows, [*names, "entry", "duration", "exit", FOLD])
