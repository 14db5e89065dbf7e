"""Proposed policies as rules, and what logged decisions say of each: cures, money, and how far the log goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters.cases_policies import Policies, PolicyRule, ProposedPolicy
from analysis.statistics.decision_log import DecisionLog
from analysis.statistics.off_policy import policy_gain, policy_value
from analysis.statistics.off_policy_compared import compare_gains
from analysis.statistics.outcome_model import cross_fitted_outcomes
from analysis.statistics.overlap import overlap

CURED, VALUE = "cured", "value"
REWARDS = (CURED, VALUE)
"""Share of decisions followed by a sustained cure, and money: cash less costs."""


class Judged(NamedTuple):
    """The decisions as logs by reward, the same rows in each; those left out as not over; those without a cost."""

    logs: dict[str, DecisionLog]
    left_out: int
    without_cost: int


def refuse_misspelt(declared: Policies, arms: Sequence[str], columns: Sequence[str]) -> None:
    """Raise ParameterError, one for all faults: arms never logged, columns that features don't have."""
    faults, arms_wrong, columns_wrong = [], False, False
    for one in declared.proposals:
        wrong = sorted({one.otherwise, *(rule.arm for rule in one.arms)} - set(arms))
        absent = sorted({rule.column for rule in one.arms} - set(columns))
        faults += [f"{one.name}: arm {', '.join(wrong)} was never logged"] if wrong else []
        faults += [f"{one.name}: no feature {', '.join(absent)}"] if absent else []
        arms_wrong, columns_wrong = arms_wrong or bool(wrong), columns_wrong or bool(absent)
    if faults:
        logged = f". Logged arms of {declared.experiment}: {', '.join(arms)}" if arms_wrong else ""
        known = f". Features: {', '.join(columns)}" if columns_wrong else ""
        raise ParameterError(f"cases.policies.proposals: {'; '.join(faults)}{logged}{known}")


def decide(proposal: ProposedPolicy, features: pd.DataFrame) -> pd.DataFrame:
    """Arm of each account (columns arm, rule: number of the rule that decided, 0 for none); index of the features.

    The first rule that picks an account out decides; a missing value is picked out by none.
    """
    arm = np.full(len(features), proposal.otherwise, dtype=object)
    rule = np.zeros(len(features), dtype=np.int64)
    for number, one in reversed(list(enumerate(proposal.arms, 1))):
        picked = _picked(one, features[one.column])
        arm[picked], rule[picked] = one.arm, number
    return pd.DataFrame({"arm": arm, "rule": rule}, index=features.index)


def _picked(rule: PolicyRule, values: pd.Series) -> np.ndarray:
    if rule.equals is not None:
        return (values.astype(object).map(str, na_action="ignore") == rule.equals).to_numpy()
    if not pd.api.types.is_numeric_dtype(values):
        raise ParameterError(
            f"cases.policies.proposals: rule on {rule.column} asks for a number, but it holds text, such as "
            f"{values.dropna().astype(str).head(1).tolist()}; use equals"
        )
    number = values.astype(float)
    low = number >= rule.at_least if rule.at_least is not None else number.notna()
    return (low & (number < rule.below) if rule.below is not None else low).to_numpy(dtype=bool)


def judged_decisions(decisions: pd.DataFrame, complaint_cost: float = 0.0, least: int = 100) -> Judged:
    """Decisions whose cure and cash are known, as one log for each of `REWARDS`.

    `decisions` are those of `panel.decisions`. Value = paid − cost − relief_cost − `complaint_cost` · complaints,
    currency a decision within the horizon. A cost that is empty counts as 0 and is counted; a relief cost or
    complaint that isn't known yet leaves the decision out.

    Raises InputError where decisions have no recorded probability, with the count, and where fewer than `least`
    are over.
    """
    missing = int(decisions["probability"].isna().sum()) if "probability" in decisions else len(decisions)
    if missing:
        raise InputError(f"{missing:,} of {len(decisions):,} decisions have no recorded probability")
    counted = [name for name in (CURED, "paid", "complaints", "relief_cost") if name in decisions]
    over = decisions[decisions[counted].notna().all(axis=1)]
    if "paid" not in decisions or len(over) < least:
        raise InputError(f"fewer than {least:,} decisions have a known outcome")
    cost = over["cost"] if "cost" in over else pd.Series(np.nan, index=over.index)
    lost = cost.fillna(0.0) + over.get("relief_cost", 0.0)
    lost = lost + complaint_cost * over.get("complaints", 0.0)
    rewards = {CURED: over[CURED].astype(float), VALUE: over["paid"].astype(float) - lost}
    columns = over[["arm", "probability", "fold"]]
    logs = {name: DecisionLog.read(columns.assign(reward=values)) for name, values in rewards.items()}
    return Judged(logs, len(decisions) - len(over), int(cost.isna().sum()))


def agreeing(judged: Judged, proposed: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Decisions whose arm the policy would have chosen, by policy."""
    log = next(iter(judged.logs.values()))
    taken = np.array(log.arms, dtype=object)[log.chosen]
    return pd.Series(
        {name: int((table["arm"].loc[log.index].to_numpy() == taken).sum()) for name, table in proposed.items()},
        dtype="int64",
    )


def predicted(log: DecisionLog, features: pd.DataFrame, learnt_from: Sequence[str]) -> pd.DataFrame:
    """Reward of every arm expected for every decision, (n, arms), out of fold, by a ridge regression an arm.

    Of `features` the numbers among `learnt_from` are used; without any, the mean of the arm is expected. A plain
    model does: what it misses widens intervals and biases nothing, as the arms' probabilities are recorded.
    """
    numbers = features.loc[log.index].select_dtypes(["number", "bool"])
    used = [name for name in learnt_from if name in numbers and numbers[name].notna().any()]
    table = numbers[used] if used else pd.DataFrame({"none": 0.0}, index=log.index)
    return cross_fitted_outcomes(log, table, _regressor())


def _regressor() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), Ridge(alpha=10.0))


def policy_table(
    judged: Judged,
    proposed: Mapping[str, pd.DataFrame],
    outcomes: Mapping[str, pd.DataFrame],
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Value and gain of each proposal by reward and estimator, one row each.

    `proposed` are tables of `decide`, `outcomes` predictions by reward made out of fold. Columns: policy, reward,
    estimator, value, lower, upper (each alone, at `level`); today (mean of the decisions as taken); gain, and
    gain_lower, gain_upper (alone); units, effective_size; and for doubly_robust all_lower, all_upper, p_all
    (corrected for all proposals and rewards together), compared, and verdict: better, worse, can't tell, or same
    (no decision differs). Gains are a decision: fractions for `cured`, currency for `value`.
    """
    policies = {name: table["arm"] for name, table in proposed.items()}
    tables = []
    for reward, log in judged.logs.items():
        for name, policy in policies.items():
            own = policy_value(log, policy, outcomes[reward], level)
            gain = policy_gain(log, policy, None, outcomes[reward], level)
            own = own[["estimator", "value", "lower", "upper", "units", "effective_size"]]
            limits = gain[["value", "lower", "upper"]].set_axis(["gain", "gain_lower", "gain_upper"], axis=1)
            tables.append(own.join(limits).assign(policy=name, reward=reward, today=float(log.reward.mean())))
    made = pd.concat(tables, ignore_index=True)
    joint = compare_gains(judged.logs, policies, outcomes, level, seed)
    joint = joint.rename(columns={"lower": "all_lower", "upper": "all_upper", "p": "p_all"})
    joint = joint.assign(estimator="doubly_robust").drop(columns=["gain", "se"])
    found = made.merge(joint, on=["policy", "reward", "estimator"], how="left")
    robust = found["estimator"] == "doubly_robust"
    found["verdict"] = np.where(robust, _verdicts(found["all_lower"], found["all_upper"]), "")
    first = ["policy", "reward", "estimator", "value", "lower", "upper", "today"]
    return found[[*first, *found.columns.drop(first)]]


def _verdicts(lower: pd.Series, upper: pd.Series) -> np.ndarray:
    return np.select([lower > 0, upper < 0, lower.isna()], ["better", "worse", "same"], "cannot_tell")


SURE = 0.999
"""Level at which mean weights speak against the recorded chances: as sure as a sample ratio has to be, since an
alarm sets the section's results aside."""


def policy_support(
    judged: Judged, proposed: Mapping[str, pd.DataFrame], stages: pd.Series, level: float = SURE
) -> pd.DataFrame:
    """How far the log carries each proposal: `overlap`, one row a policy, limits of all policies' mean weights
    holding together at `level` (Bonferroni).

    Whether an arm could have been given is told within strata of the rule that decides and the stage (`stages`,
    bucket at the decision): an arm never logged there has no support.
    """
    log = next(iter(judged.logs.values()))
    rows, each = [], 1 - (1 - level) / max(len(proposed), 1)
    for name, table in proposed.items():
        strata = pd.DataFrame({"rule": table["rule"], "stage": stages.reindex(log.index).astype(str)})
        rows.append(overlap(log, table["arm"], strata, each).assign(policy=name))
    return pd.concat(rows, ignore_index=True)
