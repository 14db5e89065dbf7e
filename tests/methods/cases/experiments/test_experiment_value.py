"""Lifetime value beside the first payment: where judging by one payment misleads."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from experiment_cases import registered

from analysis.core.errors import InputError
from analysis.core.parameters.cases_value import Losses, Value
from analysis.methods.cases.experiments.value import value_and_first_payment, value_of_all
from analysis.methods.cases.experiments.value_alternatives import changes, under_alternatives, with_losses
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


def lost_again(share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Agents bring 30 more in month 1, and 100 of their balances fall back in month 6, `share` for good."""
    frame, flows = pressed(30, 0)
    agent = flows["treatment_id"].map(frame["arm"]) == "agent"
    lost = 100.0 * (agent & (flows["month"] == 6))
    return frame, with_losses(
        flows.assign(lost_again=lost, never_returned=0.0, followed=24),
        Losses(loss_given_redefault=share, loss_never_returned=1.0),
    )


def test_a_verdict_that_hangs_on_the_loss_assumed_is_counted_as_changed():
    severe, same = (Losses(loss_given_redefault=x, loss_never_returned=1.0) for x in (0.6, 0.05))
    value = Value(loss_given_redefault=0.0, alternatives=(severe, same))
    frame, flows = lost_again(0.0)
    studies = [(frame, registered())]
    worth = value_of_all(studies, flows, value, 300)
    table = under_alternatives(worth, studies, flows, value, 300)
    assert table.loc[table["assumed"], "value_effect"].tolist() == worth["value_effect"].tolist()
    told = changes(table).set_index("loss_given_redefault")
    assert told.loc[0.6, ["comparisons", "better", "worse", "turned"]].tolist() == [2, 0, 2, 2]
    assert told.loc[[0.0, 0.05], "turned"].tolist() == [0, 0]
    by_hand = table.loc[table["assumed"], "value_effect"].to_numpy() - 60 * 1.06**-0.5
    assert table.loc[table["loss_given_redefault"] == 0.6, "value_effect"].to_numpy() == pytest.approx(by_hand)


def test_what_is_assumed_is_no_alternative_to_itself():
    value = Value(alternatives=(Losses(loss_given_redefault=0.3, loss_never_returned=1.0),))
    frame, flows = lost_again(0.3)
    worth = value_of_all([(frame, registered())], flows, value, 300)
    assert under_alternatives(worth, [(frame, registered())], flows, value, 300)["assumed"].all()


def test_flows_without_the_balances_lost_cannot_be_given_other_losses():
    with pytest.raises(
        InputError, match=r"no column lost_again, never_returned; take them from panel\.decision_flows"
    ):
        with_losses(pressed(30, 90)[1], Value())
