"""Alerts by rule."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.core.periods import month_end, months_between
from analysis.methods.delinquency.alerts import (
    COLUMNS,
    control_alerts,
    control_limits,
    control_series,
    index_alerts,
    segment_alerts,
)


def monthly(values, measure="rate", last=date(2025, 12, 31)) -> pd.DataFrame:
    end = pd.Timestamp(last)
    months = [end - pd.offsets.MonthEnd(back) for back in range(len(values) - 1, -1, -1)]
    return pd.DataFrame({"measure": measure, "month": months, "value": values})


# Viscosity of 15 batches of aircraft primer paint; mean 33.52, mean moving range 0.48, limits 34.80 and 32.24 as
# printed. Montgomery (2009), Introduction to Statistical Quality Control, 6th edition, example 6.5 and table 6.6.
VISCOSITY = [
    33.75, 33.05, 34.00, 33.81, 33.46, 34.02, 33.68, 33.27, 33.49, 33.20, 33.62, 33.00, 33.54, 33.12, 33.84,
]  # fmt: skip


def test_control_limits_of_the_primer_paint_are_the_published_ones():
    limits = control_limits(monthly(VISCOSITY), date(2026, 1, 1), baseline_months=15).iloc[0]
    assert limits["centre"] == pytest.approx(33.52, abs=0.005)
    assert limits["upper"] == pytest.approx(34.80, abs=0.01)
    assert limits["lower"] == pytest.approx(32.24, abs=0.01)


STEADY = [5.0, 5.2, 4.9, 5.1, 5.0, 4.8, 5.1, 5.0, 5.2, 4.9, 5.1, 5.0]


def test_a_measure_outside_its_limits_is_listed_with_the_month_it_left_them():
    found = control_alerts(monthly([*STEADY, 5.1, 7.0, 7.2]), date(2025, 10, 1)).iloc[0]
    assert found["since"] == pd.Timestamp("2025-11-30")
    assert (found["rule"], found["value"]) == ("control_limits", 7.2)
    assert 5 < found["limit"] < 7


def test_a_fall_below_the_limits_counts_from_its_own_side():
    found = control_alerts(monthly([*STEADY, 5.1, 7.0, 2.0]), date(2025, 10, 1)).iloc[0]
    assert found["since"] == pd.Timestamp("2025-12-31")
    assert found["value"] < found["limit"]


def test_a_measure_back_within_its_limits_is_not_listed():
    assert control_alerts(monthly([*STEADY, 7.0, 7.0, 5.0]), date(2025, 10, 1)).empty


def test_rates_of_the_whole_portfolio_become_a_series():
    rates = monthly([*STEADY, 5.0, 5.0, 9.0]).rename(columns={"value": "rate"})
    rates = rates.assign(dimension="all", value="all", basis="balance", numerator=9, denominator=100)
    rates = rates.assign(rate_lower=8.0, rate_upper=10.0)
    other = rates.assign(dimension="region", value="north")
    found = control_alerts(control_series(pd.concat([rates, other])), date(2025, 10, 1))
    assert found[["value", "value_lower", "numerator", "denominator"]].to_numpy().tolist() == [[9.0, 8.0, 9, 100]]


def test_months_of_the_quarter_do_not_widen_its_own_limits():
    one = control_limits(monthly([*STEADY, 5.0, 5.0, 5.0]), date(2025, 10, 1))
    two = control_limits(monthly([*STEADY, 50.0, 0.0, 99.0]), date(2025, 10, 1))
    pd.testing.assert_frame_equal(one, two)


def test_six_months_are_the_least_that_limits_are_drawn_from():
    assert control_limits(monthly([1.0] * 5), date(2026, 1, 1)).empty
    assert len(control_limits(monthly([1.0] * 6), date(2026, 1, 1))) == 1


@given(st.lists(st.floats(-100, 100), min_size=8, max_size=30), st.floats(-1000, 1000))
def test_limits_move_with_the_measure(values, shift):
    one = control_limits(monthly(values), date(2026, 1, 1)).iloc[0]
    two = control_limits(monthly([value + shift for value in values]), date(2026, 1, 1)).iloc[0]
    assert two["upper"] - one["upper"] == pytest.approx(shift, abs=1e-6)
    assert two["sigma"] == pytest.approx(one["sigma"], abs=1e-6)


def segments(rates: list[float], value="north", accounts=1000) -> pd.DataFrame:
    months = months_between(month_end(2025, 13 - len(rates)), month_end(2025, 12))
    frame = pd.DataFrame({"dimension": "region", "value": value, "month": pd.to_datetime(months)})
    n = float(accounts)
    y = n * np.array(rates)
    return frame.assign(numerator=y, denominator=n, nn=y, nd=y, dd=n, units=n, clusters=n)


def test_a_segment_above_the_threshold_is_listed_since_it_last_rose_above_it():
    found = segment_alerts(segments([0.09, 0.03, 0.08, 0.09]), threshold=0.05).iloc[0]
    assert found["where"] == "region: north"
    assert found["since"] == pd.Timestamp("2025-11-30")
    assert (found["numerator"], found["denominator"], found["limit"]) == (90, 1000, 0.05)
    assert found["beyond_chance"]


def test_a_segment_whose_interval_reaches_below_the_threshold_may_be_chance():
    found = segment_alerts(segments([0.06], accounts=100), threshold=0.05).iloc[0]
    assert not found["beyond_chance"]


def test_a_segment_at_the_threshold_is_quiet_and_the_whole_is_no_segment():
    quiet = segments([0.05])
    whole = segments([0.2]).assign(dimension="all", value="all")
    assert segment_alerts(pd.concat([quiet, whole]), threshold=0.05).empty


def test_segments_come_worst_first():
    both = pd.concat([segments([0.07], "a"), segments([0.2], "b")])
    assert list(segment_alerts(both, 0.05)["where"]) == ["region: b", "region: a"]


def test_of_cells_with_measures_the_30_plus_balance_rate_is_taken():
    cells = pd.concat(
        [
            segments([0.2]).assign(measure="overdue_1", basis="balance"),
            segments([0.3]).assign(measure="overdue_30", basis="accounts"),
            segments([0.1]).assign(measure="overdue_30", basis="balance"),
        ]
    )
    assert segment_alerts(cells, 0.05)["value"].tolist() == [0.1]


def test_an_index_down_ten_percent_is_listed_with_the_balance_exposed():
    indices = pd.DataFrame(
        {
            "industry": ["retail"] * 3 + ["mining"] * 3,
            "month": list(pd.to_datetime(["2025-10-31", "2025-11-30", "2025-12-31"])) * 2,
            "index": [95.0, 90.0, 80.0, 99.0, 99.0, 91.0],
            "index_year_ago": [100.0] * 6,
        }
    )
    exposure = pd.DataFrame({"industry": ["retail", "mining"], "balance": [300.0, 700.0]})
    found = index_alerts(indices, exposure, fall=0.1)
    assert list(found.columns) == COLUMNS
    assert found[["where", "numerator", "denominator"]].to_numpy().tolist() == [["retail", 300.0, 1000.0]]
    assert found.loc[0, "since"] == pd.Timestamp("2025-11-30")
    assert found.loc[0, "value"] == pytest.approx(-0.2)


def test_without_indices_there_are_no_index_alerts():
    indices = pd.DataFrame(columns=["industry", "month", "index", "index_year_ago"])
    assert index_alerts(indices, pd.DataFrame(columns=["industry", "accounts", "balance"]), 0.1).empty
