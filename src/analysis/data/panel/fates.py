"""What became of the accounts that were in arrears at a month's end: what a forecast of them is held to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.periods import shift_months
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.chain import CHAIN_EXITS, chain_months, chain_states
from analysis.data.panel.labels import with_month
from analysis.data.panel.months import month_number
from analysis.data.panel.parts import ACCOUNT, Part, over_parts
from analysis.data.portfolio import Portfolio

SPELL, CURED, AGAIN = range(3)
"""Memory: still in the spell of the start (or left from it), cured since, re-defaulted since."""


def chain_fates(
    portfolio: Portfolio,
    rules: SpellRules,
    buckets: Buckets,
    start: date,
    last: date | None = None,
    by: Sequence[str] = ("product",),
) -> pd.DataFrame:
    """Accounts in arrears at `start`, by the state of the chain found in at each month end up to `last`.

    Columns: cohort (`stock`: everyone in arrears; `entrants`: those among them who were cured or current a month
    before), month, state (ordered categories, `chain_states`), memory (0 in the spell of the start, 1 cured since,
    2 in arrears again since, by a step out of `cured`), `by`, accounts. An account counts in its first exit from
    then on. One whose rows stop without an exit is missing from then on. `last`: by default the last month
    covered.
    """
    end = last or portfolio.months_covered()[1]
    keys = ["cohort", "m", "state", "memory", *by]

    def build(part: Part) -> ir.Table:
        rows = chain_months(part, rules, buckets, (shift_months(start, -1), end), by)
        rows = _remembered(_of_cohorts(rows, rules, buckets, start), rules, buckets)
        return rows.group_by(*keys).aggregate(accounts=rows.count())

    found = over_parts(portfolio, build, keys, clustered=False)
    return _named(_kept_after_exit(found, keys, rules, buckets), rules, buckets)


def _of_cohorts(rows: ir.Table, rules: SpellRules, buckets: Buckets, start: date) -> ir.Table:
    """Months from the start on of accounts in arrears at it, once for each cohort that they belong to."""
    first, overdue = month_number(start), len(buckets.labels) - 1
    states = chain_states(rules, buckets)
    sound = [place for place, name in enumerate(states) if name.startswith("cured") or name == "current"]
    stock = rows.filter((rows.m == first) & (rows.state < overdue)).select(ACCOUNT, cohort=ibis.literal("stock"))
    before = rows.filter((rows.m == first - 1) & rows.state.isin(sound)).select(ACCOUNT)
    entrants = stock.semi_join(before, ACCOUNT).mutate(cohort=ibis.literal("entrants"))
    return rows.filter(rows.m >= first).inner_join(stock.union(entrants), ACCOUNT)


def _remembered(rows: ir.Table, rules: SpellRules, buckets: Buckets) -> ir.Table:
    """Rows up to each account's first exit, with its memory."""
    states = chain_states(rules, buckets)
    cured = [place for place, name in enumerate(states) if name.startswith("cured")]
    gone = len(states) - len(CHAIN_EXITS)
    grouped = {"group_by": ["cohort", ACCOUNT], "order_by": "m"}
    rows = rows.mutate(previous=rows.state.lag(1).over(ibis.window(**grouped)))
    so_far = ibis.window(**grouped, preceding=None, following=0)
    sound = rows.state.between(cured[0], gone - 1)
    relapsed = (rows.previous.isin(cured) & (rows.state < cured[0])).coalesce(False)
    memory = ibis.cases((relapsed, AGAIN), (sound, CURED), else_=SPELL)
    rows = rows.mutate(memory=memory.max().over(so_far).cast("int32"))
    return rows.filter((rows.previous < gone).coalesce(True))


def _kept_after_exit(
    found: pd.DataFrame, keys: Sequence[str], rules: SpellRules, buckets: Buckets
) -> pd.DataFrame:
    """Those that left counted in every later month too."""
    gone = found["state"] >= len(chain_states(rules, buckets)) - len(CHAIN_EXITS)
    months = pd.DataFrame({"later": sorted(found["m"].unique())})
    carried = found[gone].merge(months, how="cross")
    carried = carried[carried["later"] >= carried["m"]].drop(columns="m").rename(columns={"later": "m"})
    summed = pd.concat([found[~gone], carried]).groupby(list(keys), sort=True)["accounts"].sum()
    return summed.reset_index()


def _named(found: pd.DataFrame, rules: SpellRules, buckets: Buckets) -> pd.DataFrame:
    kind = pd.CategoricalDtype(list(chain_states(rules, buckets)), ordered=True)
    state = pd.Categorical.from_codes(found["state"].astype(int).tolist(), dtype=kind)
    return with_month(found.assign(state=state)).astype({"accounts": "int64", "memory": "int64"})
