"""Stages of IFRS 9, and moves between them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.stress.credit.staging import StagingRules, stages


def account(**changes: object) -> pd.DataFrame:
    return pd.DataFrame([{"days_past_due": 0, "pd_now": 0.02, "pd_opening": 0.02} | changes])


@pytest.mark.parametrize(
    ("changes", "stage", "reason"),
    [
        ({}, 1, "performing"),
        ({"pd_now": 0.04}, 2, "pd_rise"),
        ({"pd_now": 0.0399}, 1, "performing"),
        ({"days_past_due": 29}, 1, "performing"),
        ({"days_past_due": 30}, 2, "backstop"),
        ({"days_past_due": 89, "pd_now": 0.5}, 2, "backstop"),
        ({"days_past_due": 90}, 3, "default"),
        ({"impaired": True}, 3, "default"),
        ({"forborne": True}, 2, "forborne"),
        ({"forborne": None}, 1, "performing"),
        ({"pd_opening": 0.0}, 2, "pd_rise"),
        ({"pd_now": 0.0, "pd_opening": 0.0}, 1, "performing"),
        ({"pd_now": 0.9, "pd_opening": np.nan}, 1, "performing"),
    ],
)
def test_stage_and_reason(changes: dict[str, object], stage: int, reason: str) -> None:
    found = stages(account(**changes)).iloc[0]
    assert (found.stage, found.reason) == (stage, reason)


def test_the_letter_of_the_standard_is_a_day_later_than_the_bucket() -> None:
    rules = StagingRules(stage_2_days=31)
    assert [stages(account(days_past_due=d), rules).stage.iloc[0] for d in (30, 31)] == [1, 2]


def test_small_rises_and_low_risk_can_be_left_in_stage_one() -> None:
    tiny = account(pd_now=0.0003, pd_opening=0.0001)
    assert stages(tiny).stage.iloc[0] == 2
    assert stages(tiny, StagingRules(least_rise=0.001)).stage.iloc[0] == 1
    assert stages(tiny, StagingRules(low_risk_pd=0.001)).stage.iloc[0] == 1
    late = tiny.assign(days_past_due=45)
    assert stages(late, StagingRules(low_risk_pd=0.001)).stage.iloc[0] == 2


def test_backstop_stages_equal_an_independent_implementation() -> None:
    staging = pytest.importorskip("creditriskengine.ecl.ifrs9.staging")
    sicr = pytest.importorskip("creditriskengine.ecl.ifrs9.sicr")
    for days in (0, 30, 31, 89, 90, 200):
        for now in (0.01, 0.021, 0.3):
            mine = stages(account(days_past_due=days, pd_now=now, pd_opening=0.01), StagingRules(stage_2_days=31))
            # Theirs also takes a rise of 0.5 points as significant, and an exact doubling as none.
            risen = sicr.assess_sicr(now, 0.01, days, absolute_threshold=1.0)
            theirs = staging.assign_stage(days, is_defaulted=days >= 90, sicr_triggered=risen)
            assert mine.stage.iloc[0] == int(theirs.value)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 200), st.floats(0, 1), st.floats(0, 1), st.integers(0, 100), st.floats(0, 1))
def test_a_stage_never_falls_as_an_account_gets_worse(
    days: int, now: float, then: float, more: int, higher: float
) -> None:
    better = stages(account(days_past_due=days, pd_now=now, pd_opening=then)).stage.iloc[0]
    worse = account(days_past_due=days + more, pd_now=max(now, higher), pd_opening=then)
    assert stages(worse).stage.iloc[0] >= better


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"days_past_due": -1}, "days_past_due is missing or below 0"),
        ({"pd_now": 2.0}, "pd_now is missing or outside 0 to 1 .* pass fractions"),
        ({"pd_opening": 2.0}, "leave it empty where unknown"),
    ],
)
def test_values_that_cannot_be_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        stages(account(**changes))


def test_columns_and_rules_that_cannot_be_are_named() -> None:
    with pytest.raises(InputError, match="pd_opening missing"):
        stages(account().drop(columns="pd_opening"))
    with pytest.raises(ParameterError, match="relative_rise is 1; it must exceed 1"):
        StagingRules(relative_rise=1)
    with pytest.raises(ParameterError, match="stage_2_days is 90 and stage_3_days 90"):
        StagingRules(stage_2_days=90)
    with pytest.raises(ParameterError, match="low_risk_pd is 3"):
        StagingRules(low_risk_pd=3)
