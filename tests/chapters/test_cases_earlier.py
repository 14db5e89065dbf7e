"""Clear comparisons as of a quarter and a year ago, and several arms tried against one control."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from chapter_runs import CASES_QUICK, Left, make_project, run_cells

from analysis.data.simulate import simulate

ARMS = {"robot": 0.5, "agent": 0.25, "agent_plan": 0.25}
BEGAN = pd.Timestamp("2024-10-01")
"""Day from which early contact is drawn in the changed portfolio: too late for outcomes by December."""
ALONE = CASES_QUICK | {"cases.interventions": [], "cases.programme": [], "cases.league.tables": []}
ALONE |= {"cases.policies.proposals": [], "cases.value.alternatives": []}
"""Without the sections that these tests don't look at."""
REGISTERED = [
    {"experiment": "robot_vs_agent", "control": "robot", "shares": ARMS},
    {"experiment": "early_contact", "control": "late", "shares": {"late": 0.7, "early": 0.3}},
]


@pytest.fixture(scope="module")
def quarter_ago(demo: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Left:
    """The same portfolio reported on a quarter earlier."""
    return run_cells(make_project(tmp_path_factory.mktemp("ago"), demo, "2025Q3"), patch, ALONE, "cases")


@pytest.fixture(scope="module")
def arms(demo: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Left:
    """Agents drawn into two arms that differ in name only, and an experiment that began late."""
    folder = tmp_path_factory.mktemp("arms") / "demo"
    shutil.copytree(demo, folder)
    path = folder / "treatments.parquet"
    treatments = pd.read_parquet(path)
    agents = treatments["experiment_id"].eq("robot_vs_agent") & treatments["arm"].eq("agent")
    number = pd.factorize(treatments["account_id"])[0]
    other = agents & (np.random.default_rng(2).random(number.max() + 1)[number] < 0.5)
    changed = treatments.assign(arm=treatments["arm"].mask(other, "agent_plan"))
    changed["probability"] = changed["probability"].mask(agents, 0.25)
    early = changed["experiment_id"].eq("early_contact") & (pd.to_datetime(changed["decided_at"]) < BEGAN)
    table = pa.Table.from_pandas(changed[~early], schema=pq.read_schema(path), preserve_index=False)
    pq.write_table(table, path)
    root = make_project(tmp_path_factory.mktemp("of_arms"), folder, "2025Q4")
    return run_cells(root, patch, {**ALONE, "cases.experiments": REGISTERED}, "cases")


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Left:
    """A portfolio that begins in January of the year reported on."""
    folder = tmp_path_factory.mktemp("young") / "young"
    simulate(folder, accounts=4_000, months=12, end=date(2025, 12, 31), seed=7)
    return run_cells(make_project(tmp_path_factory.mktemp("of_young"), folder, "2025Q4"), patch, ALONE, "cases")


def test_last_quarters_number_is_the_one_that_last_quarters_report_gives(cases: Left, quarter_ago: Left) -> None:
    now, then = (left.headlines["experiments_clear"] for left in (cases, quarter_ago))
    assert now.previous == then.value and now.denominator == then.denominator
    assert now.year_ago is not None and now.on_previous is not None


def test_the_page_tells_what_was_clear_then(cases: Left) -> None:
    (told,) = re.findall(r"Of the same 3 comparisons, .*", cases.prose)
    headline = cases.headlines["experiments_clear"]
    assert f"{headline.previous or 'none'} at the end of September 2025" in told
    assert f"{headline.year_ago or 'none'} at the end of December 2024" in told
    assert "There is no such number" not in cases.prose


def test_an_experiment_without_outcomes_then_leaves_the_year_blank_and_is_named(arms: Left) -> None:
    headline = arms.headlines["experiments_clear"]
    assert headline.previous is not None and headline.year_ago is None
    assert "no such number for December 2024 (not told then: early contact)" in arms.prose


def test_a_portfolio_that_had_not_begun_is_compared_with_nothing(young: Left) -> None:
    headline = young.headlines["experiments_clear"]
    assert headline.value is not None and headline.year_ago is None
    assert "no such number for" in young.prose and "December 2024 (not told then: " in young.prose


def test_arms_tried_against_one_control_are_told_with_their_number(arms: Left, cases: Left) -> None:
    assert "Agent or robot tries 2 arms against robots" in arms.prose
    assert arms.prose.count("; for all 2 arms at once, ") == 2
    assert "arms at once" not in cases.prose and "tries" not in cases.prose
    assert "**Agent or robot (agents with a plan): " in arms.prose and "**Early contact: " in arms.prose
    table = arms.markdown("tbl-cases-experiments")
    assert "Agent or robot (agents)" in table and "Agent or robot (agents with a plan)" in table
    assert "Early contact (" not in table


def test_verdicts_of_arms_go_by_limits_for_all_of_them(arms: Left) -> None:
    table = arms.table("experiments").query("not suppressed").set_index("experiment")
    several, single = table.loc["robot_vs_agent"], table.loc["early_contact"]
    assert (several["challengers"] == 2).all() and (several["all_level"] > 0.95).all()
    assert (several["all_lower"] <= several["lower"]).all() and (several["upper"] <= several["all_upper"]).all()
    clear = (several["all_lower"] > 0) | (several["all_upper"] < 0)
    assert (clear == (several["verdict"] != "can't tell")).all()
    assert single["all_lower"].tolist() == single["lower"].tolist()
    value = arms.table("value").query("experiment == 'robot_vs_agent' and not suppressed")
    assert set(value["arm"]) == {"agent", "agent_plan"}


def test_sentences_about_arms_and_earlier_days_have_no_holes(arms: Left, quarter_ago: Left, young: Left) -> None:
    for left in (arms, quarter_ago, young):
        assert not re.search(r"\b(nan|NaT|inf)\b|\{\{|\(\)|, \.", left.prose)
