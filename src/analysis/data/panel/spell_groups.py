"""Groups that spells are counted by, all of them known when a spell begins."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd

from analysis.core.contract import TABLES
from analysis.core.errors import ParameterError
from analysis.core.periods import Period
from analysis.data.panel.covariates import Bands, banded, covariates, quantile_edges
from analysis.data.panel.months import Window, month_number
from analysis.data.panel.parts import ACCOUNT, Part
from analysis.data.portfolio import Portfolio

OF_SPELL = ("bucket", "began", "began_quarter", "spell", "balance_band")
"""Groups of the spell itself: bucket, month number and quarter at k = 0, which spell of the account it is (1, 2,
3+), and the balance when first seen, in bands."""

FACTS = tuple(
    column.name
    for column in TABLES["accounts"].columns
    if column.kind not in ("date", "timestamp") and not column.name.endswith("_id")
)
"""Columns of accounts that can be groups."""


def with_groups(
    rows: ir.Table, portfolio: Portfolio, by: Sequence[str], bands: Bands | None = None
) -> tuple[ir.Table, list[str]]:
    """Spells with `fold` and a text column for each of `by` that the portfolio allows, and the names of those.

    Columns of numbers are cut at `bands`, else at their quarters. Raises ParameterError for unknown names.
    """
    unknown = [name for name in by if name not in (*OF_SPELL, *FACTS)]
    if unknown:
        known = ", ".join((*OF_SPELL, *FACTS))
        raise ParameterError(f"spells cannot be grouped by '{unknown[0]}'; use any of {known}")
    edges = _edges(rows, portfolio, by, bands)
    facts = [name for name in by if name in FACTS and _can_group(portfolio, name, edges)]
    joined = rows.inner_join(covariates(Part(portfolio), facts, _only(edges, facts)), ACCOUNT)
    made = {"began_quarter": began_quarter(joined.began)}
    made["spell"] = (joined.spell > 2).ifelse("3+", joined.spell.cast("string"))
    if "balance_band" in edges:
        made["balance_band"] = banded(joined.balance, edges["balance_band"])
    names = [name for name in by if name in (*facts, *made, "bucket", "began")]
    return joined.mutate(**{name: column for name, column in made.items() if name in by}), names


def began_quarter(began: ir.IntegerValue) -> ir.StringValue:
    """Quarter of a month number as text, such as 2025Q4."""
    year = (began / 12).floor().cast("int32")
    quarter = ((began - year * 12) / 3).floor().cast("int32") + 1
    return year.cast("string") + "Q" + quarter.cast("string")


def began_in(rows: ir.Table, period: Period | Window | None) -> ir.Table:
    """Spells whose k = 0 lies in a quarter, or between two month ends, both included."""
    if period is None:
        return rows
    first, last = (period.start, period.end) if isinstance(period, Period) else period
    return rows.filter(rows.began.between(month_number(first), month_number(last)))


def count_cells(rows: ir.Table, keys: Sequence[str]) -> pd.DataFrame:
    """Spells and what they owed when first seen, by `keys` and in their order."""
    counted = rows.group_by(*keys).aggregate(spells=rows.count(), balance=rows.balance.sum())
    return counted.order_by(*keys).to_pandas()


def _edges(
    rows: ir.Table, portfolio: Portfolio, by: Sequence[str], bands: Bands | None
) -> dict[str, Sequence[float]]:
    found: dict[str, Sequence[float]] = _only(bands or {}, by)
    numeric = [name for name in by if name in FACTS and name not in found and _is_numeric(portfolio, name)]
    found |= quantile_edges(portfolio, numeric)
    if "balance_band" in by and "balance_band" not in found:
        found |= _balance_edges(rows)
    return found


def _balance_edges(rows: ir.Table) -> dict[str, Sequence[float]]:
    asked = {f"q{i}": rows.balance.quantile(i / 4) for i in (1, 2, 3)}
    cuts = rows.aggregate(least=rows.balance.min(), **asked).to_pyarrow().to_pylist()[0]
    least = cuts.pop("least")
    rounded = {float(f"{cut:.3g}") for cut in cuts.values() if cut is not None}
    edges = sorted(cut for cut in rounded if cut > least)
    return {"balance_band": edges} if edges else {}


def _only(bands: Bands, names: Sequence[str]) -> dict[str, Sequence[float]]:
    return {name: edges for name, edges in bands.items() if name in names}


def _is_numeric(portfolio: Portfolio, name: str) -> bool:
    return portfolio.has(f"accounts.{name}") and portfolio.table("accounts")[name].type().is_numeric()


def _can_group(portfolio: Portfolio, name: str, edges: Bands) -> bool:
    return portfolio.has(f"accounts.{name}") and (name in edges or not _is_numeric(portfolio, name))
