"""What the case-study chapter says of agencies, agents, scripts and channels."""

from __future__ import annotations

import re

import numpy as np
from chapter_runs import Left

from analysis.core.parameters.cases_policies import League

AGENT_ID = re.compile(r"\bG\d{4}\b")


def part(left: Left) -> str:
    """Prose of the section."""
    return re.split(r"\n## ", left.prose.split("{#sec-cases-league}")[1])[0]


def test_there_is_a_table_for_each_comparison_asked_for(cases: Left) -> None:
    assert set(cases.table("league")["table"]) == {one.key for one in League().tables}


def test_no_agent_is_named_by_an_id_on_the_page_or_in_results(cases: Left) -> None:
    assert not AGENT_ID.search(cases.texts)
    for name, table in cases.tables.items():
        assert not any(
            AGENT_ID.search(str(value)) for value in table.select_dtypes("object").to_numpy().ravel()
        ), name


def test_observed_less_expected_is_the_difference_and_all_cases_together_have_none(cases: Left) -> None:
    table = cases.table("league").dropna(subset=["estimate"])
    assert np.allclose(table["observed"] - table["expected"], table["estimate"])
    whole = cases.table("league").dropna(subset=["observed"])
    for _, rows in whole.groupby("table"):
        if not cases.table("league").query("table == @rows.table.iloc[0]")["suppressed"].any():
            assert abs(np.average(rows["observed"] - rows["expected"], weights=rows["cases"])) < 1e-6


def test_shown_cells_have_customers_and_events_enough(cases: Left) -> None:
    shown = cases.table("league").query("not suppressed")
    assert (shown["clusters"] >= 10).all()
    events = (shown["observed"] * shown["cases"]).round()
    counted = shown["table"] != "agency_collected"
    assert (events[counted].eq(0) | events[counted].ge(3)).all()


def test_differences_are_drawn_in_and_ranks_hold_their_order(cases: Left) -> None:
    for _, rows in cases.table("league").dropna(subset=["estimate"]).groupby("table", sort=False):
        assert rows["shrunken"].is_monotonic_decreasing
        assert rows["shrunken"].std() <= rows["estimate"].std() + 1e-9
        assert (rows["rank_lower"] <= rows["rank_upper"]).all()


def test_the_league_section_has_no_hole(cases: Left) -> None:
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|\(\)|, \.|\bof \.", part(cases))
    assert "significan" not in part(cases).lower()


def test_without_contacts_and_placements_the_league_section_is_left_out(taiwan_cases: Left) -> None:
    assert {"contacts.outcome", "treatments.agency"} <= set(taiwan_cases.left_out["league"])
    assert "league" not in taiwan_cases.tables
