"""Agents for a quarter of half-hours: `agents_needed` against pyworkforce, one half-hour at a time.

    python benchmarks/erlang.py [--repeats 5]

92 days of 48 half-hours (4,416), calls by a daily profile with noise, 4 to 7 minutes each, 80% answered within 20
seconds, at most 88% occupancy; three sizes of centre by their mean load in erlangs. pyworkforce's own grid serves
combinations, not a series, so its `ErlangC` is called in a loop. All half-hours must need equal agents, or the run
fails; so does one that is less than ten times faster in processor time (both have one thread, and the
machine may be shared). Also shown, without a rival: Erlang A with mean patience of two
minutes. pyworkforce is needed for this alone: `pip install pyworkforce`. Medians; imports are not timed. The table
goes to benchmarks/results/erlang.json and erlang.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from analysis.methods.stress.capacity.staffing import ServiceTarget, agents_needed

RESULTS = Path(__file__).parent / "results"
LOADS = (5.0, 30.0, 150.0)
TARGET = ServiceTarget(0.8, 1 / 3, 0.88)
GOAL = 10


def quarter(mean_load: float) -> tuple[np.ndarray, np.ndarray]:
    """Calls and minutes a call in each half-hour of 92 days."""
    rng = np.random.default_rng(4)
    shape = 0.15 + np.exp(-0.5 * ((np.arange(48) - 22) / 8.0) ** 2)
    minutes = rng.uniform(4.0, 7.0, (92, 48))
    calls = rng.gamma(40.0, 1 / 40.0, (92, 48)) * shape / shape.mean() * mean_load * 30.0 / 5.5
    return calls.ravel(), minutes.ravel()


def by_half_hour(calls: np.ndarray, minutes: np.ndarray) -> np.ndarray:
    from pyworkforce.queuing import ErlangC

    return np.array(
        [
            ErlangC(n, length, TARGET.wait, 30).required_positions(TARGET.level, TARGET.occupancy)["raw_positions"]
            for n, length in zip(calls.tolist(), minutes.tolist(), strict=True)
        ]
    )


def timed(run: Callable[[], np.ndarray], repeats: int) -> tuple[np.ndarray, dict[str, float]]:
    walls, processors = [], []
    for _ in range(repeats):
        began, worked = time.perf_counter(), time.process_time()
        found = run()
        walls.append(time.perf_counter() - began)
        processors.append(time.process_time() - worked)
    return found, {"wall": statistics.median(walls), "processor": statistics.median(processors)}


def measure(mean_load: float, repeats: int) -> dict[str, Any]:
    calls, minutes = quarter(mean_load)
    load = calls * minutes / 30.0
    agents_needed(load[:10], minutes[:10], TARGET, 2.0)
    mine, took = timed(lambda: agents_needed(load, minutes, TARGET), repeats)
    theirs, other = timed(lambda: by_half_hour(calls, minutes), repeats)
    leaving, with_patience = timed(lambda: agents_needed(load, minutes, TARGET, 2.0), repeats)
    found = {
        "mean_load": mean_load,
        "half_hours": len(load),
        "agents": int(mine.sum()),
        "load": os.getloadavg()[0],
    }
    found |= {"differ": int((mine != theirs).sum()), "agents_with_patience": int(leaving.sum())}
    return found | {"contenders": {"ours": took, "pyworkforce": other, "ours, Erlang A": with_patience}}


def judge(measured: list[dict[str, Any]]) -> list[str]:
    missed = []
    for one in measured:
        name, found = f"mean load {one['mean_load']:g}", one["contenders"]
        ratio = found["pyworkforce"]["processor"] / found["ours"]["processor"]
        missed += [f"{name}: agents differ in {one['differ']} half-hours"] if one["differ"] else []
        missed += [f"{name}: {ratio:.1f} times faster in processor time, not {GOAL}"] if ratio < GOAL else []
    return missed


def report(measured: list[dict[str, Any]], repeats: int) -> str:
    from importlib.metadata import version

    lines = [
        "# Agents for a quarter of half-hours",
        "",
        f"Python {platform.python_version()}, numpy {np.__version__}, pyworkforce {version('pyworkforce')}, "
        f"{os.cpu_count()} cores shared with other work (load at the end {measured[-1]['load']:.1f}). "
        f"{measured[0]['half_hours']:,} half-hours, medians of {repeats} runs. Agents are equal in every "
        "half-hour but where the table says otherwise; Erlang A needs fewer, and has no rival here.",
        "",
        "| mean load, erlangs | contender | wall ms | processor ms | agent half-hours | half-hours that differ "
        "| wall ÷ ours | processor ÷ ours |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for one in measured:
        base = one["contenders"]["ours"]
        for name, took in one["contenders"].items():
            agents = one["agents_with_patience" if "A" in name else "agents"]
            differ = f"{one['differ']}" if name == "pyworkforce" else "–"
            ratios = [f"{took[key] / base[key]:.1f}" for key in ("wall", "processor")]
            numbers = [
                f"{1000 * took['wall']:.1f}",
                f"{1000 * took['processor']:.1f}",
                f"{agents:,}",
                differ,
                *ratios,
            ]
            lines.append(f"| {one['mean_load']:g} | {name} | {' | '.join(numbers)} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    measured = [measure(load, repeats) for load in LOADS]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "erlang.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "erlang.md").write_text(report(measured, repeats), encoding="utf-8")
    print(report(measured, repeats))
    missed = judge(measured)
    print("\n".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
