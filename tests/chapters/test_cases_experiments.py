"""The experiments of the case-study chapter, sound and broken ones, and what they are worth."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from chapter_runs import Left, make_project, run_cells

QUICK = {"cases.replications": 200}


@pytest.fixture(scope="module")
def broken(demo: Path, tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Left:
    """Units lost from one experiment, accounts in both arms of another, and no arm to compare in the third."""
    folder = tmp_path_factory.mktemp("broken") / "demo"
    shutil.copytree(demo, folder)
    path = folder / "treatments.parquet"
    treatments = pd.read_parquet(path)
    chance = np.random.default_rng(0).random(len(treatments))
    lost = treatments["experiment_id"].eq("robot_vs_agent") & treatments["arm"].eq("agent") & (chance < 0.6)
    gone = treatments["experiment_id"].eq("early_contact") & treatments["arm"].eq("early")
    twice = treatments[treatments["experiment_id"].eq("script_wording")].head(20)
    other = np.where(twice["arm"] == "script_a", "script_b", "script_a")
    twice = twice.assign(arm=other, treatment_id=twice["treatment_id"] + "x")
    changed = pd.concat([treatments[~lost & ~gone], twice]).sort_values("treatment_id")
    pq.write_table(pa.Table.from_pandas(changed, schema=pq.read_schema(path), preserve_index=False), path)
    return run_cells(make_project(tmp_path_factory.mktemp("of_broken"), folder, "2025Q4"), patch, QUICK, "cases")


def test_every_registered_outcome_is_told_whatever_it_shows(cases: Left) -> None:
    table = cases.table("experiments")
    assert set(table["experiment"]) == {"robot_vs_agent", "script_wording", "early_contact"}
    assert set(table["outcome"]) == {"cured", "paid", "time_to_current"}
    assert table["p_holm"].notna().sum() == 3 and (table["horizon"] == 3).all()
    seen = table[~table["suppressed"]]
    assert (seen["lower"] <= seen["effect"]).all() and (seen["effect"] <= seen["upper"]).all()


def test_no_experiment_is_told_from_too_few(cases: Left) -> None:
    for name in ("experiments", "experiment_segments", "experiment_naive", "value"):
        table = cases.table(name)
        seen = table[~table["suppressed"]]
        assert (seen["units"] >= 10).all() and (seen["units_control"] >= 10).all(), name
        assert table.loc[table["suppressed"], "units"].isna().all(), name


def test_an_always_valid_interval_is_wider_than_that_of_the_day(cases: Left) -> None:
    looks = cases.table("experiment_looks")
    assert (looks["upper"] - looks["lower"] > looks["fixed_upper"] - looks["fixed_lower"]).all()
    assert (looks["clusters"].diff().dropna() >= 10).all()


def test_value_counts_the_decisions_that_it_leaves_out(cases: Left) -> None:
    value, checks = cases.table("value"), cases.table("experiment_checks")
    drawn = checks.groupby("experiment")["decisions"].sum()
    both = value["decisions"] + value["left_out"]
    assert both.tolist() == drawn[value["experiment"]].tolist()
    longer = value.pivot(index="experiment", columns="horizon", values="decisions").dropna()
    assert (longer[24] < longer[12]).all()


def own_sections(left: Left) -> str:
    """The prose of the two sections that this file is about."""
    parts = re.split(r"^## ", left.prose, flags=re.MULTILINE)
    kept = [part for part in parts if "{#sec-cases-experiments}" in part or "{#sec-cases-value}" in part]
    assert len(kept) == 2
    return "\n".join(kept)


def test_sentences_have_no_holes(cases: Left, broken: Left) -> None:
    for left in (cases, broken):
        prose = own_sections(left)
        assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b", prose)
        assert "significant" not in prose


def test_broken_experiments_are_told_with_their_numbers_and_show_nothing(broken: Left) -> None:
    faults = broken.table("experiment_checks").drop_duplicates("experiment").set_index("experiment")["fault"]
    assert faults.to_dict() == {
        "robot_vs_agent": "ratio",
        "script_wording": "contaminated",
        "early_contact": "no_arm",
    }
    assert "Agent or robot is not judged" in broken.prose and "planned share 50%" in broken.prose
    assert not {"experiments", "value", "experiment_looks"} & set(broken.tables)
    assert "No experiment can be judged" in broken.prose


def test_broken_experiments_raise_a_gate_each_and_do_not_stop_the_report(broken: Left, cases: Left) -> None:
    told = [gate["text"] for gate in broken.notes["gates"] if "cannot be judged" in gate["text"]]
    assert len(told) == 3
    assert not [gate for gate in cases.notes["gates"] if "cannot be judged" in gate["text"]]
    assert "experiments_clear" in cases.headlines and "experiments_clear" not in broken.headlines
