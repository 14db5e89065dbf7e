"""How finely the chain should tell the age of a cure: its forecasts held to what happened in simulated portfolios.

    python benchmarks/cure_chain_ages.py [--seeds 4] [--accounts 20000] [--draws 400]

Each portfolio runs for six years through one economy. As of six month ends in it, the chain is fitted to a year of
months and forecasts what becomes of the accounts in arrears, with one state `cured`, with one a quarter of
the year, and with one a month. Writes benchmarks/results/cure_chain_ages.md: mean bias (forecast less outcome, in
points of the accounts in arrears) and coverage of the 95% intervals.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from analysis.core.parameters.cure import CureParameters
from analysis.core.periods import shift_months
from analysis.data import panel
from analysis.data.portfolio import Portfolio, open_portfolio
from analysis.data.simulate import simulate
from analysis.methods.cure.chain.occupancy import backtest, fates_by_group

RESULTS = Path(__file__).parent / "results" / "cure_chain_ages.md"
END = date(2025, 12, 31)
STARTS = [shift_months(date(2022, 3, 31), months) for months in range(0, 36, 6)]
HORIZONS = (6, 12)
DESIGNS = {"one state": (12,), "one a quarter": (3, 6, 9, 12), "one a month": tuple(range(1, 13))}
"""Last month current of each state of cured accounts."""
GROUPS = ("ever_cured", "ever_re_defaulted", "cured", "re_defaulted", "charged_off")


def joined(frame: pd.DataFrame, columns: Sequence[str], ends: Sequence[int]) -> pd.DataFrame:
    """The frame with the months of `cured` joined up to each of `ends`."""

    def name(state: str) -> str:
        months = re.fullmatch(r"cured_(\d+)", state)
        return f"cured_{min(end for end in ends if int(months[1]) <= end)}" if months else state

    categories = frame[columns[0]].cat.categories
    kind = pd.CategoricalDtype(list(dict.fromkeys(map(name, categories))), ordered=True)
    return frame.assign(**{column: frame[column].astype(str).map(name).astype(kind) for column in columns})


def judged(portfolio: Portfolio, start: date, draws: int) -> pd.DataFrame:
    """Forecasts of each design as of `start`, with what happened."""
    p = CureParameters()
    first, last = shift_months(start, 1 - p.basis_months), shift_months(start, max(HORIZONS))
    cells = panel.chain.chain_cells(portfolio, p.rules, p.buckets, first, start)
    stock = panel.chain.chain_stock(portfolio, p.rules, p.buckets, start)
    fates = panel.fates.chain_fates(portfolio, p.rules, p.buckets, start, last)
    tables = []
    for name, ends in DESIGNS.items():
        happened = fates_by_group(joined(fates, ["state"], ends), by=None)
        steps, held = joined(cells, ["from_state", "to_state"], ends), joined(stock, ["state"], ends)
        table = backtest(held, steps, happened, start, months=max(HORIZONS), by=None, draws=draws)
        tables.append(table.assign(design=name))
    found = pd.concat(tables)
    ahead = {pd.Timestamp(shift_months(start, months)): months for months in HORIZONS}
    found = found.assign(ahead=found["month"].map(ahead), start=start)
    return found[(found["cohort"] == "stock") & found["group"].isin(GROUPS)].dropna(subset=["ahead"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--draws", type=int, default=400)
    chosen = parser.parse_args()
    began, tables = time.perf_counter(), []
    for seed in range(101, 101 + chosen.seeds):
        with tempfile.TemporaryDirectory() as folder:
            simulate(Path(folder) / "portfolio", chosen.accounts, months=72, end=END, seed=seed)
            portfolio = open_portfolio(Path(folder) / "portfolio")
            tables += [judged(portfolio, start, chosen.draws) for start in STARTS]
    text = report(pd.concat(tables), chosen.seeds, chosen.accounts, chosen.draws)
    RESULTS.write_text(text)
    print(text, f"{time.perf_counter() - began:.0f} s", sep="\n")


def report(found: pd.DataFrame, seeds: int, accounts: int, draws: int) -> str:
    """The table as Markdown."""
    lines = [
        "# Forecasts of the chain by how finely it tells the age of a cure",
        "",
        f"{seeds} simulated portfolios of {accounts:,} accounts, as of {len(STARTS)} month ends "
        f"({STARTS[0]:%Y-%m} to {STARTS[-1]:%Y-%m}), {draws} draws a forecast. Shares of the accounts in arrears.",
        "",
        "| months ahead | group | states of cured | foretold | happened | bias, points | coverage |",
        "|---:|---|---|---:|---:|---:|---:|",
    ]
    designs = pd.CategoricalDtype(list(DESIGNS), ordered=True)
    found = found.assign(design=found["design"].astype(designs), covered=found["covered"].astype(float))
    means = found.groupby(["ahead", "group", "design"], observed=True)[["share", "actual_share", "covered"]].mean()
    for (ahead, group, design), row in means.iterrows():
        bias = 100 * (row["share"] - row["actual_share"])
        numbers = f"{row['share']:.1%} | {row['actual_share']:.1%} | {bias:+.1f} | {row['covered']:.0%}"
        lines.append(f"| {ahead:.0f} | {group} | {design} | {numbers} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
