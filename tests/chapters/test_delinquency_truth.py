"""The delinquency chapter as of an earlier day, and beside what is true."""

from __future__ import annotations

import re
from dataclasses import asdict

import pandas as pd
import pytest
from chapter_runs import Left


def test_what_comes_later_changes_no_result(seen_then: tuple[Left, Left]) -> None:
    whole, then = seen_then
    assert set(whole.tables) == set(then.tables)
    for name, frame in whole.tables.items():
        pd.testing.assert_frame_equal(frame, then.table(name), check_exact=False, rtol=1e-12, obj=name)


def test_what_comes_later_changes_no_headline(seen_then: tuple[Left, Left]) -> None:
    whole, then = seen_then
    assert list(whole.headlines) == list(then.headlines)
    for key, headline in whole.headlines.items():
        other = asdict(then.headlines[key])
        for name, value in asdict(headline).items():  # sums of money may be added up in another order
            assert value == (pytest.approx(other[name], rel=1e-12) if isinstance(value, float) else other[name])
    assert whole.left_out == then.left_out


def test_what_comes_later_changes_no_sentence(seen_then: tuple[Left, Left]) -> None:
    whole, then = seen_then
    assert whole.prose == then.prose


def test_the_hard_variant_gives_every_section(hard: Left, standard: Left) -> None:
    assert hard.left_out == {}
    assert set(hard.tables) == set(standard.tables)
    assert set(re.findall(r"\{#(sec-[\w-]+)\}", hard.prose)) == set(
        re.findall(r"\{#(sec-[\w-]+)\}", standard.prose)
    )


@pytest.mark.parametrize("variant", ["standard", "hard"])
def test_the_coverage_told_is_the_coverage_of_the_table(variant: str, request: pytest.FixtureRequest) -> None:
    left = request.getfixturevalue(variant)
    judged = left.table("truth").dropna(subset=["rate"])
    held = (judged["rate_lower"] <= judged["truth"]) & (judged["truth"] <= judged["rate_upper"])
    assert (held == judged["covered"].astype(bool)).all()
    assert f"{held.sum()} of {len(judged)} intervals hold the truth" in left.prose


def test_most_intervals_hold_the_truth_where_the_assumptions_hold(standard: Left) -> None:
    # 95% are meant to; under that, fewer than 12 of 16 has a chance below one in a thousand
    assert standard.table("truth")["covered"].astype(bool).mean() >= 0.75
