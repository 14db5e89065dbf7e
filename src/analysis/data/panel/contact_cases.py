"""Worked cases of agents, scripts and channels: an attempt or conversation a row, and what was known before it."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.data.panel.account_rows import SLICES, sampled_accounts
from analysis.data.panel.contacts import contacts, customers
from analysis.data.panel.dimensions import UNKNOWN
from analysis.data.panel.months import number_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

COLUMN_OF = {"agent": "agent_id", "script": "script", "channel": "channel"}
"""Column of contacts that names each kind of entity."""

TEXTS = ("product", "region", "city_tier", "urban", "industry", "origination_channel")
NUMBERS = ("origination_score", "debt_ratio", "income_volatility")
KEYS = ("entity", "outcome", "customer", "sampled")


def needs(entity: str) -> tuple[str, ...]:
    """Columns of the portfolio without which there are no cases of the entity."""
    return ("contacts.outcome", f"contacts.{COLUMN_OF[entity]}")


def contact_cases(
    portfolio: Portfolio, entity: str, outcome: str, first: date, last: date, most: int = 25_000
) -> pd.DataFrame:
    """Cases of contacts with debtors from day `first` to `last`; one row each, in the order of their ids.

    `entity` is agent, script or channel; `outcome` right_party (cases are attempts of ours whose outcome is
    recorded; 1 where the debtor was spoken to) or promise (cases are conversations with the debtor, whoever
    called; 1 where it was promised to pay). Contacts that name no entity are left out.

    entity, outcome (1.0 or 0.0), customer, sampled (probability of being here), then what was known before:
    hour, weekday (0: Monday), outbound, channel and script (but for the entity itself), attempts_before and
    reached_before (of the account, earlier in the calendar month), days_past_due and balance at the month end
    before (missing where there was none), and facts of the account: product, region, city_tier, urban, industry,
    origination_channel, origination_score, debt_ratio, income_volatility, as the portfolio has them.

    Of more than `most` cases those of a sample of customers are kept, the same in every run. Raises
    ParameterError for another entity or outcome.
    """
    if entity not in COLUMN_OF or outcome not in ("right_party", "promise"):
        raise ParameterError(
            f"cases of '{entity}' by '{outcome}': give {', '.join(COLUMN_OF)} and right_party or promise"
        )
    rows = _worked(portfolio, entity, outcome, first, last)
    count = int(rows.count().execute())
    share = 1.0
    if count > most:
        kept = max(most * SLICES // count, 1)
        rows, share = rows.semi_join(sampled_accounts(portfolio, kept), ACCOUNT), kept / SLICES
    found = _with_facts(portfolio, rows).order_by("contact_id").to_pandas().drop(columns="contact_id")
    texts = found.select_dtypes("object").columns.difference(KEYS)
    made = found.astype({"outcome": float, "outbound": float}).fillna(dict.fromkeys(texts, UNKNOWN))
    return made.assign(sampled=share)[[*KEYS, *made.columns.difference(KEYS, sort=False)]]


def _worked(portfolio: Portfolio, entity: str, outcome: str, first: date, last: date) -> ir.Table:
    """Contacts that are cases, with what the log itself tells of the time before."""
    named = COLUMN_OF[entity]
    texts = [name for name in {named, "script"} if name != "channel"]
    log = contacts(portfolio, first, last, texts)
    log = log.mutate(m=number_of(log.day) - 1, reached_one=log.right_party.ifelse(1, 0))
    before = ibis.window(group_by=[ACCOUNT, "m"], order_by=["at", "contact_id"], preceding=(None, 1))
    log = log.mutate(
        attempts_before=log.outbound.ifelse(1, 0).sum().over(before).coalesce(0),
        reached_before=log.reached_one.sum().over(before).coalesce(0),
    )
    asked = log.recorded & log.outbound if outcome == "right_party" else log.right_party
    log = log.filter(asked & log[named].notnull())
    others = {name: log[name] for name in ("channel", "script") if name in log.columns and name != named}
    return log.select(
        "contact_id",
        ACCOUNT,
        "m",
        "outbound",
        "attempts_before",
        "reached_before",
        entity=log[named],
        outcome=log[outcome],
        hour=log["at"].hour(),
        weekday=log.day.day_of_week.index(),
        **others,
    )


def _with_facts(portfolio: Portfolio, rows: ir.Table) -> ir.Table:
    """The cases with the account's facts, and its arrears and balance at the month end before."""
    who = customers(portfolio, [*TEXTS, *NUMBERS]).drop("fold")
    months = portfolio.table("months")
    told = months.select(
        days_past_due=months.days_past_due.cast("float64"),
        balance=months.balance.cast("float64"),
        held=months[ACCOUNT],
        at_end=number_of(months.month),
    )
    joined = rows.inner_join(who, ACCOUNT)
    joined = joined.left_join(told, [joined[ACCOUNT] == told.held, joined.m == told.at_end])
    return joined.drop(ACCOUNT, "m", "held", "at_end")
