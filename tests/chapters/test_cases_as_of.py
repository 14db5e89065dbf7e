"""The chapter of case studies as of an earlier day."""

from __future__ import annotations

import pandas as pd
from as_of import assert_same_words
from chapter_runs import Left


def test_what_comes_later_changes_no_result(cases_seen_then: tuple[Left, Left]) -> None:
    whole, then = cases_seen_then
    assert set(whole.tables) == set(then.tables) and len(whole.tables) >= 20
    for name, frame in whole.tables.items():
        pd.testing.assert_frame_equal(frame, then.table(name), check_exact=False, rtol=1e-9, obj=name)


def test_what_comes_later_changes_no_headline_and_no_sentence(cases_seen_then: tuple[Left, Left]) -> None:
    assert_same_words(*cases_seen_then)


def test_no_outcome_of_a_decision_is_told_before_its_horizon_is_over(cases_seen_then: tuple[Left, Left]) -> None:
    effects, checks = (cases_seen_then[0].table(name) for name in ("experiments", "experiment_checks"))
    cured = effects[effects["outcome"] == "cured"].set_index(["experiment", "arm"])
    drawn = checks.set_index(["experiment", "arm"])["decisions"]
    assert len(cured) == 3
    assert (cured["units"].dropna() < drawn.reindex(cured["units"].dropna().index)).all()
