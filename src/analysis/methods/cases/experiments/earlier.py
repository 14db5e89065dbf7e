"""The registered comparisons as they could have been told on an earlier day, with today's definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from analysis.core.errors import InputError
from analysis.methods.cases.experiments.effects import BETTER, WORSE, effects
from analysis.methods.cases.experiments.readings import read_together
from analysis.methods.cases.experiments.study import Judged, examined, led

KEYS = ["experiment", "outcome", "arm"]


class Compared(NamedTuple):
    """How many comparisons were clear on the earlier day; None where `lacking` names experiments not told then."""

    clear: int | None
    lacking: tuple[str, ...]


def read_then(
    decisions: pd.DataFrame,
    judged: Mapping[str, Judged],
    relevant: Mapping[str, float | None],
    replications: int = 1000,
    seed: int = 0,
    minimum: int = 10,
) -> pd.DataFrame:
    """Primary outcomes of today's sound experiments, read together on what was known then; may be empty.

    `decisions` are panel.decisions_together of the portfolio as of then, `judged` the experiments as they stand
    today, `relevant` their smallest effects that matter. Columns as in read_together, without the adjusted
    effects. Arms, outcomes, checks and corrections for many comparisons are today's; only the decisions, and which
    of their outcomes are known, are those of then. An experiment that had a fault then has no rows.
    """
    sound = {name: one for name, one in judged.items() if one.fault is None}
    tables = [
        _primary(decisions[decisions["experiment"] == name], one, relevant.get(name), replications, seed, minimum)
        for name, one in sound.items()
    ]
    there = [table for table in tables if len(table)]
    level = next((one.registered.level for one in sound.values()), 0.95)
    return read_together(there, level) if there else pd.DataFrame()


def _primary(
    decisions: pd.DataFrame, today: Judged, relevant: float | None, replications: int, seed: int, minimum: int
) -> pd.DataFrame:
    """Lead measures of one experiment's primary outcomes then; none where it could not be judged."""
    decides = tuple(outcome for outcome in today.registered.outcomes if outcome.primary)
    then = examined(decisions, replace(today.registered, outcomes=decides), minimum)
    if then.fault is not None:
        return pd.DataFrame()
    try:
        table = led(effects(then.decisions, then.registered, replications, seed), then.registered, relevant)
    except InputError:
        return pd.DataFrame()
    return table[table["lead"]].reset_index(drop=True)


def clear_then(now: pd.DataFrame, then: pd.DataFrame) -> Compared:
    """How many of the comparisons shown `now` were clear `then`, both with KEYS and reading, a row a comparison.

    Only the same comparisons make the same count: where one of them could not be told then, because its
    experiment had not begun or too few outcomes were known, there is no number, and its experiment is named.
    """
    read = then[[*KEYS, "reading"]] if len(then) else pd.DataFrame(columns=[*KEYS, "reading"], dtype=object)
    both = now[KEYS].merge(read, on=KEYS, how="left", validate="1:1")
    lacking = tuple(dict.fromkeys(both.loc[both["reading"].isna(), "experiment"]))
    return Compared(None if lacking else int(both["reading"].isin([BETTER, WORSE]).sum()), lacking)
