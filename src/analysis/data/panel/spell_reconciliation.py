"""Spells held against the delinquency chapter's counts, month by month."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.periods import months_between, shift_months
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.families import sustained
from analysis.data.panel.labels import with_month
from analysis.data.panel.months import Window
from analysis.data.panel.parts import ACCOUNT, Part, over_parts
from analysis.data.panel.ratios import monthly
from analysis.data.panel.rolls import rolls
from analysis.data.panel.spell_events import BACK, ENTER, LEFT, ladder
from analysis.data.panel.spell_exits import all_spells, follow_up_end, sections
from analysis.data.portfolio import Portfolio

MEASURES = ("entered", "cured", "sustained_cure", "charged_off")
BETWEEN = ("litigation", "left_out", "within_spells", "outside")
"""What lies between the spells' counts and delinquency's."""


def reconciliation(
    portfolio: Portfolio,
    rules: SpellRules,
    buckets: Buckets,
    first: date | None = None,
    last: date | None = None,
) -> pd.DataFrame:
    """Beginnings and ends of spells against the steps that the delinquency chapter counts, by month.

    Columns: month, measure, spells_count, then what lies between, then delinquency_count, which is their sum:
    any difference is a fault. Measures: `entered` (into the entry bucket, from a smaller one), `cured` (back to
    current), `sustained_cure` (only where all cures have the same probation), `charged_off`. Between are

    litigation     ends of spells that went to court before, and exited so
    left_out       beginnings and ends of spells that are left out (`spells.left_out`)
    within_spells  relapses inside a running spell, cures that were not sustained
    outside        of accounts not in a spell: overdue below the entry bucket, or charged off while current

    delinquency_count comes from rolls.rolls() with the states current, below the entry bucket and in it, and from
    families.sustained(): with `entry_days` 1 it is the numerator of families.ENTERED, of cures in
    families.COLLECTED, of families.WRITTEN_OFF less the charge-offs of no open account. Months run from `first`
    (default: the second covered) to `last` (default, and at most, the end of follow-up). Raises ParameterError
    where no month is left.
    """
    covered, end = portfolio.months_covered(), follow_up_end(portfolio, rules)
    first, last = first or shift_months(covered[0], 1), min(last or end, end)
    if first > last:
        raise ParameterError(f"no month to compare: follow-up ends {end:%Y-%m}, before {first:%Y-%m}")
    counted = _counts_of_spells(portfolio, rules, buckets).join(_between(portfolio, rules, buckets), how="outer")
    counted = counted.join(_counts_of_delinquency(portfolio, rules, (first, last)), how="outer")
    measures = [name for name in MEASURES if name != "sustained_cure" or _one_probation(rules)]
    months = [pd.Timestamp(month) for month in months_between(first, last)]
    grid = pd.MultiIndex.from_product([months, measures], names=["month", "measure"])
    return counted.reindex(grid).fillna(0).astype("int64").reset_index()


def _one_probation(rules: SpellRules) -> bool:
    return rules.restructured_months is None and set(rules.probation.values()) <= {rules.sustained_months}


def _counts_of_spells(portfolio: Portfolio, rules: SpellRules, buckets: Buckets) -> pd.DataFrame:
    every = all_spells(portfolio, rules, buckets)
    rows = every.filter(every.reason.isnull())
    ended = (rows.began + rows.duration).cast("int32")
    pieces = [rows.filter(~rows.running).select(m=rows.began, measure=ibis.literal("entered"))]
    for measure, outcome in (("cured", "cured"), ("sustained_cure", "cured"), ("charged_off", "charged_off")):
        pieces.append(rows.filter(rows.exit == outcome).select(m=ended, measure=ibis.literal(measure)))
    long = ibis.union(*pieces)
    counted = long.group_by("m", "measure").aggregate(spells_count=long.count()).to_pandas()
    return with_month(counted).set_index(["month", "measure"])


def _between(portfolio: Portfolio, rules: SpellRules, buckets: Buckets) -> pd.DataFrame:
    """Turns that are no beginning or end of a spell that is kept, by month, measure and what they are."""
    every = all_spells(portfolio, rules, buckets)

    def build(part: Part) -> ir.Table:
        rows = _placed(part, rules, every)
        return rows.group_by("m", "measure", "place").aggregate(turns=rows.count())

    keys = ["m", "measure", "place"]
    found = with_month(over_parts(portfolio, build, keys, clustered=False))
    wide = found.pivot_table(index=["month", "measure"], columns="place", values="turns", aggfunc="sum")
    return wide.reindex(columns=list(BETWEEN))


def _placed(part: Part, rules: SpellRules, every: ir.Table) -> ir.Table:
    """Turns with m, measure and place: one of BETWEEN, or `spells`."""
    rows = sections(part, rules)
    own = ibis.window(group_by=[ACCOUNT, "section"])
    rows = rows.mutate(start=rows.m.min(where=rows.kind == ENTER).over(own))
    known = every.select(
        found=every[ACCOUNT], found_start=every.began + every.entry, exit=every.exit, reason=every.reason
    )
    rows = rows.left_join(known, [(ACCOUNT, "found"), ("start", "found_start")])
    entered, back = rows.kind == ENTER, rows.kind == BACK
    inner = (entered & (rows.m > rows.start)) | (back & ~rows.ender)
    place = ibis.cases(
        (~(rows.start <= rows.m).coalesce(False), "outside"),
        (inner, "within_spells"),
        (rows.reason.notnull(), "left_out"),
        (~entered & (rows.exit == "litigation"), "litigation"),
        else_="spells",
    )
    rows = rows.mutate(place=place)
    taken = {
        "entered": entered & rows.was_open,
        "cured": back,
        "sustained_cure": back & rows.ender,
        "charged_off": rows.kind == LEFT["charged_off"],
    }
    return ibis.union(
        *(rows.filter(chosen).select("m", "place", measure=ibis.literal(n)) for n, chosen in taken.items())
    )


def _counts_of_delinquency(portfolio: Portfolio, rules: SpellRules, window: Window) -> pd.DataFrame:
    states = ladder(rules)
    steps = rolls(portfolio, states, (shift_months(window[0], -1), window[1]), moments=False)
    before, after = steps["from_state"].astype(str), steps["to_state"].astype(str)
    labels = states.labels
    taken = {
        "entered": before.isin(labels[:-1]) & (after == labels[-1]),
        "cured": before.isin(labels[1:]) & (after == labels[0]),
        "charged_off": before.isin(labels) & (after == "charged_off"),
    }
    pieces = [steps[chosen].assign(measure=name) for name, chosen in taken.items()]
    if _one_probation(rules):
        pieces.append(_sustained(portfolio, rules, window))
    counted = pd.concat(pieces).groupby(["month", "measure"])["accounts"].sum()
    return counted.to_frame("delinquency_count")


def _sustained(portfolio: Portfolio, rules: SpellRules, window: Window) -> pd.DataFrame:
    family = sustained(rules.sustained_months, portfolio.months_covered()[1])
    cells = monthly(portfolio, family, (shift_months(window[0], -1), portfolio.months_covered()[1]))
    cells = cells[cells["basis"] == "accounts"]
    return cells[["month"]].assign(measure="sustained_cure", accounts=cells["numerator"])
