"""Bias and coverage of treatment effects and policy values on randomised logs with known truth.

    python benchmarks/uplift_coverage.py [--logs 1000] [--customers 2000]

Logs have the arms, logging policy and effects that the simulated portfolios have at the second missed payment.
By segment and arm: effect on cure and on value, by weighted means and by doubly robust scores. Of three policies:
the value by inverse propensity, self-normalised and doubly robust. Fails where a 95% interval covers the truth in
fewer than 92% or more than 98% of the logs, and where the mean error of an estimate is beyond 4 of its standard
errors.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from analysis.data.simulate.parameters_work import Strategies
from analysis.methods.segmentation.treatments.decisions import ValuedDecisions, arm_effects, value_decisions
from analysis.methods.segmentation.treatments.draws import DrawnLog, LogTruth, draw_log
from analysis.statistics.off_policy import policy_value
from analysis.statistics.outcome_model import cross_fitted_outcomes

RESULTS = Path(__file__).parent / "results"
COMPLAINT_COST = 200.0
REFERENCE = "robot"
LARGE = 1_000_000
"""Customers of the draw that truths are averaged over."""

_S = Strategies()
FLOW = LogTruth(
    arms=_S.flow_arms,
    policy=_S.flow_policy,
    effects=_S.flow_effects,
    cost=tuple(_S.cost[arm] for arm in _S.flow_arms),
    complaints=(0.004, 0.010, 0.008, 0.006),
    effect_months=_S.flow_months,
)
BEST = {"high_risk": "agent_plan", "middle_risk": "agent_plan", "low_risk": "robot_then_agent"}


def policies(features: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """A fixed arm, the arm with the largest effect in its segment, and one drawn by the amount due."""
    arms, index = list(FLOW.arms), features.index
    fixed = pd.DataFrame(0.0, index=index, columns=arms).assign(agent=1.0)
    best = pd.get_dummies(features["segment"].map(BEST)).reindex(columns=arms, fill_value=0).astype(float)
    share = (features["amount_due"] / (features["amount_due"] + FLOW.due[0])).to_numpy()
    drawn = pd.DataFrame(0.0, index=index, columns=arms).assign(agent_plan=share, robot=1 - share)
    return {"always agent": fixed, "best arm by segment": best, "drawn by amount": drawn}


def truths(customers: int = LARGE, blocks: int = 10, seed: int = 1) -> pd.Series:
    """True effects by segment, arm and measure, and true policy values, over very many accounts."""
    found = [_truth_of(draw_log(FLOW, customers // blocks, seed + i, COMPLAINT_COST)) for i in range(blocks)]
    return pd.Series(pd.concat(found, axis=1).mean(axis=1))


def _truth_of(drawn: DrawnLog) -> pd.Series:
    rows = {}
    for measure, table in (("success", drawn.success), ("value", drawn.value)):
        added = table.sub(table[REFERENCE], axis=0).groupby(drawn.features["segment"]).mean()
        rows |= {(measure, segment, arm): added.loc[segment, arm] for segment in added.index for arm in added}
    for name, policy in policies(drawn.features).items():
        rows[("policy", name, "value")] = (policy * drawn.value).sum(axis=1).mean()
    return pd.Series(rows)


def estimates(drawn: DrawnLog) -> pd.DataFrame:
    """One log: estimate, standard error and limits by kind (means or scores, estimator) and quantity."""
    valued = value_decisions(drawn.decisions, COMPLAINT_COST)
    coded = pd.get_dummies(drawn.features, columns=["segment"], drop_first=True).astype(float)
    model = LinearRegression()
    outcomes = {
        measure: cross_fitted_outcomes(valued.rewarded(measure), coded, model, 2)
        for measure in ("success", "value")
    }
    tables = [_effects(valued, drawn, None, "means"), _effects(valued, drawn, outcomes, "scores")]
    for name, policy in policies(drawn.features).items():
        found = policy_value(valued.log, policy, outcomes["value"])
        keys = [(estimator, "policy", name, "value") for estimator in found["estimator"]]
        tables.append(found[["value", "se", "lower", "upper"]].set_axis(pd.MultiIndex.from_tuples(keys)))
    return pd.concat(tables)


def _effects(
    valued: ValuedDecisions, drawn: DrawnLog, outcomes: dict[str, pd.DataFrame] | None, kind: str
) -> pd.DataFrame:
    segments = drawn.features[["segment"]]
    found = arm_effects(valued, REFERENCE, segments, outcomes, measures=("success", "value"))
    keys = pd.MultiIndex.from_arrays([[kind] * len(found), found["measure"], found["segment"], found["arm"]])
    return found.rename(columns={"effect": "value"})[["value", "se", "lower", "upper"]].set_axis(keys)


def coverage(logs: int, customers: int, seed: int) -> pd.DataFrame:
    """Truth, mean error, its standard error, and the share of logs whose interval covers, by quantity."""
    true, found = truths(), []
    for i in range(logs):
        found.append(estimates(draw_log(FLOW, customers, seed + i, COMPLAINT_COST)))
    names = found[0].index
    truth = true.loc[names.droplevel(0)].to_numpy()
    error = np.array([table["value"].to_numpy() - truth for table in found])
    inside = np.array([(table["lower"] <= truth) & (truth <= table["upper"]) for table in found])
    columns = {
        "truth": truth,
        "bias": error.mean(axis=0),
        "bias_se": error.std(axis=0, ddof=1) / np.sqrt(logs),
        "sd": error.std(axis=0, ddof=1),
        "coverage": inside.mean(axis=0),
    }
    return pd.DataFrame(columns, index=names)


def failures(table: pd.DataFrame) -> pd.DataFrame:
    """Quantities outside 92–98%, or off by more than chance; self-normalised weights may be a little biased."""
    off = (table["bias"].abs() > 4 * table["bias_se"]) & (table.index.get_level_values(0) != "self_normalised")
    return table[off | ~table["coverage"].between(0.92, 0.98)]


def write(table: pd.DataFrame, logs: int, customers: int) -> None:
    """The table as benchmarks/results/uplift_coverage.md."""
    low, high = table["coverage"].min(), table["coverage"].max()
    lines = ["# Effects of treatments and values of policies: bias and coverage of 95% intervals", ""]
    lines += [f"{logs:,} logs of {2 * customers:,} decisions; coverage {low:.1%} to {high:.1%}."]
    lines += ["Money in CNY a decision; bias with its standard error, sd that of the estimate over logs."]
    for kind, part in table.groupby(level=0, sort=False):
        lines += ["", f"## {kind}: {part['coverage'].min():.1%} to {part['coverage'].max():.1%}", ""]
        lines += ["| quantity | truth | bias | ± | sd | coverage |", "|---|---:|---:|---:|---:|---:|"]
        for key, row in zip(part.index, part.itertuples(), strict=True):
            numbers = f"{row.truth:.4g} | {row.bias:+.2g} | {row.bias_se:.2g} | {row.sd:.3g} | {row.coverage:.1%}"
            lines.append(f"| {', '.join(map(str, key[1:]))} | {numbers} |")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "uplift_coverage.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=int, default=1000)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20251231)
    options = parser.parse_args()
    began = time.perf_counter()
    table = coverage(options.logs, options.customers, options.seed)
    print(f"{options.logs} logs of {2 * options.customers} decisions, {time.perf_counter() - began:.0f} s")
    print(table.round(4).to_string(), flush=True)
    write(table, options.logs, options.customers)
    wrong = failures(table)
    print("all within 92–98% and without bias" if wrong.empty else f"outside:\n{wrong.round(4).to_string()}")
    return int(not wrong.empty)


if __name__ == "__main__":
    sys.exit(main())
