"""From attempts to kept promises, counted by customer so that intervals can be clustered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from analysis.data.panel.contacts import contacts, customers, month_index
from analysis.data.portfolio import Portfolio

STEPS: dict[str, tuple[str, str]] = {
    "reached": ("reached", "recorded"),
    "right_party": ("right_party", "reached"),
    "promise": ("promises", "right_party"),
    "kept": ("kept", "due"),
    "response": ("right_party", "recorded"),
}
"""Numerator and denominator of each step's rate; `response` takes the first two steps at once."""

HALF_A_CENT = 0.005
"""Sums of amounts in double precision may fall short of a promise by less than this."""


def funnel_counts(
    portfolio: Portfolio, first: date, last: date, grace_days: int = 3, by: Sequence[str] = ("channel",)
) -> pd.DataFrame:
    """Attempts and what came of them, from day `first` to day `last`; one row a combination of `by`.

    `by` may name channel, agency, month (month end of the attempt) and columns of accounts. Counts: attempts
    (outbound, meant for the debtor), recorded (with an outcome), reached (somebody answered), right_party,
    promises, due, kept, not_due (promised day and grace reach past the panel's last month), without_terms (no
    amount or no day promised: cannot be judged). For each step of `STEPS` its cluster moments follow (`<step>_nn`,
    `<step>_nd`, `<step>_dd`: Σ y_c², Σ x_c y_c, Σ x_c² over customers; `<step>_clusters`: customers with x_c > 0).

    A promise is due when its day and `grace_days` lie in a month that the panel covers. It is kept when the cash
    of the months from the contact to that day covers the amount promised. Cash is known by month only, so payments
    made earlier or later in those months count too, and two promises may be kept by one payment: the kept rate is
    an upper estimate.
    """
    rows, by = _attempts(portfolio, first, last, by)
    if portfolio.has("months.amount_paid"):
        rows = judge_promises(portfolio, rows, grace_days)
    else:
        rows = rows.mutate(due=ibis.literal(False), kept=ibis.literal(False), not_due=ibis.literal(False))
    by_customer = rows.group_by(*by, "customer").aggregate(
        attempts=_.count(),
        recorded=_.recorded.sum(),
        reached=_.reached.sum(),
        right_party=_.right_party.sum(),
        promises=_.promise.sum(),
        due=_.due.sum(),
        kept=_.kept.sum(),
        not_due=_.not_due.sum(),
        without_terms=(_.promise & (_.promised_amount.isnull() | _.promised_on.isnull())).sum(),
    )
    return _with_moments(by_customer, by).to_pandas()


def _attempts(portfolio: Portfolio, first: date, last: date, by: Sequence[str]) -> tuple[ir.Table, list[str]]:
    """Our attempts with customer and the columns of `by` that exist."""
    log = contacts(portfolio, first, last)
    end = log.day.truncate("M") + ibis.interval(months=1) - ibis.interval(days=1)
    log = log.mutate(month=end.cast("date")).filter(log.outbound)
    who = customers(portfolio, [name for name in by if name not in log.columns])
    rows = log.inner_join(who, "account_id")
    return rows, [name for name in by if name in rows.columns]


def judge_promises(portfolio: Portfolio, rows: ir.Table, grace_days: int) -> ir.Table:
    """The same attempts, with `due`, `kept` and `not_due`, false for those that are not promises."""
    panel_end = portfolio.months_covered()[1]
    covered = panel_end.year * 12 + panel_end.month
    deadline = month_index((_.promised_on + ibis.interval(days=grace_days)).cast("date"))
    terms = rows.filter(rows.promise, rows.promised_amount.notnull(), rows.promised_on.notnull())
    terms = terms.select(
        "contact_id", "account_id", "promised_amount", made=month_index(terms.day), deadline=deadline
    )
    due = terms.filter(terms.deadline <= covered)
    months = portfolio.table("months")
    cash = months.select("account_id", "amount_paid", paid_in=month_index(months.month))
    paid = due.inner_join(cash, "account_id").filter(_.paid_in >= _.made, _.paid_in <= _.deadline)
    kept = paid.group_by("contact_id", "promised_amount").aggregate(cash=_.amount_paid.sum().coalesce(0.0))
    kept = kept.filter(kept.cash + HALF_A_CENT >= kept.promised_amount).select("contact_id", kept=True)
    judged = terms.select("contact_id", due=terms.deadline <= covered).left_join(kept, "contact_id")
    judged = judged.select("contact_id", "due", kept=judged.kept.coalesce(ibis.literal(False)))
    joined = rows.left_join(judged, "contact_id")
    no = ibis.literal(False)
    return joined.select(
        *rows.columns,
        due=joined.due.coalesce(no),
        kept=joined.kept.coalesce(no),
        not_due=(~joined.due).coalesce(no),
    )


def _with_moments(by_customer: ir.Table, by: Sequence[str]) -> ir.Table:
    counts = [name for name in by_customer.columns if name not in (*by, "customer")]
    sums = {name: by_customer[name].sum().coalesce(0) for name in counts}
    for step, (top, bottom) in STEPS.items():
        y, x = by_customer[top].cast("float64"), by_customer[bottom].cast("float64")
        sums |= {f"{step}_nn": (y * y).sum(), f"{step}_nd": (x * y).sum(), f"{step}_dd": (x * x).sum()}
        sums[f"{step}_clusters"] = (x > 0).sum()
    return by_customer.group_by(by).aggregate(**sums).order_by(by) if by else by_customer.aggregate(**sums)
