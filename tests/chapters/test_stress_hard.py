"""The stress chapter where the simulator breaks what it leans on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from chapter_runs import STRESS_QUICK, Left, portfolio_of, run_cells


@pytest.fixture(scope="module")
def hard_stress(hard_root: Path, patch: pytest.MonkeyPatch) -> Left:
    return run_cells(hard_root, patch, STRESS_QUICK, "stress")


def test_the_hard_variant_goes_through_the_whole_chain(hard_stress: Left) -> None:
    assert hard_stress.left_out == {}
    assert {"projection", "ecl", "opening_pd", "loss_distribution", "reverse_stress"} <= set(hard_stress.tables)
    assert not re.search(r"\b(nan|NaT|inf)\b|\{\{", hard_stress.prose)


def test_each_broken_assumption_is_named_where_truth_is_compared(hard_stress: Left, hard_root: Path) -> None:
    truth = json.loads((portfolio_of(hard_root) / "truth.json").read_text(encoding="utf-8"))
    assert truth["broken_assumptions"]
    (said,) = [line for line in hard_stress.prose.splitlines() if "This variant breaks what" in line]
    assert said.count(";") == len(truth["broken_assumptions"]) - 1
    missed = hard_stress.table("satellite_truth")
    assert f"{int(missed['covered'].sum())} of {len(missed)} intervals hold" in hard_stress.prose


def test_the_standard_variant_names_none(stress: Left) -> None:
    assert "This variant breaks what" not in stress.prose
