"""Roll rates read for a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.core.states import Buckets
from analysis.methods.delinquency.roll_table import next_steps, with_changes

BUCKETS = Buckets((1, 30))
COLUMNS = ["period", "from_state", "to_state", "rate", "rate_lower", "rate_upper", "from_accounts"]


def rolled(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Roll rates with states as ordered categories, as the engine gives them."""
    frame = pd.DataFrame(list(rows), columns=COLUMNS).assign(dimension="all", value="all")
    kind = pd.CategoricalDtype(list(BUCKETS.states), ordered=True)
    return frame.astype({"from_state": kind, "to_state": kind})


def test_a_change_of_independent_quarters_adds_their_limits_in_squares() -> None:
    # Newcombe's square-and-add: lower √(0.02² + 0.04²), upper √(0.03² + 0.03²) from the difference
    table = with_changes(
        rolled(
            ("now", "current", "1–29", 0.10, 0.08, 0.13, 100),
            ("before", "current", "1–29", 0.06, 0.03, 0.10, 100),
        ),
        "now",
        "before",
    )
    (row,) = table.to_dict("records")
    assert row["change"] == pytest.approx(0.04)
    assert row["change_lower"] == pytest.approx(0.04 - np.hypot(0.02, 0.04))
    assert row["change_upper"] == pytest.approx(0.04 + np.hypot(0.03, 0.03))
    assert row["certain"] is False


def test_a_change_beyond_both_intervals_is_certain() -> None:
    table = with_changes(
        rolled(
            ("now", "current", "1–29", 0.20, 0.19, 0.21, 9000),
            ("before", "current", "1–29", 0.10, 0.09, 0.11, 9000),
        ),
        "now",
        "before",
    )
    assert table["certain"].tolist() == [True]


def test_a_step_without_an_earlier_one_stays_and_has_no_change() -> None:
    table = with_changes(rolled(("now", "current", "1–29", 0.20, 0.19, 0.21, 9000)), "now", "before")
    assert table["rate"].tolist() == [0.20]
    assert table["change"].isna().all()
    assert table["certain"].tolist() == [False]


def test_a_withheld_step_has_no_change() -> None:
    table = with_changes(
        rolled(
            ("now", "current", "1–29", np.nan, np.nan, np.nan, 100),
            ("before", "current", "1–29", 0.06, 0.03, 0.10, 100),
        ),
        "now",
        "before",
    )
    assert table[["change", "change_lower", "change_upper"]].isna().all(None)
    assert table["certain"].tolist() == [False]


def test_each_bucket_steps_to_the_next_and_the_last_to_charge_off() -> None:
    table = next_steps(
        rolled(
            ("now", "30+", "charged_off", 0.20, 0.1, 0.3, 50),
            ("now", "current", "1–29", 0.05, 0.04, 0.06, 900),
            ("now", "current", "30+", 0.01, 0.0, 0.02, 900),
            ("now", "1–29", "30+", 0.40, 0.3, 0.5, 90),
            ("now", "1–29", "current", 0.50, 0.4, 0.6, 90),
        ),
        BUCKETS,
        ("now", "before", "year_ago"),
    )
    steps = list(zip(table["from_state"].astype(str), table["to_state"].astype(str), strict=True))
    assert steps == [("current", "1–29"), ("1–29", "30+"), ("30+", "charged_off")]
    assert table["rate"].tolist() == [0.05, 0.40, 0.20]
    assert table[["rate_before", "rate_year_ago"]].isna().all(None)


def test_quarters_stand_side_by_side_in_the_order_asked_for() -> None:
    table = next_steps(
        rolled(
            ("now", "current", "1–29", 0.05, 0.04, 0.06, 900),
            ("before", "current", "1–29", 0.04, 0.03, 0.05, 900),
            ("year_ago", "current", "1–29", 0.03, 0.02, 0.04, 900),
            ("year_ago", "1–29", "30+", 0.30, 0.20, 0.40, 9),
        ),
        BUCKETS,
        ("now", "before", "year_ago"),
    )
    (row,) = table.to_dict("records")
    assert (row["rate"], row["rate_before"], row["rate_year_ago"]) == (0.05, 0.04, 0.03)
    assert row["rate_lower_year_ago"] == 0.02
    assert row["from_accounts"] == 900


def test_groups_of_a_breakdown_are_not_taken_for_the_whole() -> None:
    part = rolled(("now", "current", "1–29", 0.5, 0.4, 0.6, 10)).assign(dimension="product", value="card")
    whole = rolled(("now", "current", "1–29", 0.05, 0.04, 0.06, 900))
    table = next_steps(pd.concat([part, whole]), BUCKETS, ("now", "before", "year_ago"))
    assert table["rate"].tolist() == [0.05]
