"""Training and test spells apart in time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.core.errors import InputError
from analysis.methods.cure.validation import cut_short, drawn, followed, split_by_entry

CUT, END = 20, 41


def spell(**changes: object) -> pd.DataFrame:
    row = {"began": 0, "entry": 0, "duration": 4, "exit": "cured", "fold": 1, "spells": 1}
    return pd.DataFrame([row | changes])


def test_training_never_sees_an_outcome_after_the_cut(portfolio: Callable[..., pd.DataFrame]) -> None:
    known_late = 2
    spells = portfolio(2000, charged_off=0.5)
    future = (spells.began + spells.duration > CUT - known_late) & (spells.began < CUT)
    other = spells.copy()
    other.loc[future, "exit"] = "sold"
    other.loc[future, "duration"] = CUT - known_late - spells.began[future].clip(upper=CUT - known_late) + 1
    assert future.sum() > 100
    known = split_by_entry(spells, CUT, END, known_late).train
    blind = split_by_entry(other, CUT, END, known_late).train
    pd.testing.assert_frame_equal(known, blind)
    assert (known.began + known.duration <= CUT - known_late).all()


def test_every_spell_is_in_one_part_or_counted_as_left_out(portfolio: Callable[..., pd.DataFrame]) -> None:
    spells = portfolio(1000).assign(entry=lambda df: np.where(df.index % 10 == 0, df.duration - 1, 0))
    parts = split_by_entry(spells, CUT, END, 1)
    assert (parts.train.began < CUT).all() and (parts.test.began >= CUT).all()
    assert parts.unseen > 0 and parts.late > 0
    total = parts.train.spells.sum() + parts.test.spells.sum() + parts.unseen + parts.late
    assert total == len(spells)


def test_an_exit_after_the_cut_is_still_open_at_it() -> None:
    both = pd.concat([spell(), spell(began=17, duration=10), spell(began=30)], ignore_index=True)
    train = split_by_entry(both, CUT, END).train
    assert train.exit.tolist() == ["cured", "open"]
    assert train.duration.tolist() == [4, 3] and train.follow_up.tolist() == [20, 3]


def test_another_exit_could_have_been_followed_to_the_end() -> None:
    kinds = pd.concat([spell(exit="charged_off"), spell(exit="open"), spell()], ignore_index=True)
    assert followed(kinds, 10).follow_up.tolist() == [10, 4, 10]


def test_cutting_twice_is_cutting_once(portfolio: Callable[..., pd.DataFrame]) -> None:
    cells = followed(portfolio(300), END)
    pd.testing.assert_frame_equal(cut_short(cut_short(cells, 9), 4), cut_short(cells, 4))


def test_cells_are_drawn_in_proportion_and_never_more_often_than_they_count() -> None:
    weights = np.array([1, 0, 400, 3])
    index = drawn(weights, 300)
    assert index.size == 300 and (np.bincount(index, minlength=4) <= weights).all()
    assert drawn(weights, 404).tolist() == [0] + [2] * 400 + [3] * 3


@pytest.mark.parametrize(
    ("frame", "cut", "message"),
    [
        (spell().drop(columns="fold"), CUT, "cells of spells lack fold"),
        (spell(duration=2.5), CUT, "a duration is a whole number of months"),
        (spell(entry=4), CUT, "an entry must be from 0 to before exit"),
        (spell(spells=0), CUT, "must stand for more than 0 spells"),
        (spell(began=39, duration=9, exit="open"), CUT, "outlasts the end of follow-up, month 41"),
        (spell(), CUT, "no spell was seen to begin after the cut"),
        (spell(began=30), CUT, "was known by then to have cured; choose a later cut"),
    ],
)
def test_spells_that_cannot_be_split_are_refused_by_name(frame: pd.DataFrame, cut: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        split_by_entry(frame, cut, END)


def test_weights_that_count_no_whole_spells_are_not_expanded() -> None:
    with pytest.raises(InputError, match=r"'spells' holds 1\.5"):
        drawn([1.5, 2.0], 10)
