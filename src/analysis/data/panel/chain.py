"""The chain that accounts move in: arrears, probation after coming back, sustained cure, and the exits.

Roll rates know an account's bucket only. The chain also knows how long a current account has been current since
it was last overdue, so that a re-default and a payment by a sound account are steps from different states.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.covariates import FOLD, Bands, covariates
from analysis.data.panel.labels import with_month
from analysis.data.panel.months import (
    CURRENT,
    Window,
    account_months,
    breaks,
    exit_code,
    in_file_order,
    month_number,
    month_of,
)
from analysis.data.panel.parts import ACCOUNT, Part, over_parts
from analysis.data.portfolio import Portfolio

CURED_MONTHS = 12
"""Months current, since coming back, in which an account counts as cured: a step out of them into arrears is a
re-default within 12 months of the cure."""

CHAIN_EXITS = ("charged_off", "paid_off", "sold")
SUMS = ("accounts", "balance", "to_balance", "paid")


def chain_states(rules: SpellRules, buckets: Buckets) -> tuple[str, ...]:
    """States of the chain: buckets from 1 day on, probation_1 …, cured_3 …, current, charged_off, paid_off, sold.

    `probation_j` is the j-th month end current after arrears; there are as many as the longest probation needs.
    `cured_j` is the j-th too, of an account past its probation: the first are as old as the shortest probation
    has it, the last CURED_MONTHS.
    """
    probation = (f"probation_{j}" for j in range(1, rules.longest(restructured=False)))
    cured = (f"cured_{j}" for j in range(_youngest(rules), CURED_MONTHS + 1))
    return (*buckets.labels[1:], *probation, *cured, "current", *CHAIN_EXITS)


def _youngest(rules: SpellRules) -> int:
    """Months current of the freshest cure."""
    return min(rules.sustained_months, *rules.probation.values(), CURED_MONTHS)


def chain_cells(
    portfolio: Portfolio,
    rules: SpellRules,
    buckets: Buckets,
    first: date | None = None,
    last: date | None = None,
    by: Sequence[str] = ("product",),
    bands: Bands | None = None,
) -> pd.DataFrame:
    """Steps between states of the chain, by the month stepped into, from `first` to `last`.

    Columns: month, broken (something was recorded differently from this month on: never to be pooled), from_state,
    to_state (ordered categories, `chain_states`), `by` (columns of accounts, numbers cut at `bands`), fold (0 to
    31), and sums over the steps: accounts, balance (owed at the start), to_balance (at the end), paid (cash of
    the month stepped into). Only steps seen at least once have a row. Steps out of charged_off are among them, so
    summed over the states that share a bucket they are those of rolls.rolls(), with `closed` as paid_off.

    A current account's state depends on the months current since it was last overdue (or charged off): fewer
    than its probation (`rules.sustained_months`, or the product's in `rules.probation`) `probation_j`; then, up
    to CURED_MONTHS, `cured_j`, as fresh cures fall back more often than old ones; beyond, or never overdue in
    sight, `current`. Arrears are 1+ days past due whatever `rules.entry_days`, and the longer probation after
    relief is not applied: the chain is blind to treatments.

    An account that is current when its rows begin may have been cured shortly before; that isn't knowable, and it
    counts as `current`. So shares of `cured_j` are right only for a `first` that lies CURED_MONTHS + 1 months or
    more after the panel begins; for earlier months they are too low.
    """
    window = _window(portfolio, first, last)
    keys = ["m", "from_state", "to_state", *by, FOLD]

    def build(part: Part) -> ir.Table:
        rows = _followed(part, buckets, _looking_back(window, rules, 1))
        taken = rows.filter(rows.to_state.notnull()).mutate(m=(rows.m + 1).cast("int32"))
        taken = taken.filter(taken.m.between(*(month_number(day) for day in window)))
        return _count_steps(_with_facts(taken, part, rules, by, bands), rules, buckets, keys)

    found = with_month(over_parts(portfolio, build, keys, clustered=False, abreast=2))
    found.insert(1, "broken", found["month"].dt.date.isin(breaks(portfolio)))
    return _named(found, rules, buckets, "from_state", "to_state")


def chain_stock(
    portfolio: Portfolio,
    rules: SpellRules,
    buckets: Buckets,
    month: date | None = None,
    by: Sequence[str] = ("product",),
    bands: Bands | None = None,
) -> pd.DataFrame:
    """Accounts and balance in each state of the chain at a month end (default: the last one covered).

    Columns: state (ordered categories, `chain_states`), `by`, fold, accounts, balance. States are those of
    chain_cells(). paid_off and sold hold the month's own exits; charged_off all claims that are kept.
    """
    day = month or portfolio.months_covered()[1]
    keys = ["state", *by, FOLD]

    def build(part: Part) -> ir.Table:
        coded = chain_months(part, rules, buckets, (day, day), by, bands)
        return coded.group_by(*keys).aggregate(accounts=coded.count(), balance=coded.balance.sum())

    return _named(over_parts(portfolio, build, keys, clustered=False), rules, buckets, "state")


def chain_months(
    part: Part,
    rules: SpellRules,
    buckets: Buckets,
    window: Window,
    by: Sequence[str] = (),
    bands: Bands | None = None,
) -> ir.Table:
    """The part's account-months in the window: account_id, m, balance, `by`, fold, state (place in the chain)."""
    rows = _followed(part, buckets, _looking_back(window, rules, 0))
    inside = rows.m.between(*(month_number(day) for day in window))
    rows = _with_facts(rows.filter(inside), part, rules, by, bands)
    state = _code(rows.state, rows.months_current, rows.probation, rules, buckets)
    return rows.select(ACCOUNT, "m", "balance", *by, FOLD, state=state)


def _window(portfolio: Portfolio, first: date | None, last: date | None) -> Window:
    if first is not None and last is not None:
        return first, last
    covered = portfolio.months_covered()
    return first or covered[0], last or covered[1]


def _looking_back(window: Window, rules: SpellRules, steps: int) -> Window:
    """The window with as many months in front as it takes to tell a cured account from a current one."""
    before = max(CURED_MONTHS, rules.longest(restructured=False) - 1) + steps
    return month_of(month_number(window[0]) - before), window[1]


def _followed(part: Part, buckets: Buckets, window: Window) -> ir.Table:
    """Account-months with the months current so far and what the next month brings.

    Columns account_id, m, state, balance, months_current (1 at the first month end current after another state;
    null while none was seen), to_state, to_balance, to_paid (null on an account's last row).

    In file order the windows have no partition, so that they stream (`months.steps` tells why): the row number
    stands for the month, and the account is compared. Else they are sorted by account.
    """
    rows = account_months(part, buckets, window).select(ACCOUNT, "m", "state", "balance", "paid")
    ordered = in_file_order(part) and part.shared is None
    whole = ibis.window() if ordered else ibis.window(group_by=ACCOUNT, order_by="m")
    so_far = {"preceding": None, "following": 0}
    until = ibis.window(**so_far) if ordered else ibis.window(group_by=ACCOUNT, order_by="m", **so_far)
    later = {f"to_{name}": rows[name].lead(1).over(whole) for name in ("state", "balance", "paid")}
    rows = rows.mutate(
        **later,
        row=ibis.row_number().over(whole),
        before=rows[ACCOUNT].lag(1).over(whole),
        after=rows[ACCOUNT].lead(1).over(whole),
    )
    # Odd marks are rows that aren't current, even ones current rows that open an account: the latest one counts.
    opens = (rows.before != rows[ACCOUNT]).coalesce(True)
    mark = ibis.cases((rows.state != CURRENT, rows.row * 2 + 1), (opens, rows.row * 2), else_=ibis.null("int64"))
    rows = rows.mutate(mark=mark)
    rows = rows.mutate(latest=rows.mark.max().over(until))
    returned = (rows.state == CURRENT) & (rows.latest % 2 == 1)
    months_current = returned.ifelse(rows.row - (rows.latest / 2).floor().cast("int64"), ibis.null("int64"))
    same = (rows.after == rows[ACCOUNT]).coalesce(False)
    kept = {name: same.ifelse(rows[name], ibis.null(rows[name].type())) for name in later}
    return rows.select(ACCOUNT, "m", "state", "balance", months_current=months_current.cast("int32"), **kept)


def _with_facts(rows: ir.Table, part: Part, rules: SpellRules, by: Sequence[str], bands: Bands | None) -> ir.Table:
    """Rows with `by`, fold and `probation`, the months current that make the account's cure a sustained one."""
    usual = ibis.literal(rules.sustained_months, "int32")
    if not rules.probation:
        return rows.inner_join(covariates(part, by, bands), ACCOUNT).mutate(probation=usual)
    facts = covariates(part, [*by, *({"product"} - set(by))], bands)
    own = [(facts["product"] == name, ibis.literal(months, "int32")) for name, months in rules.probation.items()]
    facts = facts.select(ACCOUNT, FOLD, *by, probation=ibis.cases(*own, else_=usual))
    return rows.inner_join(facts, ACCOUNT)


def _count_steps(taken: ir.Table, rules: SpellRules, buckets: Buckets, keys: Sequence[str]) -> ir.Table:
    next_month = (taken.months_current + 1).cast("int32")
    months_current = (taken.state == CURRENT).ifelse(next_month, ibis.literal(1, "int32"))
    coded = taken.mutate(
        from_state=_code(taken.state, taken.months_current, taken.probation, rules, buckets),
        to_state=_code(taken.to_state, months_current, taken.probation, rules, buckets),
    )
    sums = {"balance": coded.balance.sum(), "to_balance": coded.to_balance.sum(), "paid": coded.to_paid.sum()}
    return coded.group_by(*keys).aggregate(accounts=coded.count(), **sums)


def _code(
    state: ir.IntegerValue,
    months_current: ir.IntegerValue,
    probation: ir.IntegerValue,
    rules: SpellRules,
    buckets: Buckets,
) -> ir.IntegerValue:
    """Place among `chain_states` of a state of `buckets.states` and the months current that belong to it."""
    states = chain_states(rules, buckets)
    place = {name: ibis.literal(number, "int32") for number, name in enumerate(states)}
    overdue = (state > CURRENT) & (state < len(buckets.labels))
    exits = {"closed": "paid_off"} | {name: name for name in CHAIN_EXITS}
    on_probation = (len(buckets.labels) - 2 + months_current).cast("int32")
    youngest = _youngest(rules)
    cured = (states.index(f"cured_{youngest}") - youngest + months_current).cast("int32")
    return ibis.cases(
        (overdue, (state - 1).cast("int32")),
        *((state == exit_code(buckets, status), place[name]) for status, name in exits.items()),
        ((months_current < probation).coalesce(False), on_probation),
        ((months_current <= CURED_MONTHS).coalesce(False), cured),
        else_=place["current"],
    )


def _named(cells: pd.DataFrame, rules: SpellRules, buckets: Buckets, *columns: str) -> pd.DataFrame:
    kind = pd.CategoricalDtype(list(chain_states(rules, buckets)), ordered=True)
    named = {
        column: pd.Categorical.from_codes(cells[column].astype(int).tolist(), dtype=kind) for column in columns
    }
    return cells.assign(**named).astype({"accounts": "int64", FOLD: "int64"})
