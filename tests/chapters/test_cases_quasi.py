"""Strategies that nobody drew by lot: what the case-study chapter says of them, and where it says nothing."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from chapter_runs import Left

from analysis.core.parameters.cases import CasesParameters
from analysis.data.panel.interventions import intervention_rows
from analysis.data.portfolio import open_portfolio
from analysis.data.simulate import simulate
from analysis.data.truth import read_truth
from analysis.methods.cases.design_guide.against_truth import against_truth
from analysis.methods.cases.design_guide.judge import broken, judge

REGISTERED = CasesParameters().interventions
AGENTS = [one for one in REGISTERED if one.assigned_by == "judgement"]


def part(left: Left) -> str:
    """Prose of the section."""
    return re.split(r"\n## ", left.prose.split("{#sec-cases-quasi}")[1])[0]


def test_every_registered_intervention_is_judged_or_refused_with_its_reason(cases: Left) -> None:
    table = cases.table("quasi_experiments").set_index("intervention")
    assert set(table.index) == {one.name for one in REGISTERED}
    refused = table["verdict"] == "refused"
    assert (table.loc[refused, "refused"].str.len() > 20).all()
    assert table.loc[refused, "estimate"].isna().all()
    assert table.loc[~refused & ~table["suppressed"], "estimate"].notna().all()


def test_no_effect_is_printed_where_a_check_fails(cases: Left) -> None:
    table = cases.table("quasi_experiments")
    checks = cases.table("quasi_checks").groupby("intervention")["passed"].all()
    sound = table["intervention"].map(checks)
    assert (table.loc[sound.eq(False), "verdict"] == "doubtful").all()
    lines = cases.markdown("tbl-cases-quasi").splitlines()[2:]
    for line, verdict in zip(lines, table["verdict"], strict=True):
        assert ("—" in line) == (verdict in ("doubtful", "refused"))


def test_plain_differences_follow_from_the_rates_beside_them(cases: Left) -> None:
    table = cases.table("quasi_experiments").dropna(subset=["plain"])
    assert len(table) > 0
    assert np.allclose(table["treated_rate"] - table["untreated_rate"], table["plain"])
    assert ((table["plain_lower"] <= table["plain"]) & (table["plain"] <= table["plain_upper"])).all()


def test_the_section_has_no_hole_and_claims_no_significance(cases: Left) -> None:
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|\(\)|, \.|\bof \.", part(cases))
    assert "significan" not in part(cases).lower()


def test_bins_about_the_cutoff_tell_of_no_single_account(cases: Left) -> None:
    bins = cases.table("quasi_bins")
    shown = bins[~bins["suppressed"]]
    assert (shown["units"] >= 10).all()
    assert not {"account_id", "customer", "treatment_id"} & set(bins.columns)


def test_a_portfolio_without_decisions_leaves_the_section_out(taiwan_cases: Left) -> None:
    assert taiwan_cases.left_out["quasi"] == ["treatments"]
    assert "quasi_experiments" not in taiwan_cases.tables
    assert "quasi_effect" not in taiwan_cases.headlines


@pytest.fixture(scope="module")
def confounded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """8,000 accounts whose hard cases get agents, by a sense that no table holds."""
    folder = tmp_path_factory.mktemp("portfolios") / "confounded"
    simulate(folder, accounts=8_000, months=36, end=date(2025, 12, 31), seed=11, variant="hard")
    return folder


def test_chosen_agents_fail_visibly_where_what_steered_the_choice_is_hidden(confounded: Path) -> None:
    portfolio = open_portfolio(confounded, date(2025, 12, 31))
    rows = intervention_rows(portfolio, AGENTS)
    table, studies, _ = judge(AGENTS, rows)
    assert table["verdict"].tolist() == ["doubtful"]
    assert broken(studies) == ["agents_by_judgement"]
    assert "'rolled_before', which came before the decision" in table["failed"].iloc[0]
    truth = read_truth(portfolio)
    assert truth is not None
    (row,) = against_truth(AGENTS, rows, truth).to_dict("records")
    assert not row["covered"] and not row["plain_covered"]
    assert row["estimate"] < 0 < row["truth"]  # it would have had agents do harm


def test_chosen_agents_pass_where_all_that_steered_the_choice_is_recorded(tmp_path: Path) -> None:
    simulate(tmp_path / "plain", accounts=8_000, months=36, end=date(2025, 12, 31), seed=20)
    portfolio = open_portfolio(tmp_path / "plain", date(2025, 12, 31))
    rows = intervention_rows(portfolio, AGENTS)
    _, studies, _ = judge(AGENTS, rows)
    assert broken(studies) == []
    truth = read_truth(portfolio)
    assert truth is not None
    assert against_truth(AGENTS, rows, truth)["covered"].all()
