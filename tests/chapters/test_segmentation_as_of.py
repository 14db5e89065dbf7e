"""The segmentation chapter as of an earlier day, and on the variant that breaks assumptions."""

from __future__ import annotations

import re

import pandas as pd
from as_of import assert_same_words
from chapter_runs import Left


def test_what_comes_later_changes_no_result(segmentation_seen_then: tuple[Left, Left]) -> None:
    whole, then = segmentation_seen_then
    assert set(whole.tables) == set(then.tables) and len(whole.tables) > 15
    for name, frame in whole.tables.items():
        pd.testing.assert_frame_equal(frame, then.table(name), check_exact=False, rtol=1e-9, obj=name)


def test_what_comes_later_changes_no_account(segmentation_seen_then: tuple[Left, Left]) -> None:
    folders = [left.work / "accounts" / "segmentation" for left in segmentation_seen_then]
    names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    assert names[0] == names[1] and len(names[0]) >= 3
    for name in names[0]:
        whole, then = (pd.read_parquet(folder / name) for folder in folders)
        pd.testing.assert_frame_equal(whole, then, check_exact=False, rtol=1e-9, obj=name)


def test_what_comes_later_changes_no_headline_and_no_sentence(segmentation_seen_then: tuple[Left, Left]) -> None:
    assert_same_words(*segmentation_seen_then)


def test_models_learnt_from_what_was_over_by_then(segmentation_seen_then: tuple[Left, Left]) -> None:
    sentence = next(line for line in segmentation_seen_then[0].prose.splitlines() if "learnt from" in line)
    until, first, final = re.search(  # type: ignore[union-attr]
        r"month ends up to (\w+ \d+) and is judged on [\d,]+ at those of (\w+ \d+) to (\w+ \d+)", sentence
    ).groups()
    learnt, judged, last = (pd.Timestamp(f"1 {month}") + pd.offsets.MonthEnd(0) for month in (until, first, final))
    # Charge-off within six months is known six months later.
    assert learnt + pd.offsets.MonthEnd(6) <= judged
    assert last + pd.offsets.MonthEnd(6) <= pd.Timestamp("2025-06-30")


def test_the_hard_variant_gives_every_section_and_names_what_it_breaks(hard_segmentation: Left) -> None:
    told = {"tiers", "exposure", "models", "scorecard", "groups", "queue", "allocation", "advice", "truth"}
    assert told <= set(hard_segmentation.sections)
    assert "This variant breaks what some methods assume" in hard_segmentation.prose


def test_no_sentence_about_the_hard_variant_has_a_hole(hard_segmentation: Left) -> None:
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b", hard_segmentation.prose)
    assert not re.search(r"\bis ;|\(\)|, and\b\s*\.|\bof \.", hard_segmentation.prose)
    for headline in hard_segmentation.headlines.values():
        assert headline.lower <= headline.value <= headline.upper, headline.key
