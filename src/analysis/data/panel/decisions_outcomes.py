"""What the months from a decision on brought: money, cures, losses, and what it took to get there."""

from __future__ import annotations

from functools import reduce
from operator import add, or_

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analysis.core.spells import SpellRules
from analysis.data.panel.account_outcomes_months import (
    LOSSES,
    first_events,
    happened_within,
    later_months,
)
from analysis.data.panel.account_rows import ROW, back_in_place, last_number
from analysis.data.panel.contacts import contacts, log_begins
from analysis.data.panel.months import month_number, number_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.panel.spell_events import RELIEF, has_relief
from analysis.data.panel.spell_exits import follow_up_end
from analysis.data.portfolio import Portfolio

CALLS = ("agent_call", "robot_call")


def decision_outcomes(
    portfolio: Portfolio, rows: pd.DataFrame, horizon: int, rules: SpellRules, back_columns: int | None = None
) -> pd.DataFrame:
    """Outcomes of decisions (row, account_id, decided_at, and m, the month before) in the months 1 to `horizon`.

    Month 1 is that of the decision, so it holds some days before it; of what is dated by day only what came on the
    day of the decision or later counts.

    paid   cash of the months, before charge-off and after
    cured   1 where a sustained cure (`SpellRules`) begins in them: its first month end current. Arrears that came
        and went within month 1 are cured at its end, if the account then stays current as long as a cure must
    charged_off   1 where the account is charged off, or sold while open
    paid_off   1 where it is paid off or closed
    back_<k>   for k = 0 to horizon − 1 (or `back_columns` − 1): 1 where the account was current, paid off or
        closed at some month end from that of the decision to k months later, sustained or not
    attempts, calls   outbound contacts with the debtor, and those by telephone, agent or robot
    complaints
    relief_cost   cost of relief decided upon later, and what it forgave

    Missing where it can't be known: months not covered (for cures the probation too), an account whose rows stop
    before, or that was in the book as open neither in the month before nor in month 1 (cured, charged_off,
    paid_off, back), decisions before the contact log begins. Columns whose table is missing are left out.
    """
    events, later = first_events(portfolio, rows, rules), later_months(portfolio, rows, [horizon])
    start, end = rows["m"], last_number(portfolio)
    known = month_number(follow_up_end(portfolio, rules))
    stops = later["stops"].where(later["gone"] != 1, np.inf)
    followed = start + horizon <= np.minimum(end, stops.fillna(-np.inf))
    in_book = (later["open_then"] == 1) | (later["open_next"] == 1)
    lost = events[list(LOSSES)].min(axis=1) - start
    cured = np.fmin(events["cured"], _sound_at_once(portfolio, rows, events, later, rules)) - start
    covered = start + horizon <= end
    made = {
        "cured": happened_within(cured, horizon, start + horizon <= known, followed).where(in_book),
        "charged_off": happened_within(lost, horizon, covered, followed).where(in_book),
        "paid_off": happened_within(events["paid_off"] - start, horizon, covered, followed).where(in_book),
    }
    for k in range(back_columns or horizon):
        so_far = start + k + 1
        seen = so_far <= np.minimum(end, stops.fillna(-np.inf))
        made[f"back_{k}"] = happened_within(later["sound"] - start, k + 1, so_far <= end, seen).where(in_book)
    if f"cash_{horizon}" in later.columns:
        made = {"paid": later[f"cash_{horizon}"].fillna(0.0).where(followed)} | made
    return pd.DataFrame(made, index=rows.index).join(_counted(portfolio, rows, horizon, covered))


def _sound_at_once(
    portfolio: Portfolio, rows: pd.DataFrame, events: pd.DataFrame, later: pd.DataFrame, rules: SpellRules
) -> pd.Series:
    """Month 1 of accounts that are current at its end as they were before, and stay so for their probation."""
    if rules.probation:
        accounts = portfolio.table("accounts").select(ACCOUNT, "product").to_pandas()
        product = rows[ACCOUNT].map(accounts.set_index(ACCOUNT)["product"])
        probation = product.map(lambda name: rules.probation.get(name, rules.sustained_months))
    else:
        probation = pd.Series(rules.sustained_months, index=rows.index)
    stays = ~(events["relapse"] <= rows["m"] + probation)
    at_once = (later["late_then"] != 1) & (later["sound_next"] == 1) & stays
    return (rows["m"] + 1.0).where(at_once)


def _counted(portfolio: Portfolio, rows: pd.DataFrame, horizon: int, covered: pd.Series) -> pd.DataFrame:
    """Attempts, calls, complaints and later relief, from the day of the decision to the end of the horizon."""
    made: dict[str, pd.Series] = {}
    begins = log_begins(portfolio) if portfolio.has("contacts") else None
    if begins is not None:
        log = contacts(portfolio, begins, portfolio.as_of)
        log = log.filter(log.outbound)
        one = ibis.literal(1.0)
        told = log.select("day", held=ACCOUNT, attempts=one, calls=log.channel.isin(CALLS).ifelse(one, 0.0))
        logged = rows["m"] + 1 >= month_number(begins)
        made |= {name: values.where(logged) for name, values in _sums(told, rows, horizon).items()}
    if portfolio.has("complaints"):
        told = portfolio.table("complaints")
        told = told.select(day=told["at"].cast("date"), held=told[ACCOUNT], complaints=ibis.literal(1.0))
        made |= _sums(told, rows, horizon)
    if has_relief(portfolio):
        made |= _sums(relief_given(portfolio), rows, horizon)
    return pd.DataFrame({name: values.where(covered) for name, values in made.items()}, index=rows.index)


def relief_given(portfolio: Portfolio) -> ir.Table:
    """Decisions that gave relief: day, held (the account), decision, relief_cost (cost and what was forgiven)."""
    treatments = portfolio.table("treatments")
    there = [name for name in RELIEF if name in treatments.columns]
    given = reduce(or_, [treatments[n].notnull() if n == "rate_after" else treatments[n] > 0 for n in there])
    costs = [treatments[name].coalesce(0.0) for name in ("cost", "forgiven") if name in treatments.columns]
    cost = reduce(add, costs, ibis.literal(0.0))
    relief = treatments.mutate(relief_cost=cost.cast("float64"), given=given.coalesce(False))
    relief = relief.filter(relief.given)
    return relief.select("relief_cost", day=relief.decided_at, held=relief[ACCOUNT], decision=relief.treatment_id)


def following(told: ir.Table, rows: pd.DataFrame, horizon: int) -> ir.Table:
    """What is dated from each decision to the end of the horizon; the decision itself is left out.

    `told` has held (account), day, amounts, and decision where its rows are decisions themselves; `rows` has row,
    account_id, treatment_id, decided_at and m, the number of the month before.
    """
    frame = rows[[ROW, ACCOUNT, "m", "decided_at", "treatment_id"]].reset_index(drop=True)
    numbers = ibis.memtable(frame)
    numbers = numbers.mutate(decided=numbers.decided_at.cast("date"))
    joined = numbers.inner_join(told, numbers[ACCOUNT] == told.held)
    inside = (joined.day >= joined.decided) & (number_of(joined.day) <= joined.m + horizon)
    if "decision" in told.columns:
        inside = inside & (joined.decision != joined.treatment_id)
    return joined.filter(inside)


def _sums(told: ir.Table, rows: pd.DataFrame, horizon: int) -> dict[str, pd.Series]:
    names = [name for name in told.columns if name not in ("day", "held", "decision")]
    joined = following(told, rows, horizon)
    found = joined.group_by(ROW).aggregate(**{name: joined[name].sum() for name in names}).execute()
    placed = back_in_place(found, rows).astype(float).fillna(0.0)
    return {name: placed[name] for name in names}
