"""Which learner picks arms best: value realised on the truth of simulated logs.

    python benchmarks/treatment_learners.py [--logs 10] [--customers 2500]

Logs as in uplift_coverage.py. Each learner predicts every arm's value for every unit, out of fold. Told are the
true value of giving each unit its best predicted arm, over that of the reference for all, and the true value of
treating with `agent` the quarter that is ranked highest by it; both as shares of what perfect knowledge reaches.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods.segmentation.treatments.decisions import ValuedDecisions, value_decisions
from analysis.methods.segmentation.treatments.draws import draw_log
from analysis.methods.segmentation.treatments.expected_values import ArmValues, arm_weights, cross_fitted_values
from analysis.statistics.meta_learners import DoublyRobustLearner, Learner, Trial, XLearner, cross_fitted_uplift
from analysis.statistics.outcome_model import cross_fitted_outcomes
from uplift_coverage import COMPLAINT_COST, FLOW, REFERENCE

RESULTS = Path(__file__).parent / "results"
TREATED, DEPTH = "agent", 0.25


def by_route(route: str) -> Callable[[ValuedDecisions, pd.DataFrame], pd.DataFrame]:
    return lambda valued, features: cross_fitted_values(valued, features, ArmValues(route=route)).value  # type: ignore[arg-type]


def by_means(valued: ValuedDecisions, features: pd.DataFrame) -> pd.DataFrame:
    """The same for all units: the weighted mean value of each arm in the log."""
    weights = arm_weights(valued.log)
    means = weights.T @ valued.log.reward / weights.sum(axis=0)
    return pd.DataFrame(np.tile(means, (valued.log.units, 1)), index=features.index, columns=list(valued.log.arms))


def by_learner(learner: Learner) -> Callable[[ValuedDecisions, pd.DataFrame], pd.DataFrame]:
    def values(valued: ValuedDecisions, features: pd.DataFrame) -> pd.DataFrame:
        found = pd.DataFrame(0.0, index=features.index, columns=list(valued.log.arms))
        for arm in found.columns.drop(REFERENCE):
            found[arm] = cross_fitted_uplift(Trial.between(valued.log, features, arm, REFERENCE), learner)
        return found

    return values


def at_random(valued: ValuedDecisions, features: pd.DataFrame) -> pd.DataFrame:
    draws = np.random.default_rng(0).random((valued.log.units, len(valued.log.arms)))
    return pd.DataFrame(draws, index=features.index, columns=list(valued.log.arms))


LEARNERS = {
    "at random": at_random,
    "mean of each arm": by_means,
    "T-learner, trees": lambda valued, features: cross_fitted_outcomes(valued.log, features),
    "X-learner, trees": by_learner(XLearner()),
    "doubly robust learner, trees": by_learner(DoublyRobustLearner(splits=2)),
    "shrunken effects on money": by_route("money"),
    "shrunken effects through success": by_route("success"),
}


def realised(predicted: pd.DataFrame, true: pd.DataFrame) -> tuple[float, float]:
    """True gain of the arms picked, and of the queue's top with the treated arm; currency a unit of the log."""
    added = true.sub(true[REFERENCE], axis=0)
    picked = predicted[list(true)].to_numpy().argmax(axis=1)
    ranked = np.argsort(-(predicted[TREATED] - predicted[REFERENCE]).to_numpy(), kind="stable")
    top = ranked[: round(DEPTH * len(true))]
    arms = added.to_numpy()[np.arange(len(true)), picked].mean()
    return float(arms), float(added[TREATED].to_numpy()[top].sum() / len(true))


def compare(logs: int, customers: int, seed: int) -> pd.DataFrame:
    """Mean over logs of what each learner realises, and that as a share of perfect knowledge."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in [*LEARNERS, "perfect knowledge"]}
    for i in range(logs):
        drawn = draw_log(FLOW, customers, seed + i, COMPLAINT_COST)
        valued = value_decisions(drawn.decisions, COMPLAINT_COST)
        for name, learn in LEARNERS.items():
            found[name].append(realised(learn(valued, drawn.features), drawn.value))
        found["perfect knowledge"].append(realised(drawn.value, drawn.value))
    means = {name: np.mean(rows, axis=0) for name, rows in found.items()}
    table = pd.DataFrame(means, index=["arms", "queue"]).T
    shares = (table / table.loc["perfect knowledge"]).add_suffix("_share")
    return pd.concat([table, shares], axis=1)


def write(tables: dict[int, tuple[int, pd.DataFrame]]) -> None:
    """benchmarks/results/treatment_learners.md."""
    lines = ["# Learners of treatment values: what their choices realise on known truth", ""]
    lines += [f"CNY a decision over `{REFERENCE}` for all; queue: the top {DEPTH:.0%} worked by `{TREATED}`."]
    for decisions, (logs, table) in tables.items():
        lines += ["", f"## {decisions:,} decisions, mean of {logs} logs", ""]
        lines += ["| learner | arms | of perfect | queue | of perfect |", "|---|---:|---:|---:|---:|"]
        for name, row in table.iterrows():
            numbers = (
                f"{row['arms']:.0f} | {row['arms_share']:.0%} | {row['queue']:.0f} | {row['queue_share']:.0%}"
            )
            lines.append(f"| {name} | {numbers} |")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "treatment_learners.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=int, default=10)
    parser.add_argument("--customers", type=int, nargs="+", default=[2500, 12_500])
    parser.add_argument("--seed", type=int, default=20251231)
    options = parser.parse_args()
    tables = {}
    for place, customers in enumerate(options.customers):
        began, logs = time.perf_counter(), max(options.logs // (1 + 2 * place), 1)
        tables[2 * customers] = (logs, compare(logs, customers, options.seed))
        print(f"{2 * customers} decisions, {logs} logs, {time.perf_counter() - began:.0f} s")
        print(tables[2 * customers][1].round(3).to_string(), flush=True)
    write(tables)


if __name__ == "__main__":
    main()
