"""Features known at opening, counted among new delinquents and among all who could have become one."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.contract import TABLES
from analysis.core.periods import Period, shift_months
from analysis.data.panel.contacts import customers, labelled
from analysis.data.portfolio import Portfolio

QUANTILES = 5
"""Bins of a numeric feature: fifths of the accounts not overdue at the quarter's start."""

FEATURES = tuple(
    column.name
    for column in TABLES["accounts"].columns
    if not column.protected and not column.name.endswith("_id") and column.kind not in ("date", "timestamp")
)
"""Columns of accounts that may be listed: no keys, no dates, and never a protected one."""


def origination_counts(
    portfolio: Portfolio, period: Period, entry_days: int = 30, quarters: int = 2
) -> pd.DataFrame:
    """Accounts not overdue at a quarter's start, and those that reached `entry_days` past due in it, by feature.

    The quarters are `period` and those before it (`quarters` in all); numeric features are cut at the fifths of
    `period` in every one of them. Columns: period, feature, bin (a category, or `[low, high)`; `unknown` where
    nothing is recorded), bin_order, fold, accounts (open with 0 days past due at the month end before the
    quarter), entered (of them, `entry_days` or more past due, or charged off, at a month end of the quarter).

    Months from a break on (`breaks` of portfolio.yml) are not looked at in the quarter that it falls in.
    """
    names = [name for name in FEATURES if portfolio.has(f"accounts.{name}")]
    cuts = _cuts(portfolio, _at_risk(portfolio, period, entry_days), names)
    parts = []
    for back in range(quarters):
        quarter = period.shift(-back)
        counted = _count_bins(portfolio, _at_risk(portfolio, quarter, entry_days), names, cuts)
        parts.append(counted.to_pandas().assign(period=str(quarter)))
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.merge(_bin_names(cuts), how="left", on=["feature", "code"])
    frame["bin"] = frame["bin"].fillna(frame["code"])
    frame["bin_order"] = pd.to_numeric(frame["bin_order"]).fillna(0).astype("int64")
    columns = ["period", "feature", "bin", "bin_order", "fold", "accounts", "entered"]
    return frame[columns].sort_values(columns[:5], ignore_index=True)


def _at_risk(portfolio: Portfolio, period: Period, entry_days: int) -> ir.Table:
    """Accounts not overdue at the quarter's start: account_id, entered (0 or 1)."""
    name = f"at risk {period} {entry_days}"
    return portfolio.keep(name, lambda: _find_at_risk(portfolio, period, entry_days))


def _find_at_risk(portfolio: Portfolio, period: Period, entry_days: int) -> ir.Table:
    months = portfolio.table("months")
    start = shift_months(period.months[0], -1)
    clean = months.filter((months.month == ibis.literal(start)) & (months.status == "open"))
    clean = clean.filter(clean.days_past_due == 0).select("account_id")
    arrears = (months.days_past_due >= entry_days) & (months.status == "open")
    found = months.filter(
        months.month.isin(_months(portfolio, period)) & (arrears | (months.status == "charged_off"))
    )
    entered = found.select("account_id", entered=ibis.literal(1, "int64")).distinct()
    joined = clean.left_join(entered, "account_id")
    return joined.select("account_id", entered=joined.entered.coalesce(ibis.literal(0, "int64")))


def _months(portfolio: Portfolio, period: Period) -> list[date]:
    breaks = [month for month in portfolio.info.breaks if month in period.months]
    return [month for month in period.months if not breaks or month < min(breaks)] or [date.min]


def _cuts(portfolio: Portfolio, at_risk: ir.Table, names: list[str]) -> dict[str, list[float]]:
    """Inner edges of the bins of each numeric feature; fewer than four where values repeat."""
    rows = at_risk.inner_join(portfolio.table("accounts"), "account_id")
    numeric = [name for name in names if rows[name].type().is_numeric()]
    if not numeric:
        return {}
    asked = {f"{name}|{i}": rows[name].quantile(i / QUANTILES) for name in numeric for i in range(1, QUANTILES)}
    found = rows.aggregate(**asked).to_pyarrow().to_pylist()[0]
    values = {name: {found[f"{name}|{i}"] for i in range(1, QUANTILES)} for name in numeric}
    return {name: sorted(float(cut) for cut in cuts if cut is not None) for name, cuts in values.items()}


def _count_bins(
    portfolio: Portfolio, at_risk: ir.Table, names: list[str], cuts: dict[str, list[float]]
) -> ir.Table:
    rows = at_risk.inner_join(portfolio.table("accounts"), "account_id")
    codes = {name: _code(rows[name], cuts.get(name)) for name in names}
    coded = rows.select("account_id", "entered", **codes).inner_join(customers(portfolio), "account_id")
    long = coded.pivot_longer(names, names_to="feature", values_to="code")
    keys = ["feature", "code", "fold"]
    return long.group_by(keys).aggregate(accounts=long.count(), entered=long.entered.sum()).order_by(keys)


def _code(column: ir.Column, cuts: list[float] | None) -> ir.StringValue:
    """The category itself, or the number of the bin as text."""
    if cuts is None:
        return labelled(column).cast("string")
    code = sum(((column >= cut).cast("int64") for cut in cuts), start=ibis.literal(0, "int64"))
    return column.isnull().ifelse(ibis.literal("unknown"), code.cast("string"))


def _number(edge: float) -> str:
    """An edge as people write it: 21,200 and 0.345, never 2.12e+04."""
    return f"{edge:,.0f}" if abs(edge) >= 1000 else f"{edge:.3g}"


def _bin_names(cuts: dict[str, list[float]]) -> pd.DataFrame:
    """Names of numeric bins: feature, code, bin, bin_order."""
    rows = []
    for feature, edges in cuts.items():
        low = ["", *(_number(edge) for edge in edges)]
        high = [*low[1:], ""]
        for i, (a, b) in enumerate(zip(low, high, strict=True)):
            name = f"[{a}, {b})" if a and b else (f"below {b}" if b else (f"{a} or more" if a else "any"))
            rows.append((feature, str(i), name, i))
    return pd.DataFrame(rows, columns=["feature", "code", "bin", "bin_order"])
