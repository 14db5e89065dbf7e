"""Fitting a Weibull mixture cure model: `MixtureCure` against a custom lifelines fitter, in paired runs.

    python benchmarks/cure_fit.py [--rows 200000 1000000] [--runs 5] [--cases continuous binned]

Six covariates in each part. Every fit is a process of its own, so that its peak memory is its own; drawing the
data, imports and a warm-up fit are not timed. `continuous`: normal covariates, exact times, no weights. `binned`:
covariates on three levels and whole months, where `MixtureCure` compresses the rows to weighted cells first
(timed). The pair must reach the same log-likelihood (relative gap at most 1e-8), or the run fails.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods.cure import MixtureCure, Truth, compress, draw_spells

COVARIATES = [f"x{j + 1}" for j in range(6)]
FORMULA = " + ".join(COVARIATES)
TRUTH = Truth(
    "weibull",
    (0.5, 0.8, -0.5, 0.3, -0.2, 0.4, 0.1),
    (0.4, -0.3, 0.2, 0.1, -0.2, 0.0),
    (-2.2, 0.2),
)
GAP = 1e-8
GOALS = {
    ("continuous", 200_000): 10,
    ("continuous", 1_000_000): 10,
    ("binned", 200_000): 40,
    ("binned", 1_000_000): 70,
}


def draw(case: str, rows: int) -> pd.DataFrame:
    """The benchmark's spells; `binned` ones have few distinct values."""
    if case == "continuous":
        return draw_spells(TRUTH, rows, seed=11)[[*COVARIATES, "months", "event"]]
    spells = draw_spells(TRUTH, rows, seed=11, levels=(-1.0, 0.0, 1.0))
    return spells.assign(months=np.ceil(spells.months))[[*COVARIATES, "months", "event"]]


def fit_ours(case: str, spells: pd.DataFrame) -> float:
    """Log-likelihood of the fit."""
    model = MixtureCure("weibull")
    if case == "binned":
        cells = compress(spells, list(spells.columns))
        return model.fit(cells, "months", "event", FORMULA, FORMULA, weights_col="weight").log_likelihood_
    return model.fit(spells, "months", "event", FORMULA, FORMULA).log_likelihood_


def fit_lifelines(spells: pd.DataFrame) -> float:
    """Log-likelihood of a custom lifelines fitter with the cumulative and the log hazard written out."""
    import autograd.numpy as anp
    from autograd.scipy.special import expit
    from lifelines.fitters import ParametricRegressionFitter

    class Fitter(ParametricRegressionFitter):
        _fitted_parameter_names = ["lambda_", "rho_", "p_"]  # noqa: RUF012  (lifelines' own manner)

        def _parts(self, params: Any, T: Any, Xs: Any) -> tuple[Any, Any, Any]:
            scale = anp.dot(Xs["lambda_"], params["lambda_"])
            shape = anp.exp(anp.dot(Xs["rho_"], params["rho_"]))
            p = expit(anp.dot(Xs["p_"], params["p_"]))
            return p, scale, shape

        def _cumulative_hazard(self, params: Any, T: Any, Xs: Any) -> Any:
            p, scale, shape = self._parts(params, T, Xs)
            survival = anp.exp(-anp.exp(scale + shape * anp.log(T)))
            return -anp.log((1 - p) + p * survival)

        def _log_hazard(self, params: Any, T: Any, Xs: Any) -> Any:
            p, scale, shape = self._parts(params, T, Xs)
            power = scale + shape * anp.log(T)
            hazard = anp.exp(power)
            density = anp.log(p) + power + anp.log(shape) - anp.log(T) - hazard
            return density - anp.log((1 - p) + p * anp.exp(-hazard))

    fitter = Fitter()
    fitter.fit(spells, "months", "event", regressors={"lambda_": FORMULA, "p_": FORMULA, "rho_": "1"})
    return float(fitter.log_likelihood_)


def measure(who: str, case: str, rows: int) -> dict[str, float]:
    """Seconds, log-likelihood and the memory (MB) one fit takes on top of the data, in this process."""
    warnings.simplefilter("ignore")
    spells = draw(case, rows)
    fit = (lambda frame: fit_ours(case, frame)) if who == "ours" else fit_lifelines
    fit(spells.head(2000))
    before = reset_peak()
    began = time.perf_counter()
    value = fit(spells)
    return {"seconds": time.perf_counter() - began, "log_likelihood": value, "growth": peak() - before}


def reset_peak() -> float:
    """Hand freed memory back and forget the peak so far (Linux, glibc); returns the present use in MB."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> float:
    """Peak resident memory in MB since the last reset."""
    status = Path("/proc/self/status").read_text()
    return float(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def in_process(who: str, case: str, rows: int) -> dict[str, float]:
    """`measure` in a fresh process."""
    command = [sys.executable, str(Path(__file__).resolve()), "--one", who, case, str(rows)]
    result: dict[str, float] = json.loads(
        subprocess.run(command, capture_output=True, check=True, text=True).stdout
    )
    return result


RESULTS = Path(__file__).parent / "results"
HEAD = """# Fitting a Weibull mixture cure model, beside a custom lifelines fitter

Six covariates in each part; medians of paired runs, each fit in a process of its own; two cores.

| covariates | rows | runs | ours s | lifelines s | times faster | ours MB | lifelines MB | log-likelihood gap |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""


def compare(case: str, rows: int, runs: int) -> tuple[bool, str]:
    """Print medians of paired runs; False where a goal is missed, and the row of the table."""
    pairs = [(in_process("ours", case, rows), in_process("lifelines", case, rows)) for _ in range(runs)]
    gap = max(abs(a["log_likelihood"] / b["log_likelihood"] - 1) for a, b in pairs)
    ratio = median(b["seconds"] / a["seconds"] for a, b in pairs)
    ours, theirs = (median(pair[i]["seconds"] for pair in pairs) for i in (0, 1))
    memory = [median(pair[i]["growth"] for pair in pairs) for i in (0, 1)]
    print(
        f"{case:>10} {rows:>9,} rows: {ours:7.2f} s against {theirs:8.2f} s, {ratio:6.1f} times faster "
        f"(goal {GOALS.get((case, rows), '–')}); memory {memory[0]:,.0f} MB against {memory[1]:,.0f} MB "
        f"({memory[0] / memory[1]:.2f}); log-likelihood gap {gap:.1e}",
        flush=True,
    )
    light = memory[0] <= memory[1] / 4 or rows < 1_000_000
    line = f"| {case} | {rows:,} | {runs} | {ours:.2f} | {theirs:.2f} | {ratio:.1f} | {memory[0]:,.0f} | "
    line += f"{memory[1]:,.0f} | {gap:.1e} |"
    return ratio >= GOALS.get((case, rows), 0) and gap <= GAP and light, line


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cases", nargs="+", default=["continuous", "binned"])
    parser.add_argument("--one", nargs=3, metavar=("WHO", "CASE", "ROWS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one[0], options.one[1], int(options.one[2]))))
        return 0
    results = [compare(case, rows, options.runs) for case in options.cases for rows in options.rows]
    RESULTS.mkdir(exist_ok=True)
    table = HEAD + "\n".join(line for _, line in results) + "\n"
    (RESULTS / "cure_fit.md").write_text(table, encoding="utf-8")
    return 0 if all(good for good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
