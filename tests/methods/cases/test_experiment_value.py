"""Lifetime value beside the first payment: where judging by one payment misleads."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from experiment_cases import registered

from analysis.core.errors import InputError
from analysis.methods.cases.experiment_value import value_and_first_payment
from analysis.statistics.lifetime_value import COMPONENTS


def pressed(first: float, later: float, units: int = 300) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Agents bring `first` more in month 1, and cost `later` in re-default from month 18 on."""
    rng = np.random.default_rng(1)
    arm = np.where(np.arange(units) % 2 == 0, "robot", "agent")
    frame = pd.DataFrame({"treatment_id": range(units), "account_id": range(units), "customer": range(units)})
    frame = frame.assign(
        arm=arm, cured=0.0, first_payment=100 + first * (arm == "agent") + rng.normal(0, 20, units)
    )
    flows = frame[["treatment_id"]].merge(pd.DataFrame({"month": range(1, 25)}), how="cross")
    flows = flows.assign(**dict.fromkeys(COMPONENTS, 0.0))
    paid, agent = (flows["treatment_id"].map(frame[name]) for name in ("first_payment", "arm"))
    flows["cash_collected"] = paid.where(flows["month"] == 1, 0.0)
    flows["redefault_loss"] = np.where((agent == "agent") & (flows["month"] == 18), later, 0.0)
    return frame, flows


def test_what_pays_at_once_and_is_lost_later_is_shown_as_opposite():
    found = value_and_first_payment(*pressed(30, 90), registered(), annual_rate=0.06).set_index("horizon")
    assert found["reading"].to_dict() == {12: "agree", 24: "opposite"}
    assert found.loc[24, ["first_verdict", "value_verdict"]].tolist() == ["better", "worse"]
    by_hand = found.loc[12, "first_effect"] * 1.06 ** (-1 / 12) - 90 * 1.06**-1.5
    assert found.loc[24, "value_effect"] == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("first", "later", "reading"),
    [(0, 90, "value only"), (30, 32, "first payment only"), (30, 0, "agree"), (0, 0, "neither")],
)
def test_other_readings_are_named(first, later, reading):
    found = value_and_first_payment(*pressed(first, later), registered(), annual_rate=0.06)
    assert found["reading"].iloc[-1] == reading


def test_a_decision_without_flows_is_refused_by_count():
    frame, flows = pressed(30, 90)
    with pytest.raises(InputError, match=r"2 of 300 decisions have no flows \(for example 298\)"):
        value_and_first_payment(frame, flows[flows["treatment_id"] < 298], registered(), annual_rate=0.06)
