"""Whether an experiment's decisions can bear a comparison at all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cases.experiments.balance import require_sample_ratio
from analysis.methods.cases.experiments.design import Outcome, Registered

PROBABILITY_NEAR = 1e-3
"""Rounding allowed between the recorded probability of an arm and its planned share."""


def check_experiment(frame: pd.DataFrame, registered: Registered) -> pd.DataFrame:
    """Units, clusters and missing outcomes by arm; stops where the comparison would not be one.

    `frame` has one row a decision. Columns: arm, planned (share), units, clusters, decisions, then
    missing_<outcome> (share of decisions whose outcome can't be told; where it differs between arms, what is left
    is selected).

    Raises InputError, with the numbers, for absent columns, decisions without an arm or with one that is not
    registered, arms that nothing was drawn into, decisions not drawn by chance (column `randomised`) or by other
    probabilities (column `probability`) than the planned shares, units in more than one arm (contaminated), units
    split over clusters, and numbers of units that the planned shares don't explain (p < `ratio_alpha`).
    """
    _refuse_columns(frame, registered)
    _refuse_arms(frame, registered)
    _refuse_draw(frame, registered)
    _refuse_contaminated(frame, registered)
    units = frame.groupby(registered.arm_col, observed=True)[registered.unit].nunique()
    sizes = {str(arm): int(size) for arm, size in units.items()}
    require_sample_ratio(sizes, registered.planned, registered.ratio_alpha, registered.experiment)
    rows = [_arm(frame[frame[registered.arm_col] == arm], registered, arm) for arm in registered.arms]
    return pd.DataFrame(rows)


def overlapping(experiments: Mapping[str, pd.DataFrame], horizon: int, unit: str = "account_id") -> pd.DataFrame:
    """Pairs of experiments that worked on the same units within `horizon` months of each other.

    Each frame has `unit` and decided_at. Columns: first, second, units (in both, within the horizon), share (of
    the smaller experiment's units). An independent draw in the second leaves the first unbiased, but what it then
    measures is an average over the second's arms.
    """
    names, rows = sorted(experiments), []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            one, other = (experiments[name][[unit, "decided_at"]] for name in (first, second))
            both = one.merge(other, on=unit, suffixes=("_a", "_b"))
            apart = (both["decided_at_a"] - both["decided_at_b"]).abs()
            met = both.loc[apart < pd.Timedelta(days=30.4375 * horizon), unit].nunique()
            least = min(one[unit].nunique(), other[unit].nunique())
            rows.append((first, second, met, met / least if least else np.nan))
    return pd.DataFrame(rows, columns=["first", "second", "units", "share"])


def refuse_overlapping(found: pd.DataFrame, most: float = 0.0) -> None:
    """Raise InputError where more than the share `most` of an experiment's units were in another at once."""
    wrong = found[found["share"] > most]
    if len(wrong):
        told = "; ".join(
            f"{row.first} and {row.second} share {row.units:,} units ({row.share:.1%} of the smaller)"
            for row in wrong.itertuples()
        )
        raise InputError(
            f"experiments overlap: {told}. Leave those units out of both, or allow the share and say that each "
            "effect is an average over the other's arms"
        )


def observed(frame: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Decisions whose outcome is known; raises InputError where values can't be of its kind."""
    known = frame[frame[list(outcome.columns)].notna().all(axis=1)]
    values = known[outcome.column]
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        raise InputError(f"outcome '{outcome.name}': column '{outcome.column}' holds {values.dtype}, not numbers")
    numbers = values.to_numpy(dtype=float)
    wrong = ~np.isfinite(numbers)
    allowed = "finite numbers"
    if outcome.kind == "binary":
        wrong, allowed = wrong | ~np.isin(numbers, (0.0, 1.0)), "0 and 1"
    if outcome.kind == "time":
        wrong, allowed = wrong | (numbers < 0) | (numbers % 1 != 0), "whole months from 0 on"
    if wrong.any():
        raise InputError(
            f"outcome '{outcome.name}' is {outcome.kind}: column '{outcome.column}' holds {numbers[wrong][0]:g} "
            f"and the like in {int(wrong.sum()):,} of {len(known):,} decisions; allowed are {allowed}"
        )
    return known


def _arm(rows: pd.DataFrame, registered: Registered, arm: str) -> dict[str, object]:
    missing = {
        f"missing_{outcome.name}": float(rows[list(outcome.columns)].isna().any(axis=1).mean())
        for outcome in registered.outcomes
    }
    return {
        "arm": arm,
        "planned": registered.planned[arm],
        "units": rows[registered.unit].nunique(),
        "clusters": rows[registered.cluster].nunique(),
        "decisions": len(rows),
        **missing,
    }


def _refuse_columns(frame: pd.DataFrame, registered: Registered) -> None:
    outcomes = [name for outcome in registered.outcomes for name in outcome.columns]
    needed = dict.fromkeys([registered.arm_col, registered.unit, registered.cluster, *outcomes])
    absent = [name for name in needed if name not in frame.columns]
    if absent:
        raise InputError(
            f"experiment '{registered.experiment}': the decisions have no column {', '.join(absent)}; they have "
            f"{', '.join(map(str, frame.columns))}"
        )
    gaps = frame[[registered.unit, registered.cluster]].isna().sum()
    if gaps.any():
        told = ", ".join(f"{name} in {int(rows):,}" for name, rows in gaps.items() if rows)
        raise InputError(f"experiment '{registered.experiment}': missing {told} of {len(frame):,} decisions")


def _refuse_arms(frame: pd.DataFrame, registered: Registered) -> None:
    counts = frame[registered.arm_col].astype(object).fillna("(missing)").value_counts()
    odd = {arm: rows for arm, rows in counts.items() if arm not in registered.arms}
    if odd:
        told = ", ".join(f"'{arm}' ({rows:,} decisions)" for arm, rows in odd.items())
        raise InputError(
            f"experiment '{registered.experiment}': arms that are not registered: {told}; registered are "
            f"{', '.join(registered.arms)}"
        )
    empty = [arm for arm in registered.arms if arm not in counts.index]
    if empty:
        raise InputError(f"experiment '{registered.experiment}': nothing was drawn into {', '.join(empty)}")


def _refuse_draw(frame: pd.DataFrame, registered: Registered) -> None:
    """Arms must have been drawn, and by the same probabilities for all, for their plain means to compare."""
    name = registered.experiment
    if "randomised" in frame.columns and not frame["randomised"].all():
        wrong = int((~frame["randomised"].astype(bool)).sum())
        raise InputError(
            f"experiment '{name}': {wrong:,} of {len(frame):,} decisions were not drawn at random; arms chosen by "
            "rule or by hand compare different accounts. Use a design without randomisation for them"
        )
    if "probability" not in frame.columns or not frame["probability"].notna().any():
        return
    planned = frame[registered.arm_col].map(registered.planned).astype(float)
    off = (frame["probability"].astype(float) - planned).abs() > PROBABILITY_NEAR
    if off.any():
        row = frame[off].iloc[0]
        raise InputError(
            f"experiment '{name}': {int(off.sum()):,} of {len(frame):,} decisions were drawn with another "
            f"probability than planned, for example {row[registered.arm_col]} with {row['probability']:.3g}, "
            f"planned {registered.planned[row[registered.arm_col]]:.3g}. Register the shares that were used; "
            "where they differ between accounts, weigh by them (off-policy value, effects of a decision log)"
        )


def _refuse_contaminated(frame: pd.DataFrame, registered: Registered) -> None:
    name, groups = registered.experiment, frame.groupby(registered.unit)
    arms = groups[registered.arm_col].nunique()
    mixed = arms.index[arms > 1]
    if len(mixed):
        raise InputError(
            f"experiment '{name}': {len(mixed):,} of {len(arms):,} units ({registered.unit}) are in more than one "
            f"arm, for example {mixed[0]}. Leave them out only if chance put them there; otherwise the arms are "
            "contaminated and their difference means nothing"
        )
    clusters = groups[registered.cluster].nunique()
    split = clusters.index[clusters > 1]
    if len(split):
        raise InputError(
            f"experiment '{name}': {len(split):,} of {len(clusters):,} units ({registered.unit}) lie in more than "
            f"one cluster ({registered.cluster}), for example {split[0]}; a cluster holds whole units"
        )
