"""How an account was worked and answered, as of a month end: contacts, promises, ways to reach, treatments."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.data.panel.account_rows import ROW, back_in_place, engine_rows
from analysis.data.panel.contacts import contacts, log_begins
from analysis.data.panel.dimensions import NONE, UNKNOWN
from analysis.data.panel.funnel import judge_promises
from analysis.data.panel.months import month_number, number_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

QUARTER = 3
GRACE_DAYS = 3
"""Days after a promised day within which the promise may still be kept, as in the chapter on delinquency."""

PHONES = ("mobile", "landline")
"""Kinds of contact points that a call goes to."""


def contact_features(portfolio: Portfolio, rows: pd.DataFrame) -> pd.DataFrame:
    """Contacts of numbered rows up to each row's month; no column where the contact log holds nothing."""
    begins = log_begins(portfolio) if portfolio.has("contacts") else None
    if begins is None:
        return pd.DataFrame(index=rows.index)
    log = _log(portfolio, begins)
    numbers = engine_rows(rows)
    joined = numbers.inner_join(log, [numbers[ACCOUNT] == log.held, numbers.m >= log["at_m"]])
    joined = joined.mutate(age=joined.m - joined.at_m)
    near = joined.age < QUARTER
    counted = joined.group_by(ROW).aggregate(
        attempts_3m=(joined.outbound & near).cast("int32").sum(),
        right_party_3m=(joined.right_party & near).cast("int32").sum(),
        promises_3m=(joined.promise & near).cast("int32").sum(),
        months_since_right_party=joined.age.min(where=joined.right_party).cast("float64"),
        due=(joined.due & (joined.deadline <= joined.m)).coalesce(False).cast("int32").sum(),
        kept=(joined.kept & (joined.deadline <= joined.m)).coalesce(False).cast("int32").sum(),
        last_outcome=joined.outcome.argmax(joined.order, where=joined.outcome.notnull()),
        last_reason=joined.reason.argmax(joined.order, where=joined.reason.notnull()),
    )
    return _told(back_in_place(counted.execute(), rows), rows["m"] - month_number(begins))


def _log(portfolio: Portfolio, begins: date) -> ir.Table:
    """Contacts with their month, an order that no two share, and the verdict on promises."""
    log = contacts(portfolio, begins, portfolio.as_of, ("outcome", "reason"))
    if portfolio.has("months.amount_paid", "contacts.promised_on"):
        log = judge_promises(portfolio, log, GRACE_DAYS)
    else:
        log = log.mutate(due=ibis.literal(False), kept=ibis.literal(False))
    deadline = number_of((log.promised_on + ibis.interval(days=GRACE_DAYS)).cast("date"))
    told = ("outbound", "right_party", "promise", "due", "kept", "outcome", "reason")
    order = log["at"].cast("string") + log.contact_id
    return log.select(*told, held=log[ACCOUNT], at_m=number_of(log.day), deadline=deadline, order=order)


def _told(found: pd.DataFrame, covered: pd.Series) -> pd.DataFrame:
    """Counts are 0 where the log reaches back far enough, and missing where it doesn't."""
    begun = covered >= 0
    made = {}
    for name in ("attempts_3m", "right_party_3m", "promises_3m"):
        made[name] = found[name].fillna(0).where(covered >= QUARTER - 1)
    made["promises_kept_share"] = found["kept"] / found["due"].where(found["due"] > 0)
    made["months_since_right_party"] = found["months_since_right_party"]
    numbers = pd.DataFrame(made, index=found.index).astype(float)
    texts = {name: _text(found[name], begun) for name in ("last_outcome", "last_reason")}
    return numbers.assign(**texts)


def _text(values: pd.Series, known: pd.Series) -> pd.Series:
    """`none` where nothing was found though it would have been, `unknown` where that can't be told."""
    return values.astype(object).where(values.notna(), NONE).where(known, UNKNOWN)


def reachability(portfolio: Portfolio, rows: pd.DataFrame) -> pd.DataFrame:
    """`unreachable`: 1 where the customer had no telephone left at the month end, by what was known then."""
    if not portfolio.has("contact_points", "accounts.customer_id"):
        return pd.DataFrame(index=rows.index)
    points, accounts = portfolio.table("contact_points"), portfolio.table("accounts")
    dead = points.dead_at if "dead_at" in points.columns else ibis.null("date")
    phone = points.kind.isin(PHONES)
    told = points.select(
        who=points.customer_id, phone=phone, added=number_of(points.added_at), dead=number_of(dead)
    )
    held = accounts.select(held=accounts[ACCOUNT], who=accounts.customer_id)
    numbers = engine_rows(rows)
    owned = numbers.inner_join(held, numbers[ACCOUNT] == held.held).inner_join(told, "who")
    owned = owned.filter(owned.added <= owned.m)
    alive = owned.phone & (owned.dead.isnull() | (owned.dead > owned.m))
    found = owned.group_by(ROW).aggregate(reachable=alive.cast("int32").max())
    return pd.DataFrame({"unreachable": 1.0 - back_in_place(found.execute(), rows)["reachable"]})


def last_treatment(portfolio: Portfolio, rows: pd.DataFrame) -> pd.DataFrame:
    """`last_treatment`: the latest decision taken by the month end, `none` without one."""
    if not portfolio.has("treatments"):
        return pd.DataFrame(index=rows.index)
    treatments = portfolio.table("treatments")
    order = treatments.decided_at.cast("string") + treatments.treatment_id
    told = treatments.select(
        held=treatments[ACCOUNT], at_m=number_of(treatments.decided_at), order=order, treatment="treatment"
    )
    begins = told.at_m.min().execute()
    numbers = engine_rows(rows)
    joined = numbers.inner_join(told, [numbers[ACCOUNT] == told.held, numbers.m >= told.at_m])
    found = joined.group_by(ROW).aggregate(last_treatment=joined.treatment.argmax(joined.order))
    values = back_in_place(found.execute(), rows)["last_treatment"]
    return pd.DataFrame({"last_treatment": _text(values, rows["m"] >= begins)})
