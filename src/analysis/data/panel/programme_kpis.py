"""What a programme's measures are counted from: numerators and denominators by month and group of customers.

Measures come as cells, so that their errors follow from leaving out one group of customers at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.contacts import log_begins
from analysis.data.panel.covariates import FOLD, covariates
from analysis.data.panel.labels import with_month
from analysis.data.panel.months import account_months, month_number, number_of
from analysis.data.panel.parts import ACCOUNT, Part, over_parts
from analysis.data.panel.programme_kpis_calls import CallRules, calls_in_breach
from analysis.data.panel.programme_kpis_spells import matured_spells, recovered
from analysis.data.portfolio import Portfolio

CELL = ("numerator", "denominator", "events", "units")
COLUMNS = ("kpi", "month", FOLD, *CELL)
OVERDUE_DAYS = 1


@dataclass(frozen=True)
class KpiRules:
    """Settings that measures are counted by: the price of an attempt by channel, and which calls are allowed."""

    contact_costs: Mapping[str, float]
    calls: CallRules


def kpi_cells(portfolio: Portfolio, rules: SpellRules, buckets: Buckets, kpi_rules: KpiRules) -> pd.DataFrame:
    """Cells of all measures that the portfolio tells of, one row a measure, month and fold.

    Columns: kpi, month, fold (0 to 31, random groups of customers), numerator, denominator, events and units (what
    was counted in the numerator and the denominator, for suppression). Summed over folds, numerator ÷ denominator
    is the measure:

    overdue_rate      balance 1 or more days past due ÷ open balance, at the month's end; lower is better
    collection_cost   logged cost of the month's decisions + attempts × price ÷ accounts overdue at its end
    complaint_rate    complaints of the month ÷ accounts overdue at its end; lower is better
    satisfaction      ratings of complaints settled in the month ÷ their number; 1 to 5, higher is better
    contact_breaches  calls outside the hours, or beyond so many to a customer in a day ÷ calls; lower is better
    cured_within_3    spells cured in their first three months ÷ spells whose third month this is; higher is better
    charged_off_12    spells charged off in their first twelve months ÷ spells whose twelfth month this is
    recovery_rate     cash in the twelve months after charge-off ÷ amount charged off twelve months before

    What happens before a log begins is not known to be nothing: its months are left out, and so is the month in
    which it begins, unless that is the portfolio's first. The last three measures look back on those who came
    three or twelve months earlier; none counts a spell that has not had its time. Months before one from which
    something was recorded differently (`breaks` of portfolio.yml) don't compare with those after: left out.
    """
    book = _overdue(portfolio, buckets)
    found = [book.assign(kpi="overdue_rate", units=book["accounts"])]
    overdue = book.assign(denominator=book["late"], units=book["late"])
    found += _events(portfolio, overdue, kpi_rules, covariates(Part(portfolio), ()))
    if portfolio.has("contacts"):
        calls = calls_in_breach(portfolio, kpi_rules.calls)
        found.append(_since(calls, log_begins(portfolio), portfolio))
    found += matured_spells(portfolio, rules, buckets)
    if portfolio.has("months.charged_off_amount"):
        found.append(recovered(portfolio))
    cells = pd.concat([with_month(part).reindex(columns=list(COLUMNS)) for part in found], ignore_index=True)
    cells = cells.astype(dict.fromkeys(CELL, "float64") | {FOLD: "int64"})
    later = [pd.Timestamp(month) for month in portfolio.info.breaks if month <= portfolio.as_of]
    return cells[cells["month"] >= max(later)] if later else cells


def _overdue(portfolio: Portfolio, buckets: Buckets) -> pd.DataFrame:
    """Balances by m and fold: numerator overdue, denominator open; late and accounts count them."""
    keys = ["m", FOLD]

    def build(part: Part) -> ir.Table:
        rows = account_months(part, buckets)
        rows = rows.filter(rows.state < len(buckets.labels)).inner_join(covariates(part, ()), ACCOUNT)
        late = rows.days_past_due >= OVERDUE_DAYS
        return rows.group_by(*keys).aggregate(
            numerator=late.ifelse(rows.balance, 0.0).sum(),
            denominator=rows.balance.sum(),
            late=late.sum(),
            accounts=rows.count(),
        )

    found = over_parts(portfolio, build, keys, clustered=False)
    return found.assign(events=found["late"])


def _events(portfolio: Portfolio, overdue: pd.DataFrame, rules: KpiRules, facts: ir.Table) -> list[pd.DataFrame]:
    """Cost and complaints against the accounts overdue, and ratings against those who gave one."""
    found = []
    if portfolio.has("contacts") or portfolio.has("treatments.cost"):
        spent = pd.concat(_spent(portfolio, facts, rules.contact_costs), ignore_index=True)
        cost = _against(overdue, spent).assign(kpi="collection_cost")
        begins = log_begins(portfolio) if portfolio.has("contacts") else None
        found.append(_since(cost, begins, portfolio))
    if portfolio.has("complaints"):
        told = portfolio.table("complaints")
        begins = told.aggregate(first=told["at"].cast("date").min()).to_pyarrow().to_pylist()[0]["first"]
        counted = _sums(_dated(told, told["at"], ibis.literal(1.0)), facts)
        found.append(_since(_against(overdue, counted).assign(kpi="complaint_rate"), begins, portfolio))
    if portfolio.has("complaints.satisfaction"):
        told = portfolio.table("complaints")
        told = told.filter(told.satisfaction.notnull())
        day = told.resolved_at.coalesce(told["at"]) if "resolved_at" in told.columns else told["at"]
        rated = _sums(_dated(told, day, told.satisfaction.cast("float64")), facts)
        found.append(rated.assign(kpi="satisfaction", denominator=rated["events"], units=rated["events"]))
    return found


def _spent(portfolio: Portfolio, facts: ir.Table, prices: Mapping[str, float]) -> list[pd.DataFrame]:
    found = []
    if portfolio.has("treatments.cost"):
        decided = portfolio.table("treatments")
        decided = decided.filter(decided.cost > 0)
        found.append(_sums(_dated(decided, decided.decided_at, decided.cost.cast("float64")), facts))
    if portfolio.has("contacts") and prices:
        tried = portfolio.table("contacts").filter(ibis._.channel.isin(list(prices)))
        if "direction" in tried.columns:
            tried = tried.filter(tried.direction.coalesce("outbound") == "outbound")
        price = ibis.cases(*[(tried.channel == name, ibis.literal(cost)) for name, cost in prices.items()])
        found.append(_sums(_dated(tried, tried["at"], price), facts))
    return found


def _dated(rows: ir.Table, day: ir.Value, amount: ir.Value) -> ir.Table:
    return rows.select(ACCOUNT, m=number_of(day.cast("date")), amount=amount)


def _sums(rows: ir.Table, facts: ir.Table) -> pd.DataFrame:
    """Amounts by m and fold: numerator, events."""
    joined = rows.inner_join(facts, ACCOUNT)
    return joined.group_by("m", FOLD).aggregate(numerator=joined.amount.sum(), events=joined.count()).to_pandas()


def _against(overdue: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """Sums held against the accounts overdue; nothing counted is 0."""
    keys = ["m", FOLD]
    sums = counted.groupby(keys, as_index=False)[["numerator", "events"]].sum()
    found = overdue[[*keys, "denominator", "units"]].merge(sums, on=keys, how="left")
    return found.fillna({"numerator": 0.0, "events": 0.0})


def _since(cells: pd.DataFrame, begins: object, portfolio: Portfolio) -> pd.DataFrame:
    """Months after the one in which a log begins, that one too where the portfolio begins with it."""
    if begins is None or cells.empty:
        return cells
    first = month_number(portfolio.months_covered()[0])
    began = month_number(begins)  # type: ignore[arg-type]
    return cells[cells["m"] >= (began if began <= first else began + 1)]
