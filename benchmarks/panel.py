"""Roll rates, vintages and recovery by four dimensions: against reading the columns, and against pandas.

    python benchmarks/panel.py                     # 24 million rows, about five minutes
    python benchmarks/panel.py --large             # and once on 100 million rows

Every contender runs in a process of its own, one after the other, so that each is cold. Times are from the start
of the process's work, imports included (those of the stream: pyarrow alone); the stream is what pyarrow needs to
read the same columns from the same file and throw them away. All must give equal numbers: counts exactly, money
to nine digits. The table goes to benchmarks/results/panel.json and panel.md.
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

from tables import STREAM_HEAD, beside_the_stream

DIMENSIONS = ("product", "region", "origination_channel", "origination_model")
HORIZON = 12
RESULTS = Path(__file__).parent / "results"
ROWS_AN_ACCOUNT = 21.2
"""Months of an average account in the generated panel: some open late, some leave early."""


def stream(folder: Path, results: Path) -> None:
    import pyarrow.parquet as pq

    columns = ["account_id", "month", "days_past_due", "status", "balance", "amount_paid", "charged_off_amount"]
    for _ in pq.ParquetFile(folder / "months.parquet").iter_batches(batch_size=131_072, columns=columns):
        pass


def ours(folder: Path, results: Path, moments: bool = False) -> None:
    from analysis.core.states import Buckets
    from analysis.data.panel.recoveries import recoveries
    from analysis.data.panel.rolls import rolls
    from analysis.data.panel.vintages import opening_vintages
    from analysis.data.portfolio import open_portfolio

    portfolio = open_portfolio(folder)
    rolls(portfolio, Buckets(), dimensions=DIMENSIONS, moments=moments).to_parquet(results / "rolls.parquet")
    opening_vintages(portfolio, HORIZON, DIMENSIONS).cells.to_parquet(results / "vintages.parquet")
    recoveries(portfolio, HORIZON, DIMENSIONS).cells.to_parquet(results / "recoveries.parquet")


def ours_with_moments(folder: Path, results: Path) -> None:
    ours(folder, results, moments=True)


def pandas(folder: Path, results: Path) -> None:
    from panel_pandas import measures

    for name, table in measures(folder, DIMENSIONS, HORIZON).items():
        table.to_parquet(results / f"{name}.parquet")


CONTENDERS = {"stream": stream, "ours": ours, "ours with intervals' moments": ours_with_moments, "pandas": pandas}


def run_one(name: str, folder: Path, results: Path) -> dict[str, float]:
    """One contender in a fresh process: wall and processor seconds, peak memory in MB."""
    results.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, "--contender", name, "--folder", str(folder), "--to", str(results)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {key: float(value) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}


def contend(name: str, folder: Path, results: Path) -> None:
    start = time.perf_counter()
    CONTENDERS[name](folder, results)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = {"wall": time.perf_counter() - start, "processor": usage.ru_utime + usage.ru_stime}
    print(json.dumps(seconds | {"peak_mb": usage.ru_maxrss / 1024}))


def check_equal(one: Path, other: Path) -> None:
    """Raises AssertionError where our results and pandas' differ."""
    import numpy as np
    import pandas as pd

    from analysis.core.states import Buckets

    states = pd.Index(Buckets().states)
    found, expected = (pd.read_parquet(folder / "rolls.parquet") for folder in (one, other))
    month = found["month"].dt.year * 12 + found["month"].dt.month - 1
    codes = {name: states.get_indexer(found[name].astype(str)) for name in ("from_state", "to_state")}
    pairs = [
        (found.assign(m=month, **codes), expected, ["m", "from_state", "to_state"], ["accounts"], ["balance"])
    ]
    for name in ("vintages", "recoveries"):
        cells, theirs = (pd.read_parquet(folder / f"{name}.parquet") for folder in (one, other))
        year, quarter = cells["cohort"].str[:4].astype(int), cells["cohort"].str[5:].astype(int)
        wide = cells.assign(cohort=year * 4 + quarter - 1).pivot_table(
            index=["dimension", "value", "cohort", "since", "measure"],
            columns="basis",
            values=["numerator", "denominator"],
        )
        wide.columns = pd.Index(["units", "x", "e", "y"])
        pairs.append((wide.reset_index(), theirs, ["cohort", "since", "measure"], ["units", "e"], ["x", "y"]))
    for mine, theirs, keys, counts, amounts in pairs:
        index = ["dimension", "value", *keys]
        left, right = (table.set_index(index).sort_index() for table in (mine, theirs))
        assert left.index.equals(right.index), "the cells differ"
        for column in counts:
            assert (left[column].to_numpy() == right[column].to_numpy()).all(), f"{column} differ"
        for column in amounts:
            np.testing.assert_allclose(left[column], right[column], rtol=1e-9)


def measure(rows: int, repeats: int, contenders: tuple[str, ...]) -> dict:
    from panel_data import write_benchmark_portfolio

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "portfolio"
        written = write_benchmark_portfolio(folder, int(rows / ROWS_AN_ACCOUNT))
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
        # Taking turns spreads whatever else the machine does over all of them.
        for _ in range(repeats):
            for name in contenders:
                runs[name].append(run_one(name, folder, Path(scratch) / name))
        if "pandas" in contenders:
            check_equal(Path(scratch) / "ours", Path(scratch) / "pandas")
    middle = {
        name: {key: statistics.median(run[key] for run in done) for key in done[0]} for name, done in runs.items()
    }
    return {"rows": written, "repeats": repeats, "load": os.getloadavg()[0], "contenders": middle}


def report(measured: list[dict]) -> str:
    lines = [
        "# Roll rates, vintages and recovery by four dimensions",
        "",
        f"Python {platform.python_version()}, {os.cpu_count()} cores; medians, each run in a fresh process. "
        "Ratios are to streaming the needed columns from Parquet with pyarrow, in the same run.",
        "",
        *STREAM_HEAD,
    ]
    for run in measured:
        lines += beside_the_stream(run["rows"], run["contenders"])
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=24_000_000)
    parser.add_argument("--large", action="store_true", help="also 100 million rows, without pandas")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        contend(arguments.contender, arguments.folder, arguments.to)
        return
    measured = [measure(arguments.rows, arguments.repeats, tuple(CONTENDERS))]
    if arguments.large:
        measured.append(measure(100_000_000, 1, ("stream", "ours")))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "panel.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "panel.md").write_text(report(measured), encoding="utf-8")
    print(report(measured))


if __name__ == "__main__":
    main()
