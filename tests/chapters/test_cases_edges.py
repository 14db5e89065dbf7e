"""The chapter of case studies at the edge of what the contract allows."""

from __future__ import annotations

import re

import pytest
from chapter_runs import Left

EDGES = [
    "one_account",
    "required_columns_only",
    "all_charged_off",
    "one_month",
    "nothing_owed",
    "opened_this_summer",
]
HOLE = re.compile(r"\b(nan|NaT|inf)\b|\bNone\b(?! [a-z])|\{\{|—\s+(of|is|are|in)\b|\bis ;|\(\)|, \.|\bof \.")


@pytest.mark.parametrize("cases_edge", EDGES, indirect=True)
def test_the_chapter_runs_to_its_end_and_no_sentence_has_a_hole(cases_edge: Left) -> None:
    assert (cases_edge.folder / "headline.json").is_file()
    assert not HOLE.search(cases_edge.prose)
    assert {"claims", "programme", "beside"} <= set(cases_edge.sections)
    for headline in cases_edge.headlines.values():
        if headline.lower is not None:
            assert headline.lower <= headline.value <= headline.upper, headline.key


@pytest.mark.parametrize("cases_edge", ["one_account", "required_columns_only"], indirect=True)
def test_claims_are_audited_without_a_log_and_nothing_is_measured(cases_edge: Left) -> None:
    assert {"experiments", "value", "quasi", "policy", "league"} == set(cases_edge.left_out)
    assert {"claims_that_fail"} <= set(cases_edge.headlines)
    assert not {"experiments", "value", "quasi_experiments", "policy_value", "league"} & set(cases_edge.tables)
    assert (cases_edge.table("beside")["conclusion"] == "no_evidence").all()
    assert "Nothing that was measured here bears" in cases_edge.prose


@pytest.mark.parametrize("cases_edge", ["one_account"], indirect=True)
def test_one_account_is_told_of_nowhere(cases_edge: Left) -> None:
    known = cases_edge.table("programme_kpis")
    assert known.loc[known["units"].notna() & (known["units"] > 0), "units"].ge(10).all()
    assert cases_edge.table("programme")["recent"].isna().all()
    assert "targets_on_track" not in cases_edge.headlines
