"""Accounts that can still lose money at a month's end: what an expected credit loss is told of."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.states import Buckets
from analysis.data.panel.default_cells import score_bands
from analysis.data.panel.labels import with_states
from analysis.data.panel.months import number_of, state_code
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

TERMS = ("credit_limit", "annual_rate", "term_months")


def exposures(portfolio: Portfolio, buckets: Buckets, month: date) -> pd.DataFrame:
    """Open accounts at a month's end, by account_id: product, state, days_past_due, balance, credit_limit,
    annual_rate, months_left, score_band.

    score_band: as default_cells.score_bands() has it. months_left: contract length less months since opening, 0
    where it has run out; missing, as limit and rate, where not recorded.
    """
    panel = portfolio.table("months")
    rows = panel.filter(panel.month == ibis.literal(month), panel.status == "open")
    return _with_terms(portfolio, rows, buckets)


def written_off(portfolio: Portfolio, buckets: Buckets, after: date) -> pd.DataFrame:
    """Accounts charged off after a month's end, as they last stood open: the columns of exposures()."""
    panel = portfolio.table("months").mutate(m=number_of(portfolio.table("months").month))
    gone = panel.filter(panel.month > ibis.literal(after), panel.status == "charged_off")
    first = gone.group_by(gone_account=ACCOUNT).aggregate(gone_m=gone.m.min())
    rows = panel.filter(panel.status == "open")
    rows = rows.inner_join(first, [rows[ACCOUNT] == first.gone_account, rows.m == first.gone_m - 1])
    return _with_terms(portfolio, rows, buckets)


def secured_products(portfolio: Portfolio) -> tuple[str, ...]:
    """Products most of whose accounts are backed by collateral, in order; none where that is not recorded."""
    if not portfolio.has("accounts.secured"):
        return ()
    accounts = portfolio.table("accounts")
    counts = accounts.group_by("product").aggregate(share=accounts.secured.cast("int8").mean())
    found = counts.to_pandas().dropna()
    return tuple(sorted(found.loc[found["share"] > 0.5, "product"].astype(str)))


def _with_terms(portfolio: Portfolio, rows: ir.Table, buckets: Buckets) -> pd.DataFrame:
    accounts = portfolio.table("accounts")
    terms = {name: accounts[name] if name in accounts.columns else ibis.null("float64") for name in TERMS}
    dated = "opened_on" in accounts.columns
    opened = number_of(accounts.opened_on) if dated else ibis.null("int32")
    facts = accounts.select(ACCOUNT, "product", opened=opened, **terms)
    kept = rows.select(
        ACCOUNT, "days_past_due", "balance", m=number_of(rows.month), state=state_code(rows, buckets)
    )
    joined = kept.inner_join(facts, ACCOUNT).inner_join(score_bands(portfolio).drop("product"), ACCOUNT)
    left = (joined.term_months.cast("float64") - (joined.m - joined.opened)).clip(lower=0)
    found = joined.mutate(months_left=left).drop("opened", "term_months", "m").order_by(ACCOUNT).to_pandas()
    numbers = {name: found[name].astype("float64") for name in ("balance", "credit_limit", "annual_rate")}
    return with_states(found.assign(**numbers), buckets, "state").set_index(ACCOUNT)
