"""The components of the tiers' value and risk: each from 0 to 1, higher more valuable or less risky."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.core.errors import InputError

PRODUCT_VALUE = {"mortgage": 1.0, "auto": 1.0, "sme": 0.5, "instalment": 0.5, "card": 0.25, "cash_loan": 0.0}
"""S4 calls mortgages and car loans quality assets; the order of the others is this project's."""

OLDEST_DEBT = 180
"""Days past due at which a debt is as old as it gets: the usual charge-off day."""

MOST_DELINQUENCIES = 6
HIGHEST_DEBT_RATIO = 1.0

SHRINKAGE = 50.0
"""Accounts' worth of the portfolio's own rate that pulls a group's rate, so that small groups don't lead."""


def tier_components(
    accounts: pd.DataFrame,
    product_value: Mapping[str, float] | None = None,
    lender_value: Mapping[str, float] | None = None,
    oldest_debt: int = OLDEST_DEBT,
) -> pd.DataFrame:
    """Components on the accounts' index, for the columns that the frame has.

    value_repayment_history     on_time_share: share of the last twelve months' dues paid on time (0 to 1)
    value_debt_age              days_past_due: 1 at none, falling evenly to 0 at `oldest_debt`; older debt is worse
    value_product               product, by `product_value`
    value_lender                lender, by `lender_value` (0 to 1); left out without it, as only the house knows
                                whose customers are core ones
    risk_bureau_delinquencies   bureau_delinquencies: 1 at none, 0 at six or more
    risk_debt_ratio             debt_ratio: 1 at none, 0 at 1 or more
    risk_industry, risk_region  industry_risk and region_risk: 1 − the risk (0 to 1; see `group_risk`)

    Missing values stay missing. Raises InputError for a share outside 0 to 1 or an unknown product or lender.
    """
    found: dict[str, pd.Series] = {}
    if "on_time_share" in accounts:
        found["value_repayment_history"] = _share(accounts["on_time_share"])
    if "days_past_due" in accounts:
        found["value_debt_age"] = 1.0 - (accounts["days_past_due"].astype(float) / oldest_debt).clip(0, 1)
    if "product" in accounts:
        found["value_product"] = _mapped(accounts["product"], product_value or PRODUCT_VALUE)
    if "lender" in accounts and lender_value:
        found["value_lender"] = _mapped(accounts["lender"], lender_value)
    for name, most in (("bureau_delinquencies", MOST_DELINQUENCIES), ("debt_ratio", HIGHEST_DEBT_RATIO)):
        if name in accounts:
            found[f"risk_{name}"] = 1.0 - (accounts[name].astype(float) / most).clip(0, 1)
    for name in ("industry", "region"):
        if f"{name}_risk" in accounts:
            found[f"risk_{name}"] = 1.0 - _share(accounts[f"{name}_risk"])
    # A column that is null throughout counts as absent.
    return pd.DataFrame(found, index=accounts.index).dropna(axis=1, how="all")


def _share(values: pd.Series) -> pd.Series:
    numbers = values.astype(float)
    if not numbers.dropna().between(0, 1).all():
        raise InputError(f"tiers: {values.name} leaves 0 to 1 (from {numbers.min():g} to {numbers.max():g})")
    return numbers


def _mapped(values: pd.Series, table: Mapping[str, float]) -> pd.Series:
    unknown = sorted(set(values.dropna().astype(str)) - set(table))
    if unknown:
        raise InputError(
            f"tiers: {values.name} {', '.join(unknown)} has no value; known are {', '.join(table)}. "
            f"Give {values.name}_value a number from 0 to 1 for each."
        )
    return values.astype(object).map(dict(table)).astype(float)


def group_risk(group: pd.Series, event: pd.Series, shrinkage: float = SHRINKAGE) -> pd.Series:
    """Risk of each account's group (its industry, its region), 0 for the safest group to 1 for the riskiest.

    The share of the group's accounts with the event (0 or 1), pulled towards the portfolio's by `shrinkage`
    accounts, then stretched over the groups' range. Use an event that was known before the quarter to be scored.
    A missing group stays missing; with a single group, or groups that don't differ, the risk is ½ throughout.
    """
    return _looked_up(group, risk_of_groups(group, event, shrinkage))


def risk_of_groups(group: pd.Series, event: pd.Series, shrinkage: float = SHRINKAGE) -> pd.Series:
    """The risk that `group_risk` gives to each group, by its name."""
    known = group.notna() & event.notna()
    mean = float(event[known].mean())
    totals = event[known].groupby(group[known].astype(str)).agg(["sum", "count"])
    rate = (totals["sum"] + shrinkage * mean) / (totals["count"] + shrinkage)
    width = float(rate.max() - rate.min())
    return (rate - rate.min()) / width if width > 0 else 0.0 * rate + 0.5


def with_group_risk(
    accounts: pd.DataFrame, learnt: pd.DataFrame, event: str, groups: Sequence[str] = ("industry", "region")
) -> pd.DataFrame:
    """Accounts with `<group>_risk`, as the outcomes of the accounts `learnt` tell it; groups unseen there miss it.

    A group that either frame lacks is passed over.
    """
    there = [name for name in groups if name in accounts and name in learnt]
    risks = {name: risk_of_groups(learnt[name], learnt[event].astype(float)) for name in there}
    return accounts.assign(**{f"{name}_risk": _looked_up(accounts[name], risks[name]) for name in there})


def _looked_up(group: pd.Series, risk: pd.Series) -> pd.Series:
    named = group.astype(object).where(group.notna())
    return named.map(lambda name: risk.get(str(name), np.nan), na_action="ignore").astype(float)
