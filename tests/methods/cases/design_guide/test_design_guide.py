"""The guide picks a design by how a treatment was assigned, and says what it refuses."""

from __future__ import annotations

import pytest

from analysis.core.errors import ParameterError
from analysis.methods.cases.design_guide.assignment import (
    ASSIGNED_BY,
    Declared,
    design_table,
    evaluate,
    quasi_experiments,
)
from analysis.methods.cases.quasi_experiments.draws import draw_chosen, draw_cutoff, draw_rollout, draw_series
from analysis.methods.cases.quasi_experiments.study import check_table

ROLLOUT = Declared("desk", "rollout", "rate", {"unit": "region", "month": "month", "adopted": "adopted"})
PRIORITY = Declared("priority", "cutoff", "cured", {"score": "score", "cutoff": 640.0, "taken": "taken"})
AGENTS = Declared("agents", "judgement", "cured", {"treated": "agent", "covariates": ["score", "log_balance"]})
LAW = Declared("law", "date", "rate", {"date": "2023-01-31", "month": "month"})


def test_each_way_of_assigning_has_one_design_and_says_what_carries_the_result() -> None:
    table = design_table()
    assert table["assigned_by"].tolist() == list(ASSIGNED_BY)
    assert table["assigned_by"].is_unique
    assert (table["assumption"].str.len() > 20).all()
    assert (table["threat"].str.len() > 20).all()


def test_declared_interventions_are_evaluated_by_their_design_and_refused_ones_stay_in_the_table() -> None:
    pytest.importorskip("rdrobust")
    moved = Declared("moved", "cutoff", "cured", {"score": "score", "cutoff": 640.0})
    frames = {
        "desk": draw_rollout(0.08, 1, noise=0.01),
        "priority": draw_cutoff(6000, 0.1, 1),
        "agents": draw_chosen(6000, 0.2, 1),
        "law": draw_series(0.06, 1),
        "moved": draw_cutoff(8000, 0.0, 1, moved=0.7),
    }
    table, studies = quasi_experiments([ROLLOUT, PRIORITY, AGENTS, LAW, moved], frames)
    found = table.set_index("intervention")
    assert found["design"].str[:12].tolist() == [
        "difference-i",
        "regression d",
        "weighting an",
        "interrupted ",
        "discontinuit",
    ]
    assert found.loc["moved", "verdict"] == "refused"
    assert "density jumps" in found.loc["moved", "refused"]
    assert found["estimate"].isna().tolist() == [False, False, False, False, True]
    assert found.loc["desk", "verdict"] == "higher"
    assert set(studies) == {"desk", "priority", "agents", "law"}
    assert found["assumption"].notna().all()
    assert check_table(studies["agents"])["check"].tolist()[0] == "balance"


def test_what_was_drawn_by_lot_is_sent_to_the_experiments() -> None:
    with pytest.raises(ParameterError, match="robots: arms were drawn by chance; evaluate it as an experiment"):
        evaluate(Declared("robots", "chance", "cured"), draw_chosen(100, 0.0, 1))


def test_unknown_ways_missing_and_misspelt_options_are_named() -> None:
    frame = draw_rollout(0.0, 1)
    with pytest.raises(ParameterError, match="assigned_by is 'gut'; allowed are chance, cutoff, rollout"):
        evaluate(Declared("desk", "gut", "rate"), frame)
    with pytest.raises(ParameterError, match="needs unit, month, adopted; adopted is not given"):
        evaluate(Declared("desk", "rollout", "rate", {"unit": "region", "month": "month"}), frame)
    with pytest.raises(
        ParameterError, match="option 'lag' is unknown; known are unit, month, adopted, leads, lags"
    ):
        evaluate(Declared("desk", "rollout", "rate", {**ROLLOUT.options, "lag": 3}), frame)
