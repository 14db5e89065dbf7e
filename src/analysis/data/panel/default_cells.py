"""Which accounts came to default within a year, by product, score at opening and bucket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.core.states import Buckets
from analysis.data.panel.dimensions import UNKNOWN
from analysis.data.panel.labels import with_month, with_states
from analysis.data.panel.months import month_number, number_of, state_code
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

BANDS = 5


def default_cells(
    portfolio: Portfolio, buckets: Buckets, starts: Sequence[date], within: int = 12, days: int = 90
) -> pd.DataFrame:
    """Accounts open and not in default at the month ends `starts`, and those in default within so many months.

    Columns month, product, score_band (see score_bands), state, accounts, defaults. Default: `days` past due, or
    charged off. An account that left otherwise did not default. The months after a start must be covered for its
    count to be whole; that is the caller's to choose.
    """
    panel = portfolio.table("months")
    rows = panel.mutate(m=number_of(panel.month))
    begun = rows.filter(
        rows.m.isin([month_number(start) for start in starts]), rows.status == "open", rows.days_past_due < days
    )
    begun = begun.select(ACCOUNT, "m", state=state_code(begun, buckets))
    bad = rows.filter((rows.status == "charged_off") | ((rows.status == "open") & (rows.days_past_due >= days)))
    bad = bad.select(bad_account=bad[ACCOUNT], bad_m=bad.m)
    met = begun.inner_join(
        bad,
        [begun[ACCOUNT] == bad.bad_account, bad.bad_m > begun.m, bad.bad_m <= begun.m + within],
    )
    lost = met.select(lost_account=met[ACCOUNT], lost_m=met.m).distinct()
    told = begun.left_join(lost, [begun[ACCOUNT] == lost.lost_account, begun.m == lost.lost_m])
    told = told.inner_join(score_bands(portfolio), ACCOUNT)
    cells = told.group_by("m", "product", "score_band", "state").aggregate(
        accounts=told.count(), defaults=told.lost_account.count()
    )
    found = cells.order_by("m", "product", "score_band", "state").to_pandas()
    return with_states(with_month(found), buckets, "state")


def score_bands(portfolio: Portfolio, count: int = BANDS) -> ir.Table:
    """Accounts with product and score_band: 1 (riskiest fifth) to `count`, by rank of the score at opening.

    Scores are ranked among the accounts of the same origination model, as models' points need not compare; equal
    scores share a band. `unknown` without a score.
    """
    accounts = portfolio.table("accounts")
    if not portfolio.has("accounts.origination_score"):
        return accounts.select(ACCOUNT, "product", score_band=ibis.literal(UNKNOWN))
    score = accounts.origination_score.cast("float64")
    by = ibis.literal(UNKNOWN)
    if portfolio.has("accounts.origination_model"):
        by = accounts.origination_model.cast("string").coalesce(UNKNOWN)
    scored = accounts.select(ACCOUNT, "product", score=score, model=by)
    # Nulls are a group of their own, so that they take no ranks from accounts that have a score.
    window = ibis.window(group_by=[scored.model, scored.score.isnull()], order_by=scored.score)
    ranked = scored.mutate(place=ibis.percent_rank().over(window))
    band = ibis.least((ranked.place * count).floor().cast("int64") + 1, count).cast("string")
    return ranked.select(ACCOUNT, "product", score_band=ranked.score.isnull().ifelse(UNKNOWN, band))
