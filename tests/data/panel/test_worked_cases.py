"""Cases of agents, scripts, channels and agencies: who is in, what came of them, and what was known before."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from contact_portfolio import account, contact, day, make_portfolio, path

from analysis.core.errors import ParameterError
from analysis.data.panel.contact_cases import contact_cases, needs
from analysis.data.panel.placement_cases import placement_cases
from analysis.data.portfolio import open_portfolio
from analysis.data.simulate import simulate

FIRST, LAST = date(2024, 3, 1), date(2024, 4, 30)
LOG = [
    contact("a", "2024-02-28T10:00", "promise", agent_id="G1", script="s1"),
    contact("a", "2024-03-05T10:00", "no_answer", agent_id="G1", script="s1"),
    contact("a", "2024-03-06T09:30", "promise", agent_id="G2", script="s1"),
    contact("a", "2024-03-07T10:00", "refused", agent_id="G1", script="s1", direction="inbound"),
    contact("a", "2024-04-02T10:00", "third_party", agent_id="G1", script="s1"),
    contact("b", "2024-03-05T10:00", "right_party", channel="sms", script="s2"),
    contact("b", "2024-03-05T11:00", None, agent_id="G1"),
    contact("b", "2024-03-08T11:00", "promise", agent_id="G9", party="third_party"),
    contact("b", "2024-05-01T11:00", "promise", agent_id="G1"),
]
PATHS = {"a": [0, 20, 51, 0, 0], "b": [40, 71, 101, 132, 162], "c": [0, 20, 51, 82, "charged_off"]}


def placement(name, who, at, agency, treatment="placement"):
    return {
        "treatment_id": name,
        "account_id": who,
        "decided_at": day(at),
        "treatment": treatment,
        "agency": agency,
    }


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory):
    paid = {"a": [0.0, 0.0, 30.0, 90.0, 0.0], "b": [0.0, 0.0, 0.0, 5.0, 0.0], "c": [0.0] * 5}
    return make_portfolio(
        tmp_path_factory.mktemp("worked") / "tiny",
        "2024-05",
        accounts=[account(name, region="north" if name == "a" else None) for name in PATHS],
        months=[
            row for name, days in PATHS.items() for row in path(name, "2024-01", days, amount_paid=paid[name])
        ],
        contacts=LOG,
        treatments=[
            placement("T1", "a", "2024-03-10", "x"),
            placement("T2", "b", "2024-03-31", "y"),
            placement("T3", "c", "2024-03-10", None),
            placement("T4", "c", "2024-03-12", "y", "sold_on"),
            placement("T5", "b", "2024-05-10", "x"),
        ],
    )


@pytest.fixture(scope="module")
def folder(portfolio):
    return portfolio.folder


def test_both_engines_tell_of_the_same_cases(portfolio, on_spark):
    for entity, outcome in (("agent", "promise"), ("channel", "right_party")):
        found = [contact_cases(one, entity, outcome, FIRST, LAST) for one in (portfolio, on_spark)]
        pd.testing.assert_frame_equal(*found, check_dtype=False)
    placed = [placement_cases(one, "back", FIRST, date(2024, 5, 31), 2) for one in (portfolio, on_spark)]
    pd.testing.assert_frame_equal(*placed, check_dtype=False)


def test_agents_cases_are_conversations_and_nobodys_contacts_are_left_out(portfolio):
    found = contact_cases(portfolio, "agent", "promise", FIRST, LAST)
    assert found["entity"].tolist() == ["G2", "G1"]
    assert found["outcome"].tolist() == [1.0, 0.0]
    assert found["outbound"].tolist() == [1.0, 0.0]
    assert found["sampled"].eq(1.0).all()


def test_channels_cases_are_attempts_of_ours_with_an_outcome(portfolio):
    found = contact_cases(portfolio, "channel", "right_party", FIRST, LAST)
    assert found.groupby("entity")["outcome"].agg(["size", "sum"]).loc["agent_call"].tolist() == [3, 1]
    assert found.groupby("entity")["outcome"].agg(["size", "sum"]).loc["sms"].tolist() == [1, 1]
    assert "channel" not in found
    assert contact_cases(portfolio, "script", "right_party", FIRST, LAST)["entity"].tolist() == ["s1"] * 3 + ["s2"]


def test_only_what_came_before_is_known(portfolio):
    found = contact_cases(portfolio, "agent", "promise", FIRST, LAST)
    assert found[["attempts_before", "reached_before"]].values.tolist() == [[1, 0], [2, 1]]
    assert found["days_past_due"].tolist() == [20.0, 20.0]
    assert found[["hour", "weekday"]].values.tolist() == [[9, 2], [10, 3]]


def test_gaps_in_text_are_unknown(portfolio):
    found = contact_cases(portfolio, "channel", "right_party", FIRST, LAST).set_index("customer")
    assert found.loc["C-b", "region"] == "unknown"


def test_a_later_contact_changes_no_earlier_case(portfolio):
    longer = contact_cases(portfolio, "agent", "promise", FIRST, date(2024, 5, 31))
    shorter = contact_cases(portfolio, "agent", "promise", FIRST, LAST)
    pd.testing.assert_frame_equal(longer.head(len(shorter)), shorter)
    assert len(longer) == len(shorter) + 1


def test_no_case_names_an_account_or_contact(portfolio):
    found = contact_cases(portfolio, "agent", "promise", FIRST, LAST)
    assert not {"account_id", "contact_id", "agent_id"} & set(found.columns)


def test_placements_are_judged_by_their_months(portfolio):
    found = placement_cases(portfolio, "back", FIRST, date(2024, 5, 31), 2).set_index("entity")
    # The account with agency x is back in April; T5 is too late to know, T3 names no agency.
    assert found["outcome"].groupby(level=0).apply(list).to_dict() == {"x": [1.0], "y": [0.0, 0.0]}
    assert found.loc["x", "days_past_due"] == 20.0
    assert set(found["placement"]) == {"placement", "sold_on"}


def test_cash_is_held_against_the_balance_placed_and_never_above_it(portfolio):
    found = placement_cases(portfolio, "collected", FIRST, date(2024, 5, 31), 2, ["placement"])
    assert dict(zip(found["entity"], found["outcome"], strict=True)) == {"x": 1.0, "y": pytest.approx(0.05)}
    assert "placement" not in found


def test_where_nothing_was_placed_there_is_no_row(portfolio):
    found = placement_cases(portfolio, "back", FIRST, LAST, placements=["nowhere"])
    assert found.empty and {"entity", "outcome", "customer"} <= set(found.columns)


def test_wrong_names_are_refused(portfolio):
    with pytest.raises(ParameterError, match="cases of 'agency' by 'promise': give agent, script, channel"):
        contact_cases(portfolio, "agency", "promise", FIRST, LAST)
    with pytest.raises(ParameterError, match="'promise'; it can be back, collected"):
        placement_cases(portfolio, "promise", FIRST, LAST)
    assert needs("agent") == ("contacts.outcome", "contacts.agent_id")


def test_of_too_many_cases_whole_customers_are_kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worked") / "drawn"
    simulate(folder, accounts=1500, months=18, end=date(2025, 12, 31), seed=3)
    drawn = open_portfolio(folder)
    whole = contact_cases(drawn, "channel", "right_party", date(2025, 1, 1), date(2025, 12, 31), 10**6)
    some = contact_cases(drawn, "channel", "right_party", date(2025, 1, 1), date(2025, 12, 31), len(whole) // 3)
    assert len(whole) / 5 < len(some) < len(whole) / 2
    assert some["sampled"].iloc[0] == pytest.approx(1 / 3, abs=0.01)
    counts = [frame["customer"].value_counts() for frame in (some, whole)]
    assert np.array_equal(counts[0].sort_index(), counts[1].loc[counts[0].index].sort_index())
