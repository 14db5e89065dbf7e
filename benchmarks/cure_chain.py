"""Coverage of the chain's 95% intervals in portfolios whose accounts step through a known Markov chain.

    python benchmarks/cure_chain.py [--sets 150] [--accounts 3000] [--draws 200]

Forecasts of occupancy (12 months) and of next quarter's cures, judged against what then happened, with months that
differ by chance alone (`noise` 0) and with months that differ (`noise` 0.3, the standard deviation of a month's
log-odds of falling behind further); expected months in collections against those of the chain. Writes
benchmarks/results/cure_chain.md and fails where the intervals of a kind of figure cover in fewer than 92% or more
than 98% of the cases. States that fewer than five accounts are expected in are left out: counts of so few can't be
covered in just 95% of cases.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "methods" / "cure" / "chain"))
from chain_world import MATRIX, make_world

from analysis.methods.cure.chain.absorption import expected_time, fundamental_matrix
from analysis.methods.cure.chain.forecast import judge
from analysis.methods.cure.chain.occupancy import backtest, fates_by_group

START = 13
RESULTS = Path(__file__).parent / "results" / "cure_chain.md"


def one(seed: int, accounts: int, draws: int, noise: float) -> pd.DataFrame:
    """Which intervals of one portfolio held what happened."""
    world = make_world(seed, accounts, START + 13, noise).drawing()
    cells, stock, start = world.cells(), world.stock(START), world.month(START)
    fates = fates_by_group(world.fates(START), by=None)
    occupied = backtest(stock, cells, fates, start, months=12, by=None, draws=draws)
    occupied = occupied[occupied["expected"] >= 5].assign(figure="occupancy: " + occupied["group"])
    cures = judge(stock, cells, start, by=None, draws=draws)
    cures = cures.assign(figure="cures: " + cures["measure"] + ", " + cures["basis"])
    pieces = [occupied[["figure", "covered"]], cures[["figure", "covered"]]]
    if not noise:
        pieces.append(times(cells))
    return pd.concat(pieces).assign(noise=noise)


def times(cells: pd.DataFrame) -> pd.DataFrame:
    """Expected months in collections against the chain's own."""
    truth = fundamental_matrix(MATRIX[:3, :3]).sum(axis=1)[:2]
    found = expected_time(cells).query("measure == 'months'")
    inside = (found["lower"].to_numpy() <= truth) & (truth <= found["upper"].to_numpy())
    return pd.DataFrame({"figure": "months in collections", "covered": inside})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=150)
    parser.add_argument("--accounts", type=int, default=3000)
    parser.add_argument("--draws", type=int, default=200)
    chosen = parser.parse_args()
    began = time.perf_counter()
    rows = [
        one(2000 + seed, chosen.accounts, chosen.draws, noise)
        for noise in (0.0, 0.3)
        for seed in range(chosen.sets)
    ]
    judged = pd.concat(rows)
    kinds = judged.assign(figure=judged["figure"].str.split(":").str[0] + ", all")
    table = pd.concat([kinds, judged]).groupby(["noise", "figure"])["covered"].agg(["mean", "size"])
    text = report(table, chosen.sets, chosen.accounts, chosen.draws)
    RESULTS.write_text(text)
    print(text, f"{time.perf_counter() - began:.0f} s", sep="\n")
    overall = table.loc[table.index.get_level_values("figure").str.endswith("all"), "mean"]
    return int(not np.all((overall >= 0.92) & (overall <= 0.98)))


def report(table: pd.DataFrame, sets: int, accounts: int, draws: int) -> str:
    """The table as Markdown."""
    lines = [
        "# Coverage of 95% intervals, chain of cure and re-default",
        "",
        f"{sets} portfolios of {accounts:,} accounts for each noise, {draws} draws a forecast.",
        "",
        "| noise | figure | judged | coverage |",
        "|---:|---|---:|---:|",
    ]
    for (noise, figure), row in table.iterrows():
        lines.append(f"| {noise} | {figure} | {row['size']:.0f} | {row['mean']:.1%} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
