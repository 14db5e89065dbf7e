"""Spells of delinquency by product and bucket: against reading the columns they need.

    python benchmarks/spells.py                    # 24 million rows, about two minutes
    python benchmarks/spells.py --rows 4000000     # a quick look; nothing is saved

As in panel.py every run is a process of its own, and times hold imports; the stream is what pyarrow needs to read
the same columns of the same file and throw them away. The counts are checked: spells and what lies between make up
the steps of the roll rates exactly. The table goes to benchmarks/results/spells.json and spells.md.
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

RESULTS = Path(__file__).parent / "results"
ROWS_AN_ACCOUNT = 21.2
"""Months of an average account in the generated panel: some open late, some leave early."""
DECIDED = 24_000_000


def stream(folder: Path) -> dict[str, float]:
    import pyarrow.parquet as pq

    columns = ["account_id", "month", "days_past_due", "status", "balance"]
    for _ in pq.ParquetFile(folder / "months.parquet").iter_batches(batch_size=131_072, columns=columns):
        pass
    return {}


def ours(folder: Path) -> dict[str, float]:
    from analysis.core.spells import SpellRules
    from analysis.core.states import Buckets
    from analysis.data.panel.spells import spell_cells
    from analysis.data.portfolio import open_portfolio

    cells = spell_cells(open_portfolio(folder), SpellRules(), Buckets())
    return {"spells": float(cells["spells"].sum()), "cells": float(len(cells))}


CONTENDERS = {"stream": stream, "spells": ours}


def run_one(name: str, folder: Path) -> dict[str, float]:
    """One contender in a fresh process: wall and processor seconds, peak memory in MB, and what it counted."""
    command = [sys.executable, __file__, "--contender", name, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {key: float(value) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}


def contend(name: str, folder: Path) -> None:
    start = time.perf_counter()
    counted = CONTENDERS[name](folder)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    taken = {"wall": time.perf_counter() - start, "processor": usage.ru_utime + usage.ru_stime}
    print(json.dumps(taken | {"peak_mb": usage.ru_maxrss / 1024} | counted))


def check_counts(folder: Path) -> None:
    """Raises AssertionError where spells and roll rates differ."""
    from analysis.core.spells import SpellRules
    from analysis.core.states import Buckets
    from analysis.data.panel.spells import reconciliation
    from analysis.data.portfolio import open_portfolio

    found = reconciliation(open_portfolio(folder), SpellRules(), Buckets()).set_index(["month", "measure"])
    summed = found.drop(columns="delinquency_count").sum(axis=1)
    assert (summed == found["delinquency_count"]).all(), "spells and roll rates differ"


def measure(rows: int, repeats: int) -> dict:
    from panel_data import write_benchmark_portfolio

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "portfolio"
        written = write_benchmark_portfolio(folder, int(rows / ROWS_AN_ACCOUNT))
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
        # Taking turns spreads whatever else the machine does over all of them.
        for _ in range(repeats):
            for name in CONTENDERS:
                runs[name].append(run_one(name, folder))
        check_counts(folder)
    middle = {
        name: {key: statistics.median(run[key] for run in done) for key in done[0]} for name, done in runs.items()
    }
    return {"rows": written, "repeats": repeats, "load": os.getloadavg()[0], "contenders": middle}


def report(run: dict) -> str:
    found = run["contenders"]["spells"]
    lines = [
        "# Spells of delinquency by product and bucket",
        "",
        f"Python {platform.python_version()}, {os.cpu_count()} cores; medians of {run['repeats']}, each in a "
        "fresh process, imports included. Ratios are to streaming the needed columns from Parquet with pyarrow, "
        f"in the same run. {run['rows']:,} rows hold {found['spells']:,.0f} spells.",
        "",
        *STREAM_HEAD,
        *beside_the_stream(run["rows"], run["contenders"]),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=DECIDED)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        contend(arguments.contender, arguments.folder)
        return
    measured = measure(arguments.rows, arguments.repeats)
    if arguments.rows >= DECIDED:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "spells.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        (RESULTS / "spells.md").write_text(report(measured), encoding="utf-8")
    print(report(measured))


if __name__ == "__main__":
    main()
