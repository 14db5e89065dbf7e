"""Totals and remainders are withheld with the parts they would give away."""

import numpy as np
import pandas as pd

from analysis.report.suppression import withhold_sums


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "months": [1, 1, 1, 2, 2, 2],
            "exit": ["cured", "charged_off", "open"] * 2,
            "gone": [50.0, np.nan, 40.0, 60.0, 20.0, 12.0],
            "rate": [0.5, np.nan, 0.4, 0.6, 0.2, 0.1],
            "suppressed": [False, True, False, False, False, False],
            "suppressed_because": ["", "few_events", "", "", "", ""],
        }
    )


def test_a_remainder_goes_where_a_part_is_withheld_and_stays_elsewhere() -> None:
    found = withhold_sums(table(), ["months"], "exit", {"open": ["cured", "charged_off"]})
    assert found["suppressed"].tolist() == [False, True, True, False, False, False]
    assert found["suppressed_because"].tolist()[2] == "complement"
    assert (
        np.isnan(found["gone"][2])
        and np.isnan(found["rate"][2])
        and found["months"].tolist() == [1, 1, 1, 2, 2, 2]
    )


def test_no_withheld_part_follows_from_what_is_left() -> None:
    found = withhold_sums(table(), ["months"], "exit", {"open": ["cured", "charged_off"]})
    first = found[found["months"] == 1]
    assert first["suppressed"].sum() >= 2


def test_nothing_changes_where_nothing_is_withheld() -> None:
    whole = table().iloc[3:].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        withhold_sums(whole, ["months"], "exit", {"open": ["cured", "charged_off"]}), whole, check_dtype=False
    )


def test_a_sum_of_parts_that_are_shown_stays_beside_a_remainder_that_goes() -> None:
    frame = table().assign(exit=["paid_off", "charged_off", "lost", "paid_off", "charged_off", "open"])
    frame["suppressed"] = [True, False, False, True, False, False]
    found = withhold_sums(frame, ["months"], "exit", {"lost": ["charged_off"], "open": ["paid_off", "lost"]})
    assert found["suppressed"].tolist() == [True, False, False, True, False, True]
