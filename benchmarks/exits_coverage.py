"""Coverage of the 95% intervals of the mixture over exits on simulated spells, with delayed entry.

    python benchmarks/exits_coverage.py [--sets 1000] [--rows 2000]

Three models: three exits with Weibull waits; a Weibull and a lognormal exit with some who never exit; two exits in
discrete months with some who never exit. For each: every coefficient, each exit's probability and 12-month
incidence (of an average account), and each exit's share among all accounts. The table goes to
benchmarks/results/exits_coverage.json and exits_coverage.md. Fails where an interval covers the truth in fewer
than 92% or more than 98% of the sets.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods.cure import ExitsTruth, ExitTruth, MixtureExits, draw_exits
from cure_coverage import wait_over
from tables import coverage_of, coverage_sections

RESULTS = Path(__file__).parent / "results"
COVARIATES = "x1 + x2"
BOUNDS = ["lower", "upper", "estimate", "truth"]
TRUTHS = {
    "weibull": ExitsTruth(
        {
            "charged_off": ExitTruth("weibull", (0.0, 0.0, 0.0), (-0.2, 0.3), (-5.0, 0.7)),
            "cured": ExitTruth("weibull", (0.8, 0.8, -0.5), (0.4, -0.3), (-2.0, 0.1)),
            "sold": ExitTruth("weibull", (-0.4, 0.4, 0.5), (0.3, 0.2), (-3.5, 0.4)),
        },
        late=0.4,
    ),
    "weibull and lognormal, never": ExitsTruth(
        {
            "charged_off": ExitTruth("weibull", (0.2, -0.5, 0.4), (-0.2, 0.3), (-5.0, 0.7)),
            "cured": ExitTruth("lognormal", (1.0, 0.8, -0.5), (0.3, -0.2), (1.3, -0.3)),
        },
        never=True,
        late=0.4,
    ),
    "discrete, never": ExitsTruth(
        {
            "charged_off": ExitTruth("discrete", (0.2, -0.5, 0.4), (-0.2, 0.3), (-4.0, -2.0, -1.0), (3, 6)),
            "cured": ExitTruth("discrete", (1.0, 0.8, -0.5), (0.4, -0.3), (-1.6, -1.4, -1.2), (3, 6)),
        },
        never=True,
        late=0.4,
    ),
}


def true_parameters(truth: ExitsTruth) -> list[float]:
    """The coefficients in the order of `params_`: incidence but for the reference, latency, baseline."""
    exits = list(truth.exits.values())
    free = exits if truth.never else exits[1:]
    parts = [*(e.incidence for e in free), *(e.latency for e in exits), *(e.baseline for e in exits)]
    return [value for part in parts for value in part]


def fitted(truth: ExitsTruth, spells: pd.DataFrame) -> MixtureExits:
    """The model of the truth, with its first exit or `never` as the reference."""
    latency = {name: exit_.latency_name for name, exit_ in truth.exits.items()}
    breaks = {name: exit_.breaks for name, exit_ in truth.exits.items() if exit_.breaks}
    reference = "never" if truth.never else next(iter(truth.exits))
    model = MixtureExits(latency, truth.never, reference, breaks or None)
    return model.fit(spells, "months", "exit", COVARIATES, COVARIATES, entry_col="entry")


def covered(truth: ExitsTruth, rows: int, seed: int) -> pd.DataFrame:
    """One data set: lower, upper, estimate and truth of each quantity."""
    spells = draw_exits(truth, rows, seed)
    model = fitted(truth, spells)
    table = model.confidence_intervals_.set_axis(["lower", "upper"], axis=1)
    table = table.assign(estimate=model.params_, truth=true_parameters(truth))
    average = pd.DataFrame({"x1": [0.0], "x2": [0.0]})
    shares = truth.probabilities(np.zeros((1, 2)))[0]
    all_shares = truth.probabilities(spells[["x1", "x2"]].to_numpy()).mean(axis=0)
    chance = model.predict_exit_probabilities(average, interval=True).iloc[0]
    extra = {}
    for k, name in enumerate(model.exit_probabilities_.index):
        own = [chance[bound, name] for bound in BOUNDS[:3]]
        extra["probability", name, "average account"] = [*own, shares[k]]
        extra["probability", name, "all accounts"] = [
            *model.exit_probabilities_.loc[name, BOUNDS[:3]],
            all_shares[k],
        ]
    for k, (name, exit_) in enumerate(truth.exits.items()):
        year = model.predict_cumulative_incidence(average, [12], name, interval=True).iloc[0].droplevel(1)
        extra["12-month incidence", name, "average account"] = [
            *year[BOUNDS[:3]],
            shares[k] * wait_over(exit_, 12),
        ]
    return pd.concat([table, pd.DataFrame(extra, index=BOUNDS).T])


def coverage(truth: ExitsTruth, sets: int, rows: int, seed: int) -> pd.DataFrame:
    """Share of sets whose interval covers the truth, and the mean bias, by quantity."""
    return coverage_of([covered(truth, rows, seed + i) for i in range(sets)])


def write(tables: dict[str, pd.DataFrame], sets: int, rows: int) -> None:
    """The tables as JSON and as Markdown."""
    measured = {
        name: [
            dict(zip(("quantity", "exit", "covariate"), key, strict=True)) | row
            for key, row in zip(table.index, table.round(5).to_dict("records"), strict=True)
        ]
        for name, table in tables.items()
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"sets": sets, "rows": rows, "models": measured}, indent=1)
    (RESULTS / "exits_coverage.json").write_text(text + "\n", encoding="utf-8")
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    lines = ["# Coverage of 95% intervals, mixture over exits", ""]
    lines += [f"{sets:,} sets of {rows:,} spells a model, 40% of them entering late; {machine}."]
    lines += coverage_sections(tables)
    (RESULTS / "exits_coverage.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20251231)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    tables = {}
    for name, truth in TRUTHS.items():
        began = time.perf_counter()
        tables[name] = coverage(truth, options.sets, options.rows, options.seed)
        print(f"{name}: {options.sets} sets of {options.rows} rows, {time.perf_counter() - began:.0f} s")
        print(tables[name].round(4).to_string(), flush=True)
    write(tables, options.sets, options.rows)
    failed = sum(int((~table.coverage.between(0.92, 0.98)).sum()) for table in tables.values())
    print("all intervals cover within 92–98%" if not failed else f"{failed} intervals outside 92–98%")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
