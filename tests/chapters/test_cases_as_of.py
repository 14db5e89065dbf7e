"""The chapter of case studies as of an earlier day."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import pytest
from chapter_runs import Left


def test_what_comes_later_changes_no_result(cases_seen_then: tuple[Left, Left]) -> None:
    whole, then = cases_seen_then
    assert set(whole.tables) == set(then.tables) and len(whole.tables) >= 20
    for name, frame in whole.tables.items():
        pd.testing.assert_frame_equal(frame, then.table(name), check_exact=False, rtol=1e-9, obj=name)


def test_what_comes_later_changes_no_headline_and_no_sentence(cases_seen_then: tuple[Left, Left]) -> None:
    whole, then = cases_seen_then
    assert list(whole.headlines) == list(then.headlines)
    for key, headline in whole.headlines.items():
        other = asdict(then.headlines[key])
        for name, value in asdict(headline).items():
            assert value == (pytest.approx(other[name], rel=1e-9) if isinstance(value, float) else other[name])
    assert whole.prose == then.prose
    assert whole.left_out == then.left_out


def test_no_outcome_of_a_decision_is_told_before_its_horizon_is_over(cases_seen_then: tuple[Left, Left]) -> None:
    effects, checks = (cases_seen_then[0].table(name) for name in ("experiments", "experiment_checks"))
    cured = effects[effects["outcome"] == "cured"].set_index(["experiment", "arm"])
    drawn = checks.set_index(["experiment", "arm"])["decisions"]
    assert len(cured) == 3
    assert (cured["units"].dropna() < drawn.reindex(cured["units"].dropna().index)).all()
