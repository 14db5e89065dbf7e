"""How an account's months count towards the value of a decision: in arrears, performing, or lost again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.core.parameters.cases import Value
from analysis.data.panel.account_outcomes_months import SETTLED
from analysis.data.panel.account_rows import ROW

REDEFAULT_DAYS = 30
WATCHED = 12
"""Months after the return to current within which a default is a re-default."""

ACCOUNT_FLOWS = ("cash_collected", "margin", "funding_cost", "redefault_loss")
LOST = ("lost_again", "never_returned")
"""Whole balances behind redefault_loss, which other shares lost can be put on."""


def account_flows(months: pd.DataFrame, value: Value) -> pd.DataFrame:
    """The account's own flows, one row a month from 1 on; see `decision_flows` for what each is.

    `months` has row, k (0: the month end before the decision), status, days (past due), balance, paid, due and
    rate, in the order of row and k. Returns row, month, `ACCOUNT_FLOWS`, `LOST`, and `closed`: the month
    after which nothing counts (infinite where all do).
    """
    months = _with_phases(months)
    k, open_before = months["k"], months["open_before"]
    arrears = k <= months["back"]
    carried = months["balance_before"].where(open_before & (k <= months["lost"]), 0.0) / 12
    performing = ~arrears & (months["days_before"] < 1)
    again = (k == months["lost"]) & (months["lost"] <= months["back"] + WATCHED)
    written_off = (k == months["left"]) & (months["left"] < months["back"])
    lost_again, never_returned = (months["balance_after"].where(at, 0.0) for at in (again, written_off))
    made = {
        "cash_collected": _cash(months).where(arrears, 0.0),
        "margin": (carried * months["rate"]).where(performing, 0.0),
        "funding_cost": carried * value.cost_of_funds,
        "redefault_loss": value.loss_given_redefault * lost_again + value.loss_never_returned * never_returned,
        "lost_again": lost_again,
        "never_returned": never_returned,
        "closed": months["lost"],
    }
    found = months[[ROW]].assign(month=k, **made)
    return found[k >= 1].reset_index(drop=True)


def _with_phases(months: pd.DataFrame) -> pd.DataFrame:
    """Adds back (month of the return), lost (of the first default after it), left (of the first
    charge-off or sale), and the account a month before.
    """
    opened = months["status"] == "open"
    sound = (opened & (months["days"] < 1)) | months["status"].isin(SETTLED)
    months = months.assign(back=_first(months, sound & (months["k"] >= 1)))
    left = months["status"].isin(["charged_off", "sold"]) & (months["k"] >= 1)
    bad = (opened & (months["days"] >= REDEFAULT_DAYS)) | left
    groups = months.groupby(ROW)
    # A claim sold has no balance left: what was lost is that of the month before.
    before = groups["balance"].shift().fillna(0.0)
    return months.assign(
        left=_first(months, left),
        lost=_first(months, bad & (months["k"] > months["back"])),
        open_before=(groups["status"].shift() == "open"),
        days_before=groups["days"].shift(),
        balance_before=before,
        balance_after=months["balance"].where(months["status"] != "sold", before).fillna(0.0),
    )


def _first(months: pd.DataFrame, happened: pd.Series) -> pd.Series:
    """Month of the first time in each row, infinite where it never was."""
    return months["k"].astype(float).where(happened, np.inf).groupby(months[ROW]).transform("min")


def _cash(months: pd.DataFrame) -> pd.Series:
    """What was paid on what is overdue: at most an instalment more than the account was behind."""
    behind = np.ceil(months["days_before"].fillna(0.0) / 30)
    limited = months["status"].isin(["open", *SETTLED]) & (months["due"] > 0)
    return months["paid"].where(~limited, np.minimum(months["paid"], (1 + behind) * months["due"])).fillna(0.0)
