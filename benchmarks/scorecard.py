"""Scoring accounts with the scorecard: `Scorecard.score` against optbinning's own scorecard and transform.

    python benchmarks/scorecard.py [--accounts 1000000] [--features 10] [--repeats 5]

Both are fitted to the same 20,000 simulated accounts, with the same bins and an unpenalised logistic regression,
and must give the same points (largest gap at most 1e-9), or the run fails. Then all accounts are scored, held by
columns and held by rows, on one core; processor time, the best of the repeats, since the machine may be shared.
Theirs: `Scorecard.score`, and `BinningProcess.transform` to weights of evidence alone, which is less than a score.
The table goes to benchmarks/results/scorecard.json and scorecard.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods.segmentation.scorecard.binning import optimal_binning
from analysis.methods.segmentation.scorecard.card import Scorecard, fit_scorecard

RESULTS = Path(__file__).parent / "results"
TRAINING = 20_000
SETTINGS = {"min_bin_size": 0.03, "max_n_bins": 8}


def draw(accounts: int, features: int, seed: int) -> pd.DataFrame:
    """Normal features, the first missing for one account in forty."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(accounts, features)), columns=[f"x{i}" for i in range(features)])
    frame.iloc[::40, 0] = np.nan
    return frame


def fitted(features: pd.DataFrame) -> tuple[Scorecard, Any]:
    """Our scorecard and optbinning's."""
    optimal_binning()  # loads optbinning without its solvers' messages
    from optbinning import BinningProcess
    from optbinning import Scorecard as TheirScorecard
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(1)
    slope = np.linspace(0.3, 0.6, features.shape[1])
    chance = 1 / (1 + np.exp(2 - features.fillna(0.0).to_numpy() @ slope))
    event = (rng.random(len(features)) < chance).astype(int)
    trend = {name: {"monotonic_trend": "auto_asc_desc"} for name in features}
    theirs = TheirScorecard(
        binning_process=BinningProcess(list(features.columns), binning_fit_params=trend, **SETTINGS),
        estimator=LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8),
        scaling_method="pdo_odds",
        scaling_method_params={"pdo": 20, "odds": 50, "scorecard_points": 600},
    )
    ours = fit_scorecard(features, event, smallest=SETTINGS["min_bin_size"], most=int(SETTINGS["max_n_bins"]))
    return ours, theirs.fit(features, event, metric_missing="empirical")


def best(run: Callable[[], Any], repeats: int) -> float:
    """Least processor time of a run, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def contenders(ours: Scorecard, theirs: Any, accounts: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    process = theirs.binning_process_
    return {
        "ours, score": lambda: ours.score(accounts),
        "optbinning, score": lambda: theirs.score(accounts),
        "optbinning, transform": lambda: process.transform(accounts, metric="woe", metric_missing="empirical"),
    }


def measure(accounts: int, features: int, repeats: int) -> list[dict[str, Any]]:
    """One row a layout and contender."""
    ours, theirs = fitted(draw(TRAINING, features, 0))
    by_rows = draw(accounts, features, 2)
    by_columns = pd.DataFrame({name: values.to_numpy().copy() for name, values in by_rows.items()})
    gap = float(np.abs(ours.score(by_rows) - theirs.score(by_rows)).max())
    if gap > 1e-9:
        raise SystemExit(f"the scores differ by up to {gap:g} points: nothing is compared")
    rows = []
    for layout, frame in (("by columns", by_columns), ("by rows", by_rows)):
        seconds = {name: best(run, repeats) for name, run in contenders(ours, theirs, frame).items()}
        own = seconds["ours, score"]
        rows += [
            {"accounts": accounts, "features": len(ours.bins), "held": layout, "contender": name}
            | {"seconds": value, "ratio": value / own, "largest_gap": gap}
            for name, value in seconds.items()
        ]
    return rows


def write(rows: list[dict[str, Any]], repeats: int) -> None:
    from optbinning import __version__ as version

    machine = f"Python {platform.python_version()}, optbinning {version}, {os.cpu_count()} cores"
    load = f"load {os.getloadavg()[0]:.1f}"
    lines = [
        "# Scoring with the scorecard",
        "",
        f"{machine}, {load}. Processor time, best of {repeats}; the scores agree to "
        f"{rows[0]['largest_gap']:.0e} points.",
        "",
        "| accounts | features | held | contender | seconds | ÷ ours |",
        "|---:|---:|---|---|---:|---:|",
        *(
            f"| {row['accounts']:,} | {row['features']} | {row['held']} | {row['contender']} | "
            f"{row['seconds']:.3f} | {row['ratio']:.1f} |"
            for row in rows
        ),
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scorecard.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    record = {"machine": machine, "load": os.getloadavg(), "repeats": repeats, "rows": rows}
    (RESULTS / "scorecard.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print("\n".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    write(measure(options.accounts, options.features, options.repeats), options.repeats)


if __name__ == "__main__":
    main()
