"""Decisions nobody drew by lot: which rows, which region, and what was known before."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.core.parameters.cases import CasesParameters
from analysis.core.parameters.cases_interventions import Intervention
from analysis.data.panel.decisions import decisions
from analysis.data.panel.interventions import intervention_rows
from analysis.data.portfolio import Portfolio, open_portfolio
from analysis.data.simulate import simulate

REGISTERED = CasesParameters().interventions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("portfolios") / "interventions"
    simulate(place, accounts=1_200, months=30, end=date(2025, 12, 31), seed=3)
    return place


@pytest.fixture(scope="module")
def book(folder: Path) -> Portfolio:
    return open_portfolio(folder, date(2025, 12, 31))


@pytest.fixture(scope="module")
def rows(book: Portfolio) -> dict[str, pd.DataFrame]:
    return intervention_rows(book, REGISTERED)


def test_every_registered_intervention_has_its_own_arms_and_no_others(rows: dict[str, pd.DataFrame]) -> None:
    for one in REGISTERED:
        assert set(rows[one.name]["arm"]) == set(one.arms)
    assert rows["agents_by_judgement"]["unit"].isna().all()  # decisions of no experiment


def test_a_rollout_has_the_region_of_every_account(rows: dict[str, pd.DataFrame], book: Portfolio) -> None:
    told = book.table("accounts").select("account_id", "region").to_pandas().set_index("account_id")["region"]
    desk = rows["digital_desk"]
    assert (desk["region"] == desk["account_id"].map(told)).all()
    assert rows["digital_desk_one_region"] is desk


def test_regions_adopt_when_the_simulator_has_them_adopt(rows: dict[str, pd.DataFrame], folder: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    told = truth["experiments"]["digital_desk"]["adopted_in_month_ending"]
    desk = rows["digital_desk"]
    adopted = pd.to_datetime(desk["region"].map(told))
    assert ((desk["decided_month"] >= adopted) == (desk["arm"] == "adopted")).all()


def test_outcomes_are_those_of_the_decisions(rows: dict[str, pd.DataFrame], book: Portfolio) -> None:
    again = decisions(book, "priority_cutoff", 2)
    pd.testing.assert_frame_equal(rows["priority_cutoff"][list(again.columns)], again)


def test_the_cutoff_settles_who_is_treated(rows: dict[str, pd.DataFrame]) -> None:
    found = rows["priority_cutoff"]
    assert ((found["assignment_score"] < found["cutoff"]) == (found["arm"] == "priority")).all()


def test_earlier_arrears_are_told_only_of_accounts_that_had_some(rows: dict[str, pd.DataFrame]) -> None:
    found = rows["agents_by_judgement"]
    had = found["times_overdue_12m"] > 0
    assert found.loc[~had, "rolled_before"].isna().all()
    assert (found.loc[had, "rolled_before"] == (found.loc[had, "worst_dpd_12m"] >= 30)).all()
    assert np.allclose(found["log_balance"].dropna(), np.log(found["balance"].dropna().clip(lower=1)))


def test_what_follows_the_decision_is_not_among_what_was_known(book: Portfolio, folder: Path) -> None:
    whole = intervention_rows(book, REGISTERED[-1:])["agents_by_judgement"]
    then = intervention_rows(open_portfolio(folder, date(2025, 6, 30)), REGISTERED[-1:])["agents_by_judgement"]
    early = whole[whole["treatment_id"].isin(then["treatment_id"])].reset_index(drop=True)
    known = ["treatment_id", "origination_score", "log_balance", "rolled_before", "months_on_book", "product"]
    pd.testing.assert_frame_equal(early[known], then[known])


def test_what_is_not_logged_has_no_rows(book: Portfolio) -> None:
    other = Intervention(
        name="other", experiment="nowhere", assigned_by="rollout", arms=("a", "b"), outcome="cured"
    )
    arms = REGISTERED[1].model_copy(update={"name": "arms", "arms": ("a", "b")})
    assert intervention_rows(book, [other, arms]) == {}
