"""What was known of an account at a month end: the features that models of what comes after may learn from."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from analysis.core.errors import ParameterError
from analysis.data.panel.account_features_contacts import contact_features, last_treatment, reachability
from analysis.data.panel.account_features_facts import (
    FLAGS,
    NUMBERS,
    PROTECTED,
    TEXTS,
    account_facts,
    attribute_features,
    industry_change,
)
from analysis.data.panel.account_features_months import behaviour
from analysis.data.panel.account_rows import Rows, delinquent_at, numbered
from analysis.data.panel.dimensions import UNKNOWN
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

__all__ = ["delinquent_at", "features_at", "groups_at"]

KEYS = (ACCOUNT, "month", "customer", "fold")


def features_at(
    portfolio: Portfolio, rows: Rows, leave_out: Collection[str] = (), history: int = 0
) -> pd.DataFrame:
    """Features of accounts as of month ends; one row for each of `rows`, with their order and index.

    `rows` holds account_id and month (the month end, or its number), for example from delinquent_at(). Everything
    is as it could be known at that month end: months, contacts, treatments and macro up to it, attributes with
    `known_at` up to it, promises whose day has come, contact points not yet found dead.

    account_id, month, customer, fold (0 to 31, for errors, no features), then, as the portfolio has them:
    product, region, city_tier, industry, lender, origination_channel, origination_model   text, `unknown`
    urban, secured   1 or 0
    origination_score, debt_ratio, income_volatility, job_changes_2y, monthly_income, age, annual_rate,
    credit_limit, original_amount   as of opening
    months_on_book
    days_past_due, balance, amount_due, utilisation   at the month end
    worst_dpd_12m, months_overdue_12m, times_overdue_12m   of the last 12 months, the present one included: highest
        days past due, months overdue, and months overdue after one that wasn't
    on_time_share   months not overdue ÷ months observed, of the last 12
    months_since_current   since the last month end not overdue; missing if none was seen
    paid_share_3m   paid ÷ due in the last three months
    payment_trend_3m, balance_change_3m, spend_change_3m, logins_change_3m   of sums a over the last three months
        and b over the three before, (a − b) ÷ (a + b), from −1 to 1; missing unless all six months are recorded
    logins_3m
    attempts_3m, right_party_3m, promises_3m   in the last three calendar months; missing where the log is shorter
    promises_kept_share   kept ÷ those whose day (and three of grace) has come, cash being known by month: so an
        upper estimate (`funnel.funnel_counts`); missing where there are none
    last_outcome, last_reason   of the last contact that has one; `none`, or `unknown` before the log begins
    months_since_right_party   missing where there was none in the log
    unreachable   1 where no telephone was left that isn't known to be dead
    last_treatment   the latest decision; `none`, or `unknown` before decisions were logged
    need   `none` where none was told
    bureau_delinquencies, attribute_<name>   the latest; attributes made of numbers only
    industry_index_change   log change of the industry's index over 12 months

    With `history` months, days_past_due_<k>, balance_<k>, amount_paid_<k> and attribute_<name>_<k> for k = 0 (the
    present month) to history − 1 months before. `leave_out` names attributes, or columns, that never enter. A
    column without a single value is left out. Sex, education and marital status never enter: groups_at().

    Raises InputError and ParameterError for rows that aren't accounts at month ends, ParameterError for a negative
    history.
    """
    if history < 0:
        raise ParameterError(f"history is {history}; give a number of months, 0 for none")
    keyed = numbered(rows)
    facts = account_facts(portfolio, keyed, [*TEXTS, *FLAGS, *NUMBERS])
    pieces = [
        keyed[[ACCOUNT, "month"]],
        facts,
        behaviour(portfolio, keyed, history),
        contact_features(portfolio, keyed),
        reachability(portfolio, keyed),
        last_treatment(portfolio, keyed),
        attribute_features(portfolio, keyed, history, leave_out),
    ]
    if "industry" in facts.columns:
        pieces.append(industry_change(portfolio, keyed, facts["industry"]))
    found = pd.concat(pieces, axis=1)
    return found[[name for name in found.columns if name in KEYS or _useful(found[name], leave_out)]]


def _useful(values: pd.Series, leave_out: Collection[str]) -> bool:
    known = values.notna() & (values != UNKNOWN)
    return values.name not in leave_out and bool(known.any())


def groups_at(portfolio: Portfolio, rows: Rows) -> pd.DataFrame:
    """Protected groups of accounts, for fairness tests alone: account_id, month, fold, then those recorded.

    sex, education, marital_status (text, `unknown` where missing) and age (at opening, in years). They are never
    to be joined to features.
    """
    keyed = numbered(rows)
    facts = account_facts(portfolio, keyed, [*PROTECTED, "age"])
    groups = [name for name in (*PROTECTED, "age") if name in facts.columns and _useful(facts[name], ())]
    return pd.concat([keyed[[ACCOUNT, "month"]], facts[["fold", *groups]]], axis=1)
