"""Right-party rates by hour, on weekdays against weekends, in cities against the country."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.delinquency.response import compare, heat_map, urban_gap, weekday_gap


def hours(*rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["weekday", "hour", "numerator", "denominator"])
    return frame.assign(
        nn=frame["numerator"],
        nd=frame["numerator"],
        dd=frame["denominator"],
        units=frame["denominator"],
        clusters=frame["denominator"],
    )


def test_the_map_has_every_hour_of_the_week_and_is_blank_below_the_minimum():
    found = heat_map(hours((1, 9, 4, 20), (7, 23, 3, 9)), minimum=10).set_index(["weekday", "hour"])
    assert len(found) == 168
    assert found.loc[(1, 9), "rate"] == 0.2
    assert np.isnan(found.loc[(7, 23), "rate"]) and found.loc[(7, 23), "attempts"] == 9
    assert found.loc[(3, 3), "attempts"] == 0


def strata(rows, folds: int = 8) -> pd.DataFrame:
    """The same counts in each fold, so that estimates have no error."""
    columns = ["weekend", "channel", "product", "bucket", "urban", "hour_band", "attempts", "right_party"]
    frame = pd.DataFrame(rows, columns=columns)
    return pd.concat([frame.assign(fold=fold) for fold in range(folds)], ignore_index=True)


SIMPSON = [
    (False, "agent_call", "card", "1–29", "true", 9, 90, 36),
    (True, "agent_call", "card", "1–29", "true", 9, 10, 4),
    (False, "sms", "card", "1–29", "true", 9, 10, 1),
    (True, "sms", "card", "1–29", "true", 9, 90, 9),
]
"""Weekends answer as weekdays do in each channel, but most of their attempts are text messages."""


def test_adjusting_for_case_mix_removes_a_difference_that_is_only_mix():
    found = weekday_gap(strata(SIMPSON)).iloc[0]
    assert (found["exposed"], found["unexposed"]) == ("weekday", "weekend")
    assert found["difference"] == pytest.approx(0.37 - 0.13)
    assert found["relative"] == pytest.approx(0.24 / 0.13)
    assert found["adjusted_difference"] == pytest.approx(0, abs=1e-12)
    assert found["exposed_adjusted"] == pytest.approx(found["unexposed_adjusted"])
    assert found["compared"] == 1


def test_ten_percent_more_in_every_stratum_is_found_as_ten_percent_more():
    rows = [
        (weekend, channel, "card", bucket, "true", band, n, n * rate * (1 if weekend else 1.1))
        for channel, rate in (("agent_call", 0.3), ("sms", 0.1))
        for bucket, band, n in (("1–29", 9, 100), ("30–59", 18, 40))
        for weekend, n in ((False, n), (True, n // 2))
    ]
    found = weekday_gap(strata(rows)).iloc[0]
    assert found["adjusted_relative"] == pytest.approx(0.1)
    assert found["adjusted_relative_lower"] == pytest.approx(0.1)


def test_strata_with_one_side_only_are_not_compared_and_counted_so():
    rows = [*SIMPSON, (False, "visit", "card", "1–29", "true", 9, 200, 150)]
    found = weekday_gap(strata(rows)).iloc[0]
    assert found["adjusted_difference"] == pytest.approx(0, abs=1e-12)
    assert found["compared"] == pytest.approx(0.5)


def test_cities_are_compared_with_the_country_by_channel_and_unknown_is_left_out():
    rows = [
        (False, "sms", "card", "1–29", "true", 9, 100, 10),
        (False, "sms", "card", "1–29", "false", 9, 100, 20),
        (False, "sms", "card", "1–29", "unknown", 9, 100, 90),
        (False, "letter", "card", "1–29", "true", 9, 100, 90),
    ]
    found = urban_gap(strata(rows))
    assert found[["channel", "exposed", "unexposed"]].to_numpy().tolist() == [["sms", "urban", "rural"]]
    assert found["adjusted_difference"].tolist() == pytest.approx([-0.1])


def test_repeating_every_customers_attempts_does_not_narrow_the_interval():
    rng = np.random.default_rng(3)
    rows = [
        {"fold": fold, "weekend": weekend, "attempts": 20, "right_party": rng.binomial(20, 0.3)}
        for fold in range(32)
        for weekend in (False, True)
    ]
    once = pd.DataFrame(rows).assign(channel="sms", product="card", bucket="1–29", urban="true", hour_band=9)
    often = once.assign(attempts=once["attempts"] * 9, right_party=once["right_party"] * 9)
    one, nine = (weekday_gap(frame).iloc[0] for frame in (once, often))
    width = [row["adjusted_difference_upper"] - row["adjusted_difference_lower"] for row in (one, nine)]
    assert width[0] == pytest.approx(width[1])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_swapping_the_sides_turns_the_sign(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "side": np.tile(["a", "b"], 20),
            "stratum": rng.integers(0, 4, 40),
            "fold": rng.integers(0, 8, 40),
            "attempts": rng.integers(5, 30, 40),
        }
    )
    frame["right_party"] = rng.binomial(frame["attempts"], 0.4)
    one = compare(frame, "side", "a", "b", ["stratum"]).iloc[0]
    two = compare(frame, "side", "b", "a", ["stratum"]).iloc[0]
    assert one["adjusted_difference"] == pytest.approx(-two["adjusted_difference"], nan_ok=True)
    assert one["adjusted_difference_lower"] == pytest.approx(-two["adjusted_difference_upper"], nan_ok=True)
