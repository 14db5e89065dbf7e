"""Competing monthly hazards: `MultinomialHazard` on cells against scikit-learn on expanded person-months.

    python benchmarks/hazards.py [--rows 1100000 11000000] [--repeats 3] [--lbfgs-up-to 1100000]

Person-months with binned covariates (month of the spell, bucket, product, contact and treatment last month), two
macro series by calendar month, and four exits are drawn into a Parquet file. Ours: DuckDB counts them into cells,
and the hazard is fitted on those, once as they are and once by fold (32 random groups) with cluster-robust errors.
Theirs: scikit-learn's multinomial LogisticRegression, without penalty, on dense one-hot rows in double precision,
by newton-cholesky, its fastest here, and on up to `--lbfgs-up-to` rows by its default, lbfgs, too (on 11 million
that takes the better part of an hour); only its fit is timed, not reading and coding the rows. Imports and a
warm-up fit are timed for nobody. Each contender is a process of its own; theirs runs once, ours `--repeats` times
(median). Ours has one thread for linear algebra, theirs one for each core. All must reach the same log-likelihood
(relative gap at most 1e-7, at the tolerance given to scikit-learn), or the run fails. The table goes to
benchmarks/results/hazards.json and hazards.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

RESULTS = Path(__file__).parent / "results"
EXITS = ("cured", "charged_off", "paid_off", "sold")
LEVELS = {
    "k_band": ("1", "2", "3", "4", "5", "6", "7-9", "10+"),
    "bucket": ("1-29", "30-59", "60-89", "90-119", "120-149", "150-179"),
    "product": ("auto", "card", "cash_loan", "instalment", "mortgage", "sme"),
    "contact_last_month": ("attempted", "none", "right_party"),
    "treatment_last_month": ("agency", "none", "relief"),
}
SHARES = {
    "product": (0.10, 0.40, 0.20, 0.15, 0.10, 0.05),
    "contact_last_month": (0.40, 0.35, 0.25),
    "treatment_last_month": (0.12, 0.80, 0.08),
}
MACRO = ("unemployment", "gdp")
MONTHS = 48
FORMULA = " + ".join([*LEVELS, *MACRO])
BLOCK = 1_000_000
GAP = 1e-7
GOAL, GOAL_ROWS = 200, 11_000_000
SOLVERS = ("newton-cholesky", "lbfgs")
TOLERANCE = 1e-6
"""scikit-learn's own, 1e-4, leaves lbfgs 1e-4 of the log-likelihood short."""


def draw(rows: int, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Codes of the covariates, the calendar month and the fold, and the outcome (0 stays, 1 … 4 by exit)."""
    k = np.minimum(rng.geometric(0.25, rows), 14)
    codes = {
        "k_band": np.select([k <= 6, k <= 9], [k - 1, 6], 7),
        # Arrears deepen by at most a bucket a month, and many pay enough to stand still.
        "bucket": np.minimum(rng.binomial(np.minimum(k, 12), 0.45), 5),
        "month": rng.integers(0, MONTHS, rows),
        "fold": rng.integers(0, 32, rows),
    }
    codes |= {name: rng.choice(len(share), rows, p=share) for name, share in SHARES.items()}
    eta = predictors(codes)
    odds = np.exp(eta)
    edges = np.cumsum(odds / (1.0 + odds.sum(axis=1, keepdims=True)), axis=1)
    place = (rng.random(rows)[:, None] > edges).sum(axis=1)
    return codes, np.where(place == len(EXITS), 0, place + 1)


def predictors(codes: dict[str, np.ndarray]) -> np.ndarray:
    """True log-odds of the exits against staying; charge-off grows with the bucket, cure shrinks."""
    rng = np.random.default_rng(5)
    base = np.array([-1.6, -4.6, -4.2, -5.2])
    eta = np.broadcast_to(base, (len(codes["month"]), len(EXITS))).copy()
    for name, levels in LEVELS.items():
        eta += rng.normal(0.0, 0.3, (len(levels), len(EXITS)))[codes[name]]
    eta += np.array([-0.35, 0.6, -0.3, 0.3]) * codes["bucket"][:, None]
    return eta + macro().to_numpy()[codes["month"]] @ rng.normal(0.0, 0.15, (len(MACRO), len(EXITS)))


def macro() -> pd.DataFrame:
    """Two standardised series by month."""
    walk = np.random.default_rng(6).normal(size=(MONTHS, len(MACRO))).cumsum(axis=0)
    return pd.DataFrame((walk - walk.mean(axis=0)) / walk.std(axis=0), columns=list(MACRO))


def write_rows(path: Path, rows: int) -> None:
    """The person-months, written a block at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng, writer = np.random.default_rng(1), None
    for start in range(0, rows, BLOCK):
        codes, outcome = draw(min(BLOCK, rows - start), rng)
        columns = {name: pa.DictionaryArray.from_arrays(codes[name], levels) for name, levels in LEVELS.items()}
        columns |= {name: pa.array(codes[name].astype(np.int16)) for name in ("month", "fold")}
        table = pa.table(columns | {"outcome": pa.array(outcome.astype(np.int8))})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def aggregate(path: Path, by_fold: bool) -> pd.DataFrame:
    """Cells of the Parquet file, with the month's macro series joined to them."""
    import duckdb

    by = ", ".join([*LEVELS, "month", *(["fold"] if by_fold else [])])
    exits = ", ".join(f"count(*) FILTER (outcome = {j}) AS {name}" for j, name in enumerate(EXITS, 1))
    query = f"SELECT {by}, count(*) AS at_risk, {exits} FROM '{path}' GROUP BY ALL"
    cells = duckdb.sql(query).df()
    return cells.join(macro(), on="month")


def ours(path: Path, by_fold: bool) -> dict[str, Any]:
    from analysis.statistics.hazards import MultinomialHazard

    def fit(cells: pd.DataFrame) -> MultinomialHazard:
        return MultinomialHazard(EXITS).fit(cells, formula=FORMULA, cluster_col="fold" if by_fold else None)

    fit(aggregate(path, by_fold))
    began = time.perf_counter()
    cells = aggregate(path, by_fold)
    counted, worked = time.perf_counter(), time.process_time()
    model = fit(cells)
    return {
        "aggregate": counted - began,
        "fit": time.perf_counter() - counted,
        "processor": time.process_time() - worked,
        "log_likelihood": model.log_likelihood_,
        "rows": len(cells),
        "distinct": model.points_,
        "steps": model.steps_,
        "parameters": model.params_.size,
    }


def expand(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """One-hot rows (n, 24) in double precision, less a reference level each, and outcomes."""
    import pyarrow.parquet as pq

    file, series = pq.ParquetFile(path), macro().to_numpy()
    width = sum(len(levels) - 1 for levels in LEVELS.values()) + len(MACRO)
    x, y = np.zeros((file.metadata.num_rows, width)), np.zeros(file.metadata.num_rows, dtype=np.int64)
    start = 0
    for batch in file.iter_batches(batch_size=BLOCK):
        rows, column = slice(start, start + len(batch)), 0
        for name, levels in LEVELS.items():
            code = pd.Categorical(batch[name].to_pandas(), categories=levels).codes
            for j in range(1, len(levels)):
                x[rows, column] = code == j
                column += 1
        x[rows, column:] = series[batch["month"].to_numpy()]
        y[rows] = batch["outcome"].to_numpy()
        start += len(batch)
    return x, y


def scikit_learn(path: Path, solver: str) -> dict[str, Any]:
    from sklearn.linear_model import LogisticRegression

    def model() -> Any:
        return LogisticRegression(C=np.inf, solver=solver, tol=TOLERANCE, max_iter=1000)

    x, y = expand(path)
    model().fit(x[:20_000], y[:20_000])
    began, worked = time.perf_counter(), time.process_time()
    fitted = model().fit(x, y)
    took = {"fit": time.perf_counter() - began, "processor": time.process_time() - worked}
    value = 0.0
    for start in range(0, len(y), BLOCK):
        rows = slice(start, start + BLOCK)
        value += float(fitted.predict_log_proba(x[rows])[np.arange(len(y[rows])), y[rows]].sum())
    return took | {"log_likelihood": value, "rows": len(y), "steps": int(np.max(fitted.n_iter_))}


def contend(name: str, path: Path) -> dict[str, Any]:
    """One contender in this process: seconds, log-likelihood, peak memory in MB."""
    found = ours(path, name == "cells by fold") if name.startswith("cells") else scikit_learn(path, name)
    return found | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def in_process(name: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--contender", name, "--file", str(path)]
    threads = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"} if name.startswith("cells") else {}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | threads)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def measure(rows: int, repeats: int, solvers: tuple[str, ...]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "person_months.parquet"
        write_rows(path, rows)
        found = {
            name: medians([in_process(name, path) for _ in range(repeats)]) for name in ("cells", "cells by fold")
        }
        found |= {solver: in_process(solver, path) for solver in solvers}
    return {"rows": rows, "repeats": repeats, "load": os.getloadavg()[0], "contenders": found}


def judge(measured: dict[str, Any]) -> list[str]:
    """What was missed: equal log-likelihoods, or on the rows of the goal, the goal."""
    found = measured["contenders"]
    best = found["cells"]["log_likelihood"]
    missed = [
        f"{measured['rows']:,} rows: {name} has log-likelihood {one['log_likelihood']:.4f}, cells {best:.4f}"
        for name, one in found.items()
        if abs(one["log_likelihood"] / best - 1) > GAP
    ]
    ratio = min(found[name]["fit"] for name in SOLVERS if name in found) / found["cells"]["fit"]
    if measured["rows"] >= GOAL_ROWS and ratio < GOAL:
        missed.append(f"{measured['rows']:,} rows: {ratio:.0f} times faster than scikit-learn, not {GOAL}")
    return missed


def line(rows: int, name: str, one: dict[str, Any], cells: dict[str, Any]) -> str:
    """One contender's row of the table."""
    theirs = name in SOLVERS
    title = f"scikit-learn, {name}" if theirs else f"ours, {name}"
    ratios = [one["fit"] / cells["fit"], one["processor"] / cells["processor"]]
    ratios.append(one["fit"] / (cells["aggregate"] + cells["fit"]))
    parts = [
        f"{rows:,}",
        title,
        f"{one['rows']:,.0f}",
        "–" if theirs else f"{one['distinct']:,.0f}",
        "–" if theirs else f"{one['aggregate']:.2f}",
        f"{one['fit']:.2f}",
        f"{one['processor']:.2f}",
        f"{one['steps']:.0f}",
        f"{one['peak_mb']:,.0f}",
        f"{one['log_likelihood']:.4f}",
        *(f"{ratio:,.0f}" if theirs else "–" for ratio in ratios),
    ]
    return f"| {' | '.join(parts)} |"


def report(measured: list[dict[str, Any]]) -> str:
    import sklearn

    loads = " and ".join(f"{run['load']:.1f}" for run in measured)
    size, repeats = measured[0]["contenders"]["cells"]["parameters"], measured[0]["repeats"]
    lines = [
        "# Competing monthly hazards on cells",
        "",
        f"Python {platform.python_version()}, scikit-learn {sklearn.__version__}, {os.cpu_count()} cores (load at "
        f"the end {loads}). Four exits, {size:.0f} coefficients. Ours: medians of {repeats} runs, on one core; "
        "scikit-learn: one run, on all cores, and only its fit is timed, not reading and coding its rows. Peak "
        "memory is of the process. Ratios are to our fit on cells, in wall and in processor time, and to counting "
        "and fitting together.",
        "",
        "| person-months | contender | rows fitted | distinct | count s | fit s | processor s | steps | peak MB "
        "| log-likelihood | fit ÷ ours | processor ÷ ours | fit ÷ (count + fit) |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for run in measured:
        found = run["contenders"]
        lines += [line(run["rows"], name, one, found["cells"]) for name, one in found.items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_100_000, 11_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--lbfgs-up-to", type=int, default=1_100_000, help="rows on which lbfgs is tried, too")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        print(json.dumps(contend(arguments.contender, arguments.file)))
        return 0
    measured = [
        measure(rows, arguments.repeats, SOLVERS if rows <= arguments.lbfgs_up_to else SOLVERS[:1])
        for rows in arguments.rows
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "hazards.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "hazards.md").write_text(report(measured), encoding="utf-8")
    print(report(measured))
    missed = [text for run in measured for text in judge(run)]
    print("\n".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
