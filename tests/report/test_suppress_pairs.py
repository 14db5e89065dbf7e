"""Comparisons of two groups, either of which may be too small to show."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.report.suppression import suppress_pairs


def pair(**changes):
    row = {"segment": "a", "units": 50, "units_control": 60, "had": 20.0, "had_control": 25.0, "effect": 0.1}
    return row | changes


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({}, ""),
        ({"units": 9, "had": 4.0}, "small_cell"),
        ({"units_control": 9, "had_control": 4.0}, "small_cell"),
        ({"had_control": 2.0}, "few_events"),
        ({"had": 49.0}, "few_events"),
        ({"had": float("nan"), "had_control": float("nan")}, ""),
    ],
)
def test_a_row_goes_where_either_group_is_small(changes, because):
    found = suppress_pairs(pd.DataFrame([pair(**changes)])).iloc[0]
    assert found["suppressed_because"] == because and found["suppressed"] == bool(because)
    assert pd.isna(found["effect"]) == bool(because) and pd.isna(found["units"]) == bool(because)


def test_a_second_row_is_withheld_where_the_total_would_give_the_first_away():
    rows = [pair(segment="a", units=9, had=4.0), pair(segment="b"), pair(segment="c", units=500, had=200.0)]
    found = suppress_pairs(pd.DataFrame(rows), within=[[]])
    assert found["suppressed_because"].tolist() == ["small_cell", "complement", ""]


def test_what_is_kept_stays():
    found = suppress_pairs(pd.DataFrame([pair(units=9, had=4.0, horizon=12)]), keep=["horizon"])
    assert found["horizon"].tolist() == [12]
