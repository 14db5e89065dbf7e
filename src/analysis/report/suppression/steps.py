"""Suppression of funnels, in which the count that one step ends with is what the next is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.report.suppression.marks import blanked
from analysis.report.suppression.nested import suppress_nested

Steps = Mapping[str, tuple[str, str]]


def withhold_counts(
    counts: pd.DataFrame, steps: Steps, groups: Sequence[str], minimum: int = 10, minimum_events: int = 3
) -> pd.DataFrame:
    """The counts of a funnel, missing where they, or their difference from others, would tell of a few attempts.

    `counts` has a row for each of `groups`, with the counts that `steps` name: step → (numerator, denominator), in
    order, each numerator counted among the attempts before it. A denominator that is not the numerator before it
    is itself held against that. Sums over groups are taken to be known. See `suppress_nested`.
    """
    pairs = _pairs(steps)
    long = pd.concat(
        [
            counts[list(groups)].assign(measure=top, numerator=counts[top], denominator=counts[bottom])
            for top, bottom in pairs
        ],
        ignore_index=True,
    )
    chain = [top for top, _ in pairs]
    found = suppress_nested(long, groups=groups, chains=[chain], minimum=minimum, minimum_events=minimum_events)
    out = counts.copy()
    for top in chain:
        hidden = found.loc[(found["measure"] == top).to_numpy(), "suppressed"].to_numpy()
        out[top] = out[top].astype(float).mask(hidden)
    return out


def suppress_steps(
    rates: pd.DataFrame, shown: pd.DataFrame, steps: Steps, groups: Sequence[str], minimum: int = 10
) -> pd.DataFrame:
    """Suppress a funnel's rates: a step of which either count is withheld.

    `rates` has `groups`, step, numerator, denominator and rates; `shown` is what `withhold_counts` returns. Adds
    `suppressed` and `suppressed_because` ("small_cell" where it is held against fewer than `minimum`, else
    "few_events") and blanks counts and rates.
    """
    keys = list(groups)
    parts = [
        shown[keys].assign(step=step, suppressed=shown[list(pair)].isna().any(axis=1))
        for step, pair in steps.items()
    ]
    found = rates[[*keys, "step"]].merge(pd.concat(parts), on=[*keys, "step"], how="left", validate="one_to_one")
    hidden = found["suppressed"].to_numpy(bool)
    size = rates["denominator"].to_numpy(float)
    because = pd.Series("few_events", index=rates.index).mask((size > 0) & (size < minimum), "small_cell")
    columns = [c for c in rates.select_dtypes("number").columns if c not in (*keys, "step_order")]
    return blanked(rates, hidden, because.where(hidden, "").to_numpy(object), columns)


def _pairs(steps: Steps) -> list[tuple[str, str]]:
    """Numerator and denominator of each step, with a step between where they do not follow on each other."""
    pairs: list[tuple[str, str]] = []
    for top, bottom in steps.values():
        if pairs and bottom != pairs[-1][0]:
            pairs.append((bottom, pairs[-1][0]))
        pairs.append((top, bottom))
    return pairs
