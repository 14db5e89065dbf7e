"""How an account was paid, drawn and logged into, as of a month end."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.data.panel.account_rows import ROW, back_in_place, engine_rows
from analysis.data.panel.months import number_of
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

YEAR = 12
QUARTER = 3
LEVELS = ("days_past_due", "balance", "amount_due", "utilisation")
"""Columns of months told as they are at the month end."""
FLOWS = {"payment_trend_3m": "amount_paid", "balance_change_3m": "balance", "spend_change_3m": "spend"}
FLOWS |= {"logins_change_3m": "app_logins"}
HISTORY = ("days_past_due", "balance", "amount_paid")
"""Columns of months told month by month where a history is asked for."""


def behaviour(portfolio: Portfolio, rows: pd.DataFrame, history: int = 0) -> pd.DataFrame:
    """Features of numbered rows from the months up to each row's own; account_features tells what they are."""
    months = portfolio.table("months")
    own = _own_months(engine_rows(rows), months)
    sums: dict[str, ir.Value] = _standing(own) | _past(own)
    for name in FLOWS.values():
        if name in own.columns:
            sums |= _windows(own, name)
    if {"amount_due", "amount_paid"} <= set(own.columns):
        recent = own.age.between(0, QUARTER - 1) & own.amount_due.notnull()
        sums |= {"due": own.amount_due.sum(where=recent), "paid_of_due": own.amount_paid.sum(where=recent)}
    for name in (name for name in HISTORY if name in own.columns):
        sums |= {f"{name}_{k}": own[name].max(where=own.age == k) for k in range(history)}
    found = back_in_place(own.group_by(ROW).aggregate(**sums).execute(), rows)
    return _made(found, [name for name in LEVELS if name in own.columns], history)


def _own_months(rows: ir.Table, months: ir.Table) -> ir.Table:
    """Each row's months up to its own: row, age (months before), open, and the columns looked at."""
    names = {*LEVELS, *FLOWS.values(), *HISTORY} & set(months.columns)
    values = {name: months[name].cast("float64") for name in sorted(names)}
    told = months.select(held=months[ACCOUNT], at=number_of(months.month), open=months.status == "open", **values)
    joined = rows.inner_join(told, [rows[ACCOUNT] == told.held, rows.m >= told["at"]])
    return joined.select(ROW, "open", *values, age=(joined.m - joined["at"]).cast("int32"))


def _standing(own: ir.Table) -> dict[str, ir.Value]:
    return {name: own[name].max(where=own.age == 0) for name in LEVELS if name in own.columns}


def _past(own: ir.Table) -> dict[str, ir.Value]:
    """Arrears of the last twelve months; months overdue and seen as bits, the present month the lowest."""
    year, late = own.age < YEAR, own.open & (own.days_past_due >= 1)
    bit, near = ibis.literal(2.0) ** own.age, own.age <= YEAR
    return {
        "worst_dpd_12m": own.days_past_due.max(where=year & own.open),
        "late_bits": bit.sum(where=near & late),
        "seen_bits": bit.sum(where=near & own.open),
        "months_since_current": own.age.min(where=own.open & (own.days_past_due < 1)).cast("float64"),
    }


def _windows(own: ir.Table, name: str) -> dict[str, ir.Value]:
    """Sum of the last three months and of the three before, and months recorded in each."""
    recent, before = own.age < QUARTER, own.age.between(QUARTER, 2 * QUARTER - 1)
    there = own[name].notnull()
    return {
        f"{name}|a": own[name].sum(where=recent),
        f"{name}|b": own[name].sum(where=before),
        f"{name}|na": (recent & there).cast("int32").sum(),
        f"{name}|nb": (before & there).cast("int32").sum(),
    }


def _made(found: pd.DataFrame, levels: list[str], history: int) -> pd.DataFrame:
    made = {name: found[name].astype(float) for name in [*levels, "worst_dpd_12m", "months_since_current"]}
    made |= _from_bits(found)
    if "due" in found.columns:
        made["paid_share_3m"] = found["paid_of_due"] / found["due"].where(found["due"] > 0)
    for feature, name in FLOWS.items():
        if f"{name}|a" in found.columns:
            made[feature] = _change(found, name)
    if "app_logins|a" in found.columns:
        made["logins_3m"] = found["app_logins|a"].where(found["app_logins|na"] == QUARTER)
    kept = [f"{name}_{k}" for name in HISTORY for k in range(history) if f"{name}_{k}" in found.columns]
    return pd.DataFrame(made | {name: found[name] for name in kept}, index=found.index).astype(float)


def _from_bits(found: pd.DataFrame) -> dict[str, pd.Series]:
    late, seen = (found[name].fillna(0).to_numpy().astype(np.int64) for name in ("late_bits", "seen_bits"))
    year = (1 << YEAR) - 1
    # A month begins arrears if it is overdue, and the one before was seen and wasn't.
    begun = late & (seen >> 1) & ~(late >> 1)
    overdue, observed = _bits(late & year), _bits(seen & year)
    share = 1 - overdue / np.where(observed > 0, observed, np.nan)
    told = {"months_overdue_12m": overdue, "times_overdue_12m": _bits(begun & year), "on_time_share": share}
    return {name: pd.Series(values, index=found.index).where(observed > 0) for name, values in told.items()}


def _bits(mask: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Number of bits set in each."""
    return ((mask[:, None] >> np.arange(YEAR + 1)) & 1).sum(axis=1).astype(float)


def _change(found: pd.DataFrame, name: str) -> pd.Series:
    """(a − b) ÷ (a + b) of two windows' sums, 0 where both are 0; missing unless all six months are known."""
    recent, before = found[f"{name}|a"], found[f"{name}|b"]
    total = recent + before
    change = ((recent - before) / total.where(total > 0)).where(total != 0, 0.0)
    return change.where((found[f"{name}|na"] == QUARTER) & (found[f"{name}|nb"] == QUARTER))
