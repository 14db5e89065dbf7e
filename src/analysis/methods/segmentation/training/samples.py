"""Which accounts a model learns from and which it is judged on, parted by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.segmentation.training.features import informative, refuse_protected


@dataclass(frozen=True)
class Sample:
    """Accounts at month ends with known outcomes, for one event.

    learnt: what models are fitted to; judged: what they are held against. `later`: the judged accounts are of
    later month ends, and every outcome learnt from was known by the first of them. Otherwise the two are the same
    accounts, all of too short a time to part, and each customer must be predicted from the others. known: all of
    them, for the model that is put to use. features: names of those that vary in what is learnt from; flat: of
    those that don't.
    """

    event: str
    learnt: pd.DataFrame
    judged: pd.DataFrame
    known: pd.DataFrame
    later: bool
    features: list[str]
    flat: list[str]


def part_by_time(
    labelled: pd.DataFrame, event: str, features: Sequence[str], window: int, test_months: int
) -> Sample:
    """The latest `test_months` month ends with a known `event` to judge on, and what came long enough before.

    `labelled` has month (a month's end), `event` (0, 1 or missing where not known yet) and the features. What is
    learnt from lies `window` months or more before the first month judged, the window that the outcome takes to be
    known: so a model is judged as it would have done. Raises InputError where no outcome is known, and
    ParameterError for a protected attribute among the features.
    """
    refuse_protected(features)
    known = labelled[labelled[event].notna()].reset_index(drop=True)
    if known.empty:
        raise InputError(f"{event}: not known of any account yet; take an earlier window or a later period")
    number = month_numbers(known["month"])
    months = sorted(number.unique())[-test_months:]
    judged, learnt = known[number >= months[0]], known[number <= months[0] - window]
    later = len(learnt) > 0
    if not later:
        learnt = judged = known
    varying, flat = informative(learnt[list(features)])
    return Sample(
        event,
        learnt.reset_index(drop=True),
        judged.reset_index(drop=True),
        known,
        later,
        [str(name) for name in varying],
        flat,
    )


def month_numbers(months: pd.Series) -> pd.Series:
    """Months counted from the year 0, so that differences are months.

    >>> month_numbers(pd.Series(["2025-01-31", "2024-12-31"])).tolist()
    [24300, 24299]
    """
    dates = pd.to_datetime(months)
    return dates.dt.year * 12 + dates.dt.month - 1
