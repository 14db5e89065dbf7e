"""What is learnt from was known before what it is judged on."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.errors import InputError, ParameterError
from analysis.methods.segmentation.training.samples import month_numbers, part_by_time

MONTHS = pd.date_range("2023-01-31", periods=24, freq="ME")


def history(known_until: int = 24) -> pd.DataFrame:
    """Two accounts at each month end; the outcome is known of the first `known_until` months."""
    rows = [(month, account, i) for i, month in enumerate(MONTHS) for account in ("A", "B")]
    frame = pd.DataFrame(rows, columns=["month", "account_id", "i"])
    event = (frame["account_id"] == "A").astype(float).where(frame["i"] < known_until)
    return frame.assign(event=event, x=frame["i"] % 5, flat="same")


@given(window=st.integers(1, 20), test=st.integers(1, 6), known=st.integers(2, 24))
def test_every_outcome_learnt_from_was_known_before_the_first_account_judged(
    window: int, test: int, known: int
) -> None:
    sample = part_by_time(history(known), "event", ["x", "flat"], window, test)
    assert sample.known["i"].max() == known - 1
    if sample.later:
        assert sample.learnt["i"].max() + window <= sample.judged["i"].min()
        assert sample.judged["i"].nunique() == test
    else:
        assert sample.learnt is not None and len(sample.learnt) == len(sample.judged) == len(sample.known)


def test_what_does_not_vary_is_named_and_not_learnt_from() -> None:
    sample = part_by_time(history(), "event", ["x", "flat"], 12, 3)
    assert sample.features == ["x"] and sample.flat == ["flat"]


def test_an_event_that_nobody_knows_yet_and_protected_features_are_refused() -> None:
    with pytest.raises(InputError, match="event: not known of any account yet"):
        part_by_time(history(0), "event", ["x"], 12, 3)
    with pytest.raises(ParameterError, match="sex may not be used"):
        part_by_time(history().assign(sex="f"), "event", ["x", "sex"], 12, 3)


def test_months_are_counted_across_years() -> None:
    assert month_numbers(pd.Series(MONTHS)).diff().dropna().eq(1).all()
