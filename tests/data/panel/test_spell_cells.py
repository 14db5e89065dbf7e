"""Spells counted by group and by delay of contact, against counts by hand."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from spell_panels import write_panel

from analysis.core.errors import ParameterError
from analysis.core.periods import Period
from analysis.core.spells import SpellRules
from analysis.core.states import Buckets
from analysis.data.panel.contacts import FOLDS
from analysis.data.panel.spell_delays import delay_cells
from analysis.data.panel.spells import spell_cells

RULES, BUCKETS = SpellRules(), Buckets((1, 30, 60))
PATHS = {
    "A": "..ab....a...",
    "B": "..ab........",
    "C": "...cXXXXXXXX",
    "D": "b...........",
    "E": ".....a.a.a..",
    "F": "............",
}


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    opened = write_panel(folder, PATHS, products={"C": "auto"})
    accounts = pd.read_parquet(folder / "accounts.parquet")
    accounts["debt_ratio"] = [0.1, 0.2, 0.3, 0.4, None, 0.6]
    accounts["job_changes_2y"] = 1
    accounts["urban"] = [True, False, True, None, True, True]
    accounts["opened_on"] = date(2020, 1, 1)
    accounts.to_parquet(folder / "accounts.parquet", index=False)
    return opened


def counted(cells, *by):
    return cells.groupby([*by, "entry", "duration", "exit"])["spells"].sum().to_dict()


def test_cells_count_spells_by_product_and_bucket(portfolio):
    cells = spell_cells(portfolio, RULES, BUCKETS)
    assert list(cells.columns) == ["product", "bucket", "entry", "duration", "exit", "fold", "spells", "balance"]
    assert counted(cells, "product", "bucket") == {
        ("auto", "60+", 0, 1, "charged_off"): 1,
        ("card", "1–29", 0, 1, "cured"): 1,
        ("card", "1–29", 0, 2, "cured"): 2,
        ("card", "1–29", 0, 4, "open"): 1,
        ("card", "1–29", 1, 2, "cured"): 1,
    }
    assert cells["fold"].between(0, FOLDS - 1).all()
    assert cells["balance"].sum() == 102 + 108 + 102 + 103 + 100 + 105


def test_groups_are_those_known_when_the_spell_begins(portfolio):
    by = ["spell", "began_quarter", "urban", "balance_band"]
    cells = spell_cells(portfolio, RULES, BUCKETS, by, bands={"balance_band": [101.0, 104.0]})
    found = cells.groupby(by)["spells"].sum().to_dict()
    assert found == {
        ("1", "2024Q1", "true", "101 to under 104"): 1,
        ("2", "2024Q3", "true", "104 or more"): 1,
        ("1", "2024Q1", "false", "101 to under 104"): 1,
        ("1", "2024Q2", "true", "101 to under 104"): 1,
        ("1", "2023Q4", "unknown", "below 101"): 1,
        ("1", "2024Q2", "true", "104 or more"): 1,
    }


def test_numbers_are_cut_at_the_quarters_of_all_accounts(portfolio):
    cells = spell_cells(portfolio, RULES, BUCKETS, ["debt_ratio"])
    assert cells.groupby("debt_ratio")["spells"].sum().to_dict() == {
        "below 0.2": 2,
        "0.2 to under 0.3": 1,
        "0.3 to under 0.4": 1,
        "0.4 or more": 1,
        "unknown": 1,
    }


def test_the_same_bands_can_be_used_again(portfolio):
    cells = spell_cells(portfolio, RULES, BUCKETS, ["debt_ratio"], bands={"debt_ratio": [0.35]})
    assert cells.groupby("debt_ratio")["spells"].sum().to_dict() == {
        "below 0.35": 4,
        "0.35 or more": 1,
        "unknown": 1,
    }


def test_what_the_portfolio_lacks_is_left_out_of_the_frame(portfolio):
    cells = spell_cells(portfolio, RULES, BUCKETS, ["region", "product", "origination_score", "job_changes_2y"])
    assert list(cells.columns) == ["product", "entry", "duration", "exit", "fold", "spells", "balance"]


@pytest.mark.parametrize("name", ["tier", "customer_id", "opened_on", "balance"])
def test_what_cannot_be_a_group_is_refused(portfolio, name):
    with pytest.raises(ParameterError, match=f"cannot be grouped by '{name}'; use any of bucket"):
        spell_cells(portfolio, RULES, BUCKETS, ["product", name])


def test_a_period_holds_the_spells_that_began_in_it(portfolio):
    assert counted(spell_cells(portfolio, RULES, BUCKETS, (), Period(2024, 2))) == {
        (0, 1, "charged_off"): 1,
        (0, 4, "open"): 1,
    }
    months = (date(2023, 12, 31), date(2024, 3, 31))
    assert spell_cells(portfolio, RULES, BUCKETS, (), months)["spells"].sum() == 3


# Overdue from April on, 15 days at its end: due on the 15th, at the landmark (May's end) 46 days before.
DELAYS = {
    "same day": ([(4, 15, "no_answer")], "0–3", "none by day 30"),
    "day 5": ([(4, 20, "right_party")], "4–7", "4–7"),
    "attempt first": ([(4, 18, "no_answer"), (5, 1, "promise")], "0–3", "15–30"),
    "before the due date": ([(4, 14, "no_answer"), (4, 24, "no_answer")], "8–14", "none by day 30"),
    "at the landmark": ([(5, 31, "right_party")], "none by day 30", "none by day 30"),
    "after the landmark": ([(6, 1, "right_party")], "none by day 30", "none by day 30"),
    "nobody called": ([], "none by day 30", "none by day 30"),
}


@pytest.fixture(scope="module")
def called(tmp_path_factory):
    paths = dict.fromkeys(DELAYS, "...aa.......") | {
        "gone by the landmark": "...a........",
        "running": "bbb.........",
    }
    paths |= {"early": "..aa........"}
    log = [
        {
            "contact_id": f"{name} {at}",
            "account_id": name,
            "at": datetime(2024, month, day, 10),
            "channel": "agent_call",
            "outcome": outcome,
        }
        for name, (calls, _, _) in DELAYS.items()
        for at, (month, day, outcome) in enumerate(calls)
    ]
    log.append(log[0] | {"contact_id": "gone", "account_id": "gone by the landmark"})
    return write_panel(tmp_path_factory.mktemp("called"), paths, contacts=log)


@pytest.mark.parametrize(("milestone", "place"), [("attempt", 0), ("right_party", 1)])
def test_spells_are_banded_by_what_is_known_at_the_landmark(called, milestone, place):
    cells = delay_cells(called, RULES, BUCKETS, milestone)
    bands = [expected[place] for _, *expected in DELAYS.values()]
    assert cells.groupby("delay_band")["spells"].sum().to_dict() == pd.Series(bands).value_counts().to_dict()
    # Entered at the landmark: of spells that ended before it, and of those before the log began, nothing is told.
    assert counted(cells) == {(1, 2, "cured"): len(DELAYS)}


def test_delays_from_30_days_on_count_from_the_due_date_too(tmp_path):
    calls = [(date(2024, 3, 1), "before it was due"), (date(2024, 3, 20), "first"), (date(2024, 5, 2), "second")]
    log = [
        {"contact_id": name, "account_id": "A", "at": datetime(day.year, day.month, day.day, 9), "channel": "sms"}
        for day, name in calls
    ]
    portfolio = write_panel(tmp_path, {"A": "..abb......."}, contacts=log)
    cells = delay_cells(portfolio, SpellRules(entry_days=30), BUCKETS)
    # 45 days at the end of April: due on 16 March.
    assert cells[["delay_band", "entry", "duration", "exit"]].to_numpy().tolist() == [["4–7", 1, 2, "cured"]]


def test_delay_cells_keep_the_groups_asked_for(called):
    cells = delay_cells(called, RULES, BUCKETS, by=["product", "bucket", "region"], period=Period(2024, 2))
    assert list(cells.columns[:4]) == ["delay_band", "delay_order", "product", "bucket"]
    assert cells["spells"].sum() == len(DELAYS)
    assert delay_cells(called, RULES, BUCKETS, period=Period(2024, 3)).empty


def test_without_a_contact_log_there_are_no_delays(portfolio):
    cells = delay_cells(portfolio, RULES, BUCKETS, by=["product"])
    assert cells.empty and {"delay_band", "product", "entry", "spells"} <= set(cells.columns)


def test_an_unknown_milestone_is_refused(called):
    with pytest.raises(ParameterError, match="milestone 'promise' is unknown; use attempt or right_party"):
        delay_cells(called, RULES, BUCKETS, "promise")


def test_folds_are_the_same_for_all_accounts_of_a_customer(tmp_path):
    paths = {f"A{n}": "..a........." for n in range(40)}
    portfolio = write_panel(tmp_path, paths)
    accounts = pd.read_parquet(tmp_path / "accounts.parquet").assign(customer_id=np.repeat(["C1", "C2"], 20))
    accounts.to_parquet(tmp_path / "accounts.parquet", index=False)
    cells = spell_cells(portfolio, RULES, BUCKETS, ())
    assert sorted(cells["spells"]) in ([20, 20], [40])
