"""Metrics by group are weighted means of who was selected, whole and fold by fold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.core.errors import InputError
from analysis.statistics.group_fairness import METRICS, Judged, compare_groups, selected_at_capacity


def judged(rows: int = 600, seed: int = 0) -> Judged:
    rng = np.random.default_rng(seed)
    p = rng.random(rows)
    event = (rng.random(rows) < p).astype(float)
    return Judged(p, event, (p > 0.7).astype(float), rng.integers(0, 8, rows), np.ones(rows), np.ones(rows))


def test_the_place_at_the_edge_is_shared_by_those_who_tie() -> None:
    found = selected_at_capacity(np.array([0.9, 0.5, 0.5, 0.5, 0.1]), 0.4)
    assert found == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0])
    weighted = selected_at_capacity(np.array([0.9, 0.5, 0.1]), 0.5, np.array([1.0, 2.0, 3.0]))
    assert weighted == pytest.approx([1, 1, 0])


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), min_size=1, max_size=40),
    st.floats(0.05, 0.95),
)
@settings(max_examples=80, deadline=None)
def test_just_the_capacity_is_selected_and_highest_first(rows: list[tuple[int, int]], capacity: float) -> None:
    p, weight = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    found = selected_at_capacity(p, capacity, weight)
    assert (found * weight).sum() == pytest.approx(capacity * weight.sum())
    assert ((found >= 0) & (found <= 1)).all()
    order = np.argsort(-p, kind="stable")
    assert (np.diff(found[order]) <= 1e-12).all()


def test_what_is_missed_and_what_is_caught_sum_to_one() -> None:
    sample = judged()
    groups = compare_groups(sample, pd.DataFrame({"sex": np.resize(["f", "m"], 600)})).groups
    by = groups.pivot_table(index="group", columns="metric", values="value")
    assert (by.true_positive_rate + by.false_negative_rate).to_numpy() == pytest.approx(1.0)
    assert (by.predicted - by.observed).to_numpy() == pytest.approx(by.calibration_gap.to_numpy())


def test_limits_are_those_of_leaving_out_each_fold() -> None:
    sample = judged()
    one = pd.DataFrame({"all": ["everyone"] * 600})
    row = compare_groups(sample, one, ["calibration_gap"]).groups.iloc[0]
    away, rest = sample.predicted - sample.event, []
    for fold in range(8):
        rest.append(away[sample.fold != fold].mean())
    error = np.sqrt(7 / 8 * ((np.array(rest) - away.mean()) ** 2).sum())
    assert row.upper - row.value == pytest.approx(2.3646242510 * error)


def test_a_row_without_weight_takes_no_part() -> None:
    sample, half = judged(), np.arange(600) < 300
    attributes = pd.DataFrame({"sex": np.resize(["f", "m"], 600)})
    muted = Judged(sample.predicted, sample.event, sample.selected, sample.fold, half * 1.0, sample.rows)
    pd.testing.assert_frame_equal(
        compare_groups(muted, attributes).groups, compare_groups(sample.where(half), attributes[half]).groups
    )


def test_a_group_without_events_has_no_rate_among_them() -> None:
    sample = judged()
    sex = np.resize(["f", "m"], 600)
    never = Judged(
        sample.predicted, sample.event * (sex == "m"), sample.selected, sample.fold, sample.weight, sample.rows
    )
    found = compare_groups(never, pd.DataFrame({"sex": sex}))
    by = found.groups.set_index(["group", "metric"]).value
    assert np.isnan(by[("f", "true_positive_rate")]) and by[("m", "true_positive_rate")] > 0
    assert by[("f", "observed")] == 0


def test_a_small_group_is_not_shown() -> None:
    sex = np.where(np.arange(600) < 29, "x", np.resize(["f", "m"], 600))
    found = compare_groups(judged(), pd.DataFrame({"sex": sex}))
    small = found.groups[found.groups.group == "x"]
    assert small.suppressed.all() and small[["value", "rows", "events"]].isna().all(axis=None)
    assert len(small) == len(METRICS) and "x" not in {*found.gaps.highest, *found.gaps.lowest}


def test_attributes_of_another_length_are_refused() -> None:
    with pytest.raises(InputError, match="attributes: 5 rows for 600 predictions"):
        compare_groups(judged(), pd.DataFrame({"sex": ["f"] * 5}))
