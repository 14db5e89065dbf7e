"""Decisions that were not drawn by lot, with what came of them and what was known of the account before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.core.parameters.cases_interventions import Intervention
from analysis.core.spells import SpellRules
from analysis.data.panel.account_features import features_at
from analysis.data.panel.account_features_facts import account_facts
from analysis.data.panel.account_rows import numbered
from analysis.data.panel.decisions import decisions, experiments
from analysis.data.panel.parts import ACCOUNT
from analysis.data.portfolio import Portfolio

BY_UNIT = ("rollout", "one_unit", "date")
"""Ways of assigning that are judged by rates of units, not by accounts."""
ROLLED = 30
"""Days past due from which an earlier arrears counts as rolled."""
LEAST_BALANCE = 1.0


def intervention_rows(
    portfolio: Portfolio, interventions: Sequence[Intervention], rules: SpellRules | None = None
) -> dict[str, pd.DataFrame]:
    """Name → decisions under the intervention's two arms, one row a decision, as panel.decisions.decisions().

    With them the unit of a roll-out (`Intervention.unit`, `unknown` where not recorded), or, for what is judged by
    account, the features known at the month end before (account_features.features_at()) and

    log_balance   natural logarithm of the balance then, at least 1
    rolled_before   1 where the account's arrears of the last 12 months ever reached 30 days, 0 where they did not,
        missing where it was not overdue: an outcome that no later decision can have moved

    An intervention whose experiment is not logged, or has no decision under its arms, is not among the keys.
    """
    logged = set(experiments(portfolio)["experiment"]) | {None}
    made: dict[tuple[object, ...], pd.DataFrame] = {}
    found = {}
    for each in interventions:
        if each.experiment not in logged or not portfolio.has("treatments"):
            continue
        by_unit = each.unit if each.assigned_by in BY_UNIT else None
        key = (each.experiment, each.arms, each.horizon, by_unit)
        if key not in made:
            made[key] = _rows(portfolio, each, by_unit, rules)
        if len(made[key]):
            found[each.name] = made[key]
    return found


def _rows(portfolio: Portfolio, each: Intervention, unit: str | None, rules: SpellRules | None) -> pd.DataFrame:
    rows = decisions(portfolio, each.experiment, each.horizon, rules)
    rows = rows[rows["arm"].isin(each.arms)].reset_index(drop=True)
    if unit is not None:
        facts = account_facts(portfolio, numbered(rows), [unit])
        return rows.assign(**{unit: facts[unit]}) if unit in facts else rows
    known = features_at(portfolio, rows[[ACCOUNT, "month"]])
    rows = rows.join(known[[name for name in known.columns if name not in rows.columns]])
    made = {}
    if "balance" in rows:
        made["log_balance"] = np.log(rows["balance"].clip(lower=LEAST_BALANCE))
    if {"worst_dpd_12m", "times_overdue_12m"} <= set(rows.columns):
        rolled = (rows["worst_dpd_12m"] >= ROLLED).astype(float)
        made["rolled_before"] = rolled.where(rows["times_overdue_12m"] > 0)
    return rows.assign(**made)
