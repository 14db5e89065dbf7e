"""The cure chapter on 30,000 real clients in six months: what can be said, and what cannot."""

from __future__ import annotations

import re

from chapter_runs import Left


def test_spells_are_followed_as_far_as_the_months_go(taiwan_cure: Left) -> None:
    summary = taiwan_cure.table("spells_summary")
    assert set(summary["exit"]) == {"cured", "open"}
    assert summary["ended"].sum() == summary.groupby("quarter")["spells"].max().sum() > 2_000
    assert taiwan_cure.table("reconciliation")["agree"].all()


def test_no_share_that_never_cures_is_told_while_many_spells_are_open(taiwan_cure: Left) -> None:
    never = taiwan_cure.tables.get("never_cure")
    assert never is None or not never["sufficient"].any()
    assert "The share that never cures cannot be told" in taiwan_cure.prose
    assert "upper bound" not in taiwan_cure.prose


def test_what_six_months_cannot_tell_is_said(taiwan_cure: Left) -> None:
    prose = taiwan_cure.prose
    assert "Two years of entries are needed" in prose
    assert "forecast by the chain" in prose and "left out" in prose
    assert "could not be judged out of time" in prose
    saved = set(taiwan_cure.tables)
    assert not {"state_forecast", "cure_forecast", "validation", "cycle_time", "recovery_curve", "truth"} & saved
    assert not {"forecast", "cycle"} & set(taiwan_cure.headlines)
    for headline in taiwan_cure.headlines.values():
        assert headline.year_ago is None and headline.previous is None


def test_no_charge_off_is_told_where_none_is_recorded(taiwan_cure: Left) -> None:
    curves = taiwan_cure.table("cure_curves")
    lost = curves[curves["exit"].isin(["charged_off", "sold", "litigation", "not_cured"])]
    assert (lost["gone"].fillna(0) == 0).all()


def test_no_sentence_has_a_hole_on_real_data(taiwan_cure: Left) -> None:
    assert not re.search(r"\b(nan|None|NaT|inf)\b|\{\{|—\s+(of|is|are|in)\b", taiwan_cure.prose)
