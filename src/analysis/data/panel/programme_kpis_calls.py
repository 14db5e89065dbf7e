"""Calls that break a contact rule: at the wrong hour, or one too many in a day."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import pandas as pd

from analysis.data.panel.contacts import contacts, customers, log_begins
from analysis.data.panel.months import number_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio


@dataclass(frozen=True)
class CallRules:
    """Calls are allowed from hour `first` to before hour `until` of the customer's clock, so many in a day."""

    first: int = 8
    until: int = 22
    a_day: int = 3
    channels: tuple[str, ...] = ("agent_call", "robot_call")


def calls_in_breach(portfolio: Portfolio, rules: CallRules) -> pd.DataFrame:
    """Calls to debtors by m and fold: numerator and events in breach, denominator and units all of them.

    A call that breaks both rules counts once. Calls in a day are
    those to the customer, over all their accounts; a call that we received, or one to somebody else, is none.
    `at` is read as the customer's local time, as the contract asks.
    """
    keys = ["m", "fold"]
    begins = log_begins(portfolio)
    if begins is None:
        return pd.DataFrame(columns=[*keys, "numerator", "denominator", "events", "units", "kpi"])
    log = contacts(portfolio, begins, portfolio.as_of)
    log = log.filter(log.outbound & log.channel.isin(list(rules.channels)))
    calls = log.inner_join(customers(portfolio), ACCOUNT)
    order = ibis.window(group_by=["customer", "day"], order_by=["at", "contact_id"])
    hour = calls["at"].hour()
    wrong = (hour < rules.first) | (hour >= rules.until)
    judged = calls.mutate(number=ibis.row_number().over(order), wrong=wrong)
    judged = judged.mutate(breach=judged.wrong | (judged.number >= rules.a_day), m=number_of(judged.day))
    found = judged.group_by(*keys).aggregate(numerator=judged.breach.sum(), denominator=judged.count()).to_pandas()
    return found.assign(events=found["numerator"], units=found["denominator"], kpi="contact_breaches")
