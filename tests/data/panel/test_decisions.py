"""Logged decisions and what came of them: worked out by hand, and against what the simulator knows."""

import json

import numpy as np
import pandas as pd
import pytest
from contact_portfolio import account, contact, day, make_portfolio, path

from analysis.core.errors import InputError, ParameterError
from analysis.core.spells import SpellRules
from analysis.data.panel.account_features import features_at
from analysis.data.panel.decisions import decisions, experiments
from analysis.data.portfolio import open_portfolio
from analysis.data.simulate import simulate

PATHS = {
    # January to October 2024, so that cures can be judged up to August. Decisions are of March.
    "back": [0, 20, 51, 0, 0, 0, 0, 0, 0, 0],
    "passing": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    "passing_twice": [0, 0, 0, 0, 9, 0, 0, 0, 0, 0],
    "lost": [0, 150, 181, "charged_off", "charged_off", "charged_off", "charged_off"] + ["charged_off"] * 3,
    "repaid": [0, 20, 51, "paid_off"],
    "stopped": [0, 20, 51, 82],
}


def treatment(name, who, at, what="robot", **values):
    logged = {"experiment_id": "calls", "unit": "account", "randomised": True, "probability": 0.5, "cost": 2.0}
    row = {"treatment_id": name, "account_id": who, "decided_at": day(at), "treatment": what, "arm": what}
    return row | logged | values


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory):
    other = {
        "experiment_id": "cut",
        "randomised": None,
        "probability": None,
        "assignment_score": 7.0,
        "cutoff": 5.0,
    }
    none = {"experiment_id": None, "arm": None, "unit": None, "randomised": None}
    treatments = [
        *(treatment(f"T{i}", name, "2024-03-10") for i, name in enumerate(PATHS)),
        treatment("T6", "opened", "2024-03-10", "agent", probability=0.25),
        treatment("T7", "back", "2024-09-05", "agent"),
        treatment("U1", "lost", "2024-04-01", "agent", **other),
        treatment("V1", "back", "2024-03-10", "deferral", cost=20.0, deferral_months=2, **none),
        treatment("V2", "back", "2024-05-31", "extension", cost=7.0, forgiven=50.0, **none),
        treatment("V3", "back", "2024-06-01", "extension", cost=900.0, forgiven=900.0, **none),
        treatment("V4", "back", "2024-03-09", "extension", cost=900.0, forgiven=900.0, **none),
    ]
    log = [
        contact("lost", "2024-01-10T10:00"),
        contact("back", "2024-03-09T10:00"),
        contact("back", "2024-03-10T08:00"),
        contact("back", "2024-03-12T10:00", channel="sms"),
        contact("back", "2024-04-12T10:00", "right_party", direction="inbound"),
        contact("back", "2024-05-31T23:00", channel="robot_call"),
        contact("back", "2024-06-01T00:00"),
    ]
    complaints = [
        {"complaint_id": str(i), "account_id": "back", "at": pd.Timestamp(at)}
        for i, at in enumerate(["2024-03-09T12:00", "2024-03-10T12:00", "2024-05-31T23:59", "2024-06-01T00:00"])
    ]
    months = [
        row for name, states in PATHS.items() for row in path(name, "2024-01", states, amount_paid=paid(states))
    ]
    months += path("opened", "2024-03", [5, 36, 0, 0, 0, 0, 0, 0], amount_paid=1.0)
    accounts = [account(name) for name in [*PATHS, "opened"]]
    months = sorted(months, key=lambda row: row["account_id"])
    return make_portfolio(
        tmp_path_factory.mktemp("decisions"), "2024-10", accounts=accounts, months=months, treatments=treatments,
        contacts=log, complaints=complaints,
    )  # fmt: skip


def paid(states):
    """1 in January, 10 in February, 100 in March and so on."""
    return [10.0**i for i in range(len(states))]


@pytest.fixture(scope="module")
def march(portfolio):
    found = decisions(portfolio, "calls")
    return found[found["decided_month"] == pd.Timestamp("2024-03-31")].set_index("account_id")


def test_a_decision_is_placed_at_the_month_end_before_it(portfolio, march):
    assert (march["month"] == pd.Timestamp("2024-02-29")).all()
    told = march.loc[["back", "passing", "lost", "opened"], ["days_past_due", "bucket", "balance"]]
    assert told["bucket"].tolist() == ["1–29", "current", "150–179", "unknown"]
    assert told["days_past_due"].tolist()[:3] == [20, 0, 150] and told.loc["opened"].isna().sum() == 2
    # So features don't know March, in which the decision was taken.
    assert features_at(portfolio, march.reset_index()).set_index("account_id").loc["back", "days_past_due"] == 20


def test_what_was_logged_is_kept(march):
    told = march.loc["opened", ["treatment_id", "arm", "treatment", "probability", "randomised", "unit", "cost"]]
    assert told.tolist() == ["T6", "agent", "agent", 0.25, True, "account", 2.0]
    assert march.loc["back", "customer"] == "C-back" and march["fold"].between(0, 31).all()


def test_cash_is_that_of_the_month_of_the_decision_and_those_after(march):
    assert march["paid"].to_dict() == pytest.approx({
        "back": 11_100, "passing": 11_100, "passing_twice": 11_100, "lost": 11_100, "repaid": 1_100,
        "stopped": np.nan, "opened": 3,
    }, nan_ok=True)  # fmt: skip


def test_cures_must_last_and_arrears_that_pass_within_the_month_count(march):
    told = march["cured"].to_dict()
    # `passing_twice` is overdue again in May, two months after the month end that would have cured it.
    assert told == pytest.approx(
        {"back": 1, "passing": 1, "passing_twice": 0, "lost": 0, "repaid": 0, "stopped": np.nan, "opened": 1},
        nan_ok=True,
    )


def test_passing_arrears_cure_as_soon_as_probation_says(portfolio):
    found = decisions(portfolio, "calls", 2, SpellRules(sustained_months=1)).set_index("treatment_id")
    assert found.loc["T2", ["account_id", "cured"]].tolist() == ["passing_twice", 1]
    rules = SpellRules(sustained_months=1, probation={"card": 3})
    assert decisions(portfolio, "calls", 2, rules).set_index("treatment_id").loc["T2", "cured"] == 0


def test_back_tells_each_month_end_sustained_or_not(march):
    told = march[["back_0", "back_1", "back_2"]]
    assert told.loc["back"].tolist() == [0, 1, 1] and told.loc["passing_twice"].tolist() == [1, 1, 1]
    assert told.loc["repaid"].tolist() == [0, 1, 1] and told.loc["lost"].tolist() == [0, 0, 0]
    assert told.loc["opened"].tolist() == [0, 0, 1]
    assert told.loc["stopped"].tolist()[:2] == [0, 0] and np.isnan(told.loc["stopped", "back_2"])


def test_losses_and_settlements_within_the_horizon(march):
    assert march["charged_off"].dropna().to_dict() == {
        name: name == "lost" for name in march.index if name != "stopped"
    }
    assert march["paid_off"].dropna().to_dict() == {
        name: name == "repaid" for name in march.index if name != "stopped"
    }


def test_what_it_took_counts_from_the_day_of_the_decision(march):
    assert march.loc["back", ["attempts", "calls", "complaints"]].tolist() == [3, 2, 2]
    assert march.loc["passing", ["attempts", "calls", "complaints", "relief_cost"]].tolist() == [0, 0, 0, 0]
    # The deferral of the day, and the extension at the end of May; not what came before, or in June.
    assert march.loc["back", "relief_cost"] == 20 + 57


def test_a_decision_does_not_pay_for_its_own_relief(portfolio):
    found = decisions(portfolio, None).set_index("treatment_id")
    assert found.loc["V1", "relief_cost"] == 57 and found.loc["V1", "arm"] == "deferral"
    assert not found["randomised"].any() and set(found.index) == {"V1", "V2", "V3", "V4"}


def test_what_was_not_observed_is_missing(portfolio):
    late = decisions(portfolio, "calls").set_index("treatment_id").loc["T7"]
    assert late["month"] == pd.Timestamp("2024-08-31")
    names = [
        "paid",
        "charged_off",
        "paid_off",
        "cured",
        "attempts",
        "calls",
        "complaints",
        "relief_cost",
        "back_2",
    ]
    assert late[names].isna().all()
    assert late[["back_0", "back_1"]].tolist() == [1, 1]


def test_experiments_are_told_with_their_design(portfolio):
    found = experiments(portfolio).set_index("experiment")
    assert found.loc["calls", ["arms", "unit", "decisions", "accounts"]].tolist() == [
        ("agent", "robot"),
        "account",
        8,
        7,
    ]
    days = found.loc["calls", ["first", "last"]].tolist()
    assert days == [pd.Timestamp("2024-03-10"), pd.Timestamp("2024-09-05")]
    assert found[["randomised", "probabilities", "by_cutoff"]].loc[["calls", "cut"]].to_numpy().tolist() == [
        [True, True, False], [False, False, True],
    ]  # fmt: skip


def test_unknown_experiments_and_horizons_are_refused(portfolio, tmp_path):
    with pytest.raises(ParameterError, match="experiment 'cals' is unknown; logged are calls, cut"):
        decisions(portfolio, "cals")
    with pytest.raises(ParameterError, match="horizon is 0"):
        decisions(portfolio, "calls", 0)
    bare = make_portfolio(tmp_path, "2024-02", accounts=[account("A")], months=path("A", "2024-01", [0, 9]))
    assert experiments(bare).empty
    with pytest.raises(InputError, match="logs no treatments"):
        decisions(bare, "calls")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    where = tmp_path_factory.mktemp("decisions") / "simulated"
    simulate(where, accounts=2500, seed=5, months=24)
    return where


@pytest.mark.parametrize("name", ["robot_vs_agent", "flow_policy", "priority_cutoff"])
def test_arms_come_to_what_the_simulator_says_they_did(simulated, name):
    truth = json.loads((simulated / "truth.json").read_text())["experiments"][name]["outcomes"]
    found = decisions(open_portfolio(simulated), name, horizon=4)
    for months in (1, 3):
        told = truth[f"cured_within_{months}"]["all"]
        back = found.dropna(subset=f"back_{months}")
        assert len(back) == told["units"] > 50
        assert back.groupby("arm")[f"back_{months}"].mean().to_dict() == pytest.approx(told["realised"], abs=1e-6)


def test_probabilities_are_kept_as_logged(simulated):
    found = decisions(open_portfolio(simulated), "flow_policy").set_index("treatment_id")
    logged = pd.read_parquet(simulated / "treatments.parquet").set_index("treatment_id")
    logged = logged[logged["experiment_id"] == "flow_policy"]
    assert len(found) == len(logged) and found["randomised"].all()
    pd.testing.assert_series_equal(found["probability"].sort_index(), logged["probability"].sort_index())
