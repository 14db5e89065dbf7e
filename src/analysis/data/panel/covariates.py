"""What is known of an account from its opening, as a few groups that cells can be counted by.

Text and true-or-false columns are their own groups; numbers are cut into bands at given edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import ibis
import ibis.expr.types as ir

from analysis.core.errors import InputError, ParameterError
from analysis.data.panel.contacts import customers, labelled
from analysis.data.panel.dimensions import UNKNOWN
from analysis.data.panel.parts import ACCOUNT, Part
from analysis.data.portfolio import Portfolio

Bands = Mapping[str, Sequence[float]]
"""Edges that columns of numbers are cut at, for example {"debt_ratio": [0.25, 0.4]}; a band begins at its edge."""

FOLD = "fold"


def covariates(part: Part, by: Sequence[str], bands: Bands | None = None) -> ir.Table:
    """The part's accounts: account_id, fold (0 to 31, `contacts.customers`) and a text column for each of `by`.

    A value that is not recorded is `unknown`. Raises InputError for a column that accounts lacks, ParameterError
    for a column of numbers without edges in `bands`, or with edges that don't rise.
    """
    bands = bands or {}
    accounts = part.portfolio.table("accounts")
    _require_columns(accounts, by, bands)
    rows = part.within(customers(part.portfolio, by))
    made = {name: banded(rows[name], bands[name]) if name in bands else labelled(rows[name]) for name in by}
    return rows.select(ACCOUNT, FOLD, **made)


def banded(column: ir.NumericColumn, edges: Sequence[float]) -> ir.StringValue:
    """Label of the band that each number lies in, `unknown` where it is missing."""
    steps = [(column < edge, label) for edge, label in zip(edges, band_labels(edges), strict=False)]
    return ibis.cases((column.isnull(), UNKNOWN), *steps, else_=band_labels(edges)[-1])


def band_labels(edges: Sequence[float]) -> list[str]:
    """Names of the bands between edges, in rising order.

    >>> band_labels([0.25, 0.4])
    ['below 0.25', '0.25 to under 0.4', '0.4 or more']
    """
    inner = [f"{a:,.6g} to under {b:,.6g}" for a, b in pairwise(edges)]
    return [f"below {edges[0]:,.6g}", *inner, f"{edges[-1]:,.6g} or more"]


def quantile_edges(portfolio: Portfolio, names: Sequence[str], count: int = 4) -> dict[str, list[float]]:
    """Edges that cut columns of numbers into `count` groups of about as many accounts.

    Edges are rounded to three digits, so that they can be read; values that repeat give fewer edges, and a column
    that is constant or not recorded is left out. Raises InputError for a column that accounts lacks.
    """
    accounts = portfolio.table("accounts")
    _require_columns(accounts, names, dict.fromkeys(names, (0.0,)))
    if not names:
        return {}
    asked = {f"{name}|{i}": accounts[name].quantile(i / count) for name in names for i in range(1, count)}
    asked |= {f"{name}|least": accounts[name].min() for name in names}
    found = accounts.aggregate(**asked).to_pyarrow().to_pylist()[0]
    edges = {}
    for name in names:
        cuts = [found[f"{name}|{i}"] for i in range(1, count)]
        # An edge at or below the least value would leave the band below it empty.
        rounded = {float(f"{cut:.3g}") for cut in cuts if cut is not None}
        edges[name] = sorted(cut for cut in rounded if cut > found[f"{name}|least"])
    return {name: cuts for name, cuts in edges.items() if cuts}


def quarters(portfolio: Portfolio, names: Sequence[str]) -> dict[str, list[float]]:
    """Edges of quarters of the accounts for those of `names` that hold numbers: the `bands` that cells need."""
    accounts = portfolio.table("accounts")
    return quantile_edges(portfolio, [name for name in names if accounts[name].type().is_numeric()])


def _require_columns(accounts: ir.Table, by: Sequence[str], bands: Bands) -> None:
    missing = [name for name in by if name not in accounts.columns]
    if missing:
        raise InputError(f"accounts has no column '{missing[0]}'; ask with has('accounts.{missing[0]}') before")
    for name in by:
        if accounts[name].type().is_numeric() and name not in bands:
            raise ParameterError(
                f"accounts.{name} holds numbers; give the edges of its bands, for example "
                f"bands={{'{name}': quantile_edges(portfolio, ['{name}'])['{name}']}}"
            )
    for name in (name for name in by if name in bands):
        if not accounts[name].type().is_numeric():
            raise ParameterError(f"accounts.{name} holds no numbers, so bands['{name}'] has nothing to cut")
        edges = list(bands[name])
        if not edges or any(a >= b for a, b in pairwise(edges)):
            raise ParameterError(f"bands['{name}'] is {edges}; give edges that rise, for example [0.25, 0.4]")
