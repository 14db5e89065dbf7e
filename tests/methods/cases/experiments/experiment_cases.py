"""Registrations and small frames of decisions that tests of experiments share."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.methods.cases.experiments.design import Outcome, Registered
from analysis.methods.cases.experiments.draws import MONTHS, ExperimentTruth, draw_experiment

CURED = Outcome("cured", "binary", "cured")
PAID = Outcome("paid", "money", "paid")
TIME = Outcome("time", "time", "duration")
NOTHING = (0.0, 0.0, 0.0)


def registered(*outcomes: Outcome, **changes: object) -> Registered:
    """Robot against agent, accounts drawn by halves, clustered by customer."""
    plain = Registered("trial", ("robot", "agent"), "robot", outcomes or (CURED,), MONTHS)
    return replace(plain, **changes)


def decisions(customers: int = 300, seed: int = 1, **truth: object) -> pd.DataFrame:
    """Decisions of a drawn experiment."""
    return draw_experiment(ExperimentTruth(**truth), customers, seed).decisions


def counted(cured: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """A decision a customer: of each arm so many cured of so many."""
    rows = [(arm, float(i < events)) for arm, (events, size) in cured.items() for i in range(size)]
    frame = pd.DataFrame(rows, columns=["arm", "cured"])
    return frame.assign(account_id=range(len(frame)), customer=range(len(frame)))
