"""Weights of evidence and information value, and monotone bins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scorecard_samples import Sample

from analysis.core.errors import InputError
from analysis.methods.segmentation.scorecard.binning import (
    Bins,
    binning_table,
    fit_bins,
    information_value,
    optimal_binning,
    weight_of_evidence,
)
from analysis.methods.segmentation.scorecard.card import Scorecard

# Worked by hand: 1,000 accounts, 100 events; shares of non-events and of events in each of three bins.
COUNTS, EVENTS = [500, 300, 200], [20, 30, 50]
WOE = [np.log((480 / 900) / 0.2), np.log((270 / 900) / 0.3), np.log((150 / 900) / 0.5)]
IV = [(480 / 900 - 0.2) * WOE[0], 0.0, (150 / 900 - 0.5) * WOE[2]]


def test_weights_of_evidence_and_information_value_are_those_worked_by_hand() -> None:
    assert weight_of_evidence(COUNTS, EVENTS) == pytest.approx([0.980829, 0.0, -1.098612], abs=1e-6)
    assert weight_of_evidence(COUNTS, EVENTS) == pytest.approx(WOE)
    assert information_value(COUNTS, EVENTS) == pytest.approx([0.326943, 0.0, 0.366204], abs=1e-6)
    assert information_value(COUNTS, EVENTS).sum() == pytest.approx(sum(IV))


def test_a_bin_without_events_takes_half_an_account_and_an_empty_one_weighs_nothing() -> None:
    woe = weight_of_evidence([100, 100, 0], [0, 50, 0])
    # SAS/HP PROC HPBIN: ln(((non-events + ½) ÷ all non-events) ÷ ((events + ½) ÷ all events)).
    assert woe[0] == pytest.approx(np.log((100.5 / 150) / (0.5 / 50))) and woe[2] == 0.0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=9))
def test_information_value_is_never_negative(bins: list[tuple[int, int]]) -> None:
    good, bad = (np.array(part) for part in zip(*bins, strict=True))
    if good.sum() and bad.sum() and ((good > 0) & (bad > 0) | (good + bad == 0)).all():
        assert information_value(good + bad, bad).min() >= -1e-12


def test_event_rates_of_a_numeric_feature_rise_or_fall_throughout(card: Scorecard) -> None:
    for bins in card.bins:
        if not bins.groups:
            rates = bins.events[:-2] / bins.counts[:-2]
            assert (np.diff(rates) > 0).all() or (np.diff(rates) < 0).all()
    assert {"debt_ratio", "income_volatility", "industry"} == set(card.features)


def test_every_account_is_in_one_bin_and_missing_values_have_their_own(card: Scorecard, training: Sample) -> None:
    debt = next(bins for bins in card.bins if bins.feature == "debt_ratio")
    table = binning_table(debt)
    assert table.accounts.sum() == len(training.features) and table.events.sum() == training.event.sum()
    missing = table[table.bin == "missing"].iloc[0]
    assert missing.accounts == training.features.debt_ratio.isna().sum()
    assert table.iv.sum() == pytest.approx(debt.information_value)


def test_our_weights_are_optbinnings_transform_value_by_value(training: Sample) -> None:
    for name in ("debt_ratio", "income_volatility", "industry"):
        (ours,) = fit_bins(training.features[[name]], training.event)
        numeric = name != "industry"
        theirs = optimal_binning()(
            dtype="numerical" if numeric else "categorical",
            monotonic_trend="auto_asc_desc" if numeric else None,
            min_bin_size=0.03,
            max_n_bins=8,
        ).fit(training.features[name].to_numpy(), training.event)
        values = training.features[name]
        expected = theirs.transform(values.to_numpy(), metric="woe", metric_missing="empirical")
        assert ours.values(values, ours.woe) == pytest.approx(expected, abs=1e-12)
        assert ours.woe[ours.slots(values)] == pytest.approx(expected, abs=1e-12)
        assert ours.information_value == pytest.approx(theirs.binning_table.build().loc["Totals", "IV"])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.floats(allow_infinity=False, width=32) | st.sampled_from([0.0, 1.5, -3.0]), min_size=1, max_size=50
    )
)
def test_the_quick_way_to_a_bin_is_the_binary_search(values: list[float]) -> None:
    bins = Bins("x", np.array([-3.0, 0.0, 1.5]), (), np.full(6, 10.0), np.arange(6.0) + 1)
    series = pd.Series(values, dtype=float)
    assert np.array_equal(bins.values(series, bins.woe), bins.woe[bins.slots(series)])


def test_a_value_at_a_split_is_in_the_upper_bin_and_an_unseen_category_is_neutral() -> None:
    bins = Bins("x", np.array([10.0]), (), np.array([5.0, 5, 0, 0]), np.array([1.0, 2, 0, 0]))
    assert bins.slots(pd.Series([9.99, 10.0, np.nan])).tolist() == [0, 1, 2]
    named = Bins("x", np.empty(0), (("a", "b"), ("c",)), np.array([5.0, 5, 0, 0]), np.array([1.0, 2, 0, 0]))
    slots = named.slots(pd.Series(["b", "c", None, "new"]))
    assert slots.tolist() == [0, 1, 2, 3] and named.woe[slots[2:]].tolist() == [0.0, 0.0]
    assert named.labels == ["a, b", "c", "missing", "unseen"]


def test_text_in_a_feature_of_numbers_is_refused() -> None:
    bins = Bins("debt_ratio", np.array([10.0]), (), np.array([5.0, 5, 0, 0]), np.array([1.0, 2, 0, 0]))
    with pytest.raises(InputError, match="debt_ratio was binned as numbers and now holds text"):
        bins.slots(pd.Series(["high"]))


def test_a_trend_can_be_imposed(training: Sample) -> None:
    values = training.features[["debt_ratio"]]
    (bins,) = fit_bins(values, training.event, trends={"debt_ratio": "descending"})
    assert np.all(np.diff(bins.events[:-2] / bins.counts[:-2]) <= 0)


def test_loading_the_solvers_says_nothing_and_leaves_the_log_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    import logging

    optimal_binning()
    assert "Encountered unexpected exception" not in capfd.readouterr().err
    assert not logging.getLogger("__cvxpy__").disabled
