"""Warnings where a fitted model isn't identified, each naming its cause."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.core.errors import IdentificationWarning
from analysis.methods.cure.mixture.follow_up import FollowUp
from analysis.methods.cure.mixture.likelihood import Array

TAIL_WITHOUT_PLATEAU = 0.01
TAIL_UNSEEN = 0.05
RUNAWAY, RUNAWAY_ERROR = 12.0, 5.0
"""Effect over a covariate's range, and its standard error, past which a coefficient is on its way to infinity."""


def warn(message: str) -> None:
    """Warn the person who called `fit`."""
    warnings.warn(message, IdentificationWarning, stacklevel=5)


def warn_of_short_follow_up(follow_up: FollowUp) -> None:
    """Follow-up that ends before the plateau, or a latency tail that nobody was observed in."""
    tail, last = follow_up.tail, follow_up.last_time
    if not follow_up.sufficient and tail >= TAIL_WITHOUT_PLATEAU:
        warn(
            f"follow-up too short for a plateau: the last cure is at {follow_up.last_event:g} of {last:g} "
            f"(Maller–Zhou test of insufficient follow-up, p = {follow_up.p_value:.2g}). Never curing cannot be "
            "told from curing later; use longer follow-up or the cumulative incidence up to a month."
        )
    if tail >= TAIL_UNSEEN:
        warn(
            f"the latency tail is never seen: {tail:.0%} of all cures would come after the longest follow-up "
            f"({last:g}). The never-cure fraction rests on the shape of the latency there, not on data."
        )


class Coefficient(NamedTuple):
    """A fitted coefficient and the column (n,) it belongs to; None for an intercept or a baseline parameter."""

    part: str
    name: str
    value: float
    error: float
    column: Array | None

    @property
    def runs_away(self) -> bool:
        """On its way to infinity: a huge effect over the covariate's range, with a huge error."""
        span = 1.0 if self.column is None else float(np.ptp(self.column))
        return abs(self.value) * span > RUNAWAY and self.error * span > RUNAWAY_ERROR

    def separates(self, cured: npt.NDArray[np.bool_]) -> bool:
        """Whether its column alone tells rows with the event from the others (quasi-complete separation)."""
        if self.column is None or cured.all():
            return False
        yes, no = self.column[cured], self.column[~cured]
        return bool(yes.max() <= no.min() or no.max() <= yes.min())


def separate_together(running: Sequence[Coefficient], cured: npt.NDArray[np.bool_]) -> list[Coefficient]:
    """The covariates among `running` whose sum, by their coefficients, separates; none where it doesn't."""
    parts = [c for c in running if c.column is not None]
    if len(parts) < 2:
        return []
    total = np.sum([c.value * c.column for c in parts if c.column is not None], axis=0)
    return parts if Coefficient("incidence", "", 1.0, 0.0, total).separates(cured) else []


def warn_of_runaways(coefficients: Sequence[Coefficient], cured: npt.NDArray[np.bool_]) -> None:
    """Coefficients that run to infinity, by cause: separation, no plateau, or a baseline at its border."""
    running = [c for c in coefficients if c.runs_away]
    apart = [c for c in running if c.separates(cured)]
    if apart:
        names = ", ".join(f"{c.name} ({c.part})" for c in apart)
        warn(
            f"separation: {names} runs to infinity, because some of its values have only rows with the event or "
            "only rows without. Merge categories or leave it out."
        )
    jointly = separate_together([c for c in running if c.part == "incidence" and c not in apart], cured)
    if jointly:
        names = ", ".join(c.name for c in jointly)
        warn(
            f"separation: {names} (incidence) run to infinity, because together they tell all rows with the event "
            "from all rows without. Leave out what is only known by the outcome, or coarsen it."
        )
    border = [c for c in running if c.part == "incidence" and c not in (*apart, *jointly)]
    if border and not jointly and not any(c.part == "incidence" for c in apart):
        names = ", ".join(c.name for c in border)
        warn(
            f"the never-cure fraction is at its border: {names} of the incidence run{'s' * (len(border) == 1)} to "
            "infinity, so that for some rows all or none will cure. This latency explains the data "
            "without a plateau; intervals mean nothing."
        )
    names = ", ".join(c.name for c in running if c.part == "latency" and c not in apart)
    if names:
        warn(f"{names} of the latency runs to infinity: some of its values have no events to time. Merge them.")
    names = ", ".join(c.name for c in running if c.part == "baseline")
    if names:
        warn(f"the baseline runs to its border: {names}. Another latency fits these times better.")


def warn_of_no_convergence(steps: int) -> None:
    """The search stopped before the likelihood was at its top."""
    warn(
        f"the likelihood did not settle in {steps} steps: it is flat or has a ridge. Look for covariates that "
        "nearly separate the outcomes, too short follow-up, or more baseline pieces than events support."
    )
