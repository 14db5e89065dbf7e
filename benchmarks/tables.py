"""Tables that several benchmarks print alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

STREAM_HEAD = [
    "| rows | contender | wall s | processor s | peak MB | wall ÷ stream | processor ÷ stream |",
    "|---:|---|---:|---:|---:|---:|---:|",
]


def beside_the_stream(rows: int, contenders: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A row a contender, with its ratios to reading the columns (`stream`), below STREAM_HEAD."""
    base = contenders["stream"]
    lines = []
    for name, took in contenders.items():
        ratios = f"{took['wall'] / base['wall']:.1f} | {took['processor'] / base['processor']:.1f}"
        numbers = f"{took['wall']:.1f} | {took['processor']:.1f} | {took['peak_mb']:.0f}"
        lines.append(f"| {rows:,} | {name} | {numbers} | {ratios} |")
    return lines


def coverage_of(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Truth, mean bias and share of data sets whose interval covers the truth, by quantity."""
    hits = sum(((t.lower <= t.truth) & (t.truth <= t.upper)).astype(int) for t in tables)
    bias = sum(t.estimate - t.truth for t in tables) / len(tables)
    return pd.DataFrame({"truth": tables[0].truth, "bias": bias, "coverage": hits / len(tables)})


def coverage_sections(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """A section a model: quantity, truth, bias, coverage."""
    lines: list[str] = []
    for name, table in tables.items():
        low, high = table.coverage.min(), table.coverage.max()
        lines += ["", f"## {name}: {low:.1%} to {high:.1%}", "", "| quantity | truth | bias | coverage |"]
        lines += ["|---|---:|---:|---:|"]
        for key, row in zip(table.index, table.itertuples(), strict=True):
            lines += [f"| {', '.join(key)} | {row.truth:.3f} | {row.bias:+.4f} | {row.coverage:.1%} |"]
    return lines
