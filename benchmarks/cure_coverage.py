"""Coverage of the cure models' 95% intervals on simulated spells, with delayed entry and known-never accounts.

    python benchmarks/cure_coverage.py [--sets 1000] [--rows 1500]

For the Weibull, lognormal and discrete models: every coefficient, the never-cure fraction (of an average account
and of the whole sample) and the 12-month cumulative incidence. Prints a table and fails where an interval covers
the truth in fewer than 92% or more than 98% of the sets.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods.cure import MixtureCure, Truth, draw_spells
from tables import coverage_of, coverage_sections

COVARIATES = "x1 + x2"
RESULTS = Path(__file__).parent / "results"
TRUTHS = {
    "weibull": Truth("weibull", (0.5, 0.8, -0.5), (0.4, -0.3), (-2.2, 0.2), late=0.4, resolved=0.2),
    "lognormal": Truth("lognormal", (0.5, 0.8, -0.5), (0.3, -0.2), (1.5, -0.3), late=0.4, resolved=0.2),
    "discrete": Truth(
        "discrete",
        (0.5, 0.8, -0.5),
        (0.4, -0.3),
        (-2.2, -1.6, -1.4, -1.6, -1.9),
        breaks=(1, 2, 4, 8),
        late=0.4,
        resolved=0.2,
    ),
}


def covered(truth: Truth, rows: int, seed: int) -> pd.DataFrame:
    """One data set: truth, estimate and interval of each quantity."""
    spells = draw_spells(truth, rows, seed)
    model = MixtureCure(truth.latency_name, breaks=truth.breaks or None)
    model.fit(spells, "months", "event", COVARIATES, COVARIATES, entry_col="entry")
    table = model.confidence_intervals_.set_axis(["lower", "upper"], axis=1)
    table = table.assign(estimate=model.params_, truth=[*truth.incidence, *truth.latency, *truth.baseline])
    average = pd.DataFrame({"x1": [0.0], "x2": [0.0]})
    p = float(truth.probability(np.zeros((1, 2)))[0])
    ever = model.predict_susceptible(average, interval=True).iloc[0]
    year = model.predict_cumulative_incidence(average, [12], interval=True).iloc[0].droplevel(1)
    extra = {
        ("derived", "never cures, average account"): [1 - ever.upper, 1 - ever.lower, 1 - ever.estimate, 1 - p],
        ("derived", "never cures, all accounts"): [
            *model.never_cure_[["lower", "upper", "estimate"]],
            float(1 - truth.probability(spells[["x1", "x2"]].to_numpy()).mean()),
        ],
        ("derived", "12-month incidence"): [year.lower, year.upper, year.estimate, p * wait_over(truth, 12)],
    }
    return pd.concat([table, pd.DataFrame(extra, index=["lower", "upper", "estimate", "truth"]).T])


def wait_over(truth: Truth, months: int) -> float:
    """P(T ≤ months) of an account with covariates zero, from the textbook formulas."""
    from scipy.stats import norm

    if truth.latency_name == "weibull":
        return float(1 - np.exp(-np.exp(truth.baseline[0]) * months ** np.exp(truth.baseline[1])))
    if truth.latency_name == "lognormal":
        return float(norm.cdf((np.log(months) - truth.baseline[0]) / np.exp(truth.baseline[1])))
    hazards = [truth.baseline[int(np.searchsorted(truth.breaks, m))] for m in range(1, months + 1)]
    return float(1 - np.prod([1 / (1 + np.exp(hazard)) for hazard in hazards]))


def coverage(truth: Truth, sets: int, rows: int, seed: int) -> pd.DataFrame:
    """Share of sets whose interval covers the truth, and the mean bias, by quantity."""
    return coverage_of([covered(truth, rows, seed + i) for i in range(sets)])


def write(tables: dict[str, pd.DataFrame], sets: int, rows: int) -> None:
    """The tables as benchmarks/results/cure_coverage.md."""
    lines = ["# Coverage of 95% intervals, mixture cure models", ""]
    lines += [f"{sets:,} sets of {rows:,} spells a model, with delayed entry and known-never accounts."]
    lines += coverage_sections(tables)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "cure_coverage.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=20251231)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    failed, tables = 0, {}
    for name, truth in TRUTHS.items():
        began = time.perf_counter()
        table = coverage(truth, options.sets, options.rows, options.seed)
        print(f"{name}: {options.sets} sets of {options.rows} rows, {time.perf_counter() - began:.0f} s")
        print(table.round(4).to_string(), flush=True)
        failed += int((~table.coverage.between(0.92, 0.98)).sum())
        tables[name] = table
    write(tables, options.sets, options.rows)
    print("all intervals cover within 92–98%" if not failed else f"{failed} intervals outside 92–98%")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
