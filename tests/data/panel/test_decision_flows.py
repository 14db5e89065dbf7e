"""Money flows after a decision, worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from contact_portfolio import account, contact, day, make_portfolio, path

from analysis.core.errors import InputError, ParameterError
from analysis.core.parameters.cases import Value
from analysis.data.panel.decision_flows import decision_flows
from analysis.data.panel.decision_flows_phases import account_flows
from analysis.data.panel.decisions import decisions, decisions_together

VALUE = Value(cost_of_funds=0.12, loss_given_redefault=0.5)
PRICES = {"agent_call": 4.0, "sms": 0.5}


def months(*states, balance=1200.0, paid=100.0, due=100.0, rate=0.24):
    """One account from the month before the decision on: days past due while open, or a status."""
    rows = [
        {
            "row": 0,
            "k": k,
            "status": state if isinstance(state, str) else "open",
            "days": 0.0 if isinstance(state, str) else float(state),
            "balance": 0.0 if state in ("paid_off", "sold") else balance,
            "paid": paid,
            "due": due,
            "rate": rate,
        }
        for k, state in enumerate(states)
    ]
    return pd.DataFrame(rows)


def flows(*states, **values):
    return account_flows(months(*states, **values), VALUE).set_index("month")


def test_what_is_paid_in_arrears_is_cash_and_what_is_paid_after_is_not():
    found = flows(0, 20, 0, 0, 0)
    assert found["cash_collected"].tolist() == [100.0, 100.0, 0.0, 0.0]


def test_a_performing_account_earns_interest_on_the_balance_it_began_the_month_with():
    found = flows(0, 20, 0, 0, 5, 0)
    # Month 4 ends five days past due, so month 5 does not begin sound.
    assert found["margin"].round(6).tolist() == [0.0, 0.0, 24.0, 24.0, 0.0]


def test_cash_is_at_most_one_instalment_more_than_the_account_was_behind():
    found = flows(0, 20, 50, 0, paid=1000.0)
    assert found["cash_collected"].tolist() == [100.0, 200.0, 300.0]
    assert flows(0, 20, 50, 0, paid=1000.0, due=float("nan"))["cash_collected"].tolist() == [1000.0] * 3


def test_a_redefault_within_twelve_months_loses_its_share_and_ends_the_account():
    found = flows(0, 20, 0, 0, 35, 65, "charged_off")
    assert found["redefault_loss"].tolist() == [0, 0, 0, 600.0, 0, 0]
    assert (found.loc[5:, ["cash_collected", "margin", "funding_cost"]] == 0).all(axis=None)
    assert (found["closed"] == 4).all()


def test_a_default_later_than_that_is_a_new_one_and_ends_the_account_without_a_loss():
    found = flows(20, *[0] * 13, 35, 65)
    assert found["redefault_loss"].sum() == 0 and found.loc[15, "margin"] == 0
    assert found.loc[13, "margin"] == 24.0


def test_an_account_written_off_without_a_return_loses_its_balance_and_its_recoveries_count():
    found = flows(20, 50, 80, "charged_off", "charged_off")
    assert found["redefault_loss"].tolist() == [0, 0, 1200.0, 0]
    assert found["cash_collected"].tolist() == [100.0] * 4
    # Carried as open at the start of months 1 to 3, not after charge-off.
    assert found["funding_cost"].tolist() == [12.0, 12.0, 12.0, 0.0]


def test_other_losses_take_other_shares_of_the_same_balances():
    back, never = (20, 0, 0, 35, "charged_off"), (20, 50, 80, "charged_off")
    milder = VALUE.model_copy(update={"loss_given_redefault": 0.1, "loss_never_returned": 0.25})
    for states, share in ((back, 0.1), (never, 0.25)):
        found = account_flows(months(*states), milder)
        assert found["redefault_loss"].sum() == pytest.approx(share * 1200)
        assert found["lost_again"].sum() == (1200 if states is back else 0)
        assert found["never_returned"].sum() == (0 if states is back else 1200)


def test_a_claim_sold_while_open_loses_the_balance_it_had_before():
    assert flows(20, 50, "sold")["redefault_loss"].tolist() == [0, 1200.0]


def test_paying_off_is_a_return_and_returns_no_principal_as_cash():
    found = flows(20, 50, "paid_off", paid=5000.0)
    assert found["cash_collected"].tolist() == [200.0, 300.0] and found["redefault_loss"].sum() == 0


def treatment(name, who, at, **values):
    row = {"treatment_id": name, "account_id": who, "decided_at": day(at), "treatment": "robot", "arm": "robot"}
    row |= {"experiment_id": "calls", "unit": "account", "randomised": True, "probability": 0.5, "cost": 2.0}
    return row | values


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory):
    states = {"back": [0, 20, 51, 0, 0, 0, 0, 0], "gone": [0, 20, 51, "paid_off"], "stopped": [0, 20, 51, 82]}
    none = {"experiment_id": None, "arm": None, "unit": None, "randomised": None}
    tables = {
        "treatments": [
            treatment("T1", "back", "2024-03-10"),
            treatment("T2", "gone", "2024-03-10"),
            treatment("T3", "stopped", "2024-03-10", experiment_id="other"),
            treatment("T4", "back", "2024-07-10", experiment_id="other", arm="agent"),
            treatment("V1", "back", "2024-04-20", treatment="extension", cost=7.0, forgiven=50.0, **none),
            treatment("V2", "back", "2024-05-02", treatment="agent", **none),
        ],
        "contacts": [
            contact("gone", "2024-01-05T10:00", channel="sms"),
            contact("back", "2024-03-09T10:00", channel="agent_call"),
            contact("back", "2024-03-10T08:00", channel="agent_call"),
            contact("back", "2024-03-12T10:00", channel="sms"),
            contact("back", "2024-04-01T10:00", channel="visit"),
            contact("back", "2024-05-31T23:00", channel="agent_call"),
        ],
        "complaints": [{"complaint_id": "1", "account_id": "back", "at": pd.Timestamp("2024-04-09T12:00")}],
        "accounts": [account(name) for name in states],
        "months": [row for name, path_of in states.items() for row in path(name, "2024-01", path_of)],
    }
    return make_portfolio(tmp_path_factory.mktemp("flows"), "2024-08", **tables)


@pytest.fixture(scope="module")
def told(portfolio):
    return decision_flows(portfolio, decisions(portfolio, "calls", 2), 4, VALUE, PRICES, 50.0)


def test_contacts_are_priced_by_channel_from_the_day_of_the_decision_on(told):
    back = told[told["treatment_id"] == "T1"].set_index("month")
    # The call of March 9 came before; a visit has no price here.
    assert back["contact_cost"].tolist() == [4.5, 0.0, 4.0, 0.0]
    assert back["complaint_cost"].tolist() == [0.0, 50.0, 0.0, 0.0]
    assert back["relief_cost"].tolist() == [0.0, 57.0, 0.0, 0.0]


def test_an_account_that_left_the_book_is_followed_and_one_whose_rows_stop_is_not(portfolio, told):
    assert told.groupby("treatment_id")["followed"].first().to_dict() == {"T1": 4, "T2": 4}
    other = decision_flows(portfolio, decisions(portfolio, "other", 2), 6, VALUE, PRICES, 50.0)
    # T3's account has no row after April, T4's months end with the panel.
    assert other.groupby("treatment_id").agg({"followed": "first", "month": "max"}).to_dict("index") == {
        "T3": {"followed": 2, "month": 2},
        "T4": {"followed": 2, "month": 2},
    }


def test_without_a_contact_log_the_cost_of_the_decision_stands_for_it(portfolio, monkeypatch):
    has = type(portfolio).has
    monkeypatch.setattr(type(portfolio), "has", lambda self, *names: "contacts" not in names and has(self, *names))
    found = decision_flows(portfolio, decisions(portfolio, "calls", 2), 2, VALUE, PRICES, 50.0)
    assert found.loc[found["treatment_id"] == "T1", "contact_cost"].tolist() == [2.0, 0.0]


def test_no_decisions_have_no_flows(portfolio):
    found = decision_flows(portfolio, decisions(portfolio, "calls", 2)[:0], 4, VALUE, PRICES, 50.0)
    assert found.empty and {"cash_collected", "relief_cost", "followed"} <= set(found)


def test_bad_questions_are_refused(portfolio):
    rows = decisions(portfolio, "calls", 2)
    with pytest.raises(ParameterError, match="horizon is 0; give whole months"):
        decision_flows(portfolio, rows, 0, VALUE, PRICES, 50.0)
    with pytest.raises(InputError, match="no column decided_at; take them from"):
        decision_flows(portfolio, rows.drop(columns="decided_at"), 4, VALUE, PRICES, 50.0)


def test_experiments_read_together_are_those_read_one_by_one(portfolio):
    together = decisions_together(portfolio, {"calls": 2, "other": 3, "unknown": 3}, ["agent"])
    for name, horizon in (("calls", 2), ("other", 3)):
        alone = decisions(portfolio, name, horizon)
        mine = together[together["experiment"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine[list(alone)], alone, check_dtype=False)
    outside = together[together["experiment"].isna()]
    # Once for each horizon, and only the treatments asked for.
    assert outside[["treatment_id", "horizon"]].to_numpy().tolist() == [["V2", 2], ["V2", 3]]


def test_returns_are_told_as_far_as_asked(portfolio):
    together = decisions_together(portfolio, {"calls": 1}, back_months=3)
    back = together.set_index("account_id").loc["back"]
    assert back[["back_0", "back_1", "back_2", "back_3"]].tolist() == [0, 1, 1, 1]


def test_a_horizon_below_one_is_refused(portfolio):
    with pytest.raises(ParameterError, match="horizon of 'calls' is 0; give whole months"):
        decisions_together(portfolio, {"calls": 0})
