"""The segmentation chapter where something is missing, and where parameters ask for what cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from chapter_runs import FEWER, Left, lend_results, make_project, portfolio_of, run_cells
from small_portfolios import CHANGES

from analysis.core.errors import ParameterError
from analysis.data.simulate import simulate

EDGES = ["one_account", "all_current", "required_columns_only", "never_cured", "two_months", "opened_this_summer"]
HOLE = re.compile(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b|\bis ;|\(\)")

Without = Callable[[str], Left]


@pytest.mark.parametrize("segmentation_edge", EDGES, indirect=True)
def test_the_chapter_runs_to_its_end_and_no_sentence_has_a_hole(segmentation_edge: Left) -> None:
    assert (segmentation_edge.folder / "headline.json").is_file()
    assert not HOLE.search(segmentation_edge.prose)
    assert {"tiers", "models", "advice"} <= set(segmentation_edge.sections)
    for headline in segmentation_edge.headlines.values():
        if headline.lower is not None:
            assert headline.lower <= headline.value <= headline.upper, headline.key


@pytest.mark.parametrize("segmentation_edge", ["one_account", "all_current"], indirect=True)
def test_few_overdue_accounts_are_told_of_nowhere(segmentation_edge: Left) -> None:
    assert "there is nobody to segment" in segmentation_edge.prose
    assert not {"tiers", "exposure", "clusters", "drift", "reasons"} & set(segmentation_edge.tables)
    assert segmentation_edge.headlines["accounts"].value is None


@pytest.mark.parametrize("segmentation_edge", ["required_columns_only"], indirect=True)
def test_required_columns_give_tiers_and_models_of_cure(segmentation_edge: Left) -> None:
    prose = segmentation_edge.prose
    assert "The score rests on repayment history, age of the debt and type of loan" in prose
    assert "industry and region" in prose
    assert set(segmentation_edge.table("model_validation")["event"]) == {"cured_3"}
    assert "No model of charge-off within 6 months: fewer than 50 of the accounts" in prose
    assert set(segmentation_edge.left_out) == {"queue", "allocation"}
    assert not {"exposure", "fairness", "causes"} & set(segmentation_edge.tables)


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_missing_leaves_no_hole(segmentation_without: Without, name: str) -> None:
    left = segmentation_without(name)
    assert not HOLE.search(left.prose)
    assert {"tiers", "tier_migration", "model_validation", "scorecard", "clusters"} <= set(left.tables)


def test_without_work_and_facts_the_rest_is_told(segmentation_without: Without) -> None:
    left = segmentation_without("work_and_facts")
    tiers = left.table("tiers")
    assert "in_need" not in tiers.columns and "need" not in left.markdown("tbl-segmentation-tiers")
    points = {name for name in tiers if name.startswith(("value_", "risk_"))}
    assert points == {"value_repayment_history", "value_debt_age", "value_product"}
    assert "exposure" in left.tables and {"queue", "allocation"} == set(left.left_out)
    assert not {"causes", "queue_value", "allocation"} & set(left.tables)
    assert "treatments have to be drawn by lot" in left.prose
    assert "told by industry" not in left.prose


def test_decisions_without_probabilities_judge_nothing(segmentation_without: Without) -> None:
    left = segmentation_without("probabilities")
    assert "for want of the probabilities with which the arms of flow_policy were drawn" in left.prose
    assert "none is allocated" in left.prose
    assert not {"queue_value", "allocation", "policy_value", "truth"} & set(left.tables)


def test_without_charge_offs_and_experiments_only_cures_are_foretold(segmentation_without: Without) -> None:
    left = segmentation_without("charge_offs_and_experiments")
    assert set(left.table("model_validation")["event"]) == {"cured_3"}
    assert not {"exposure", "concentration", "queue_value"} & set(left.tables)
    assert {"queue", "allocation"} == set(left.left_out)
    assert "exposure" not in left.headlines


def test_without_a_recovery_curve_no_exposure_and_no_queue_is_told(
    later_roots: tuple[Path, Path], tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    root = make_project(tmp_path / "root", portfolio_of(later_roots[1]), "2025Q2")
    left = run_cells(root, patch, FEWER, "segmentation")
    assert not HOLE.search(left.prose)
    assert "for want of a model of charge-off and the cure chapter's recovery curve" in left.prose
    assert "charged_off_6" in set(left.table("model_validation")["event"])
    assert not {"exposure", "queue_value", "allocation"} & set(left.tables)


def test_eight_months_tell_of_cures_alone(tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "short"
    simulate(folder, accounts=2_500, months=8, end=date(2025, 12, 31), seed=5, name="short")
    # The outcome takes twelve months to be known, as it does by default.
    chosen = FEWER | {"segmentation.models.charge_off_months": 12}
    left = run_cells(make_project(tmp_path / "root", folder, "2025Q4"), patch, chosen, "segmentation")
    assert not HOLE.search(left.prose)
    assert "No model of charge-off within 12 months: " in left.prose
    assert "whether it holds at another time cannot be told" in left.prose
    assert not {"exposure", "tier_curves", "allocation"} & set(left.tables)


def test_a_floor_above_capacity_is_told_and_the_chapter_goes_on(
    later_roots: tuple[Path, Path],
    cure_seen_then: tuple[Left, Left],
    segmentation_seen_then: tuple[Left, Left],
    tmp_path: Path,
    patch: pytest.MonkeyPatch,
) -> None:
    before = set(segmentation_seen_then[0].tables)
    # A project of its own: what the shared runs left is looked at by others.
    root = make_project(tmp_path / "root", portfolio_of(later_roots[1]), "2025Q2")
    lend_results(cure_seen_then[1], root)
    chosen = {
        "segmentation.treatments.capacities": {"hours": {"per_1000": 10, "unit": "hours", "use": {"agent": 1.0}}},
        "segmentation.treatments.floors": [
            {"column": "urban", "group": "1", "share": 0.5, "treatments": ["agent"]}
        ],
    }
    left = run_cells(root, patch, FEWER | chosen, "segmentation")
    assert "No allocation was made: the constraints cannot hold together" in left.prose
    assert re.search(r"floor for urban 1: .* asked for, short by (about |at least )?[\d.]+ accounts", left.prose)
    assert "advice" in left.sections and "queue_value" in before
    assert not HOLE.search(left.prose)


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        ({"experiment": "flow_polciy"}, "names the experiment 'flow_polciy', .*did you mean 'flow_policy'"),
        ({"control": "robto"}, "control names the arm 'robto', .*did you mean 'robot'"),
        ({"treated": "agnet"}, "treated names the arm 'agnet', .*did you mean 'agent'"),
    ],
)
def test_misspelt_experiments_and_arms_stop_the_chapter_at_its_start(
    later_roots: tuple[Path, Path],
    tmp_path: Path,
    patch: pytest.MonkeyPatch,
    decision: dict[str, str],
    message: str,
) -> None:
    root = make_project(tmp_path / "root", portfolio_of(later_roots[1]), "2025Q2")
    named = {"experiment": "flow_policy", "control": "robot", "treated": "agent"} | decision
    with pytest.raises(ParameterError, match=message):
        run_cells(root, patch, {"segmentation.treatments.decisions": [named]}, "segmentation")


def test_without_treatments_nothing_is_compared_with_nothing(segmentation_without: Without) -> None:
    left = segmentation_without("work_and_facts")
    empty = [name for name, frame in left.tables.items() if not len(frame)]
    assert empty == []
    assert not re.search(r"\b0 of 0\b|\bof 0\b", left.prose)
    assert pd.notna(left.table("model_validation")["estimate"]).any()
