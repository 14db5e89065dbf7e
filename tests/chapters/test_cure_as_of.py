"""The cure chapter as of an earlier day, run twice, with other keys, and beside what is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from as_of import assert_same_words
from chapter_runs import Left, make_project, portfolio_of, run_cells

QUICK = {"cure.draws": 200}


def files(left: Left) -> dict[str, bytes]:
    found = [*left.folder.iterdir(), *(left.work / "accounts" / "cure").iterdir()]
    return {path.name: path.read_bytes() for path in found}


def test_what_comes_later_changes_no_result(cure_seen_then: tuple[Left, Left]) -> None:
    whole, then = cure_seen_then
    assert set(whole.tables) == set(then.tables)
    for name, frame in whole.tables.items():
        # What the simulator realised in all its months is no estimate.
        if name != "truth":
            pd.testing.assert_frame_equal(frame, then.table(name), check_exact=False, rtol=1e-9, obj=name)


def test_what_comes_later_changes_no_headline_and_no_sentence(cure_seen_then: tuple[Left, Left]) -> None:
    assert_same_words(*cure_seen_then)


def test_a_rerun_gives_the_same_bytes(
    later_roots: tuple[Path, Path], cure_seen_then: tuple[Left, Left], patch: pytest.MonkeyPatch
) -> None:
    before = files(cure_seen_then[0])
    again = run_cells(later_roots[0], patch, QUICK, "cure")
    after = files(again)
    assert set(after) == set(before)
    assert [name for name, content in after.items() if content != before[name]] == []
    assert again.prose == cure_seen_then[0].prose


def test_an_entry_at_thirty_days_gives_fewer_spells(
    later_roots: tuple[Path, Path],
    cure_seen_then: tuple[Left, Left],
    tmp_path: Path,
    patch: pytest.MonkeyPatch,
) -> None:
    # A project of its own: later chapters read what the shared run left.
    root = make_project(tmp_path / "root", portfolio_of(later_roots[1]), "2025Q2")
    usual = cure_seen_then[1].table("never_cure").query("product == 'all'")["spells"].iloc[0]
    deeper = run_cells(root, patch, QUICK | {"cure.entry_days": 30, "cure.least_spells": 100}, "cure")
    table = deeper.table("never_cure").query("product == 'all'")
    assert 0 < table["spells"].iloc[0] < usual
    # Who got so far cures less often.
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{", deeper.prose)
    curves = deeper.table("cure_curves")
    assert "1" not in set(curves.loc[curves["dimension"] == "entry_days", "value"])


def test_the_hard_variant_gives_every_section_and_names_what_it_breaks(hard_cure: Left, hard_root: Path) -> None:
    assert {"exits", "curves", "never", "speed", "chain", "validation", "truth"} <= set(hard_cure.sections)
    portfolio = Path(re.search(r"portfolio: (.+)", (hard_root / "params" / "quarterly.yml").read_text()).group(1))  # type: ignore[union-attr]
    broken = json.loads((portfolio / "truth.json").read_text())["broken_assumptions"]
    assert len(broken) > 1
    assert "breaks what the methods assume" in hard_cure.prose
    for assumption in broken:
        assert assumption in hard_cure.prose


def test_the_standard_variant_breaks_nothing(cure: Left) -> None:
    assert "breaks what the methods assume" not in cure.prose


def test_no_sentence_about_the_hard_variant_has_a_hole(hard_cure: Left) -> None:
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b", hard_cure.prose)
    for headline in hard_cure.headlines.values():
        assert headline.lower <= headline.value <= headline.upper, headline.key
