"""Estimates held against what a simulated portfolio was drawn from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.delinquency.truth import COLUMNS, cure_against_truth, entry_against_truth

TRUTH = {
    "entry": {"by_month": {"2025-01-31": {"hazard": 0.030}, "2025-02-28": {"hazard": 0.040}}},
    "cure": {
        "by_missed_payments": {
            "1": {"hazard": 0.60},
            "2": {"hazard": 0.30},
            "8": {"hazard": 0.20},
        }
    },
}


def entered(**rates: tuple[float, float, float]) -> pd.DataFrame:
    rows = [(pd.Timestamp(month.replace("_", "-")[1:]), 3.0, 100.0, *limits) for month, limits in rates.items()]
    return pd.DataFrame(rows, columns=["month", "numerator", "denominator", "rate", "rate_lower", "rate_upper"])


def rolled(*rows: tuple[str, str, float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["from_state", "to_state", "rate", "rate_lower", "rate_upper"])
    return frame.assign(accounts=60, from_accounts=100)


def test_each_month_stands_beside_the_hazard_it_was_drawn_from() -> None:
    found = entry_against_truth(entered(_2025_01_31=(0.031, 0.02, 0.04), _2025_02_28=(0.030, 0.02, 0.039)), TRUTH)
    assert list(found.columns) == COLUMNS
    assert found["group"].tolist() == ["2025-01", "2025-02"]
    assert found["truth"].tolist() == [0.030, 0.040]
    assert found["covered"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("limits", "covered"), [((0.030, 0.05), True), ((0.01, 0.030), True), ((0.0301, 0.05), False)]
)
def test_the_interval_holds_its_own_ends(limits: tuple[float, float], covered: bool) -> None:
    found = entry_against_truth(entered(_2025_01_31=(0.03, *limits)), TRUTH)
    assert found["covered"].tolist() == [covered]


def test_months_that_the_truth_does_not_tell_of_are_left_out() -> None:
    assert entry_against_truth(entered(_2026_05_31=(0.03, 0.02, 0.04)), TRUTH).empty


def test_a_withheld_estimate_is_not_counted_either_way() -> None:
    assert entry_against_truth(entered(_2025_01_31=(np.nan, np.nan, np.nan)), TRUTH).empty


def test_an_estimate_without_an_interval_does_not_pass_for_covered() -> None:
    found = entry_against_truth(entered(_2025_01_31=(0.03, np.nan, np.nan)), TRUTH)
    assert found["covered"].tolist() == [False]


def test_payments_missed_are_found_in_the_bucket_of_their_days() -> None:
    found = cure_against_truth(
        rolled(("1–29", "current", 0.6, 0.5, 0.7), ("30–59", "current", 0.5, 0.4, 0.6)), TRUTH
    )
    assert found.set_index("group")["truth"].to_dict() == {"1–29": 0.60, "30–59": 0.30}
    assert found["covered"].tolist() == [True, False]
    assert found[["numerator", "denominator"]].to_numpy().tolist() == [[60, 100], [60, 100]]


def test_only_steps_back_to_current_are_cures() -> None:
    found = cure_against_truth(
        rolled(("1–29", "30–59", 0.3, 0.2, 0.4), ("current", "current", 0.9, 0.8, 0.95)), TRUTH
    )
    assert found.empty


def test_buckets_without_a_truth_are_left_out() -> None:
    rows = [("60–89", "current", 0.1, 0.0, 0.2), ("180+", "current", 0.1, 0.0, 0.2)]
    assert cure_against_truth(rolled(*rows), TRUTH).empty
