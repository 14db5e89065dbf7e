"""Warnings where a mixture over exits isn't identified, each naming its exit and cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.methods.cure.mixture.checks import TAIL_UNSEEN, TAIL_WITHOUT_PLATEAU, Coefficient, warn
from analysis.methods.cure.mixture.follow_up import FollowUp

LEAST_EVENTS = 5.0
"""Exits seen for each coefficient of an exit, below which its errors cannot be trusted (Vittinghoff and
McCulloch 2007, American Journal of Epidemiology 165)."""

SLOW = 0.2
"""Share of those open at the end of follow-up who are late, above which late is not told from never."""

PARTS = ("incidence", "latency", "baseline")


class Doubt(NamedTuple):
    """A coefficient of a class (an exit, or `never`) with the rows (n,) that took it."""

    exit: object
    coefficient: Coefficient
    took: npt.NDArray[np.bool_]

    @property
    def separates(self) -> bool:
        """Whether its column alone tells the rows of the exit from the others."""
        return self.coefficient.separates(self.took)

    def named(self) -> str:
        """The coefficient with its exit, for a message."""
        return f"{self.coefficient.name} of '{self.exit}'"


def warn_of_few_exits(events: Mapping[object, float], coefficients: Mapping[object, int]) -> None:
    """Exits that are seen too seldom for their coefficients."""
    few = [name for name, count in events.items() if count < LEAST_EVENTS * coefficients[name]]
    if few:
        found = "; ".join(f"'{name}' is seen {events[name]:g} times for {coefficients[name]}" for name in few)
        warn(
            f"too few exits for the coefficients: {found} (want {LEAST_EVENTS:g} for each). Merge it with another "
            "exit, or give the formulas fewer terms."
        )


def warn_of_exit_runaways(doubts: Sequence[Doubt]) -> None:
    """Coefficients that run to infinity, by cause: separation, or a class or a baseline at its border."""
    running = [doubt for doubt in doubts if doubt.coefficient.runs_away]
    apart = [doubt for doubt in running if doubt.separates]
    kinds = {part: [d for d in running if d.coefficient.part == part and not d.separates] for part in PARTS}
    told = {
        f"separation: {_names(apart)} runs to infinity, because some values have only rows with that exit or only "
        "rows without. Merge categories or leave it out.": apart,
        f"a class is at its border: {_names(kinds['incidence'])} of the incidence runs to infinity, so that for "
        "some rows its probability is none or all. Fit without the class, or merge it.": kinds["incidence"],
        f"{_names(kinds['latency'])} of the latency runs to infinity: some of its values have no such exits to "
        "time. Merge them.": kinds["latency"],
        f"the baseline runs to its border: {_names(kinds['baseline'])}. Another latency fits these times "
        "better.": kinds["baseline"],
    }
    text = " Also, ".join(message for message, found in told.items() if found)
    if text:
        warn(text)


def warn_of_unseen_tails(tails: Mapping[object, float], last: float) -> None:
    """Exits of which the model puts many after the longest follow-up; `tails` are their shares."""
    unseen = {name: tail for name, tail in tails.items() if tail >= TAIL_UNSEEN}
    if unseen:
        shares = ", ".join(f"{tail:.0%} of '{name}'" for name, tail in unseen.items())
        warn(
            f"follow-up too short: {shares} would come after the longest follow-up ({last:g}), where nobody was "
            "seen. The exit probabilities rest on the shape of the latency there; use longer follow-up, or the "
            "cumulative incidence up to a month."
        )


def warn_of_slow_never(never: float, slow: Mapping[object, float], follow_up: FollowUp) -> None:
    """A class `never` that is not told from a long wait.

    `never` is the mean probability of never exiting, `slow` of exiting after the longest follow-up, by exit.
    """
    late = sum(slow.values())
    share, longest = late / max(late + never, 1e-300), max(slow, key=lambda name: slow[name])
    if share >= SLOW:
        warn(
            f"the class `never` is not separated from the long tail of '{longest}': of those still open at "
            f"{follow_up.last_time:g} the model has {share:.0%} exit later. Use longer follow-up, a latency with "
            "a lighter tail, or never=False."
        )
    elif not follow_up.sufficient and follow_up.tail >= TAIL_WITHOUT_PLATEAU:
        warn(
            f"follow-up too short for a plateau: the last exit is at {follow_up.last_event:g} of "
            f"{follow_up.last_time:g} (Maller–Zhou test of insufficient follow-up, p = {follow_up.p_value:.2g}). "
            "Never exiting cannot be told from exiting later."
        )


def _names(doubts: Sequence[Doubt]) -> str:
    return ", ".join(doubt.named() for doubt in doubts)
