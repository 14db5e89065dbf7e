"""What the data can bear: checks of a portfolio as of a period, for the first page and the methods page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import pandas as pd
from ibis import _

from analysis.core.contract import TABLES
from analysis.core.parameters.run import Gates
from analysis.core.periods import Period
from analysis.data.portfolio import Portfolio

IMPORTANT: dict[str, tuple[str, ...]] = {
    "accounts": ("customer_id", "opened_on", "region", "industry", "origination_channel", "origination_model"),
    "months": ("amount_due", "amount_paid"),
    "contacts": ("direction", "outcome", "agency"),
    "treatments": ("agency", "started_on"),
    "complaints": ("category", "agency"),
}
"""Columns that rates or breakdowns rest on and that may be blank."""

COLUMNS = ["key", "where", "value", "limit", "failed", "numerator", "denominator", "text"]


def quality_checks(
    portfolio: Portfolio, period: Period, gates: Gates, missing_limit: float = 0.01, null_limit: float = 0.05
) -> pd.DataFrame:
    """All checks of the data behind a period's report, failed ones first.

    Columns: key, where (table or column), value, limit (missing where a check only informs), failed, numerator,
    denominator, text (a sentence; for a failed check the gate's text). The keys:

    - stale: days from the last month end to the period's end, against `gates.stale_after_days`. - missing_rows:
    accounts whose rows stop, without an exit, before the last month ÷ accounts that should have one (those, and
    those that have), against `missing_limit`. Lower is better. - nulls: blank values ÷ rows of a column that is
    there, against `null_limit`; of months, those of the period. Agency is blank by right where nothing was placed,
    so a high share there asks for a look, no more. - break: months of the period from which something was recorded
    differently (`breaks` of portfolio.yml). - absent: tables of the contract that are missing or empty; what needs
    them is left out of the report.
    """
    rows = [
        _stale(portfolio, period, gates),
        _missing_rows(portfolio, missing_limit),
        *_nulls(portfolio, period, null_limit),
        *_breaks(portfolio, period),
        *_absent(portfolio),
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.sort_values("failed", ascending=False, kind="stable", ignore_index=True)


def failed_gates(checks: pd.DataFrame) -> list[dict[str, str]]:
    """The failed checks as gates: a list of {key, text}."""
    return [{"key": row["key"], "text": row["text"]} for _, row in checks[checks["failed"]].iterrows()]


def _row(key: str, where: str, value: float, limit: float | None, text: str, **counts: float) -> dict[str, Any]:
    failed = limit is not None and value > limit
    return {"key": key, "where": where, "value": value, "limit": limit, "failed": failed, "text": text} | counts


def _stale(portfolio: Portfolio, period: Period, gates: Gates) -> dict[str, Any]:
    last = portfolio.months_covered()[1]
    days = (period.end - last).days
    text = f"the last month of data is {last:%B %Y}, {max(days, 0)} days before the end of {period}"
    return _row("stale", "months", days, gates.stale_after_days, text)


def _missing_rows(portfolio: Portfolio, limit: float) -> dict[str, Any]:
    months, last = portfolio.table("months"), portfolio.months_covered()[1]
    final = months.group_by("account_id").aggregate(month=_.month.max(), status=_.status.argmax(_.month))
    gone = (final.month < ibis.literal(last)) & final.status.isin(("open", "charged_off"))
    counted = final.aggregate(missing=gone.sum(), present=(final.month == ibis.literal(last)).sum())
    found = counted.to_pyarrow().to_pylist()[0]
    missing, due = int(found["missing"] or 0), int((found["missing"] or 0) + (found["present"] or 0))
    share = missing / due if due else 0.0
    text = (
        f"{missing:,} of {due:,} accounts ({share:.1%}) have no row in {last:%B %Y} though nothing says they left"
    )
    return _row("missing_rows", "months", share, limit, text, numerator=missing, denominator=due)


def _nulls(portfolio: Portfolio, period: Period, limit: float) -> Iterator[dict[str, Any]]:
    for name, columns in IMPORTANT.items():
        present = [column for column in columns if portfolio.has(f"{name}.{column}")]
        if not present:
            continue
        table = portfolio.table(name)
        if name == "months":
            first, last = ibis.literal(period.months[0]), ibis.literal(period.end)
            table = table.filter(table.month >= first, table.month <= last)
        blank = {column: table[column].isnull().sum() for column in present}
        found = table.aggregate(rows=table.count(), **blank).to_pyarrow().to_pylist()[0]
        for column in present:
            missing, rows = int(found[column] or 0), int(found["rows"])
            share = missing / rows if rows else 0.0
            text = f"{name}.{column} is blank in {missing:,} of {rows:,} rows ({share:.1%})"
            # Where nothing was placed with an agency, and nothing begun, there is nothing to record.
            bound = None if column in ("agency", "started_on") else limit
            yield _row("nulls", f"{name}.{column}", share, bound, text, numerator=missing, denominator=rows)


def _breaks(portfolio: Portfolio, period: Period) -> Iterator[dict[str, Any]]:
    for month in sorted(set(portfolio.info.breaks) & set(period.months)):
        text = f"from {month:%B %Y} on something is recorded differently: steps into that month are shown apart"
        yield _row("break", "months", 1, 0, text)


def _absent(portfolio: Portfolio) -> Iterator[dict[str, Any]]:
    for name in TABLES:
        if not portfolio.has(name):
            yield _row("absent", name, 1, None, f"the portfolio has no {name}; what needs them is left out")
