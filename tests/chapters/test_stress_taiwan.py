"""The stress chapter on six months of real card clients without an economy: what is left out says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from chapter_runs import Left, run_cells


@pytest.fixture(scope="module")
def taiwan_stress(taiwan_root: Path, patch: pytest.MonkeyPatch) -> Left:
    return run_cells(taiwan_root, patch, chapter="stress")


def test_without_an_economy_sections_are_left_out_and_say_so(taiwan_stress: Left) -> None:
    parts = ("satellites", "projection", "losses", "distribution", "capacity", "reverse", "claim", "summary")
    assert set(taiwan_stress.left_out) == {"scenarios", *parts}
    assert all("macro" in missing for missing in taiwan_stress.left_out.values())
    assert taiwan_stress.prose.count("Left out: the portfolio has no `macro`") == len(taiwan_stress.left_out)
    assert "Without a table of the economy no scenario can be carried through the book" in taiwan_stress.prose
    assert taiwan_stress.tables == {}


def test_what_is_overdue_today_is_still_a_headline(taiwan_stress: Left) -> None:
    found = taiwan_stress.headlines["stage_3"]
    assert 0 < found.value < 1 and found.denominator > 0
    assert found.value == pytest.approx(found.numerator / found.denominator)
