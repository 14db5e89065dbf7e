"""Loss distribution: grouped binomials on cells against account-level numpy.

    python benchmarks/losses.py [--accounts 1000000] [--scenarios 10000] [--repeats 3] [--textbook 200]

A book of six products, ten PD bands, three LGDs and five exposures (900 cells) with one common factor. Ours:
`simulate_losses` and the tail table. Account-level, fast: for the same factors, a single-precision uniform an
account against its conditional PD, losses of those that default summed in double precision; run in full once.
Account-level, textbook: a standard normal an account in double precision against its threshold, timed on
`--textbook` scenarios and scaled. Each contender is a process of its own with one thread; imports are not timed.

As the factors are the same, the two quantiles may differ only by the accounts' own luck: the run fails where they
differ by more than four standard errors of it, or where the goals (30 times faster in processor time, less than 1
GB) are missed at a million accounts. The table goes to benchmarks/results/losses.json and losses.md.
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
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

RESULTS = Path(__file__).parent / "results"
CORRELATION = {"auto": 0.06, "card": 0.04, "cash_loan": 0.08, "instalment": 0.07, "mortgage": 0.15, "sme": 0.16}
SIZE = {"auto": 9_000, "card": 1_500, "cash_loan": 3_000, "instalment": 1_200, "mortgage": 80_000, "sme": 40_000}
SHARE = {"auto": 0.1, "card": 0.45, "cash_loan": 0.2, "instalment": 0.18, "mortgage": 0.05, "sme": 0.02}
LEVEL = 0.999
SEED = 11
GOAL, GOAL_ACCOUNTS, GOAL_MB = 30, 1_000_000, 1_000


def book(accounts: int) -> pd.DataFrame:
    """Cells of the book, their numbers of accounts drawn once."""
    pds, lgds, steps = np.geomspace(0.002, 0.25, 10), (0.25, 0.45, 0.75), np.geomspace(0.25, 4.0, 5)
    rows = [(name, pd_, lgd, SIZE[name] * step) for name, pd_, lgd, step in product(SIZE, pds, lgds, steps)]
    cells = pd.DataFrame(rows, columns=["product", "pd", "lgd", "ead"])
    weight = cells["product"].map(SHARE).to_numpy() / cells["pd"].to_numpy() ** 0.3
    return cells.assign(accounts=np.random.default_rng(1).multinomial(accounts, weight / weight.sum()))


def ours(cells: pd.DataFrame, scenarios: int, place: Path) -> dict[str, Any]:
    from analysis.methods.stress.losses.distribution import simulate_losses, tail_table

    simulate_losses(cells, CORRELATION, 50, SEED)
    began, worked = time.perf_counter(), time.process_time()
    draws = simulate_losses(cells, CORRELATION, scenarios, SEED)
    table = tail_table(draws, (LEVEL,)).iloc[0]
    took = {"wall": time.perf_counter() - began, "processor": time.process_time() - worked}
    at = int(np.argsort(draws.total)[np.searchsorted(np.sort(draws.total), table.value_at_risk)])
    np.savez(place, factors=draws.factors, own=np.sqrt(draws.variance[at]))
    shown = ["value_at_risk", "var_lower", "var_upper", "shortfall", "normal_var", "normal_error"]
    return took | {name: float(table[name]) for name in shown} | {"cells": len(cells)}


def fast(cells: pd.DataFrame, scenarios: int, place: Path) -> dict[str, Any]:
    from analysis.methods.stress.losses.one_factor import conditional_pd

    factors = np.load(place)["factors"][:scenarios, 0]
    cell = np.repeat(np.arange(len(cells)), cells["accounts"])
    loss = (cells["lgd"] * cells["ead"]).to_numpy()[cell]
    rho, pds = cells["product"].map(CORRELATION).to_numpy(), cells["pd"].to_numpy()
    rng, uniform, losses = np.random.default_rng(2), np.empty(len(cell), np.float32), np.empty(scenarios)
    began, worked = time.perf_counter(), time.process_time()
    for scenario in range(scenarios):
        chance = conditional_pd(pds, rho, factors[scenario]).astype(np.float32)
        rng.random(out=uniform, dtype=np.float32)
        losses[scenario] = loss[np.flatnonzero(uniform < chance[cell])].sum()
    took = {"wall": time.perf_counter() - began, "processor": time.process_time() - worked}
    return took | {"value_at_risk": float(np.sort(losses)[int(np.ceil(LEVEL * scenarios)) - 1])}


def textbook(cells: pd.DataFrame, scenarios: int, place: Path) -> dict[str, Any]:
    from scipy.special import ndtri

    factors = np.load(place)["factors"][:scenarios, 0]
    cell = np.repeat(np.arange(len(cells)), cells["accounts"])
    loss, threshold = (cells["lgd"] * cells["ead"]).to_numpy()[cell], ndtri(cells["pd"].to_numpy())[cell]
    rho = cells["product"].map(CORRELATION).to_numpy()[cell]
    common, own, rng = np.sqrt(rho), np.sqrt(1.0 - rho), np.random.default_rng(2)
    began, worked = time.perf_counter(), time.process_time()
    for factor in factors:
        float(loss @ (common * factor + own * rng.standard_normal(len(cell)) < threshold))
    return {"wall": time.perf_counter() - began, "processor": time.process_time() - worked}


CONTENDERS = {"cells": ours, "account-level, fast": fast, "account-level, textbook": textbook}


def in_process(name: str, accounts: int, scenarios: int, place: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--contender", name, "--accounts", str(accounts)]
    command += ["--scenarios", str(scenarios), "--file", str(place)]
    threads = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | threads)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(accounts: int, scenarios: int, repeats: int, few: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "factors.npz"
        runs = [in_process("cells", accounts, scenarios, place) for _ in range(repeats)]
        cells = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        own = float(np.load(place)["own"])
        quick = in_process("account-level, fast", accounts, scenarios, place)
        slow = in_process("account-level, textbook", accounts, few, place)
    slow |= {key: slow[key] * scenarios / few for key in ("wall", "processor")}
    gap = (cells["value_at_risk"] - quick["value_at_risk"]) / (own * np.sqrt(2.0))
    found = {"accounts": accounts, "scenarios": scenarios, "repeats": repeats, "textbook_scenarios": few}
    found |= {"own_luck": own, "gap_in_errors": float(gap), "load": os.getloadavg()[0]}
    return found | {"contenders": dict(zip(CONTENDERS, (cells, quick, slow), strict=True))}


def judge(measured: dict[str, Any]) -> list[str]:
    """What was missed: an equal quantile, or at a million accounts a goal."""
    cells, quick = (measured["contenders"][name] for name in list(CONTENDERS)[:2])
    missed = []
    if abs(measured["gap_in_errors"]) > 4:
        missed.append(
            f"the quantiles differ by {measured['gap_in_errors']:.1f} standard errors of the accounts' luck"
        )
    if measured["accounts"] >= GOAL_ACCOUNTS:
        ratio = quick["processor"] / cells["processor"]
        missed += [f"{ratio:.0f} times faster in processor time, not {GOAL}"] if ratio < GOAL else []
        missed += [f"{cells['peak_mb']:.0f} MB, not below {GOAL_MB}"] if cells["peak_mb"] >= GOAL_MB else []
    return missed


def report(measured: dict[str, Any]) -> str:
    cells = measured["contenders"]["cells"]
    lines = [
        "# Loss distribution through cells",
        "",
        f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores shared with other "
        f"work (load at the end {measured['load']:.1f}), one thread each. {measured['accounts']:,} accounts in "
        f"{cells['cells']:,.0f} cells, {measured['scenarios']:,} scenarios. Cells: medians of "
        f"{measured['repeats']} runs, tail table included; account-level, fast: one run on the same factors; "
        f"textbook: {measured['textbook_scenarios']} scenarios, scaled. Peak memory is of the process, "
        "imports included.",
        "",
        "| contender | wall s | processor s | peak MB | 99.9% quantile | wall ÷ cells | processor ÷ cells |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in measured["contenders"].items():
        quantile = f"{one['value_at_risk']:,.0f}" if "value_at_risk" in one else "–"
        ratios = [f"{one[key] / cells[key]:.0f}" if name != "cells" else "1" for key in ("wall", "processor")]
        numbers = [f"{one['wall']:,.2f}", f"{one['processor']:,.2f}", f"{one['peak_mb']:.0f}", quantile, *ratios]
        lines.append(f"| {name} | {' | '.join(numbers)} |")
    lines += [
        "",
        f"The quantiles differ by {measured['gap_in_errors']:+.1f} standard errors of the accounts' own luck "
        f"({measured['own_luck']:,.0f} in a scenario at the quantile). Interval of the quantile from simulation: "
        f"{cells['var_lower']:,.0f} to {cells['var_upper']:,.0f}. The normal approximation gives "
        f"{cells['normal_var']:,.0f} ({cells['normal_error']:+.3%}).",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--scenarios", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--textbook", type=int, default=200, help="scenarios of the textbook way, then scaled")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        found = CONTENDERS[arguments.contender](book(arguments.accounts), arguments.scenarios, arguments.file)
        print(json.dumps(found | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return 0
    measured = measure(arguments.accounts, arguments.scenarios, arguments.repeats, arguments.textbook)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "losses.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "losses.md").write_text(report(measured), encoding="utf-8")
    print(report(measured))
    missed = judge(measured)
    print("\n".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
