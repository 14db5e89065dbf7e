"""What is wrong with an experiment that can't be judged, told without naming anybody."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cases.experiments.balance import sample_ratio
from analysis.methods.cases.experiments.checks import PROBABILITY_NEAR, check_experiment
from analysis.methods.cases.experiments.design import Registered


class Fault(NamedTuple):
    """Why an experiment is not judged, and how many units or decisions it concerns, out of how many.

    kind: `few` (an arm has fewer units than may be shown), `odd_arm` (an arm that was not registered), `no_arm`
    (nothing was drawn into an arm), `not_drawn` (decisions without a draw), `probability` (drawn with another one
    than planned), `contaminated` (units in more than one arm), `ratio` (sizes that the planned shares don't
    explain), `early` (no primary outcome is known of enough units yet), `other` (what `check_experiment` or the
    effects refuse besides).
    """

    kind: str
    concerned: int
    of: int

    @property
    def waits(self) -> bool:
        """Whether time mends it: nothing is wrong but that there are too few."""
        return self.kind in ("few", "early")


def find_fault(frame: pd.DataFrame, registered: Registered, minimum: int = 10) -> Fault | None:
    """The first fault of an experiment's decisions, or None where the arms may be compared."""
    found = _in_arms(frame, registered, minimum) or _in_draw(frame, registered)
    if found is None:
        try:
            check_experiment(frame, registered)
        except InputError:
            return Fault("other", len(frame), len(frame))
    return found


def arm_counts(frame: pd.DataFrame, registered: Registered) -> pd.DataFrame:
    """Decisions, units and clusters by arm beside what was planned, whatever is wrong with them.

    Columns: experiment, arm, planned (share; missing for an arm not registered), units, expected, clusters,
    decisions, ratio_p (chance of sizes as unlikely or more under the planned shares; missing without units).
    """
    rows = []
    logged = frame[registered.arm_col].dropna().astype(str)
    for arm in [*registered.arms, *sorted(set(logged) - set(registered.arms))]:
        here = frame[frame[registered.arm_col] == arm]
        sizes = {"units": here[registered.unit].nunique(), "clusters": here[registered.cluster].nunique()}
        planned = registered.planned.get(arm, float("nan"))
        rows.append({"experiment": registered.experiment, "arm": arm, "planned": planned, "decisions": len(here)})
        rows[-1] |= sizes
    table = pd.DataFrame(rows)
    units = table.loc[table["planned"].notna(), "units"]
    sizes = {str(arm): int(size) for arm, size in zip(registered.arms, units, strict=True)}
    p = sample_ratio(sizes, registered.planned).p if units.sum() else float("nan")
    return table.assign(expected=table["planned"] * units.sum(), ratio_p=p)


def _in_arms(frame: pd.DataFrame, registered: Registered, minimum: int) -> Fault | None:
    """Arms that are empty, small, or not registered."""
    counts = frame.groupby(frame[registered.arm_col].astype(object).fillna("(missing)"))[registered.unit].nunique()
    odd = [arm for arm in counts.index if arm not in registered.arms]
    if odd:
        wrong = ~frame[registered.arm_col].isin(registered.arms)
        return Fault("odd_arm", int(wrong.sum()), len(frame))
    empty = [arm for arm in registered.arms if arm not in counts.index]
    if empty:
        return Fault("no_arm", len(empty), len(registered.arms))
    small = int((counts < minimum).sum())
    return Fault("few", small, len(counts)) if small else None


def _in_draw(frame: pd.DataFrame, registered: Registered) -> Fault | None:
    """Decisions not drawn, or drawn otherwise than planned, units in two arms, and sizes out of proportion."""
    if "randomised" in frame.columns and not frame["randomised"].all():
        return Fault("not_drawn", int((~frame["randomised"].astype(bool)).sum()), len(frame))
    if "probability" in frame.columns and frame["probability"].notna().any():
        planned = frame[registered.arm_col].map(registered.planned).astype(float)
        off = (frame["probability"].astype(float) - planned).abs() > PROBABILITY_NEAR
        if off.any():
            return Fault("probability", int(off.sum()), len(frame))
    groups = frame.groupby(registered.unit)[registered.arm_col]
    mixed = int((groups.nunique() > 1).sum())
    if mixed:
        return Fault("contaminated", mixed, groups.ngroups)
    sizes = frame.groupby(registered.arm_col)[registered.unit].nunique()
    ratio = sample_ratio({str(arm): int(size) for arm, size in sizes.items()}, registered.planned)
    return Fault("ratio", int(sizes.min()), int(sizes.sum())) if ratio.p < registered.ratio_alpha else None
