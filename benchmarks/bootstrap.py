"""Clustered bootstrap of a difference of mean payments: sums by cluster against resampling rows in pandas.

    python benchmarks/bootstrap.py [--accounts 1000000] [--replications 1000] [--timed 10]

The same accounts, customers and arms. In pandas, a replication draws customers with replacement and gathers their
rows (positions found once, beforehand), then takes the means by arm. Its time is that of a few replications,
scaled to all; its interval is compared on a smaller portfolio, where all replications are run both ways. Times are
the processor's, the best of three for sums, and include summing rows by cluster.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.statistics.bootstrap import Bootstrap, bootstrap, cluster_sums, limits_of

RESULTS = Path(__file__).parent / "results"
LEAST = 50.0


def portfolio(accounts: int, seed: int) -> pd.DataFrame:
    """Accounts of customers with 1.25 accounts on average; three in ten pay, skewed, alike within customers."""
    rng = np.random.default_rng(seed)
    customers = int(accounts * 0.8)
    customer = np.r_[np.arange(customers), rng.integers(0, customers, accounts - customers)]
    level = rng.standard_normal(customers)[customer]
    pays = 0.7 * level + 0.7 * rng.standard_normal(accounts) > 0.52
    amount = np.exp(7 + 0.8 * level + 0.9 * rng.standard_normal(accounts)).round(2)
    arm = np.where(rng.random(accounts) < 0.5, "agent", "robot")
    return pd.DataFrame({"customer": customer, "arm": arm, "paid": np.where(pays, amount, 0.0)})


def by_sums(frame: pd.DataFrame, replications: int, seed: int = 1) -> Bootstrap:
    """Difference of means by the bootstrap of sums."""
    agent = (frame["arm"] == "agent").to_numpy()
    paid = frame["paid"].to_numpy()
    columns = np.column_stack([paid * agent, agent, paid * ~agent, ~agent]).astype(float)
    sums = cluster_sums(frame["customer"].to_numpy(), columns)
    return bootstrap(sums, lambda s: s[..., 0] / s[..., 1] - s[..., 2] / s[..., 3], replications, seed)


def by_rows(frame: pd.DataFrame, replications: int, seed: int = 2) -> np.ndarray:
    """The same replications by gathering the rows of the customers drawn."""
    rng = np.random.default_rng(seed)
    ordered = frame.sort_values("customer", kind="stable", ignore_index=True)
    sizes = ordered["customer"].value_counts(sort=False).sort_index().to_numpy()
    starts, found = np.r_[0, np.cumsum(sizes)[:-1]], []
    for _ in range(replications):
        drawn = rng.integers(0, sizes.size, sizes.size)
        count = sizes[drawn]
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        means = ordered.iloc[np.repeat(starts[drawn], count) + offset].groupby("arm")["paid"].mean()
        found.append(means["agent"] - means["robot"])
    return np.array(found)


def speed(accounts: int, replications: int, timed: int) -> dict[str, float]:
    frame, times = portfolio(accounts, 1), []
    for _ in range(3):
        began = time.process_time()
        by_sums(frame, replications)
        times.append(time.process_time() - began)
    began = time.process_time()
    by_rows(frame, timed)
    rows = (time.process_time() - began) * replications / timed
    own = min(times)
    return {"accounts": accounts, "replications": replications, "sums_s": own, "rows_s": rows, "ratio": rows / own}


def agreement(accounts: int, replications: int) -> dict[str, float]:
    """Both ways in full: errors and limits, and how far chance moves each limit (in standard errors)."""
    frame = portfolio(accounts, 3)
    sums, rows = by_sums(frame, replications), by_rows(frame, replications)
    gathered = limits_of(sums.value, rows, frame["customer"].nunique())
    error = float(sums.error)
    # A quantile q has the Monte Carlo error √(q(1 − q) ÷ R) ÷ density; at 2.5% the normal density is 0.0584.
    chance = float(np.sqrt(0.025 * 0.975 / replications) / 0.0584 * np.sqrt(2))
    return {
        "accounts": accounts,
        "replications": replications,
        "error_ratio": error / float(gathered.error),
        "error_chance": float(1 / np.sqrt(replications)),
        "lower_apart": float(sums.lower - gathered.lower) / error,
        "upper_apart": float(sums.upper - gathered.upper) / error,
        "limit_chance": chance,
    }


def failures(fast: dict[str, float], same: dict[str, float]) -> list[str]:
    wrong = [] if fast["ratio"] >= LEAST else [f"only {fast['ratio']:.0f} times faster"]
    if abs(same["error_ratio"] - 1) > 3 * same["error_chance"]:
        wrong.append("standard errors differ")
    wrong += [name for name in ("lower_apart", "upper_apart") if abs(same[name]) > 3 * same["limit_chance"]]
    return wrong


def write(fast: dict[str, float], same: dict[str, float], timed: int) -> None:
    """The figures as benchmarks/results/bootstrap.json and .md."""
    RESULTS.mkdir(exist_ok=True)
    told = json.dumps({"speed": fast, "agreement": same}, indent=1) + "\n"
    (RESULTS / "bootstrap.json").write_text(told, encoding="utf-8")
    lines = ["# Clustered bootstrap: sums by cluster against rows in pandas", ""]
    lines += [
        f"{fast['accounts']:,} accounts, {fast['replications']:,} replications: {fast['ratio']:.0f} times faster "
        f"(processor time: sums {fast['sums_s']:.1f} s; rows {fast['rows_s']:.0f} s, "
        f"scaled from {timed} replications)."
    ]
    lines += [
        f"On {same['accounts']:,} accounts, {same['replications']:,} replications both ways: ratio of standard "
        f"errors {same['error_ratio']:.3f} (± {same['error_chance']:.3f} by chance), limits apart by "
        f"{same['lower_apart']:+.3f} and {same['upper_apart']:+.3f} standard errors "
        f"(± {same['limit_chance']:.3f} by chance)."
    ]
    (RESULTS / "bootstrap.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--timed", type=int, default=10, help="replications timed in pandas, scaled to all")
    options = parser.parse_args()
    fast = speed(options.accounts, options.replications, options.timed)
    same = agreement(max(options.accounts // 50, 2000), 2 * options.replications)
    write(fast, same, options.timed)
    print(json.dumps({"speed": fast, "agreement": same}, indent=1))
    wrong = failures(fast, same)
    print("all holds" if not wrong else f"fails: {', '.join(wrong)}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
