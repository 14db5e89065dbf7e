"""Comparisons as they could have been told on an earlier day."""

from __future__ import annotations

import pandas as pd
import pytest
from experiment_cases import CURED, NOTHING, PAID, decisions, registered

from analysis.methods.cases.experiments.design import Outcome
from analysis.methods.cases.experiments.earlier import clear_then, read_then
from analysis.methods.cases.experiments.effects import effects
from analysis.methods.cases.experiments.study import examined

STRONG = {"robot": NOTHING, "agent": (1.5, 1.5, 1.5)}
BESIDE = Outcome("paid", "money", "paid", primary=False)


@pytest.fixture(scope="module")
def logged():
    """A strong experiment and a worthless one, both judged on the same three outcomes."""
    frames = [decisions(700, 2, log_odds=STRONG), decisions(700, 3, log_odds=dict.fromkeys(STRONG, NOTHING))]
    named = [frame.assign(experiment=name) for frame, name in zip(frames, ("first", "second"), strict=True)]
    return pd.concat(named, ignore_index=True)


@pytest.fixture(scope="module")
def today(logged):
    asked = {name: registered(CURED, BESIDE, experiment=name) for name in ("first", "second")}
    return {name: examined(logged[logged["experiment"] == name], one) for name, one in asked.items()}


def read(logged, today):
    return read_then(logged, today, {}, replications=200)


def test_the_same_decisions_are_read_as_today_and_by_primary_outcomes_alone(logged, today):
    found = read(logged, today).set_index("experiment")
    assert found["outcome"].tolist() == ["cured", "cured"]
    plain = effects(logged[logged["experiment"] == "first"], today["first"].registered, 200)
    assert found.loc["first", "effect"] == plain["effect"].iloc[0]
    assert found["reading"].tolist() == ["better", "can't tell"]


def test_clear_comparisons_are_counted_over_the_same_ones(logged, today):
    now = read(logged, today)
    assert clear_then(now, now) == (1, ())
    assert clear_then(now[now["experiment"] == "second"], now) == (0, ())


def test_fewer_outcomes_known_then_make_less_clear(logged, today):
    few = pd.concat([rows.head(40) for _, rows in logged.groupby("experiment")])
    then = read(few, today)
    assert then["units"].max() < 40
    assert clear_then(read(logged, today), then).clear == 0


def test_an_experiment_that_had_not_begun_leaves_no_number_and_is_named(logged, today):
    now, then = read(logged, today), read(logged[logged["experiment"] == "first"], today)
    assert then["experiment"].tolist() == ["first"]
    assert clear_then(now, then) == (None, ("second",))
    assert clear_then(now, read(logged.head(0), today)) == (None, ("first", "second"))


def test_too_few_outcomes_known_then_are_not_taken_for_unclear(logged, today):
    late = logged.assign(cured=logged["cured"].mask((logged["experiment"] == "second") & (logged.index % 90 > 0)))
    assert clear_then(read(logged, today), read(late, today)) == (None, ("second",))


def test_what_is_broken_today_is_not_told_of_then(logged, today):
    asked = registered(CURED, PAID, experiment="second")
    broken = examined(logged[(logged["experiment"] == "second") & (logged["arm"] == "robot")], asked)
    assert broken.fault is not None
    assert set(read(logged, today | {"second": broken})["experiment"]) == {"first"}
