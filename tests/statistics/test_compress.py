"""Compression of rows to weighted cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError
from analysis.methods.cure import compress

ROW = st.tuples(st.integers(-3, 3), st.sampled_from([0.25, 1.5, np.nan]), st.sampled_from(["card", "auto"]))


@settings(max_examples=40, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=60))
def test_cells_are_pandas_groups(rows: list[tuple[int, float, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "c"]).assign(w=lambda f: 1.0 + f.a.abs())
    cells = compress(frame, ["a", "b", "c"], weights_col="w")
    groups = frame.groupby(["a", "b", "c"], dropna=False, sort=False)["w"].sum().rename("weight").reset_index()
    assert len(cells) == len(groups)
    merged = cells.merge(groups, on=["a", "b", "c"])
    assert len(merged) == len(cells)
    np.testing.assert_allclose(merged.weight_x, merged.weight_y)


@settings(max_examples=40, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=60))
def test_weights_sum_to_the_rows_and_no_cell_appears_twice(rows: list[tuple[int, float, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    cells = compress(frame, ["a", "b", "c"])
    assert cells.weight.sum() == len(frame)
    assert not cells.duplicated(["a", "b", "c"]).any()


def test_types_survive() -> None:
    frame = pd.DataFrame({"p": pd.Categorical(["x", "y", "x"]), "m": [1, 2, 1], "f": [True, False, True]})
    cells = compress(frame, ["p", "m", "f"])
    assert list(cells.dtypes[:3]) == list(frame.dtypes)
    assert cells.weight.tolist() == [2.0, 1.0]


def test_many_columns_of_many_values_still_compress() -> None:
    # Eight columns of a thousand values each have more keys than an integer can number at once.
    rng = np.random.default_rng(1)
    wide = pd.DataFrame(rng.normal(size=(1000, 8)), columns=list("abcdefgh"))
    cells = compress(pd.concat([wide, wide]), list("abcdefgh"))
    assert len(cells) == 1000 and (cells.weight == 2).all()


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="months cannot be compressed: not in the data frame"):
        compress(pd.DataFrame({"event": [1]}), ["event", "months"])


def test_the_weight_may_not_hide_a_column() -> None:
    with pytest.raises(InputError, match="'weight' is both a column to keep and the name of the weights"):
        compress(pd.DataFrame({"weight": [1]}), ["weight"])


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([2**40, 2**40 + 1, 2**40], id="large whole numbers"),
        pytest.param([-(2**31) - 1, -(2**31), -(2**31) - 1], id="beyond the smallest short integer"),
        pytest.param([-2.0, 2.0, np.nextafter(2.0, 0.0)], id="a hair below a whole number"),
        pytest.param([1.5, 1.0, 1.5], id="halves"),
        pytest.param([np.inf, 1.0, np.inf], id="infinity"),
    ],
)
def test_only_equal_numbers_share_a_cell(values: list[float]) -> None:
    cells = compress(pd.DataFrame({"a": values}), ["a"])
    assert cells.a.tolist() == list(dict.fromkeys(values))
    assert cells.weight.sum() == len(values)
