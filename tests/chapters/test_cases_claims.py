"""Claims, programmes, and claims beside evidence, as the chapter of case studies tells them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import chapter_runs
import pandas as pd
import pytest
from chapter_runs import NOTEBOOKS, Left, make_project, run_cells

from analysis.core.errors import ParameterError

pytestmark = pytest.mark.skipif("cases" not in NOTEBOOKS, reason="notebooks/50_cases.ipynb is not there")

OWN = ("parameters", "open", "claims", "programme", "beside", "truth", "close")
Run = Callable[[Path, Mapping[str, Any]], Left]


@pytest.fixture(scope="module")
def run_own(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Run:
    """Runs the cells of these sections alone: nothing has been measured that could stand beside a claim."""
    every = chapter_runs.read_cells

    def run(portfolio: Path, overrides: Mapping[str, Any]) -> Left:
        period = str(overrides.get("period", "2025Q4"))
        root = make_project(tmp_path_factory.mktemp("own"), portfolio, period)
        with pytest.MonkeyPatch.context() as only:
            only.setattr(
                chapter_runs,
                "read_cells",
                lambda root, chapter: [cell for cell in every(root, chapter) if cell.id.split("_")[0] in OWN],
            )
            return run_cells(root, patch, overrides, "cases")

    return run


@pytest.fixture(scope="module")
def own(run_own: Run, demo: Path) -> Left:
    return run_own(demo, {"cases.programme_draws": 1000})


def test_the_share_of_claims_that_fail_is_that_of_the_table(own: Left) -> None:
    table = own.table("claims_by_document").set_index("document").loc["all"]
    headline = own.headlines["claims_that_fail"]
    assert headline.numerator == table["wrong"] + table["inconsistent"]
    assert headline.denominator == table["claims"] - table["unchecked"]
    assert headline.value == pytest.approx(headline.numerator / headline.denominator)
    assert headline.lower is None


def test_known_errors_stand_on_the_page_with_what_is_right(own: Left) -> None:
    faults = own.markdown("tbl-cases-claims-faults")
    for text in ("68.7; 33.9; 16.1", "10.7% a year", "18.9% a year", "60 bn CNY"):
        assert text in faults
    assert "96.2%" in own.markdown("tbl-cases-claims-ambiguous")


def test_no_sentence_of_claims_or_programmes_has_a_hole(own: Left) -> None:
    assert not re.search(r"\b(nan|None(?! of| prints)|NaT|inf)\b|\{\{|\[\]|name: |dtype", own.texts)


def test_every_target_of_every_plan_has_a_row_and_a_chance_between_none_and_one(own: Left) -> None:
    table = own.table("programme")
    assert table.groupby("plan").size().to_dict() == {"platform": 5, "strategy": 2}
    told = table[table["probability"].notna()]
    assert told["probability"].between(0, 1).all()
    assert ((told["why"] == "") == told["verdict"].isin(["on track", "off track", "can't be told"])).all()
    assert own.headlines["targets_on_track"].denominator == len(told)
    assert [gate.key for gate in own.headlines["targets_on_track"].gates] == ["assumption"]


def test_no_measure_of_one_or_two_events_or_few_cases_is_saved(own: Left) -> None:
    table = own.table("programme_kpis")
    told = table[~table["suppressed"]]
    assert not told["events"].between(1, 2).any()
    assert not told["units"].between(1, 9).any()
    assert table.loc[table["suppressed"], ["value", "numerator", "events", "units"]].isna().all(axis=None)


def test_where_nothing_was_measured_nothing_is_concluded(own: Left) -> None:
    table = own.table("beside")
    assert set(table["conclusion"]) == {"no_evidence"}
    assert "tbl-cases-beside" not in own.labels


def test_a_deck_of_one_s_own_is_audited_without_any_plan(run_own: Run, demo: Path) -> None:
    left = run_own(demo, {"cases.claims": "params/claims/example", "cases.programme": []})
    assert left.table("claims_by_document")["document"].tolist() == ["smart-reminders", "all"]
    assert "No plan is named" in left.prose
    assert "s1-robot-recovery" in left.prose
    assert set(left.headlines) == {"claims_that_fail"}


def test_before_a_plan_begins_nothing_is_told_of_it(run_own: Run, demo: Path) -> None:
    left = run_own(demo, {"period": "2024Q1"})
    assert "begins at the end of June 2024" in left.prose
    assert left.table("programme")["probability"].isna().all()
    assert "targets_on_track" not in left.headlines


def test_a_plan_that_is_not_there_stops_the_chapter(run_own: Run, demo: Path) -> None:
    with pytest.raises(ParameterError, match=r"params/programme/platfrom\.yml"):
        run_own(demo, {"cases.programme": ["params/programme/platfrom.yml"]})


def test_what_is_beside_a_claim_is_the_effect_that_was_measured(cases: Left) -> None:
    table = cases.table("beside")
    told = table[table["conclusion"] != "no_evidence"]
    assert (told["lower"] <= told["estimate"]).all()
    assert (told["estimate"] <= told["upper"]).all()
    for row in told.itertuples():
        wide = row.lower <= 0 <= row.upper
        assert not (wide and row.conclusion in ("same_way", "other_way", "contradicted"))
    assert "says nothing about the lenders" in cases.prose


def test_the_truth_is_held_against_what_every_section_estimated(cases: Left) -> None:
    table = cases.table("truth")
    inside = (table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])
    assert (inside == table["covered"]).all()
    assert {"experiments", "quasi"} <= set(table["part"])
    assert isinstance(table, pd.DataFrame)
