"""Placements with agencies: what was placed, what was known of it, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import ibis
import pandas as pd

from analysis.core.errors import ParameterError
from analysis.core.spells import SpellRules
from analysis.data.panel.account_features import KEYS as FEATURE_KEYS
from analysis.data.panel.account_features import features_at
from analysis.data.panel.account_rows import ROW, SLICES, sampled_accounts
from analysis.data.panel.decisions_outcomes import decision_outcomes
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

NEEDS = ("treatments.agency",)
KEYS = ("entity", "outcome", "customer", "sampled")
OUTCOMES = ("back", "collected")


def placement_cases(
    portfolio: Portfolio,
    outcome: str,
    first: date,
    last: date,
    horizon: int = 3,
    placements: Sequence[str] = (),
    rules: SpellRules | None = None,
    leave_out: Collection[str] = (),
    most: int = 25_000,
) -> pd.DataFrame:
    """Placements from day `first` to `last` whose horizon is over; one row each, by account and day.

    `placements` are the names in treatments.treatment that count; empty: every treatment that names an agency.
    `outcome` is back (1 where the account was current, paid off or closed at some month end from that of the
    placement to the horizon's; month 1 is the placement's own) or collected (cash of those months ÷ balance at the
    month end before, between 0 and 1; without a balance the placement is left out).

    entity (the agency), outcome, customer, sampled (probability of being here), placement (its name, where there
    are several), then the features of `features_at` as of the month end before; `leave_out` names those that
    never enter. Of more than `most` placements those of a sample of customers are kept. Raises ParameterError for
    another outcome.
    """
    if outcome not in OUTCOMES:
        raise ParameterError(f"outcome of placements is '{outcome}'; it can be {', '.join(OUTCOMES)}")
    rows, share = _placed(portfolio, first, last, placements, most)
    if rows.empty:
        return pd.DataFrame(columns=list(KEYS))
    known = features_at(portfolio, rows, leave_out)
    after = decision_outcomes(portfolio, rows, horizon, rules or SpellRules())
    held = known["balance"] if "balance" in known else pd.Series(float("nan"), index=rows.index)
    value = after[f"back_{horizon - 1}"] if outcome == "back" else _collected(after, held)
    features = known.drop(columns=[name for name in FEATURE_KEYS if name in known])
    if rows["treatment"].nunique() > 1:
        features.insert(0, "placement", rows["treatment"])
    keys = {"entity": rows["agency"], "outcome": value, "customer": known["customer"], "sampled": share}
    found = pd.concat([pd.DataFrame(keys, index=rows.index), features], axis=1)
    return found[found["outcome"].notna()].reset_index(drop=True)


def _collected(after: pd.DataFrame, balance: pd.Series) -> pd.Series:
    if "paid" not in after:
        return pd.Series(float("nan"), index=after.index)
    return (after["paid"] / balance.where(balance > 0)).clip(0.0, 1.0)


def _placed(
    portfolio: Portfolio, first: date, last: date, placements: Sequence[str], most: int
) -> tuple[pd.DataFrame, float]:
    """Placements with their row, the month end before (month, m), and the probability of being in the sample."""
    table = portfolio.table("treatments")
    chosen = table.agency.notnull() & table.decided_at.between(ibis.literal(first), ibis.literal(last))
    if placements:
        chosen = chosen & table.treatment.isin(list(placements))
    placed = table.filter(chosen)
    count, share = int(placed.count().execute()), 1.0
    if count > most:
        kept = max(most * SLICES // count, 1)
        placed, share = placed.semi_join(sampled_accounts(portfolio, kept), ACCOUNT), kept / SLICES
    found = placed.select("treatment_id", ACCOUNT, "decided_at", "treatment", "agency")
    found = found.order_by(ACCOUNT, "decided_at", "treatment_id").to_pandas()
    day = pd.to_datetime(found["decided_at"]).astype("datetime64[ns]")
    month = (day + pd.offsets.MonthEnd(-1)).astype("datetime64[ns]")
    m = (month.dt.year * 12 + month.dt.month - 1).astype("int32")
    return found.assign(decided_at=day, month=month, m=m, **{ROW: range(len(found))}), share
