"""Warnings where a fitted model isn't identified, each naming its cause."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from analysis.methods.cure.follow_up import FollowUp
from analysis.methods.cure.likelihood import Array

TAIL_WITHOUT_PLATEAU = 0.01
TAIL_UNSEEN = 0.05
RUNAWAY, RUNAWAY_ERROR = 12.0, 5.0
"""Effect over a covariate's range, and its standard error, past which a coefficient is on its way to infinity."""


class IdentificationWarning(UserWarning):
    """The data do not pin the model down; the message names the cause and what to do."""


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


def warn_of_runaways(
    index: Sequence[tuple[str, str]], theta: Array, error: Array, spans: Array, intercept: float
) -> None:
    """Coefficients that run to infinity. `spans` are the ranges of the covariates (1 for baseline parameters)."""
    running = (np.abs(theta) * spans > RUNAWAY) & (error * spans > RUNAWAY_ERROR)
    named = [pair for pair, lost in zip(index, running, strict=True) if lost]
    if ("incidence", "Intercept") in named:
        everyone = "will cure in the end" if intercept > 0 else "can never cure, those who cured apart"
        warn(
            f"the never-cure fraction is at its border: the fit says that everyone {everyone} (at covariates "
            "zero). The data show no plateau that this latency cannot explain; intervals are meaningless."
        )
    for part in ("incidence", "latency"):
        names = [name for where, name in named if where == part and name != "Intercept"]
        if names:
            warn(
                f"separation in the {part}: {', '.join(names)} runs to infinity, as some of its values have "
                "only rows of one outcome. Merge categories or leave it out."
            )
    names = [name for where, name in named if where == "baseline" and error[index.index((where, name))] > 20]
    if names:
        warn(f"the baseline runs to its border: {', '.join(names)}. Another latency fits these times better.")


def warn_of_no_convergence(steps: int) -> None:
    """The search stopped before the likelihood was at its top."""
    warn(
        f"the likelihood did not settle in {steps} steps: it is flat or has a ridge. Look for covariates that "
        "nearly separate the outcomes, too short follow-up, or more baseline pieces than events support."
    )
