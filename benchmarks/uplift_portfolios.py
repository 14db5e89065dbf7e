"""Coverage of treatment effects on whole simulated portfolios, against their truth.json.

    python benchmarks/uplift_portfolios.py [--portfolios 24] [--accounts 6000] [--seed 10]

Of the randomised robot_vs_agent and flow_policy: the effect of each arm against the robot on being back to current
within three months of the decision's, by segment, as decisions() reads it from the tables. The truth averages each
account's own probabilities under the arms. A segment's arms share their reference, so that misses come together.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.data.panel.decisions import decisions
from analysis.data.portfolio import open_portfolio
from analysis.data.simulate import simulate
from analysis.methods.segmentation.treatments.decisions import arm_effects, value_decisions
from analysis.methods.segmentation.treatments.draws import SEGMENTS

RESULTS = Path(__file__).parent / "results"
EXPERIMENTS, REFERENCE, MONTHS = ("robot_vs_agent", "flow_policy"), "robot", 3


def effects_of(folder: Path) -> pd.DataFrame:
    """One portfolio: experiment, segment, arm, effect, se, lower, upper, truth."""
    portfolio = open_portfolio(folder)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    accounts = portfolio.table("accounts").select("account_id", "origination_score").to_pandas()
    score, edges = (
        accounts.set_index("account_id")["origination_score"],
        truth["segments"]["origination_score_edges"],
    )
    tables = []
    for name in EXPERIMENTS:
        found = decisions(portfolio, name, MONTHS + 1)
        valued = value_decisions(found, success_col=f"back_{MONTHS}", name=name)
        kept = found.loc[valued.log.index, "account_id"].map(score)
        segment = pd.DataFrame({"segment": np.array(SEGMENTS)[np.searchsorted(edges, kept, "right")]}, kept.index)
        table = arm_effects(valued, REFERENCE, segment, measures=("success",)).assign(experiment=name)
        told = truth["experiments"][name]["outcomes"][f"cured_within_{MONTHS}"]
        pairs = zip(table["segment"], table["arm"], strict=True)
        table["truth"] = [told[s]["cured"][arm] - told[s]["cured"][REFERENCE] for s, arm in pairs]
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """By experiment, segment and arm: truth, mean error, mean standard error, coverage."""
    inside = (table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])
    told = table.assign(error=table["effect"] - table["truth"], inside=inside)
    keys = ["experiment", "segment", "arm"]
    return told.groupby(keys)[["truth", "error", "se", "inside"]].mean()


def write(table: pd.DataFrame, portfolios: int, accounts: int) -> None:
    """benchmarks/results/uplift_portfolios.md."""
    cells = summary(table)
    share = ((table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])).mean()
    lines = ["# Effects of treatments on whole simulated portfolios: coverage of 95% intervals", ""]
    lines += [
        f"{portfolios} portfolios of {accounts:,} accounts: {share:.1%} of {len(table):,} effects covered.",
        "",
    ]
    lines += ["| experiment | segment | arm | truth | mean error | mean se | coverage |"]
    lines += ["|---|---|---|---:|---:|---:|---:|"]
    for key, row in zip(cells.index, cells.itertuples(), strict=True):
        lines.append(
            f"| {' | '.join(key)} | {row.truth:.3f} | {row.error:+.3f} | {row.se:.3f} | {row.inside:.0%} |"
        )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "uplift_portfolios.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--portfolios", type=int, default=24)
    parser.add_argument("--accounts", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=10)
    options = parser.parse_args()
    began, tables = time.perf_counter(), []
    for seed in range(options.seed, options.seed + options.portfolios):
        with tempfile.TemporaryDirectory() as folder:
            simulate(Path(folder) / "portfolio", accounts=options.accounts, seed=seed)
            tables.append(effects_of(Path(folder) / "portfolio"))
    table = pd.concat(tables, ignore_index=True)
    write(table, options.portfolios, options.accounts)
    print(f"{time.perf_counter() - began:.0f} s")
    covered = ((table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])).mean()
    return int(not 0.92 <= covered <= 0.98)


if __name__ == "__main__":
    sys.exit(main())
