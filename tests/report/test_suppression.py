"""No suppressed cell can be told from what is still shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import ChapterError
from analysis.report.suppression import suppress


def cells(counts: list[int], events: list[int] | None = None, **keys: list) -> pd.DataFrame:
    frame = pd.DataFrame({**keys, "accounts": counts, "numerator": events or [c // 2 for c in counts]})
    return frame.assign(rate=frame["numerator"] / frame["accounts"].replace(0, np.nan))


def test_a_cell_under_ten_accounts_loses_count_numerator_and_rate() -> None:
    out = suppress(cells([9, 10, 40]))
    assert out["suppressed"].tolist() == [True, False, False]
    assert out.loc[0, ["accounts", "numerator", "rate"]].isna().all()
    assert out.loc[1, "rate"] == 0.5
    assert out["suppressed_because"].tolist() == ["small_cell", "", ""]


def test_the_minimum_is_a_parameter() -> None:
    assert suppress(cells([9, 10, 40]), minimum=20)["suppressed"].tolist() == [True, True, False]


@pytest.mark.parametrize("events", [1, 2, 98, 99])
def test_few_events_or_all_but_few_identify(events: int) -> None:
    assert suppress(cells([100], [events]))["suppressed_because"].tolist() == ["few_events"]


@pytest.mark.parametrize("events", [0, 3, 97, 100])
def test_no_events_or_enough_do_not_identify(events: int) -> None:
    assert not suppress(cells([100], [events]))["suppressed"].any()


def test_an_empty_cell_stays() -> None:
    assert not suppress(cells([0, 50]), within=[[]])["suppressed"].any()


def test_the_smallest_other_cell_is_withheld_where_a_total_is_published() -> None:
    out = suppress(cells([5, 400, 30, 90]), within=[[]])
    assert out["suppressed_because"].tolist() == ["small_cell", "", "complement", ""]


def test_groups_without_a_small_cell_are_left_alone() -> None:
    frame = cells([5, 40, 50, 60, 70, 80], month=["a", "a", "a", "b", "b", "b"])
    out = suppress(frame, within=[["month"]])
    assert out["suppressed"].tolist() == [True, True, False, False, False, False]


def test_two_small_cells_that_are_small_together_need_a_third() -> None:
    assert suppress(cells([2, 3, 50, 60]), within=[[]])["suppressed"].tolist() == [True, True, True, False]


def test_both_margins_of_a_two_way_table_are_protected() -> None:
    frame = cells(
        [5, 40, 50, 30, 60, 70, 80, 90, 95],
        region=list("aaabbbccc"),
        industry=list("xyzxyzxyz"),
    )
    out = suppress(frame, within=[["region"], ["industry"]])
    assert out.groupby("region")["suppressed"].sum().isin([0, 2, 3]).all()
    assert out.groupby("industry")["suppressed"].sum().isin([0, 2, 3]).all()
    assert out["suppressed"].sum() == 4


def test_row_order_and_other_columns_are_kept() -> None:
    frame = cells([50, 5], region=["b", "a"]).set_axis([7, 3])
    out = suppress(frame)
    assert out["region"].tolist() == ["b", "a"]
    assert out.index.tolist() == [7, 3]


def test_only_the_columns_asked_for_are_blanked() -> None:
    out = suppress(cells([5]), blank=["rate"])
    assert out["accounts"].tolist() == [5]
    assert out["rate"].isna().all()


def test_a_total_is_named_by_a_list_of_columns() -> None:
    with pytest.raises(ChapterError, match=r"give a list of columns for each total, for example \[\['month'\]\]"):
        suppress(cells([5]), within=["month"])


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ChapterError, match="no column 'customers'; the frame has accounts"):
        suppress(cells([5]), count="customers")


def solvable(out: pd.DataFrame, margins: list[list[str]]) -> list[int]:
    """Hidden cells that follow from totals and shown cells, found by elimination in whole numbers.

    Independent of the code under test: each total minus the shown cells is an equation in hidden cells; the
    equations are reduced by exact Gauss–Jordan elimination, and a row with one unknown left gives it away.
    """
    from fractions import Fraction

    hidden = [i for i, gone in enumerate(out["suppressed"]) if gone]
    rows = []
    for margin in margins:
        keys = out[margin].astype(str).agg("|".join, axis=1) if margin else pd.Series("all", index=out.index)
        for key in keys.unique():
            row = [Fraction(int(keys.iloc[i] == key)) for i in hidden]
            if any(row):
                rows.append(row)
    place = 0
    for column in range(len(hidden)):
        pivot = next((r for r in range(place, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][column] for value in rows[place]]
        for r in range(len(rows)):
            if r != place and rows[r][column]:
                factor = rows[r][column]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[place], strict=True)]
        place += 1
    return [hidden[row.index(1)] for row in rows if sum(1 for value in row if value) == 1]


def test_a_cell_that_follows_from_several_totals_together_is_protected() -> None:
    # rows a + b less columns x + y leave (a, z) alone, though no row or column has a single small cell
    small = {"ax", "ay", "bx", "by", "cz", "cw", "dz", "dw", "az"}
    keys = [region + industry for region in "abcd" for industry in "xyzw"]
    frame = cells(
        [6 if key in small else 100 for key in keys],
        region=[key[0] for key in keys],
        industry=[key[1] for key in keys],
    )
    margins = [["region"], ["industry"]]
    unprotected = frame.assign(suppressed=[key in small for key in keys])
    assert [keys[cell] for cell in solvable(unprotected, margins)] == ["az"]
    assert solvable(suppress(frame, within=margins), margins) == []


counts = st.one_of(st.integers(0, 12), st.integers(0, 500))


@settings(max_examples=150, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 5), st.sampled_from([0, 1, 2]))
def test_no_suppressed_cell_can_be_computed_from_totals(
    data: st.DataObject, down: int, across: int, kind: int
) -> None:
    accounts = data.draw(st.lists(counts, min_size=down * across, max_size=down * across))
    events = [data.draw(st.integers(0, n)) for n in accounts]
    frame = cells(
        accounts,
        events,
        region=[r for r in range(down) for _ in range(across)],
        industry=[i for _ in range(down) for i in range(across)],
    )
    margins = [[["region"]], [["region"], ["industry"]], [["region"], ["industry"], []]][kind]
    out = suppress(frame, within=margins)
    whole = out.groupby("region")["suppressed"].transform("all")
    for margin in margins:
        keys = out[margin].astype(str).agg("|".join, axis=1) if margin else pd.Series("all", index=out.index)
        whole |= out.groupby(keys)["suppressed"].transform("all")
    # a group that is withheld whole is as safe as its total, which is for the table of totals to say
    assert [cell for cell in solvable(out, margins) if not whole.iloc[cell]] == []


@settings(max_examples=100, deadline=None)
@given(st.lists(counts, min_size=2, max_size=8))
def test_what_a_total_leaves_open_is_never_a_small_cell(accounts: list[int]) -> None:
    out = suppress(cells(accounts), within=[[]])
    hidden = out["suppressed"].to_numpy()
    if hidden.any() and not hidden.all():
        assert np.array(accounts)[hidden].sum() >= 10 or not np.array(accounts)[~hidden].any()
        assert hidden.sum() >= 2
